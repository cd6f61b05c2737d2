/* SPDX-License-Identifier: Apache-2.0 */
/* What is refused of client credentials: control-plane.md §5.1. */
#include "authority.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "kv/app/api.h"
#include "kv/base/base64.h"
#include "kv/wire/build.h"

TestSuite(authority_refusal, .init = set_up_authority, .fini = tear_down_authority, .timeout = 60);

Test(authority_refusal, AADSTS900144_names_the_parameter_that_is_missing)
{
    static const struct {
        const char *path, *form, *missing;
    } rows[] = {
        { TOKEN_V2, "", "grant_type" },
        { TOKEN_V2, "grant_type=", "grant_type" },
        { TOKEN_V2, "client_id=" CLIENT "&" SCOPE SECRET, "grant_type" },
        { TOKEN_V2, "grant_type=client_credentials&" SCOPE SECRET, "client_id" },
        { TOKEN_V2, "grant_type=client_credentials&client_id=" CLIENT SECRET, "scope" },
        { TOKEN_V1, "grant_type=client_credentials&client_id=" CLIENT SECRET, "resource" },
        { TOKEN_V2, GOOD "&client_assertion=a.b.c", "client_assertion_type" },
        { TOKEN_V2, "grant_type=refresh_token&client_id=" CLIENT, "refresh_token" },
        { TOKEN_V2, "grant_type=device_code&client_id=" CLIENT, "code" },
    };
    char text[128];

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        post(rows[i].path, rows[i].form);
        (void) snprintf(text, sizeof(text),
                        "The request body must contain the following parameter: '%s'. ",
                        rows[i].missing);
        expect_aadsts(900144, 400, "invalid_request", text);
    }
}

/* Without the type of a form nobody looks into the body. */
Test(authority_refusal, AADSTS900144_of_a_body_that_is_no_form)
{
    static const char *const types[] = { "application/json", "text/plain", "",
                                         "multipart/form-data" };

    for (size_t i = 0; i < KV_COUNT(types); i++) {
        begin(KV_POST, TOKEN_V2);
        request.host = "login.localhost";
        (void) snprintf(request.id, sizeof(request.id), "00000000-aaaa-4bbb-8ccc-000000000001");
        add_header("Content-Type", types[i]);
        set_body(GOOD SECRET);
        perform(&kv_authority_site);
        expect_aadsts(900144, 400, "invalid_request", "The request body must contain");
    }
}

Test(authority_refusal, AADSTS70003_of_a_grant_that_is_not_supported)
{
    static const char *const names[] = { "password", "authorization_code", "x", "none" };
    char form[256], text[128];

    for (size_t i = 0; i < KV_COUNT(names); i++) {
        (void) snprintf(form, sizeof(form), "grant_type=%s&client_id=" CLIENT, names[i]);
        post(TOKEN_V2, form);
        (void) snprintf(text, sizeof(text), "The app requested an unsupported grant type '%s'. ",
                        names[i]);
        expect_aadsts(70003, 400, "unsupported_grant_type", text);
    }
}

Test(authority_refusal, AADSTS9000411_of_a_parameter_that_is_given_twice)
{
    post(TOKEN_V2, GOOD SECRET "&Client_Id=" CLIENT);
    expect_aadsts(
        9000411, 400, "invalid_request",
        "The request is not properly formatted. The parameter 'Client_Id' is duplicated.");
}

Test(authority_refusal, AADSTS9002313_of_a_form_that_is_malformed)
{
    static const char *const forms[] = {
        GOOD "&client_secret=%",
        GOOD "&client_secret=%4",
        GOOD "&client_secret=%zz",
        GOOD "&client_secret=%00",
        GOOD "&client_secret=%ff",
        GOOD "&client_secret=a%01b",
        GOOD SECRET "&client_assertion=a.b.c",
        GOOD SECRET "&claims=nonsense",
        GOOD SECRET "&claims={\"access_token\":{},\"access_token\":{}}",
    };

    for (size_t i = 0; i < KV_COUNT(forms); i++) {
        post(TOKEN_V2, forms[i]);
        expect_aadsts(9002313, 400, "invalid_request",
                      "Invalid request. Request is malformed or invalid. ");
    }
}

Test(authority_refusal, AADSTS1002012_of_a_scope_that_is_not_default)
{
    static const char *const scopes[] = { "https://vault.azure.net/user_impersonation",
                                          "https://vault.azure.net/",
                                          "x",
                                          "openid",
                                          ".default",
                                          "/.default" };
    char form[256], text[128];

    for (size_t i = 0; i < KV_COUNT(scopes); i++) {
        (void) snprintf(form, sizeof(form),
                        "grant_type=client_credentials&client_id=" CLIENT SECRET "&scope=%s",
                        scopes[i]);
        post(TOKEN_V2, form);
        (void) snprintf(text, sizeof(text), "The provided value for scope %s is not valid. ",
                        scopes[i]);
        expect_aadsts(1002012, 400, "invalid_scope", text);
    }
}

