/* SPDX-License-Identifier: Apache-2.0 */
/* Symmetric keys on their way in and out: contract §6.2, §6.7, §11, where a vault has them. */
#include "backup_tools.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../support/jwk.h"
#include "../support/transfer.h"
#include "kv/base/base64.h"

#define KEY "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"

static struct daemon own;

static void start(void)
{
    static const char *const arguments[] = { "--symmetric-keys", "premium", NULL };

    daemon_prepare(&own);
    cr_assert(daemon_start(&own, arguments));
}

static void stop(void)
{
    cr_assert(daemon_stop(&own));
    daemon_discard(&own);
}

TestSuite(symmetric_move, .init = start, .fini = stop, .timeout = 180);

/* RFC 3394 with the key the test brought: what it wraps before, it unwraps after. */
static void wrap(struct client *client, const char *name, char ret_wrapped[256])
{
    char path[128];

    snprintf(path, sizeof(path), "/keys/%s/wrapkey", name);
    API_REPLY(reply,
              client_call(client, "POST", path, "{\"alg\":\"A256KW\",\"value\":\"" KEY "\"}"));
    cr_assert_eq(reply.status, 200, "%s", reply.body);
    snprintf(ret_wrapped, 256, "%s", reply_text(&reply, "value"));
}

Test(symmetric_move, survives_import_backup_and_restore)
{
    static const char *const types[] = { "oct", "oct-HSM" };
    API_CLIENT_OF(&own, dev);

    for (size_t i = 0; i < KV_COUNT(types); i++) {
        char name[32];
        char path[64];
        char body[256];
        char before[256];
        char after[256];
        char *value;

        snprintf(name, sizeof(name), "sym-%zu", i);
        snprintf(path, sizeof(path), "/keys/%s", name);
        snprintf(body, sizeof(body), "{\"key\":{\"kty\":\"%s\",\"k\":\"" KEY "\"}}", types[i]);
        expect_status(&dev, "PUT", path, body, 200);
        wrap(&dev, name, before);
        value = back_up(&dev, name);
        purge(&dev, name);
        API_REPLY(reply, restore(&dev, value));
        cr_assert_eq(reply.status, 200, "%s", reply.body);
        cr_expect_str_eq(reply_text(&reply, "key.kty"), types[i]);
        wrap(&dev, name, after);
        cr_expect_str_eq(after, before);
        free(value);
    }
    api_proves("import,backup,restore oct,oct-HSM");
}

/* The value itself, with the key of an environment that the test is. */
static size_t unwrap_answer(const struct reply *reply, EVP_PKEY *environment,
                            unsigned char *ret_bytes)
{
    const char *jws = reply_text(reply, "value");
    const char *first = strchr(jws, '.');
    size_t len;
    char *payload = malloc(strlen(jws));
    char *mark;
    char *blob;
    unsigned char wrapped[TRANSFER_MAX];

    cr_assert(kv_base64url_decode(first + 1, strcspn(first + 1, "."), payload, &len));
    payload[len] = '\0';
    mark = strstr(payload, "\"key_hsm\":\"") + strlen("\"key_hsm\":\"");
    blob = malloc(strlen(mark));
    cr_assert(kv_base64url_decode(mark, strcspn(mark, "\""), blob, &len));
    blob[len] = '\0';
    mark = strstr(blob, "\"ciphertext\":\"") + strlen("\"ciphertext\":\"");
    cr_assert(kv_base64url_decode(mark, strcspn(mark, "\""), wrapped, &len));
    len = transfer_unwrap(environment, "SHA256", wrapped, len, ret_bytes);
    free(payload);
    free(blob);
    return len;
}

Test(symmetric_move, is_released_as_it_was_brought)
{
    EVP_PKEY *environment = jwk_new_rsa(2048);
    cJSON *jwk = jwk_render(environment, "RSA");
    char policy[512];
    char data[1024];
    char body[4096];
    char target[2048];
    unsigned char bytes[TRANSFER_MAX];
    char text[128];
    struct request request = { .method = "GET", .control = true };
    API_CLIENT_OF(&own, dev);

    request.target = "/.well-known/openid-configuration";
    API_REPLY(about, client_send(&dev, &request));
    snprintf(policy, sizeof(policy),
             "{\"version\":\"1.0.0\",\"anyOf\":[{\"authority\":\"%s\",\"anyOf\":[{\"claim\":"
             "\"sdk-test\",\"equals\":true}]}]}",
             reply_text(&about, "issuer"));
    kv_base64url_encode(policy, strlen(policy), data);
    snprintf(body, sizeof(body),
             "{\"key\":{\"kty\":\"oct-HSM\",\"k\":\"" KEY
             "\"},\"attributes\":{\"exportable\":true},"
             "\"release_policy\":{\"data\":\"%s\"}}",
             data);
    expect_status(&dev, "PUT", "/keys/sym-release", body, 200);
    snprintf(target, sizeof(target), "/generate-test-token?n=%s&e=AQAB",
             cJSON_GetStringValue(cJSON_GetObjectItem(jwk, "n")));
    request.target = target;
    API_REPLY(token, client_send(&dev, &request));
    snprintf(body, sizeof(body), "{\"target\":\"%s\",\"enc\":\"RSA_AES_KEY_WRAP_256\"}",
             reply_text(&token, "token"));
    API_REPLY(reply, client_call(&dev, "POST", "/keys/sym-release/release", body));
    cr_assert_eq(reply.status, 200, "%s", reply.body);
    cr_assert_eq(unwrap_answer(&reply, environment, bytes), 32);
    kv_base64url_encode(bytes, 32, text);
    cr_expect_str_eq(text, KEY);

    api_advance(&own, 7 * 24 * 3600); /* the token lives for a week */
    /* with a bearer token of that time */
    __attribute__((cleanup(client_close))) struct client later;
    client_open(&later, &own, "dev");
    API_REPLY(late, client_call(&later, "POST", "/keys/sym-release/release", body));
    cr_expect_eq(late.status, 403, "%s", late.body);
    cJSON_Delete(jwk);
    EVP_PKEY_free(environment);
    api_proves("release oct-HSM");
}
