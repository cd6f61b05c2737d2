/* SPDX-License-Identifier: Apache-2.0 */
#include "release_tools.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../support/jwk.h"
#include "kv/base/base64.h"

struct reply release_ask_authority(struct client *client, const char *target)
{
    return client_send(client, &(struct request){
                                   .method = "GET",
                                   .target = target,
                                   .control = true,
                               });
}

void release_make_policy(struct client *client, const char *condition, char ret_data[1024])
{
    char json[768];
    API_REPLY(about, release_ask_authority(client, "/.well-known/openid-configuration"));

    cr_assert_eq(about.status, 200, "%s", about.body);
    snprintf(json, sizeof(json),
             "{\"version\":\"1.0.0\", \"anyOf\":[{\"authority\":\"%s\",\"allOf\":[%s]}]}",
             reply_text(&about, "issuer"), condition);
    kv_base64url_encode(json, strlen(json), ret_data);
}

struct reply release_create(struct client *client, const char *name, const char *kty,
                            const char *data)
{
    char path[128];
    char body[2048];

    snprintf(path, sizeof(path), "/keys/%s/create", name);
    snprintf(body, sizeof(body),
             "{\"kty\":\"%s\"," EXPORTABLE ",\"release_policy\":{\"data\":\"%s\"}}", kty, data);
    return client_call(client, "POST", path, body);
}

struct reply release_send(struct client *client, const char *name, const char *token,
                          const char *enc)
{
    char path[128];
    char *body = malloc(strlen(token) + 256);
    struct reply reply;

    snprintf(path, sizeof(path), "/keys/%s/release", name);
    snprintf(body, strlen(token) + 256, "{\"target\":\"%s\",\"nonce\":\"n-1\",\"enc\":\"%s\"}",
             token, enc);
    reply = client_call(client, "POST", path, body);
    free(body);
    return reply;
}

struct reply release_attest(struct client *client, const EVP_PKEY *environment)
{
    cJSON *jwk = jwk_render(environment, "RSA");
    char target[2048];
    struct reply reply;

    snprintf(target, sizeof(target), "/generate-test-token?n=%s&e=%s",
             cJSON_GetStringValue(cJSON_GetObjectItem(jwk, "n")),
             cJSON_GetStringValue(cJSON_GetObjectItem(jwk, "e")));
    reply = release_ask_authority(client, target);
    cr_assert_eq(reply.status, 200, "%s", reply.body);
    cJSON_Delete(jwk);
    return reply;
}

cJSON *release_decode(const char *text, size_t len)
{
    char *json = malloc(len + 1);
    size_t json_len;
    cJSON *tree;

    cr_assert(kv_base64url_decode(text, len, json, &json_len));
    tree = cJSON_ParseWithLength(json, json_len);
    free(json);
    cr_assert_not_null(tree);
    return tree;
}

cJSON *release_read_blob(const cJSON *payload)
{
    const cJSON *bundle = cJSON_GetObjectItem(cJSON_GetObjectItem(payload, "response"), "key");
    const char *key_hsm =
        cJSON_GetStringValue(cJSON_GetObjectItem(cJSON_GetObjectItem(bundle, "key"), "key_hsm"));

    return release_decode(key_hsm, strlen(key_hsm));
}

size_t release_unwrap(const cJSON *payload, EVP_PKEY *environment, const char *hash,
                      unsigned char ret_bytes[TRANSFER_MAX])
{
    cJSON *blob = release_read_blob(payload);
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItem(blob, "ciphertext"));
    unsigned char wrapped[TRANSFER_MAX];
    size_t len;

    cr_assert(kv_base64url_decode(text, strlen(text), wrapped, &len));
    len = transfer_unwrap(environment, hash, wrapped, len, ret_bytes);
    cJSON_Delete(blob);
    return len;
}
