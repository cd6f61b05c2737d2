/* SPDX-License-Identifier: Apache-2.0 */
/* EC keys on P-256: they verify ES256. OpenSSL says whether a point is on the curve. */

#include "jws_key.h"

#include <string.h>

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include "kv/base/json.h"

#define UNCOMPRESSED 4 /* the first byte of such a point */

KV_DEFINE_CLEANUP(EVP_PKEY_CTX *, EVP_PKEY_CTX_free)

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

static EVP_PKEY *make_public(struct kv_jws_point *point)
{
    static char curve[] = "P-256";
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, curve, 0),
        OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point->bytes,
                                          sizeof(point->bytes)),
        OSSL_PARAM_construct_end(),
    };
    kv_auto(EVP_PKEY_CTX_free) EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
    EVP_PKEY *pkey = NULL;

    if (ctx == NULL || EVP_PKEY_fromdata_init(ctx) != 1
        || EVP_PKEY_fromdata(ctx, &pkey, EVP_PKEY_PUBLIC_KEY, params) != 1) {
        return NULL;
    }
    return pkey;
}

EVP_PKEY *kv_jws_ec_read(const cJSON *jwk, struct kv_jws_point *ret_point)
{
    unsigned char *bytes = ret_point->bytes;

    bytes[0] = UNCOMPRESSED;
    if (strcmp(text_of(jwk, "crv"), "P-256") != 0 || !read_number(jwk, "x", bytes + 1)
        || !read_number(jwk, "y", bytes + 1 + KV_JWS_POINT_BYTES)) {
        return NULL;
    }
    return make_public(ret_point);
}

bool kv_jws_ec_point(const EVP_PKEY *pkey, struct kv_jws_point *ret_point)
{
    size_t len;

    return EVP_PKEY_get_octet_string_param(pkey, OSSL_PKEY_PARAM_PUB_KEY, ret_point->bytes,
                                           sizeof(ret_point->bytes), &len)
           && len == sizeof(ret_point->bytes);
}
