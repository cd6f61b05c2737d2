/* SPDX-License-Identifier: Apache-2.0 */
/* What surrounds every operation: challenge, tokens, versions, headers, media types. contract §1
 * to §3, §9.8, §15. */
#include "../support/api.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

TestSuite(gate, .timeout = 120);

#define MISSING_TOKEN "AKV10000: Request is missing a Bearer, PoP, or MTLS_POP token."

static void expected_challenge(const struct client *client, char *ret_text, size_t size)
{
    snprintf(ret_text, size,
             "Bearer authorization=\"https://login.microsoftonline.com/"
             "72f9c4ba-21d6-4e0a-9c5e-6d1f0a8b3c57\", resource=\"https://vault.localhost:%u\"",
             client->daemon->port);
}

Test(gate, UNAUTHORIZED_challenges_whatever_the_path_is)
{
    static const struct request requests[] = {
        { .method = "GET", .target = "/keys?api-version=7.4", .without_token = true },
        { .method = "POST", .target = "/keys/a/create?api-version=7.4", .without_token = true },
        { .method = "POST", .target = "/keys/a/create", .without_token = true },
        { .method = "DELETE", .target = "/nonsense/a/b/c/d/e/f/g/h", .without_token = true },
        { .method = "PATCH", .target = "/keys/a_b?api-version=foo", .without_token = true },
        { .method = "PUT", .target = "/keys/a", .body = "{", .without_token = true },
        { .method = "POST",
          .target = "/rng",
          .body = "x",
          .content_type = "text/plain",
          .without_token = true },
    };
    API_CLIENT(dev);
    char challenge[512];

    expected_challenge(&dev, challenge, sizeof(challenge));
    for (size_t i = 0; i < KV_COUNT(requests); i++) {
        API_REPLY(reply, client_send(&dev, &requests[i]));

        cr_expect(reply_is_error(&reply, 401, "Unauthorized", NULL, MISSING_TOKEN), "%s",
                  requests[i].target);
        cr_expect_eq(reply.len, 108);
        cr_expect_str_eq(reply_header(&reply, "WWW-Authenticate"), challenge);
    }
}

static void expect_rejected(struct client *client, const char *authorization, const char *message)
{
    char line[8192];
    const struct request request = {
        .method = "GET",
        .target = "/keys?api-version=7.4",
        .headers = { line },
        .without_token = true,
    };

    snprintf(line, sizeof(line), "Authorization: %s", authorization);
    API_REPLY(reply, client_send(client, &request));
    cr_expect_eq(reply.status, 401, "%s: %ld", authorization, reply.status);
    cr_expect_str_eq(reply_text(&reply, "error.code"), "Unauthorized");
    cr_expect(strncmp(reply_text(&reply, "error.message"), message, strlen(message)) == 0, "%s: %s",
              authorization, reply.body);
    cr_expect_not_null(reply_header(&reply, "WWW-Authenticate"));
}

Test(gate, UNAUTHORIZED_of_tokens_that_are_none)
{
    static const struct {
        const char *authorization, *message;
    } rows[] = {
        { "", "AKV10000" },
        { "Basic dXNlcjpwYXNz", "AKV10000" },
        { "Bearer", "AKV10000" },
        { "Bearer x", "Error validating token" },
        { "Bearer ..", "Error validating token" },
        { "Bearer e30.e30.e30", "" },
        { "Bearer eyJhbGciOiJub25lIn0.e30.", "" },
        { "Bearer \x80\xff\xfe", "Error validating token" },
    };
    API_CLIENT(dev);

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        expect_rejected(&dev, rows[i].authorization, rows[i].message);
    }
}

Test(gate, UNAUTHORIZED_of_a_token_for_somebody_else)
{
    API_CLIENT(dev);
    char authorization[8192];
    char *token = client_fetch_token(api_daemon(), "https://management.azure.com/");

    snprintf(authorization, sizeof(authorization), "Bearer %s", token);
    expect_rejected(&dev, authorization,
                    "AKV10022: Invalid audience. Expected https://vault.azure.net or "
                    "cfa8b339-82a2-471a-a3c9-0fc0be7a4093, found: https://management.azure.com/.");
    free(token);
}

Test(gate, UNAUTHORIZED_of_a_token_that_was_touched)
{
    API_CLIENT(dev);
    char authorization[8192];
    char *signature = strrchr(dev.token, '.');

    signature[5] = signature[5] == 'A' ? 'B' : 'A';
    snprintf(authorization, sizeof(authorization), "Bearer %s", dev.token);
    expect_rejected(&dev, authorization, "Error validating token");
}

