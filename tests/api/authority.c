/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Logging in over TLS: by coffer's names and by path, with a secret, a certificate and a federated
 * token; and what the vault then says. Each refusal by itself is in tests/unit/sites/authority_*.c.
 */
#include "authority_tools.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

TestSuite(authority, .timeout = 120);

/* --- where it is --- */

/* Over TLS with the certificate verified, so they are names of it. */
Test(authority, has_three_names_and_any_other_by_path)
{
    static const char *const hosts[] = { "login.localhost",     "login.microsoftonline.com",
                                         "login.windows.net",   "localhost",
                                         "dev.vault.localhost", "host.docker.internal" };
    static const char *const targets[] = {
        "/" TENANT "/.well-known/openid-configuration",
        "/contoso.com/v2.0/.well-known/openid-configuration",
        "/common/discovery/keys",
        "/organizations/discovery/v2.0/keys",
        "/adfs/.well-known/openid-configuration",
        "/adfs/discovery/keys",
        ("/common/discovery/instance?api-version=1.1&authorization_endpoint=https%3A%2F%2F"
         "login.microsoftonline.com%2Fcommon%2Foauth2%2Fauthorize"),
    };
    API_CLIENT(dev);

    for (size_t host = 0; host < KV_COUNT(hosts); host++) {
        for (size_t i = 0; i < KV_COUNT(targets); i++) {
            API_REPLY(reply, authority_ask(&dev, hosts[host], "GET", targets[i], NULL));
            cr_expect_eq(reply.status, 200, "%s%s: %ld %s", hosts[host], targets[i], reply.status,
                         reply.body);
        }
    }
}

Test(authority, leaves_a_vault_every_path_that_is_no_endpoint)
{
    static const char *const targets[] = {
        "/keys/oauth2/token",  "/keys/discovery/keys",      "/secrets/oauth2/v2.0/token",
        "/foo/oauth2/token",   "/common/oauth2/authorize",  "/adfs/keys",
        "/rng/discovery/keys", "/deletedkeys/oauth2/token", "/" TENANT "/oauth2/token/x",
    };
    API_CLIENT(dev);

    for (size_t i = 0; i < KV_COUNT(targets); i++) {
        API_REPLY(reply, authority_ask(&dev, NULL, "POST", targets[i], NULL));
        cr_expect(reply_is_error(&reply, 401, "Unauthorized", NULL,
                                 "AKV10000: Request is missing a Bearer, PoP, or MTLS_POP token."),
                  "%s", targets[i]);
    }
}

Test(authority, has_the_headers_of_the_service)
{
    API_CLIENT(dev);
    API_REPLY(reply, client_send(&dev, &(struct request){
                                           .method = "POST",
                                           .target = "/" TENANT "/oauth2/v2.0/token",
                                           .host = "login.localhost",
                                           .without_token = true,
                                           .headers = { "client-request-id: "
                                                        "11111111-2222-4333-8444-555555555555" },
                                       }));

    cr_expect_eq(reply.status, 400);
    cr_expect_str_eq(reply_header(&reply, "Cache-Control"), "no-store, no-cache");
    cr_expect_str_eq(reply_header(&reply, "Pragma"), "no-cache");
    cr_expect_str_eq(reply_header(&reply, "Content-Type"), "application/json; charset=utf-8");
    cr_expect_str_eq(reply_header(&reply, "client-request-id"),
                     "11111111-2222-4333-8444-555555555555");
    cr_expect_str_eq(reply_header(&reply, "x-ms-request-id"), reply_text(&reply, "trace_id"));
    cr_expect_null(reply_header(&reply, "Access-Control-Allow-Origin"));
    cr_expect_null(reply_header(&reply, "WWW-Authenticate"));
}

/* Whatever was asked instead. */
Test(authority, AADSTS900561_says_which_method_there_is)
{
    static const struct {
        const char *method, *target, *allow;
    } rows[] = {
        { "GET", "/common/oauth2/v2.0/token", "POST" },
        { "PUT", "/common/oauth2/v2.0/token", "POST" },
        { "OPTIONS", "/common/oauth2/token", "POST" },
        { "DELETE", "/common/oauth2/devicecode", "POST" },
        { "POST", "/common/discovery/instance", "GET" },
        { "PUT", "/common/discovery/keys", "GET" },
    };
    API_CLIENT(dev);

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        API_REPLY(reply,
                  authority_ask(&dev, "login.localhost", rows[i].method, rows[i].target, NULL));
        const char *allow = reply_header(&reply, "Allow");

        cr_expect_eq(reply.status, 405, "%zu: %ld", i, reply.status);
        cr_expect_str_eq(allow != NULL ? allow : "", rows[i].allow, "%s %s", rows[i].method,
                         rows[i].target);
    }
}

