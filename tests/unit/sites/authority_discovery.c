/* SPDX-License-Identifier: Apache-2.0 */
/* Which requests are the authority's, and what clients read before they log in. */
#include "authority.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "kv/app/api.h"
#include "kv/base/base64.h"
#include "kv/base/jws.h"

TestSuite(discovery, .init = set_up_authority, .fini = tear_down_authority, .timeout = 60);

#define GUID "0a0b0c0d-1111-4222-8333-444455556666"

static bool is_served(const char *host, const char *path)
{
    begin(KV_POST, path);
    request.host = host;
    return kv_authority_site.serves(&request);
}

static void get(const char *path)
{
    begin(KV_GET, path);
    (void) snprintf(request.id, sizeof(request.id), "00000000-aaaa-4bbb-8ccc-000000000001");
    request.authority = "login.localhost:8443";
    request.host = "login.localhost";
}

static void read(const char *path)
{
    get(path);
    perform(&kv_authority_site);
}

/* What is the data plane's stays its own, whatever stands behind the first segment. */
Test(discovery, leaves_the_data_plane_its_paths)
{
    static const char *const paths[] = {
        "/",
        "/keys",
        "/keys/oauth2/token",
        "/keys/oauth2/v2.0/token",
        "/keys/discovery/keys",
        "/deletedkeys/discovery/keys",
        "/secrets/oauth2/token",
        "/providers/discovery/keys",
        "/rng/oauth2/token",
        "/ekm/oauth2/token",
        "/nonsense/oauth2/token",
        "/nonsense/discovery/v2.0/keys",
        "/adfs",
        "/adfs/oauth2",
        "/adfs/oauth2/token/x",
        "/" GUID,
        "/" GUID "/oauth2/authorize",
        "/" GUID "/providers/Microsoft.Authorization/roleAssignments",
        "/a.b/x/token",
        "/.a/oauth2/token",
        "/a..b/oauth2/token",
        "/a_b.c/oauth2/token",
    };

    for (size_t i = 0; i < KV_COUNT(paths); i++) {
        cr_expect_not(is_served("dev.vault.localhost", paths[i]), "%s", paths[i]);
        cr_expect_not(is_served("localhost", paths[i]), "%s", paths[i]);
        cr_expect(is_served("login.localhost", paths[i]), "%s", paths[i]);
    }
}

Test(discovery, is_served_under_any_name_by_its_paths)
{
    static const char *const paths[] = {
        "/" GUID "/oauth2/token",
        "/" GUID "/oauth2/v2.0/token",
        "/contoso.onmicrosoft.com/OAuth2/V2.0/Token",
        "/common/discovery/instance",
        "/organizations/v2.0/.well-known/openid-configuration",
        "/adfs/.well-known/openid-configuration",
        "/adfs/adfs/.well-known/openid-configuration",
        "/adfs/oauth2/token",
        "/ADFS/discovery/keys",
        "/" GUID "/oauth2/v2.0/devicecode",
    };

    for (size_t i = 0; i < KV_COUNT(paths); i++) {
        cr_expect(is_served("localhost", paths[i]), "%s", paths[i]);
        cr_expect(is_served("coffer", paths[i]), "%s", paths[i]);
    }
    cr_expect(is_served("login.microsoftonline.com", "/x"));
    cr_expect(is_served("login.windows.net", "/x"));
    cr_expect_not(is_served("login.example", "/x"));
}

Test(discovery, has_no_other_endpoints)
{
    read("/nothing");
    cr_assert_eq(response.status, 404);
    cr_assert_str_eq(answer_text("error"), "invalid_request");
}

Test(discovery, AADSTS9002313_of_an_url_that_is_none)
{
    get("/common/discovery/keys");
    request.target_is_valid = false;
    perform(&kv_authority_site);
    expect_aadsts(9002313, 400, "invalid_request", "Invalid request. ");
}