Test(gate, token_for_the_advertised_resource_is_let_in)
{
    API_CLIENT(dev);
    char resource[128];

    free(dev.token);
    snprintf(resource, sizeof(resource), "https%%3A%%2F%%2Fvault.localhost%%3A%u",
             api_daemon()->port);
    dev.token = client_fetch_token(api_daemon(), resource);

    API_REPLY(reply, client_call(&dev, "GET", "/keys/nothing-here", NULL));
    cr_assert_eq(reply.status, 404, "%ld %s", reply.status, reply.body);
}

Test(gate, challenge_names_the_parent_domain_of_any_host)
{
    static const struct {
        const char *host, *resource;
    } rows[] = {
        { "dev.vault.azure.net", "https://vault.azure.net:" },
        { "DEV.Vault.Localhost", "https://vault.localhost:" },
        { "localhost", "https://localhost:" },
        { "127.0.0.1", "https://127.0.0.1:" },
    };
    API_CLIENT(dev);

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        const struct request request = {
            .method = "GET",
            .target = "/keys",
            .host = rows[i].host,
            .without_token = true,
        };
        API_REPLY(reply, client_send(&dev, &request));

        cr_expect_eq(reply.status, 401, "%s: %ld %s", rows[i].host, reply.status, reply.body);
        cr_expect_not_null(strstr(reply_header(&reply, "WWW-Authenticate"), rows[i].resource),
                           "%s: %s", rows[i].host, reply_header(&reply, "WWW-Authenticate"));
    }
}

Test(gate, identifiers_carry_the_authority_of_the_request)
{
    const struct request request = {
        .method = "POST",
        .target = "/keys/authority/create?api-version=7.6",
        .body = "{\"kty\":\"RSA\"}",
        .host = "dev.vault.azure.net",
    };
    API_CLIENT(dev);
    API_REPLY(reply, client_send(&dev, &request));
    char prefix[128];

    snprintf(prefix, sizeof(prefix), "https://dev.vault.azure.net:%u/keys/authority/",
             api_daemon()->port);
    cr_assert_eq(strncmp(reply_text(&reply, "key.kid"), prefix, strlen(prefix)), 0, "%s",
                 reply.body);
}

Test(gate, api_versions_follow_the_rules)
{
    static const struct {
        const char *query;
        long status;
        const char *message;
    } rows[] = {
        { "", 400, "The api-version query parameter is missing." },
        { "?api-version=", 400, "The api-version query parameter is missing." },
        { "?apiversion=7.4", 400, "The api-version query parameter is missing." },
        { "?api-version=foo", 400,
          "The specified version (foo) is not recognized. Consider using the latest supported "
          "version (2026-04-01)." },
        { "?api-version=8.0", 400,
          "The specified version (8.0) is not recognized. Consider using the latest supported "
          "version (2026-04-01)." },
        { "?api-version=7.4x", 400,
          "The specified version (7.4x) is not recognized. Consider using the latest supported "
          "version (2026-04-01)." },
        { "?api-version=2016-10-01", 200, NULL },
        { "?api-version=7.0", 200, NULL },
        { "?api-version=7.4-preview.1", 200, NULL },
        { "?api-version=2026-04-01", 200, NULL },
        { "?api-version=7.9", 200, NULL },
        { "?x=1&api-version=2031-01-01-preview&y=2", 200, NULL },
    };
    API_CLIENT(dev);
    char target[256];

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        const struct request request = { .method = "GET", .target = target };

        snprintf(target, sizeof(target), "/keys%s", rows[i].query);
        API_REPLY(reply, client_send(&dev, &request));
        cr_expect_eq(reply.status, rows[i].status, "%s: %ld %s", target, reply.status, reply.body);
        if (rows[i].message != NULL) {
            cr_expect(reply_is_error(&reply, 400, "BadParameter", NULL, rows[i].message));
        }
    }
}

/* Names of the headers of an answer in their order, separated by blanks. */
static void header_names(const struct reply *reply, char *ret_names, size_t size)
{
    const char *line = strstr(reply->headers, "\r\n");
    size_t len = 0;

    ret_names[0] = '\0';
    while (line != NULL && line[2] != '\r' && line[2] != '\0') {
        line += 2;
        len += (size_t) snprintf(ret_names + len, size - len, "%s%.*s", len > 0 ? " " : "",
                                 (int) strcspn(line, ":"), line);
        line = strstr(line, "\r\n");
    }
}

