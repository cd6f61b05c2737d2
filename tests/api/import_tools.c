/* SPDX-License-Identifier: Apache-2.0 */
#include "import_tools.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/rsa.h>

#include "kv/base/base64.h"

struct reply import_send(struct client *client, const char *name, const cJSON *jwk,
                         const char *rest)
{
    char *key = cJSON_PrintUnformatted(jwk);
    size_t size = strlen(key) + strlen(rest) + 32;
    char *body = malloc(size);
    char path[256];
    struct reply reply;

    snprintf(path, sizeof(path), "/keys/%s", name);
    snprintf(body, size, "{\"key\":%s%s}", key, rest);
    reply = client_call(client, "PUT", path, body);
    cJSON_free(key);
    free(body);
    return reply;
}

cJSON *import_render_rsa(unsigned bits, const char *kty)
{
    EVP_PKEY *key = api_rsa(bits);
    cJSON *jwk = jwk_render(key, kty);

    EVP_PKEY_free(key);
    return jwk;
}

void import_assert_decrypts(struct client *client, const char *name, const cJSON *jwk)
{
    EVP_PKEY *key = jwk_parse(jwk);
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(key, NULL);
    unsigned char cipher[512];
    size_t len = sizeof(cipher);
    char text[1024];

    cr_assert(EVP_PKEY_encrypt_init(ctx) == 1
              && EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_OAEP_PADDING) == 1
              && EVP_PKEY_encrypt(ctx, cipher, &len, (const unsigned char *) "plain", 5) == 1);
    kv_base64url_encode(cipher, len, text);
    EVP_PKEY_CTX_free(ctx);
    EVP_PKEY_free(key);

    API_REPLY(reply, api_unwrap(client, name, NULL, "RSA-OAEP", text));
    cr_assert_str_eq(reply_text(&reply, "value"), "cGxhaW4", "%s", reply.body);
}