Test(discovery, AADSTS90002_and_900023_of_tenants)
{
    read("/a.invalid/v2.0/.well-known/openid-configuration");
    expect_aadsts(90002, 400, "invalid_tenant", "Tenant 'a.invalid' not found. ");
    read("/x/discovery/v2.0/keys");
    expect_aadsts(900023, 400, "invalid_request", "Specified tenant identifier 'x' is neither");
}

Test(discovery, names_the_host_that_was_asked_and_the_issuer_of_its_tokens)
{
    static const struct {
        const char *path, *issuer, *tokens, *keys;
    } rows[] = {
        { "/" GUID "/.well-known/openid-configuration", "https://sts.windows.net/" GUID "/",
          GUID "/oauth2/token", GUID "/discovery/keys" },
        { "/" GUID "/v2.0/.well-known/openid-configuration",
          "https://login.microsoftonline.com/" GUID "/v2.0", GUID "/oauth2/v2.0/token",
          GUID "/discovery/v2.0/keys" },
        { "/common/v2.0/.well-known/openid-configuration",
          "https://login.microsoftonline.com/{tenantid}/v2.0", "common/oauth2/v2.0/token",
          "common/discovery/v2.0/keys" },
        { "/adfs/.well-known/openid-configuration", "https://sts.windows.net/" TENANT "/",
          "adfs/oauth2/token", "adfs/discovery/keys" },
        { "/adfs/adfs/.well-known/openid-configuration", "https://sts.windows.net/" TENANT "/",
          "adfs/oauth2/token", "adfs/discovery/keys" },
        { "/contoso.com/.well-known/openid-configuration", "https://sts.windows.net/" TENANT "/",
          "contoso.com/oauth2/token", "contoso.com/discovery/keys" },
    };
    char url[256];

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        read(rows[i].path);
        cr_assert_eq(response.status, 200, "%s", rows[i].path);
        cr_assert_str_eq(answer_text("issuer"), rows[i].issuer);
        (void) snprintf(url, sizeof(url), "https://login.localhost:8443/%s", rows[i].tokens);
        cr_assert_str_eq(answer_text("token_endpoint"), url);
        (void) snprintf(url, sizeof(url), "https://login.localhost:8443/%s", rows[i].keys);
        cr_assert_str_eq(answer_text("jwks_uri"), url);
        cr_assert_str_neq(answer_text("authorization_endpoint"), "(none)");
        cr_assert_str_eq(answer_header("Cache-Control"), "max-age=86400, private");
    }
}

/* --- keys --- */

static const char *find_in(const cJSON *object, const char *name)
{
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItem(object, name));

    return text != NULL ? text : "";
}

/* RFC 7517 §4.8, of what x5c holds. */
static const char *thumbprint_of_sent(const cJSON *key)
{
    const char *text = cJSON_GetStringValue(cJSON_GetArrayItem(cJSON_GetObjectItem(key, "x5c"), 0));
    unsigned char der[4096];
    const unsigned char *at = der;
    size_t len = 0;

    cr_assert_lt(strlen(text), sizeof(der));
    cr_assert(kv_base64_decode(text, strlen(text), der, &len));
    X509 *certificate = d2i_X509(NULL, &at, (long) len);
    cr_assert_not_null(certificate);
    const char *thumbprint = thumbprint_of(certificate, EVP_sha1());
    X509_free(certificate);
    return thumbprint;
}