Test(gate, headers_have_the_names_and_order_of_the_service)
{
    static const char expected[] =
        "Cache-Control Pragma Content-Type Expires x-ms-keyvault-region x-ms-client-request-id "
        "x-ms-request-id x-ms-keyvault-service-version x-ms-keyvault-network-info "
        "X-Content-Type-Options Strict-Transport-Security Date";
    const struct request request = {
        .method = "GET",
        .target = "/keys/nobody?api-version=7.6",
        .headers = { "x-ms-client-request-id: 11111111-2222-3333-4444-555555555555" },
    };
    API_CLIENT(dev);
    API_REPLY(reply, client_send(&dev, &request));
    char names[1024];

    header_names(&reply, names, sizeof(names));
    cr_assert_eq(strncmp(names, expected, strlen(expected)), 0, "%s", names);
    cr_assert_str_eq(reply_header(&reply, "Content-Type"), "application/json; charset=utf-8");
    cr_assert_str_eq(reply_header(&reply, "x-ms-client-request-id"),
                     "11111111-2222-3333-4444-555555555555");
    cr_assert_str_eq(reply_header(&reply, "x-ms-keyvault-network-info"),
                     "conn_type=Ipv4;addr=127.0.0.1;act_addr_fam=InterNetwork;");
    cr_assert_str_eq(reply_header(&reply, "Strict-Transport-Security"),
                     "max-age=31536000;includeSubDomains");
    cr_assert_eq(strlen(reply_header(&reply, "x-ms-request-id")), 36);
    cr_assert_null(reply_header(&reply, "Server"));
}

Test(gate, request_id_is_new_each_time_and_nothing_is_echoed_unasked)
{
    API_CLIENT(dev);
    API_REPLY(first, client_call(&dev, "GET", "/keys/nobody", NULL));
    API_REPLY(second, client_call(&dev, "GET", "/keys/nobody", NULL));
    char id[64];

    snprintf(id, sizeof(id), "%s", reply_header(&first, "x-ms-request-id"));
    cr_assert_str_neq(id, reply_header(&second, "x-ms-request-id"));
    cr_assert_null(reply_header(&first, "x-ms-client-request-id"));
}

Test(gate, UNSUPPORTED_MEDIA_TYPE)
{
    static const struct {
        const char *type, *body;
    } rows[] = {
        { "", "{\"Message\":\"The request contains an entity body but no Content-Type header. The "
              "inferred media type 'application/octet-stream' is not supported for this "
              "resource.\"}" },
        { "text/plain", "{\"Message\":\"The request entity's media type 'text/plain' is not "
                        "supported for this resource.\"}" },
        { "application/jsonx; charset=utf-8",
          "{\"Message\":\"The request entity's media type 'application/jsonx' is not supported "
          "for this resource.\"}" },
    };
    API_CLIENT(dev);

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        const struct request request = {
            .method = "POST",
            .target = "/keys/a/create?api-version=7.6",
            .body = "{\"kty\":\"RSA\"}",
            .content_type = rows[i].type,
        };
        API_REPLY(reply, client_send(&dev, &request));

        cr_expect_eq(reply.status, 415, "%s", rows[i].type);
        cr_expect_str_eq(reply.body, rows[i].body);
        cr_expect_str_eq(reply_header(&reply, "Content-Type"), "application/json; charset=utf-8");
    }
}

Test(gate, media_type_may_have_parameters_and_any_case)
{
    const struct request request = {
        .method = "PATCH",
        .target = "/keys/nobody?api-version=7.6",
        .body = "{}",
        .content_type = "Application/JSON; charset=utf-8",
    };
    API_CLIENT(dev);
    API_REPLY(reply, client_send(&dev, &request));

    cr_assert_eq(reply.status, 404, "%ld %s", reply.status, reply.body);
}

Test(gate, METHOD_NOT_ALLOWED)
{
    static const char *const methods[] = { "OPTIONS", "TRACE", "BREW" };
    API_CLIENT(dev);

    for (size_t i = 0; i < KV_COUNT(methods); i++) {
        const struct request request = { .method = methods[i], .target = "/keys?api-version=7.6" };
        API_REPLY(reply, client_send(&dev, &request));
        char expected[128];

        snprintf(expected, sizeof(expected),
                 "{\"Message\":\"The requested resource does not support http method '%s'.\"}",
                 methods[i]);
        cr_expect_eq(reply.status, 405, "%s: %ld", methods[i], reply.status);
        cr_expect_str_eq(reply.body, expected);
        cr_expect_str_eq(reply_header(&reply, "Allow"), "GET, POST, PUT, PATCH, DELETE");
    }
}

Test(gate, post_may_stand_for_another_method)
{
    const struct request request = {
        .method = "POST",
        .target = "/keys/nobody?api-version=7.6",
        .headers = { "X-HTTP-METHOD: DELETE" },
    };
    API_CLIENT(dev);
    API_REPLY(reply, client_send(&dev, &request));

    cr_assert_eq(reply.status, 404, "%ld %s", reply.status, reply.body);
}

