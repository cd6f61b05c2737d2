/* SPDX-License-Identifier: Apache-2.0 */
#include "release_tools.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/x509.h>

#include "../support/jwk.h"
#include "kv/base64.h"

struct reply release_ask(struct client *client, const char *target)
{
    return client_send(client, &(struct request){
                                   .method = "GET",
                                   .target = target,
                                   .control = true,
                               });
}

void release_policy(struct client *client, const char *condition, char ret_data[1024])
{
    char json[768];
    API_REPLY(about, release_ask(client, "/.well-known/openid-configuration"));

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

struct reply release_call(struct client *client, const char *name, const char *token,
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

/* A part of a JWS, decoded. */
static cJSON *decode_part(const char *text, size_t len)
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

cJSON *release_open(const char *jws)
{
    const char *first = strchr(jws, '.');
    const char *second = strrchr(jws, '.');
    cJSON *header = decode_part(jws, (size_t) (first - jws));
    const char *x5c =
        cJSON_GetStringValue(cJSON_GetArrayItem(cJSON_GetObjectItem(header, "x5c"), 0));
    unsigned char der[4096];
    const unsigned char *at = der;
    unsigned char signature[512];
    size_t len;
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    X509 *certificate;

    cr_assert_gt(EVP_DecodeBlock(der, (const unsigned char *) x5c, (int) strlen(x5c)), 0);
    certificate = d2i_X509(NULL, &at, sizeof(der));
    cr_assert_not_null(certificate);
    cr_assert(kv_base64url_decode(second + 1, strlen(second + 1), signature, &len));
    cr_assert_eq(EVP_DigestVerifyInit_ex(ctx, NULL, "SHA256", NULL, NULL,
                                         X509_get0_pubkey(certificate), NULL),
                 1);
    cr_assert_eq(
        EVP_DigestVerify(ctx, signature, len, (const unsigned char *) jws, (size_t) (second - jws)),
        1);
    EVP_MD_CTX_free(ctx);
    X509_free(certificate);
    cJSON_Delete(header);
    return decode_part(first + 1, (size_t) (second - first - 1));
}

size_t release_unwrap(const cJSON *payload, EVP_PKEY *environment, const char *hash,
                      unsigned char ret_bytes[TRANSFER_MAX])
{
    const cJSON *key = cJSON_GetObjectItem(
        cJSON_GetObjectItem(cJSON_GetObjectItem(payload, "response"), "key"), "key");
    const char *key_hsm = cJSON_GetStringValue(cJSON_GetObjectItem(key, "key_hsm"));
    cJSON *blob = decode_part(key_hsm, strlen(key_hsm));
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItem(blob, "ciphertext"));
    unsigned char wrapped[TRANSFER_MAX];
    size_t len;

    cr_assert(kv_base64url_decode(text, strlen(text), wrapped, &len));
    len = transfer_unwrap(environment, hash, wrapped, len, ret_bytes);
    cJSON_Delete(blob);
    return len;
}

struct reply release_attest(struct client *client, const EVP_PKEY *environment)
{
    cJSON *jwk = jwk_render(environment, "RSA");
    char target[2048];
    struct reply reply;

    snprintf(target, sizeof(target), "/generate-test-token?n=%s&e=%s",
             cJSON_GetStringValue(cJSON_GetObjectItem(jwk, "n")),
             cJSON_GetStringValue(cJSON_GetObjectItem(jwk, "e")));
    reply = release_ask(client, target);
    cr_assert_eq(reply.status, 200, "%s", reply.body);
    cJSON_Delete(jwk);
    return reply;
}