Test(authority_refusal, AADSTS70011_of_scopes_of_two_resources)
{
    post(TOKEN_V2, "grant_type=client_credentials&client_id=" CLIENT SECRET
                   "&scope=https://a.example/.default+https://b.example/.default");
    expect_aadsts(70011, 400, "invalid_scope",
                  "The provided request must include a 'scope' input parameter. The provided value "
                  "for the input parameter 'scope' is not valid. The scope "
                  "https://a.example/.default https://b.example/.default is not valid. ");
}

static const char *const strangers[] = {
    "nonsense", "https://", "://x", "a b://c", "https://x.invalid", "https://x.INVALID:8443/a"
};

Test(authority_refusal, AADSTS500011_of_a_resource_that_nobody_has)
{
    char form[256], text[160];

    for (size_t i = 0; i < KV_COUNT(strangers); i++) {
        (void) snprintf(form, sizeof(form),
                        "grant_type=client_credentials&client_id=" CLIENT SECRET "&resource=%s",
                        strangers[i]);
        post(TOKEN_V1, form);
        (void) snprintf(text, sizeof(text),
                        "The resource principal named %s was not found in the tenant named " TENANT
                        ". ",
                        strangers[i]);
        expect_aadsts(500011, 400, "invalid_resource", text);
    }
}

Test(authority_refusal, AADSTS50001_of_such_a_resource_says_an_older_service)
{
    app.build = kv_build_find("2021");
    post(TOKEN_V1, "grant_type=client_credentials&client_id=" CLIENT SECRET "&resource=nonsense");
    expect_aadsts(50001, 400, "invalid_resource",
                  "The application named nonsense was not found in the tenant named " TENANT ". ");
}

Test(authority_refusal, AADSTS700016_of_an_application_that_is_not_there)
{
    post(TOKEN_V2, "grant_type=client_credentials&client_id=nobody&" SCOPE SECRET);
    expect_aadsts(700016, 400, "unauthorized_client",
                  "Application with identifier 'nobody' was not found in the directory '" TENANT
                  "'. ");
    register_client("app");
    must(kv_principal_delete(principals, "app", &err));
    post(TOKEN_V2, GOOD SECRET);
    expect_aadsts(700016, 400, "unauthorized_client",
                  "Application with identifier '" CLIENT "' was not found in the directory '" TENANT
                  "'. ");
}

Test(authority_refusal, AADSTS700016_of_unknown_ones_where_those_are_refused)
{
    reopen_principals(true);
    app.principals = principals;
    post(TOKEN_V2, GOOD SECRET);
    expect_aadsts(700016, 400, "unauthorized_client", "Application with identifier");
}

Test(authority_refusal, AADSTS7000112_of_an_application_that_is_disabled)
{
    register_client("app");
    must(kv_principal_enable(principals, "app", false, &entry, &err));
    post(TOKEN_V2, GOOD SECRET);
    expect_aadsts(7000112, 400, "unauthorized_client",
                  "Application '" CLIENT "'(app) is disabled. ");
}

Test(authority_refusal, AADSTS7000218_of_an_application_that_proves_nothing)
{
    static const char *const forms[] = { GOOD, GOOD "&client_secret=", GOOD "&client_assertion=" };

    for (size_t i = 0; i < KV_COUNT(forms); i++) {
        post(TOKEN_V2, forms[i]);
        expect_aadsts(7000218, 401, "invalid_client",
                      "The request body must contain the following parameter: 'client_assertion' "
                      "or 'client_secret'. ");
    }
}

static void add_secret(const char *secret, kv_time expires)
{
    struct kv_credential credential;

    must(kv_principal_add_secret(principals, "app", "test", secret, strlen(secret), expires,
                                 &credential, &err));
}

Test(authority_refusal, AADSTS7000215_of_a_secret_that_is_wrong)
{
    static const char *const secrets[] = { "x", "S3cret~+/=", "s3cret~+/", "s3cret~+/=+" };
    char form[512];

    register_client("app");
    add_secret("s3cret~+/=", KV_CREDENTIAL_ENDLESS);
    for (size_t i = 0; i < KV_COUNT(secrets); i++) {
        (void) snprintf(form, sizeof(form), GOOD "&client_secret=%s", secrets[i]);
        post(TOKEN_V2, form);
        expect_aadsts(7000215, 401, "invalid_client",
                      "Invalid client secret provided. Ensure the secret being sent in the request "
                      "is the client secret value, not the client secret ID, for a secret added to "
                      "app '" CLIENT "'. ");
    }
}