Test(gate, ROOT_FORBIDDEN_without_a_challenge)
{
    const struct request request = { .method = "GET", .target = "/", .without_token = true };
    API_CLIENT(dev);
    API_REPLY(reply, client_send(&dev, &request));

    cr_assert_eq(reply.status, 403);
    cr_assert_eq(strncmp(reply_header(&reply, "Content-Type"), "text/html", 9), 0);
    cr_assert_null(reply_header(&reply, "WWW-Authenticate"));
    cr_assert_null(reply_header(&reply, "x-ms-request-id"));
}

Test(gate, BAD_URL)
{
    static const char *const targets[] = { "/keys/a%0D?api-version=7.6", "/keys/%00", "/keys/a%zz",
                                           "/keys/a%7Fb" };
    API_CLIENT(dev);

    for (size_t i = 0; i < KV_COUNT(targets); i++) {
        const struct request request = { .method = "GET", .target = targets[i] };
        API_REPLY(reply, client_send(&dev, &request));

        cr_expect_eq(reply.status, 400, "%s: %ld %s", targets[i], reply.status, reply.body);
        cr_expect_str_eq(
            reply.body,
            "<!DOCTYPE HTML PUBLIC \"-//W3C//DTD HTML 4.01//EN\""
            "\"http://www.w3.org/TR/html4/strict.dtd\">\r\n"
            "<HTML><HEAD><TITLE>Bad Request</TITLE>\r\n"
            "<META HTTP-EQUIV=\"Content-Type\" Content=\"text/html; charset=us-ascii\"></HEAD>\r\n"
            "<BODY><h2>Bad Request - Invalid URL</h2>\r\n"
            "<hr><p>HTTP Error 400. The request URL is invalid.</p>\r\n"
            "</BODY></HTML>\r\n");
    }
}

Test(gate, BODY_TOO_LARGE)
{
    static const size_t size = 2 * 1024 * 1024;
    char *body = calloc(1, size + 1);
    const struct request request = {
        .method = "POST",
        .target = "/keys/a/create?api-version=7.6",
        .body = body,
    };
    API_CLIENT(dev);

    memset(body, ' ', size);
    API_REPLY(reply, client_send(&dev, &request));
    cr_assert_eq(reply.status, 413, "%ld %s", reply.status, reply.body);
    cr_assert_str_eq(reply.body, "{\"Message\":\"Maximum request length exceeded.\"}");
    free(body);

    API_REPLY(after, client_call(&dev, "GET", "/keys/nobody", NULL));
    cr_assert_eq(after.status, 404);
}

Test(gate, strict_versions_refuse_what_the_service_does_not_list)
{
    static const char *const arguments[] = { "--api-versions", "strict", NULL };
    struct daemon strict;

    daemon_prepare(&strict);
    cr_assert(daemon_start(&strict, arguments));
    {
        API_CLIENT_OF(&strict, dev);
        const struct request request = { .method = "GET", .target = "/keys?api-version=7.9" };
        API_REPLY(unknown, client_send(&dev, &request));
        API_REPLY(known, client_call(&dev, "GET", "/keys", NULL));

        cr_expect_eq(unknown.status, 400);
        cr_expect_eq(known.status, 200);
    }
    cr_assert(daemon_stop(&strict));
    daemon_discard(&strict);
}

static void expect_auth_mode(const char *mode, const char *authorization, long status)
{
    const char *const arguments[] = { "--auth", mode, NULL };
    struct daemon lax;

    daemon_prepare(&lax);
    cr_assert(daemon_start(&lax, arguments));
    {
        API_CLIENT_OF(&lax, dev);
        const struct request request = {
            .method = "GET",
            .target = "/keys?api-version=7.6",
            .headers = { authorization },
            .without_token = true,
        };
        API_REPLY(reply, client_send(&dev, &request));

        cr_expect_eq(reply.status, status, "%s: %ld %s", mode, reply.status, reply.body);
    }
    cr_assert(daemon_stop(&lax));
    daemon_discard(&lax);
}

Test(gate, any_bearer_token_will_do_with_auth_any)
{
    expect_auth_mode("any", "Authorization: Bearer whatever", 200);
    expect_auth_mode("any", NULL, 401);
}

Test(gate, nobody_is_challenged_with_auth_off)
{
    expect_auth_mode("off", NULL, 200);
}

Test(gate, token_expires_by_the_virtual_clock)
{
    struct daemon own;

    daemon_prepare(&own);
    cr_assert(daemon_start(&own, NULL));
    {
        API_CLIENT_OF(&own, dev);

        API_REPLY(before, client_call(&dev, "GET", "/keys", NULL));
        cr_expect_eq(before.status, 200);
        api_advance(&own, 86401);
        API_REPLY(after, client_call(&dev, "GET", "/keys", NULL));
        cr_expect(reply_is_error(&after, 401, "Unauthorized", NULL,
                                 "[TokenExpired] Error validating token: 'S2S12086'."));
    }
    cr_assert(daemon_stop(&own));
    daemon_discard(&own);
}
