/* SPDX-License-Identifier: Apache-2.0 */
#include "token_tools.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kv/base/clock.h"
#include "kv/base/files.h"
#include "kv/base/jws.h"

char *token_sign(const struct daemon *daemon, const char *payload)
{
    kv_auto(kv_jws_key_free) struct kv_jws_key *key = NULL;
    kv_auto(kv_buf_done) struct kv_buf pem;
    char path[400];
    char *token = NULL;

    kv_buf_init(&pem, KV_JWS_PEM_MAX);
    snprintf(path, sizeof(path), "%s/issuer.pem", daemon->folder);
    cr_assert_eq(kv_file_read(path, &pem, NULL), KV_OK);
    cr_assert_eq(kv_jws_key_parse(pem.data, pem.len, &key, NULL), KV_OK);
    cr_assert_eq(kv_jws_sign(key, payload, strlen(payload), &token, NULL), KV_OK);
    return token;
}

void token_write(const char *issuer, const char *audience, long ago, long span, const char *more,
                 char ret_payload[2048])
{
    long start = (long) kv_seconds(kv_clock_real()) - ago;

    snprintf(ret_payload, 2048,
             "{\"aud\":\"%s\",\"iss\":\"%s\",\"iat\":%ld,\"nbf\":%ld,\"exp\":%ld,\"oid\":\"" OBJECT
             "\",\"tid\":\"" TENANT "\"%s}",
             audience, issuer, start, start, start + span, more);
}

void token_give(struct client *client, char *token)
{
    free(client->token);
    client->token = token;
}

bool token_lets_in(struct client *client)
{
    API_REPLY(reply, client_call(client, "GET", "/keys/nothing-here", NULL));
    bool is_in =
        reply.status == 404 && strcmp(reply_text(&reply, "error.code"), "KeyNotFound") == 0;

    if (!is_in) {
        fprintf(stderr, "%ld %s\n", reply.status, reply.body);
    }
    return is_in;
}

static bool is_challenged(const struct client *client, const struct reply *reply)
{
    const char *challenge = reply_header(reply, "WWW-Authenticate");
    char expected[512];

    snprintf(expected, sizeof(expected),
             "Bearer authorization=\"https://login.microsoftonline.com/" TENANT
             "\", resource=\"https://%s:%u\"",
             strchr(client->host, '.') + 1, client->daemon->port);
    return challenge != NULL && strcmp(challenge, expected) == 0;
}

bool token_is_refused(struct client *client, const char *message)
{
    API_REPLY(reply, client_call(client, "GET", "/keys/nothing-here", NULL));
    const char *got = reply_text(&reply, "error.message");
    const char *end = strstr(got, reply.from_hsm ? " (Activity ID: " : "");
    size_t len = reply.from_hsm && end != NULL ? (size_t) (end - got) : strlen(got);
    bool is = reply.status == 401 && strcmp(reply_text(&reply, "error.code"), "Unauthorized") == 0
              && end != NULL && len == strlen(message) && strncmp(got, message, len) == 0
              && is_challenged(client, &reply);

    if (!is) {
        fprintf(stderr, "wanted %s\ngot %ld %s\n%s\n", message, reply.status, reply.body,
                reply.headers);
    }
    return is;
}
