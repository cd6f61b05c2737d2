/* SPDX-License-Identifier: Apache-2.0 */
/* What client credentials by secret are answered with: control-plane.md §5.1, §5.2. */
#include "authority.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "kv/app/api.h"

TestSuite(authority_token, .init = set_up_authority, .fini = tear_down_authority, .timeout = 60);

static bool holds_number(const char *text, kv_time number)
{
    return strtoll(text, NULL, 10) == number;
}

Test(authority_token, is_of_numbers_in_the_second_version)
{
    post(TOKEN_V2, GOOD SECRET);
    cr_assert_eq(response.status, 200);
    cr_assert_eq(answer_number("expires_in"), 3599);
    cr_assert_eq(answer_number("ext_expires_in"), 3599);
    cr_assert_str_eq(answer_text("token_type"), "Bearer");
    cr_assert_null(answer_member("resource"));
    cr_assert_str_eq(answer_header("Cache-Control"), "no-store, no-cache");
    cr_assert_eq(strncmp(response.body.data,
                         "{\"token_type\":\"Bearer\",\"expires_in\":3599,"
                         "\"ext_expires_in\":3599,\"access_token\":\"",
                         75),
                 0, "%s", response.body.data);
}

Test(authority_token, is_of_texts_in_the_first_version)
{
    static const char *const members[] = { "token_type",  "expires_in", "ext_expires_in",
                                           "expires_on",  "not_before", "resource",
                                           "access_token" };

    post(TOKEN_V1, "grant_type=client_credentials&client_id=" CLIENT SECRET
                   "&resource=https://vault.azure.net");
    cJSON *claims = expect_token();

    for (size_t i = 0; i < KV_COUNT(members); i++) {
        cr_assert(cJSON_IsString(answer_member(members[i])), "%s", members[i]);
    }
    cr_assert_str_eq(answer_text("expires_in"), "3599");
    cr_assert_str_eq(answer_text("resource"), VAULT);
    cr_assert(
        holds_number(answer_text("expires_on"), cJSON_GetObjectItem(claims, "exp")->valueint));
    cr_assert(
        holds_number(answer_text("not_before"), cJSON_GetObjectItem(claims, "nbf")->valueint));
    cJSON_Delete(claims);
}

/* The flavour of AD FS sends a scope to the first version's path, and reads numbers. */
Test(authority_token, takes_a_scope_as_ad_fs_does)
{
    post("/adfs/oauth2/token", GOOD SECRET);
    cJSON *claims = expect_token();

    cr_assert_eq(answer_number("expires_in"), 3599);
    cr_assert_str_eq(claim_of(claims, "tid"), TENANT);
    cJSON_Delete(claims);
}

Test(authority_token, says_who_the_application_is)
{
    register_client("app");
    struct kv_credential credential;

    must(kv_principal_add_secret(principals, "app", "test", "s3cret", 6, KV_CREDENTIAL_ENDLESS,
                                 &credential, &err));
    post(TOKEN_V2, GOOD "&client_secret=s3cret");
    cJSON *claims = expect_token();

    cr_assert_str_eq(claim_of(claims, "aud"), VAULT);
    cr_assert_str_eq(claim_of(claims, "iss"), ISSUER);
    cr_assert_str_eq(claim_of(claims, "appid"), CLIENT);
    cr_assert_str_eq(claim_of(claims, "appidacr"), "1");
    cr_assert_str_eq(claim_of(claims, "oid"), entry.object_id);
    cr_assert_str_eq(claim_of(claims, "sub"), entry.object_id);
    cr_assert_str_eq(claim_of(claims, "tid"), TENANT);
    cr_assert_str_eq(claim_of(claims, "idtyp"), "app");
    cr_assert_str_eq(claim_of(claims, "ver"), "1.0");
    cr_assert_null(cJSON_GetObjectItem(claims, "xms_mirid"));
    cr_assert_null(cJSON_GetObjectItem(claims, "xms_cc"));
    cr_assert_null(cJSON_GetObjectItem(claims, "upn"));
    cr_assert_eq(cJSON_GetObjectItem(claims, "exp")->valueint
                     - cJSON_GetObjectItem(claims, "iat")->valueint,
                 3900);
    cJSON_Delete(claims);
}

