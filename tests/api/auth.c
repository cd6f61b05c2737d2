/* SPDX-License-Identifier: Apache-2.0 */
/* The challenge, and which tokens are let in: contract §2. */
#include "../support/api.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

TestSuite(auth, .timeout = 120);

#define MISSING_TOKEN "AKV10000: Request is missing a Bearer, PoP, or MTLS_POP token."
#define INVALID_TOKEN "Error validating token: 'S2S12086'."

static void expected_challenge(const struct client *client, char *ret_text, size_t size)
{
    snprintf(ret_text, size,
             "Bearer authorization=\"https://login.microsoftonline.com/"
             "72f9c4ba-21d6-4e0a-9c5e-6d1f0a8b3c57\", resource=\"https://vault.localhost:%u\"",
             client->daemon->port);
}

Test(auth, TOKEN_MISSING_is_challenged_whatever_the_path_is)
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
    cr_expect(reply_is_error(&reply, 401, "Unauthorized", NULL, message), "%s", authorization);
    expected_challenge(client, line, sizeof(line));
    cr_expect_str_eq(reply_header(&reply, "WWW-Authenticate"), line);
}

Test(auth, UNAUTHORIZED_of_tokens_that_are_none)
{
    static const struct {
        const char *authorization, *message;
    } rows[] = {
        { "", MISSING_TOKEN },
        { "Basic dXNlcjpwYXNz", MISSING_TOKEN },
        { "PoP e30.e30.e30", MISSING_TOKEN },
        { "Bearer", MISSING_TOKEN },
        { "Bearer\te30.e30.e30", MISSING_TOKEN },
        { "Bearer x", INVALID_TOKEN },
        { "Bearer ..", INVALID_TOKEN },
        { "Bearer e30.e30.e30", INVALID_TOKEN },
        { "Bearer e30.e30.e30 e30", INVALID_TOKEN },
        { "Bearer eyJhbGciOiJub25lIn0.e30.", INVALID_TOKEN },
        { "Bearer \x80\xff\xfe", INVALID_TOKEN },
        { "Bearer eyJhbGciOiJSUzI1NiIsImtpZCI6Im5vYm9keSJ9.e30.AAAA",
          "AKV10046: Unable to resolve the key used for signature validation. EncodedJwtHeader: "
          "'eyJhbGciOiJSUzI1NiIsImtpZCI6Im5vYm9keSJ9'." },
    };
    API_CLIENT(dev);

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        expect_rejected(&dev, rows[i].authorization, rows[i].message);
    }
}

Test(auth, UNAUTHORIZED_of_a_token_for_somebody_else)
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

Test(auth, UNAUTHORIZED_of_a_token_that_was_touched)
{
    API_CLIENT(dev);
    char authorization[8192];
    char *signature = strrchr(dev.token, '.');

    signature[5] = signature[5] == 'A' ? 'B' : 'A';
    snprintf(authorization, sizeof(authorization), "Bearer %s", dev.token);
    expect_rejected(&dev, authorization, INVALID_TOKEN);
}

Test(auth, token_for_the_advertised_resource_is_let_in)
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

/* RFC 9110 §11.1, §11.4: the scheme in any case, blanks between as many as there are */
Test(auth, bearer_may_be_spelled_in_any_case)
{
    static const char *const schemes[] = { "Bearer ", "bearer ", "BEARER    " };
    API_CLIENT(dev);

    for (size_t i = 0; i < KV_COUNT(schemes); i++) {
        char line[8192];
        const struct request request = {
            .method = "GET",
            .target = "/keys?api-version=7.6",
            .headers = { line },
            .without_token = true,
        };

        snprintf(line, sizeof(line), "Authorization: %s%s", schemes[i], dev.token);
        API_REPLY(reply, client_send(&dev, &request));
        cr_expect_eq(reply.status, 200, "%s: %ld %s", schemes[i], reply.status, reply.body);
    }
}

Test(auth, challenge_names_the_parent_domain_of_any_host)
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

Test(auth, any_bearer_token_will_do_with_auth_any)
{
    expect_auth_mode("any", "Authorization: Bearer whatever", 200);
    expect_auth_mode("any", NULL, 401);
}

Test(auth, nobody_is_challenged_with_auth_off)
{
    expect_auth_mode("off", NULL, 200);
}
