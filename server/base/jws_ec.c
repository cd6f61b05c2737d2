/* SPDX-License-Identifier: Apache-2.0 */
/* EC keys on P-256: they verify ES256. OpenSSL says whether a point is on the curve. */

#include "jws_key.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include "kv/base/json.h"

#define UNCOMPRESSED 4 /* the first byte of such a point (SEC 1 §2.3.3) */
#define POINT_BYTES (1 + 2 * KV_JWS_POINT_BYTES)

KV_DEFINE_CLEANUP(EVP_PKEY *, EVP_PKEY_free)
KV_DEFINE_CLEANUP(EVP_PKEY_CTX *, EVP_PKEY_CTX_free)

static enum kv_code refuse_key(struct kv_err *err)
{
    unsigned long cause = ERR_peek_last_error();

    ERR_clear_error();
    return KV_FAIL(err, KV_BAD_PARAMETER, cause, "it is not an EC key on P-256");
}

static const char *text_of(const cJSON *jwk, const char *name)
{
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(jwk, name));

    return text != NULL ? text : "";
}

/* RFC 7518 §6.2.1.2: as many bytes as the curve's numbers have, zeros in front and all. */
static bool read_number(const cJSON *jwk, const char *name, unsigned char *ret_bytes)
{
    const char *text = text_of(jwk, name);
    size_t len = strlen(text);

    return KV_BASE64URL_BYTES(len) == KV_JWS_POINT_BYTES
           && kv_base64url_decode(text, len, ret_bytes, &len);
}

static EVP_PKEY *make_public(unsigned char *point)
{
    static char curve[] = "P-256";
    const OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, curve, 0),
        OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point, POINT_BYTES),
        OSSL_PARAM_construct_end(),
    };
    kv_auto(EVP_PKEY_CTX_free) EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
    EVP_PKEY *pkey = NULL;

    if (ctx == NULL || EVP_PKEY_fromdata_init(ctx) != 1
        || EVP_PKEY_fromdata(ctx, &pkey, EVP_PKEY_PUBLIC_KEY, (OSSL_PARAM *) params) != 1) {
        return NULL;
    }
    return pkey;
}

/* RFC 7638 §3.2. */
static bool write_thumbprint(const unsigned char *point, char ret_id[])
{
    char x[KV_BASE64URL_LENGTH(KV_JWS_POINT_BYTES) + 1];
    char y[KV_BASE64URL_LENGTH(KV_JWS_POINT_BYTES) + 1];
    char json[sizeof(x) + sizeof(y) + 64];

    kv_base64url_encode(point + 1, KV_JWS_POINT_BYTES, x);
    kv_base64url_encode(point + 1 + KV_JWS_POINT_BYTES, KV_JWS_POINT_BYTES, y);
    int len = snprintf(json, sizeof(json),
                       "{\"crv\":\"P-256\",\"kty\":\"EC\",\"x\":\"%s\",\"y\":\"%s\"}", x, y);
    return kv_jws_write_id(json, (size_t) len, ret_id);
}

enum kv_code kv_jws_ec_import(const cJSON *jwk, struct kv_jws_key **ret_key, struct kv_err *err)
{
    unsigned char point[POINT_BYTES] = { UNCOMPRESSED };
    kv_auto(EVP_PKEY_free) EVP_PKEY *pkey = NULL;
    kv_auto(kv_jws_key_free) struct kv_jws_key *key = NULL;

    if (strcmp(text_of(jwk, "crv"), "P-256") != 0 || !read_number(jwk, "x", point + 1)
        || !read_number(jwk, "y", point + 1 + KV_JWS_POINT_BYTES)) {
        return refuse_key(err);
    }
    pkey = make_public(point);
    if (pkey == NULL) {
        return refuse_key(err);
    }
    key = calloc(1, sizeof(*key));
    if (key == NULL || !write_thumbprint(point, key->id)) {
        return KV_OUT_OF_MEMORY(err);
    }
    key->is_ec = true;
    key->pkey = kv_take(pkey);
    *ret_key = kv_take(key);
    return KV_OK;
}

enum kv_code kv_jws_ec_show(const struct kv_jws_key *key, struct kv_buf *json, struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *jwk = cJSON_CreateObject();
    unsigned char point[POINT_BYTES];
    size_t len;
    bool ok = EVP_PKEY_get_octet_string_param(key->pkey, OSSL_PKEY_PARAM_PUB_KEY, point,
                                              sizeof(point), &len)
              && len == sizeof(point);

    kv_json_add_text(jwk, "kty", "EC", &ok);
    kv_json_add_text(jwk, "crv", "P-256", &ok);
    kv_json_add_base64url(jwk, "x", point + 1, KV_JWS_POINT_BYTES, &ok);
    kv_json_add_base64url(jwk, "y", point + 1 + KV_JWS_POINT_BYTES, KV_JWS_POINT_BYTES, &ok);
    return ok ? kv_json_print(jwk, json, err) : KV_OUT_OF_MEMORY(err);
}
