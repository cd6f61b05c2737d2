/* SPDX-License-Identifier: Apache-2.0 */
/* Tokens made to hurt what reads them: each is refused, and the daemon lives. */
#include "release_tools.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../support/jwk.h"

TestSuite(foreign, .timeout = 180);

#define TOKEN_MAX 8192
#define INVALID_TOKEN "Error validating token: 'S2S12086'."

/* What stands in the place of a part. "a===" and "aaaaa=" ended the process once. */
static const char *const bad_parts[] = {
    "a===", "aaaaa=", "=",    "====", "a",     "aaaaa",  "YQ==",   "YWE=", "YR",
    "YWF",  "YW+h",   "YW/h", "YW=h", "YWFh=", "%61YWF", "YWFhY=", "*",    "YWFh,YWFh",
};

/* The token with `part` in the place of its first, second or third part. */
static void replace_part(const char *token, unsigned place, const char *part, char *ret_text)
{
    const char *at = token;

    for (unsigned i = 0; i < 3; i++) {
        size_t len = strcspn(at, ".");

        ret_text +=
            snprintf(ret_text, TOKEN_MAX / 3, "%.*s%s", i == place ? (int) strlen(part) : (int) len,
                     i == place ? part : at, i < 2 ? "." : "");
        at += len + 1;
    }
}

static void expect_alive(struct client *client)
{
    API_REPLY(reply, client_call(client, "GET", "/keys/nobody", NULL));

    cr_expect_eq(kill(api_daemon()->pid, 0), 0);
    cr_expect_eq(reply.status, 404, "%ld %s", reply.status, reply.body);
}

Test(foreign, bearer_tokens_are_refused_and_the_daemon_lives)
{
    char changed[TOKEN_MAX];
    char line[TOKEN_MAX + 32];
    const struct request request = {
        .method = "GET",
        .target = "/keys?api-version=7.4",
        .headers = { line },
        .without_token = true,
    };
    API_CLIENT(dev);

    for (size_t i = 0; i < KV_COUNT(bad_parts); i++) {
        for (unsigned place = 0; place < 3; place++) {
            replace_part(dev.token, place, bad_parts[i], changed);
            snprintf(line, sizeof(line), "Authorization: Bearer %s", changed);
            API_REPLY(reply, client_send(&dev, &request));
            cr_expect(reply_is_error(&reply, 401, "Unauthorized", NULL, INVALID_TOKEN),
                      "part %u: %s", place, bad_parts[i]);
        }
        expect_alive(&dev);
    }
}

Test(foreign, attestations_are_refused_and_the_daemon_lives)
{
    EVP_PKEY *environment = jwk_new_rsa(2048);
    char data[1024];
    char changed[TOKEN_MAX];
    API_CLIENT(dev);

    release_make_policy(&dev, MAA, data);
    API_REPLY(key, release_create(&dev, "foreign-token", "EC-HSM", data));
    cr_assert_eq(key.status, 200, "%s", key.body);
    API_REPLY(attested, release_attest(&dev, environment));
    const char *token = reply_text(&attested, "token");

    cr_assert_lt(strlen(token), TOKEN_MAX / 3);
    for (size_t i = 0; i < KV_COUNT(bad_parts); i++) {
        for (unsigned place = 0; place < 3; place++) {
            replace_part(token, place, bad_parts[i], changed);
            API_REPLY(reply, release_send(&dev, "foreign-token", changed, "CKM_RSA_AES_KEY_WRAP"));
            cr_expect(reply.status == 400 || reply.status == 403, "part %u: %s: %ld %s", place,
                      bad_parts[i], reply.status, reply.body);
        }
        expect_alive(&dev);
    }
    API_REPLY(good, release_send(&dev, "foreign-token", token, "CKM_RSA_AES_KEY_WRAP"));
    cr_expect_eq(good.status, 200, "%s", good.body);
    EVP_PKEY_free(environment);
}