Test(authority_refusal, AADSTS7000222_of_a_secret_that_has_expired)
{
    register_client("app");
    add_secret("old", MILLIS / 1000);
    post(TOKEN_V2, GOOD "&client_secret=old");
    expect_aadsts(7000222, 401, "invalid_client",
                  "The provided client secret keys for app '" CLIENT "' are expired. ");
}

Test(authority_refusal, AADSTS900023_of_a_tenant_that_can_be_none)
{
    post("/foo/oauth2/v2.0/token", GOOD SECRET);
    expect_aadsts(900023, 400, "invalid_request",
                  "Specified tenant identifier 'foo' is neither a valid DNS name, nor a valid "
                  "external domain. ");
}

Test(authority_refusal, AADSTS90002_of_a_tenant_that_nobody_has)
{
    static const char *const tenants[] = { "00000000-0000-0000-0000-000000000000", "a.invalid" };
    char path[128], text[128];

    for (size_t i = 0; i < KV_COUNT(tenants); i++) {
        (void) snprintf(path, sizeof(path), "/%s/oauth2/v2.0/token", tenants[i]);
        post(path, GOOD SECRET);
        (void) snprintf(text, sizeof(text), "Tenant '%s' not found. ", tenants[i]);
        expect_aadsts(90002, 400, "invalid_tenant", text);
    }
}

Test(authority_refusal, AADSTS900561_of_a_verb_that_the_endpoint_has_not)
{
    begin(KV_GET, TOKEN_V2);
    (void) snprintf(request.id, sizeof(request.id), "00000000-aaaa-4bbb-8ccc-000000000001");
    request.host = "login.localhost";
    perform(&kv_authority_site);
    expect_aadsts(900561, 405, "invalid_request",
                  "The endpoint only accepts POST requests. Received a GET request. ");
    cr_assert_str_eq(answer_header("Allow"), "POST");
}

/* --- HTTP Basic --- */

static void post_basic(const char *text, const char *form)
{
    static char header[8192];
    char *encoded = malloc(KV_BASE64URL_LENGTH(strlen(text)) + 8);

    EVP_EncodeBlock((unsigned char *) encoded, (const unsigned char *) text, (int) strlen(text));
    (void) snprintf(header, sizeof(header), "Basic %s", encoded);
    free(encoded);
    begin(KV_POST, TOKEN_V2);
    request.host = "login.localhost";
    (void) snprintf(request.id, sizeof(request.id), "00000000-aaaa-4bbb-8ccc-000000000001");
    add_header("Content-Type", "application/x-www-form-urlencoded; charset=utf-8");
    add_header("Authorization", header);
    set_body(form);
    perform(&kv_authority_site);
}

#define BARE "grant_type=client_credentials&" SCOPE

Test(authority_refusal, AADSTS9002313_of_http_basic_that_is_malformed_or_says_otherwise)
{
    static const struct {
        const char *basic, *form;
    } rows[] = {
        { "", BARE },
        { "no-colon", BARE },
        { CLIENT ":%zz", BARE },
        { CLIENT ":a", BARE "&client_id=1a0b0c0d-1111-4222-8333-444455556666" },
        { CLIENT ":a", BARE "&client_secret=b" },
        { CLIENT ":a", BARE "&client_assertion=b" },
    };

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        post_basic(rows[i].basic, rows[i].form);
        expect_aadsts(9002313, 400, "invalid_request", "Invalid request. ");
    }
}

Test(authority_refusal, takes_http_basic_with_its_halves_encoded)
{
    register_client("app");
    add_secret("s3cret~+/=:", KV_CREDENTIAL_ENDLESS);
    post_basic(CLIENT ":s3cret~%2B%2f%3D%3a", BARE);
    cJSON_Delete(expect_token());
    post_basic(CLIENT ":s3cret~%2B%2f%3D", BARE);
    expect_aadsts(7000215, 401, "invalid_client", "Invalid client secret provided. ");
}

/* The listener's own refusal, when it is too busy or on its way down, in the service's words. */
Test(authority_refusal, AADSTS90033_of_what_passes_by_itself)
{
    struct kv_err busy = { 0 };

    post(TOKEN_V2, GOOD SECRET);
    cr_assert_eq(response.status, 200, "%s", response.body.data);
    kv_response_reset(&response);
    cr_assert_eq(KV_FAIL(&busy, KV_UNAVAILABLE, 0, "too many requests wait"), KV_UNAVAILABLE);
    kv_authority_site.render_error(&request, &busy, &response);
    kv_authority_site.finish(&request, &response);
    expect_aadsts(90033, 503, "temporarily_unavailable",
                  "A transient error has occurred. Please try again. ");
}
