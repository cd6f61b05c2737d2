/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tokens of issuers other than coffer (--trust-issuer). The other issuer is a second coffer of
 * another tenant, the program's own, whose public key its control port shows.
 */
#include "token_tools.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OTHER_TENANT "11111111-2222-3333-4444-555555555555"
#define HERE "https://sts.windows.net/" OTHER_TENANT "/"
#define API_AUDIENCE "api://vaults"

static struct daemon own;

static void start_with(const char *spec)
{
    const char *const arguments[] = { "--vault",        "dev", "--tenant", OTHER_TENANT,
                                      "--trust-issuer", spec,  NULL };

    daemon_prepare(&own);
    cr_assert(daemon_start(&own, arguments));
}

static void stop(void)
{
    cr_assert(daemon_stop(&own));
    daemon_discard(&own);
}

TestSuite(token_issuers, .timeout = 120);

Test(token_issuers, are_refused_at_the_start_when_they_cannot_be_trusted)
{
    static const struct {
        const char *spec, *reason;
    } rows[] = {
        { "", "--trust-issuer" },
        { "no-url", "it is no URL, so its keys have to be named: jwks=FILE or URL" },
        { "a b,jwks=https://localhost/keys", "an issuer is 1 to 127 printable ASCII characters" },
        { "https://a.example,jwks=/nowhere/keys.json", "/nowhere/keys.json" },
        { "https://a.example,jwks=/etc/passwd", "it is not JSON" },
        { "https://a.example,jwks=", "the place of its keys is empty or too long" },
        { "https://a.example,keys=x", "after the issuer come jwks=FILE or URL" },
        { "https://a.example,jwks=https://a/,jwks=https://b/", "each once" },
        { "https://a.example,audience=", "its audience is empty or too long" },
    };

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        const char *const arguments[] = {
            "serve", "--ephemeral",    "--port",     "0", "--control-port",
            "0",     "--trust-issuer", rows[i].spec, NULL
        };
        char output[4096];

        cr_expect_eq(program_run(arguments, output, sizeof(output)), 2, "%s: %s", rows[i].spec,
                     output);
        cr_expect_not_null(strstr(output, rows[i].reason), "%s: %s", rows[i].spec, output);
    }
}

static void expect_own_and_foreign(void)
{
    API_CLIENT_OF(&own, dev);
    char payload[2048];

    cr_expect(token_lets_in(&dev), "a token of its own");
    token_give(&dev, client_fetch_token(api_daemon(), "https://vault.azure.net"));
    cr_expect(token_lets_in(&dev), "a token of the other one");
    token_write(ISSUER, API_AUDIENCE, 0, 3600, "", payload);
    token_give(&dev, token_sign(api_daemon(), payload));
    cr_expect(token_lets_in(&dev), "its further audience");
    token_write(HERE, API_AUDIENCE, 0, 3600, "", payload);
    token_give(&dev, token_sign(&own, payload));
    API_REPLY(reply, client_call(&dev, "GET", "/keys/nothing-here", NULL));
    cr_expect_eq(strncmp(reply_text(&reply, "error.message"), "AKV10022", 8), 0,
                 "which is not one for others: %s", reply.body);
}

Test(token_issuers, have_their_keys_at_a_url)
{
    char spec[512];

    snprintf(spec, sizeof(spec), ISSUER ",jwks=http://127.0.0.1:%u/certs,audience=" API_AUDIENCE,
             api_daemon()->control_port);
    start_with(spec);
    expect_own_and_foreign();
    stop();
}

Test(token_issuers, have_their_keys_in_a_file)
{
    static const struct request certs = { .method = "GET", .target = "/certs", .control = true };
    API_CLIENT(dev);
    API_REPLY(reply, client_send(&dev, &certs));
    char path[400], spec[512];

    cr_assert_eq(reply.status, 200, "%s", reply.body);
    snprintf(path, sizeof(path), "/tmp/coffer-jwks-%u.json", api_daemon()->control_port);
    FILE *file = fopen(path, "w");
    cr_assert_not_null(file);
    fputs(reply.body, file);
    fclose(file);
    snprintf(spec, sizeof(spec), ISSUER ",audience=" API_AUDIENCE ",jwks=%s", path);
    start_with(spec);
    expect_own_and_foreign();
    stop();
    remove(path);
}

/* The issuer's own name says where its configuration is. */
Test(token_issuers, have_their_keys_where_their_configuration_says)
{
    char issuer[64], payload[2048];

    snprintf(issuer, sizeof(issuer), "http://127.0.0.1:%u/", api_daemon()->control_port);
    start_with(issuer);
    API_CLIENT_OF(&own, dev);
    token_write(issuer, "https://vault.azure.net", 200, 100, "", payload);
    token_give(&dev, token_sign(api_daemon(), payload));
    cr_expect(token_lets_in(&dev), "200 s after the end of 100 s is within the leeway");
    token_write(issuer, "https://vault.azure.net", 3600, 3000, "", payload);
    token_give(&dev, token_sign(api_daemon(), payload));
    API_REPLY(expired, client_call(&dev, "GET", "/keys/nothing-here", NULL));
    cr_expect_str_eq(reply_text(&expired, "error.message"), "[TokenExpired] " INVALID);
    token_give(&dev, client_fetch_token(api_daemon(), "https://vault.azure.net"));
    API_REPLY(other, client_call(&dev, "GET", "/keys/nothing-here", NULL));
    cr_expect_eq(strncmp(reply_text(&other, "error.message"), "AKV10046", 8), 0,
                 "the same key speaks for this issuer alone: %s", other.body);
    stop();
}

/* Nobody waits longer than a fetch takes, and the log says why. */
Test(token_issuers, that_do_not_answer_are_of_unknown_keys)
{
    start_with(ISSUER ",jwks=http://127.0.0.1:1/certs");
    API_CLIENT_OF(&own, dev);
    token_give(&dev, client_fetch_token(api_daemon(), "https://vault.azure.net"));
    API_REPLY(reply, client_call(&dev, "GET", "/keys/nothing-here", NULL));
    cr_expect_eq(reply.status, 401, "%s", reply.body);
    cr_expect_eq(strncmp(reply_text(&reply, "error.message"), "AKV10046", 8), 0, "%s", reply.body);
    cr_expect_geq(api_count_lines(&own, "issuer_keys_missing", ISSUER), 1);
    stop();
}