/* --- whole bodies --- */

Test(authority, refusal_is_of_the_service_to_the_byte)
{
    API_CLIENT(dev);
    char expected[2048];
    API_REPLY(reply, authority_post(&dev, TENANT,
                                    GRANT "&client_id=" APP "&client_secret=wrong"
                                          "&scope=https://vault.azure.net/.default"));
    const char *trace = reply_text(&reply, "trace_id");
    const char *correlation = reply_text(&reply, "correlation_id");
    const char *timestamp = reply_text(&reply, "timestamp");

    snprintf(expected, sizeof(expected),
             "{\"error\":\"invalid_client\",\"error_description\":\"AADSTS7000215: Invalid client "
             "secret provided. Ensure the secret being sent in the request is the client secret "
             "value, not the client secret ID, for a secret added to app '" APP
             "'. Trace ID: %s Correlation ID: %s Timestamp: %s\",\"error_codes\":[7000215],"
             "\"timestamp\":\"%s\",\"trace_id\":\"%s\",\"correlation_id\":\"%s\",\"error_uri\":"
             "\"https://login.microsoftonline.com/error?code=7000215\"}",
             trace, correlation, timestamp, timestamp, trace, correlation);
    cr_expect_eq(reply.status, 401);
    cr_expect_str_eq(reply.body, expected);
}

Test(authority, answer_is_of_the_service_to_the_byte)
{
    API_CLIENT(dev);
    char expected[4096];
    API_REPLY(second, authority_post(&dev, TENANT,
                                     GRANT "&client_id=" APP "&client_secret=s3cret"
                                           "&scope=https://vault.azure.net/.default"));
    API_REPLY(first, authority_ask(&dev, "localhost", "POST", "/" TENANT "/oauth2/token",
                                   GRANT "&client_id=" APP "&client_secret=s3cret"
                                         "&resource=https%3A%2F%2Fvault.azure.net"));

    snprintf(expected, sizeof(expected),
             "{\"token_type\":\"Bearer\",\"expires_in\":3599,\"ext_expires_in\":3599,"
             "\"access_token\":\"%s\"}",
             reply_text(&second, "access_token"));
    cr_expect_str_eq(second.body, expected);
    snprintf(expected, sizeof(expected),
             "{\"token_type\":\"Bearer\",\"expires_in\":\"3599\",\"ext_expires_in\":\"3599\","
             "\"expires_on\":\"%s\",\"not_before\":\"%s\",\"resource\":\"https://vault.azure.net\","
             "\"access_token\":\"%s\"}",
             reply_text(&first, "expires_on"), reply_text(&first, "not_before"),
             reply_text(&first, "access_token"));
    cr_expect_str_eq(first.body, expected);
}

/* --- what tokens are good for --- */

static void expect_scope_let_in(const char *client_id, const char *scope)
{
    API_CLIENT(dev);
    char form[1024];

    snprintf(form, sizeof(form), GRANT "&client_id=%s&client_secret=s3cret&scope=%s", client_id,
             scope);
    API_REPLY(reply, authority_post(&dev, TENANT, form));
    authority_take_token(&dev, &reply);
    authority_expect_let_in(&dev);
}

Test(authority, token_of_a_secret_is_let_in)
{
    char with_port[128];

    snprintf(with_port, sizeof(with_port),
             "https://vault.localhost:%u/.default+openid+profile+offline_access",
             api_daemon()->port);
    expect_scope_let_in(APP, "https%3A%2F%2Fvault.azure.net%2F.default");
    expect_scope_let_in(APP, "https://vault.localhost/.default");
    expect_scope_let_in(APP, with_port);
    expect_scope_let_in(UNKNOWN, "cfa8b339-82a2-471a-a3c9-0fc0be7a4093/.default");
}

/* The authority serves them, and the vault decides: contract §2.2. */
Test(authority, token_of_another_tenant_or_with_a_slash_is_refused_by_the_vault)
{
    static const struct {
        const char *tenant, *scope, *message;
    } rows[] = {
        { OTHER_TENANT, "https://vault.azure.net/.default",
          "AKV10032: Invalid issuer. Expected one of https://sts.windows.net/" TENANT "/, " },
        { TENANT, "https://vault.azure.net//.default",
          "AKV10022: Invalid audience. Expected https://vault.azure.net or "
          "cfa8b339-82a2-471a-a3c9-0fc0be7a4093, found: https://vault.azure.net/." },
        { TENANT, "https://management.azure.com/.default",
          "AKV10022: Invalid audience. Expected https://vault.azure.net or "
          "cfa8b339-82a2-471a-a3c9-0fc0be7a4093, found: https://management.azure.com." },
    };
    char form[512];

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        API_CLIENT(dev);

        snprintf(form, sizeof(form), GRANT "&client_id=" APP "&client_secret=s3cret&scope=%s",
                 rows[i].scope);
        API_REPLY(token, authority_post(&dev, rows[i].tenant, form));
        authority_take_token(&dev, &token);
        API_REPLY(reply, client_call(&dev, "GET", "/keys/nothing-here", NULL));
        cr_expect_eq(reply.status, 401);
        cr_expect_eq(
            strncmp(reply_text(&reply, "error.message"), rows[i].message, strlen(rows[i].message)),
            0, "%s", reply.body);
    }
}