/* The certificate is there for the libraries that read nothing else. */
Test(discovery, keys_are_those_that_tokens_are_signed_by)
{
    struct kv_jws_key *by_numbers = NULL, *by_certificate = NULL;
    struct kv_jws jws;
    kv_auto(kv_wipe_free) char *token = NULL;

    post(TOKEN_V2, GOOD "&client_secret=x");
    token = strdup(answer_text("access_token"));
    cr_assert(kv_jws_parse(token, strlen(token), &jws));
    read("/" TENANT "/discovery/keys");
    cJSON *key = cJSON_GetArrayItem(answer_member("keys"), 0);

    cr_assert_str_eq(find_in(key, "kid"), jws.kid);
    cr_assert_str_eq(find_in(key, "x5t"), jws.kid, "as Entra has it");
    cr_assert_str_eq(find_in(key, "x5t"), find_in(jws.header, "x5t"));
    cr_assert_str_eq(find_in(key, "x5t"), thumbprint_of_sent(key));
    cr_assert_str_eq(find_in(key, "use"), "sig");
    cr_assert_str_eq(find_in(key, "issuer"), "");
    must(kv_jws_key_import(key, &by_certificate, &err)); /* both, and they must agree */
    cJSON_DeleteItemFromObject(key, "x5c");
    must(kv_jws_key_import(key, &by_numbers, &err));
    cr_assert(kv_jws_is_signed(&jws, by_numbers));
    cr_assert(kv_jws_is_signed(&jws, by_certificate));
    kv_jws_key_free(by_numbers);
    kv_jws_key_free(by_certificate);
    kv_jws_done(&jws);
}

Test(discovery, keys_name_their_issuer_in_the_second_version)
{
    read("/" GUID "/discovery/v2.0/keys");
    cr_assert_str_eq(find_in(cJSON_GetArrayItem(answer_member("keys"), 0), "issuer"),
                     "https://login.microsoftonline.com/" GUID "/v2.0");
    read("/common/discovery/v2.0/keys");
    cr_assert_str_eq(find_in(cJSON_GetArrayItem(answer_member("keys"), 0), "issuer"),
                     "https://login.microsoftonline.com/{tenantid}/v2.0");
}

Test(discovery, keys_are_always_the_same)
{
    read("/common/discovery/keys");
    char *first = strdup(response.body.data);

    read("/common/discovery/keys");
    cr_assert_str_eq(response.body.data, first);
    free(first);
}

/* --- instances --- */

static void ask_instance(const char *endpoint)
{
    get("/common/discovery/instance");
    add_query("api-version", "1.1");
    add_query("authorization_endpoint", endpoint);
    perform(&kv_authority_site);
}

Test(discovery, AADSTS50049_of_an_instance_that_is_elsewhere)
{
    static const char *const rows[] = { "https://evil.example/common/oauth2/authorize",
                                        "http://login.localhost:8443/common",
                                        "https://login.localhost.evil.example/x",
                                        "https://evillocalhost/x",
                                        "https://evil@login.localhost:8443/x",
                                        "https:///x",
                                        "" };

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        ask_instance(rows[i]);
        expect_aadsts(50049, 400, "invalid_instance", "Unknown or invalid instance. ");
    }
}

Test(discovery, AADSTS900144_of_a_question_about_no_instance)
{
    read("/common/discovery/instance");
    expect_aadsts(900144, 400, "invalid_request",
                  "The request body must contain the following parameter: "
                  "'authorization_endpoint'. ");
}

Test(discovery, tells_where_an_instance_is)
{
    static const struct {
        const char *endpoint, *url;
        int instances;
    } rows[] = {
        { "https://login.localhost:8443/" GUID "/oauth2/v2.0/authorize",
          "https://login.localhost:8443/" GUID "/v2.0/.well-known/openid-configuration", 2 },
        { "https://login.microsoftonline.com/common/oauth2/authorize",
          "https://login.microsoftonline.com/common/v2.0/.well-known/openid-configuration", 1 },
        { "https://127.0.0.1:9/x", "https://127.0.0.1:9/x/v2.0/.well-known/openid-configuration",
          2 },
        { "https://localhost", "https://localhost/common/v2.0/.well-known/openid-configuration",
          2 },
    };

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        ask_instance(rows[i].endpoint);
        cr_assert_eq(response.status, 200, "%s", rows[i].endpoint);
        cr_assert_str_eq(answer_text("tenant_discovery_endpoint"), rows[i].url);
        cr_assert_str_eq(answer_text("api-version"), "1.1");
        cr_assert_eq(cJSON_GetArraySize(answer_member("metadata")), rows[i].instances);
    }
}