/* Nothing of what was asked for is changed: control-plane.md §5.1. */
Test(authority_token, is_for_the_resource_of_the_scope)
{
    static const struct {
        const char *scope, *audience;
    } rows[] = {
        { "https://vault.azure.net/.default", "https://vault.azure.net" },
        { "https://vault.azure.net//.default", "https://vault.azure.net/" },
        { "https://management.core.windows.net//.default", "https://management.core.windows.net/" },
        { "https://management.azure.com/.default", "https://management.azure.com" },
        { "https://managedhsm.azure.net/.default", "https://managedhsm.azure.net" },
        { "https://vault.localhost:8443/.default", "https://vault.localhost:8443" },
        { "openid+https://vault.localhost/.default++profile", "https://vault.localhost" },
        { "api://x/.default", "api://x" },
        { SERVICE_APP_ID "/.default", SERVICE_APP_ID },
    };
    char form[256];

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        (void) snprintf(form, sizeof(form),
                        "grant_type=client_credentials&client_id=" CLIENT SECRET "&scope=%s",
                        rows[i].scope);
        post(TOKEN_V2, form);
        cJSON *claims = expect_token();

        cr_assert_str_eq(claim_of(claims, "aud"), rows[i].audience);
        cJSON_Delete(claims);
    }
}

/* Any tenant is served; a vault decides which one it takes. */
Test(authority_token, is_of_the_tenant_that_was_asked)
{
    static const struct {
        const char *tenant, *id;
    } rows[] = {
        { "0A0A0A0A-0000-4000-8000-0B0B0B0B0B0B", "0a0a0a0a-0000-4000-8000-0b0b0b0b0b0b" },
        { "contoso.onmicrosoft.com", TENANT },
        { "common", TENANT },
        { "Organizations", TENANT },
    };
    char path[128], issuer[128];

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        (void) snprintf(path, sizeof(path), "/%s/oauth2/v2.0/token", rows[i].tenant);
        (void) snprintf(issuer, sizeof(issuer), "https://sts.windows.net/%s/", rows[i].id);
        post(path, GOOD SECRET);
        cJSON *claims = expect_token();

        cr_assert_str_eq(claim_of(claims, "tid"), rows[i].id);
        cr_assert_str_eq(claim_of(claims, "iss"), issuer);
        cJSON_Delete(claims);
    }
}

Test(authority_token, says_that_its_client_answers_claims_challenges)
{
    static const char *const rows[] = { "{\"access_token\":{\"xms_cc\":{\"values\":[\"CP1\"]}}}",
                                        "{\"access_token\":{\"xms_cc\":{\"values\":[\"cp1\"]}}}" };
    char form[512];

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        (void) snprintf(form, sizeof(form), GOOD SECRET "&claims=%s", rows[i]);
        post(TOKEN_V2, form);
        cJSON *claims = expect_token();

        cr_assert_eq(cJSON_GetArraySize(cJSON_GetObjectItem(claims, "xms_cc")), 1);
        cJSON_Delete(claims);
    }
}

Test(authority_token, echoes_the_id_that_the_client_gave_the_request)
{
    begin(KV_POST, TOKEN_V2);
    request.host = "login.localhost";
    add_header("client-request-id", "11111111-2222-4333-8444-555555555555");
    perform(&kv_authority_site);
    cr_assert_str_eq(answer_text("correlation_id"), "11111111-2222-4333-8444-555555555555");
    cr_assert_str_eq(answer_header("client-request-id"), "11111111-2222-4333-8444-555555555555");
    begin(KV_POST, TOKEN_V2);
    request.host = "login.localhost";
    add_header("client-request-id", "\r\nnonsense");
    perform(&kv_authority_site);
    cr_assert(kv_uuid_is_valid(answer_text("correlation_id")));
    cr_assert_str_eq(answer_header("client-request-id"), "");
}
