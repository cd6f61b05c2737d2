/* SPDX-License-Identifier: Apache-2.0 */
#include "byok_tools.h"

#include <stdio.h>

#include "../support/jwk.h"

struct reply byok_make_kek(struct client *client, const char *name, const char *extra)
{
    char path[128];
    char body[256];
    struct reply reply;

    snprintf(path, sizeof(path), "/keys/%s/create", name);
    snprintf(body, sizeof(body), "{\"kty\":\"RSA-HSM\",\"key_ops\":[\"import\"]%s}", extra);
    reply = client_call(client, "POST", path, body);
    cr_assert_eq(reply.status, 200, "%s", reply.body);
    return reply;
}

void byok_render_blob(const char *schema, const char *kid, const char *enc, const void *wrapped,
                      size_t len, char ret_text[BYOK_TEXT_SIZE])
{
    cr_assert(transfer_render_blob(schema, kid, enc, wrapped, len, ret_text));
}

void byok_wrap_value(const struct reply *kek, const void *value, size_t len,
                     char ret_text[BYOK_TEXT_SIZE])
{
    EVP_PKEY *target = jwk_parse(reply_item(kek, "key"));
    unsigned char wrapped[TRANSFER_MAX];

    len = transfer_wrap(target, "SHA1", value, len, wrapped);
    cr_assert_gt(len, 0);
    byok_render_blob(BYOK_SCHEMA, reply_text(kek, "key.kid"), BYOK_ENC, wrapped, len, ret_text);
    EVP_PKEY_free(target);
}

void byok_wrap_key(const struct reply *kek, const EVP_PKEY *key, char ret_text[BYOK_TEXT_SIZE])
{
    unsigned char bytes[TRANSFER_MAX];

    byok_wrap_value(kek, bytes, transfer_render_key(key, bytes), ret_text);
}

struct reply byok_send(struct client *client, const char *name, const EVP_PKEY *key,
                       const char *kty, const char *blob)
{
    cJSON *jwk = key != NULL ? jwk_render(key, kty) : cJSON_CreateObject();
    char *text;
    char body[2 * BYOK_TEXT_SIZE];
    char path[128];
    struct reply reply;

    jwk_make_public(jwk);
    jwk_set(jwk, "kty", kty);
    jwk_set(jwk, "key_hsm", blob);
    text = cJSON_PrintUnformatted(jwk);
    snprintf(path, sizeof(path), "/keys/%s", name);
    snprintf(body, sizeof(body), "{\"key\":%s}", text);
    reply = client_call(client, "PUT", path, body);
    cJSON_free(text);
    cJSON_Delete(jwk);
    return reply;
}

bool byok_is_refused_by_pool(const struct reply *reply, const char *message)
{
    char text[1024];

    snprintf(text, sizeof(text), "%s (Activity ID: %s)", message,
             reply_header(reply, "x-ms-request-id"));
    return reply_is_error(reply, 400, "BadParameter", NULL, text);
}