/* --- federated tokens, and what the control port does --- */

Test(authority, token_of_a_federated_token_is_let_in)
{
    API_CLIENT(dev);
    static char form[2 * TEXT_MAX];
    API_REPLY(federated,
              authority_control(&dev, "GET", "/control/v1/identities/app/federated-token", NULL));

    cr_assert_eq(federated.status, 200, "%s", federated.body);
    snprintf(form, sizeof(form), GRANT "&client_id=" APP "&" SCOPE ASSERTION "%s",
             reply_text(&federated, "access_token"));
    API_REPLY(reply, authority_post(&dev, TENANT, form));
    authority_take_token(&dev, &reply);
    authority_expect_let_in(&dev);
}

Test(authority, AADSTS7000112_as_soon_as_the_application_is_disabled)
{
    static const char form[] = GRANT "&client_id=31111111-1111-4111-8111-111111111111"
                                     "&client_secret=s3cret&scope=https://vault.azure.net/.default";
    API_CLIENT(dev);
    API_REPLY(before, authority_post(&dev, TENANT, form));
    API_REPLY(disabled,
              authority_control(&dev, "POST", "/control/v1/identities/off/disable", "{}"));
    API_REPLY(after, authority_post(&dev, TENANT, form));

    cr_expect_eq(before.status, 200, "%s", before.body);
    cr_expect_eq(disabled.status / 100, 2, "%s", disabled.body);
    cr_expect_eq(after.status, 400);
    cr_expect_eq((int) reply_number(&after, "error_codes.0"), 7000112, "%s", after.body);
}

Test(authority, body_that_is_too_long_is_refused)
{
    API_CLIENT(dev);
    static char form[100000];

    memset(form, 'a', sizeof(form) - 1);
    API_REPLY(reply, authority_post(&dev, TENANT, form));
    cr_expect_eq(reply.status, 413);
    cr_expect_str_eq(reply_text(&reply, "error"), "invalid_request");
}

/* --- where challenges send clients --- */

/* `tenant` NULL: the URL is whole. */
static void expect_challenge(const char *option, const char *url, const char *tenant)
{
    const char *const arguments[] = { "--vault", "dev", "--authority-host", option, NULL };
    struct daemon own;
    char expected[256];

    daemon_prepare(&own);
    cr_assert(daemon_start(&own, arguments));
    {
        API_CLIENT_OF(&own, dev);
        API_REPLY(reply, authority_ask(&dev, NULL, "GET", "/keys", NULL));
        const char *challenge = reply_header(&reply, "WWW-Authenticate");

        if (tenant != NULL) {
            snprintf(expected, sizeof(expected), "Bearer authorization=\"%s:%u/%s\", ", url,
                     own.port, tenant);
        } else {
            snprintf(expected, sizeof(expected), "Bearer authorization=\"%s\", ", url);
        }
        cr_expect_not_null(challenge);
        cr_expect_eq(strncmp(challenge, expected, strlen(expected)), 0, "%s", challenge);
    }
    cr_expect(daemon_stop(&own));
    daemon_discard(&own);
}

Test(authority, is_named_in_challenges_as_the_option_says)
{
    expect_challenge("login.localhost", "https://login.localhost", TENANT);
    expect_challenge("login.localhost/adfs", "https://login.localhost", "adfs");
    expect_challenge("https://sts.example:9443", "https://sts.example:9443/" TENANT, NULL);
    expect_challenge("https://sts.example/adfs", "https://sts.example/adfs", NULL);
}

Test(authority, host_that_is_no_host_is_refused_at_start)
{
    static const char *const hosts[] = {
        "http://login.localhost", "a b", "a:1",   "https://", "https://a/b/c",
        "https://a\"b",           "a=b", "a/b/c", "/adfs",    "a/b\"c"
    };

    for (size_t i = 0; i < KV_COUNT(hosts); i++) {
        const char *const arguments[] = { "serve", "--ephemeral", "--authority-host", hosts[i],
                                          NULL };
        char output[4096];

        cr_expect_eq(program_run(arguments, output, sizeof(output)), 2, "%s", hosts[i]);
        cr_expect_not_null(strstr(output, "is neither HOST[/TENANT] nor https://"), "%s", output);
    }
}
