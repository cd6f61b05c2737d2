/* SPDX-License-Identifier: Apache-2.0 */
#include "public.h"

#include <string.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

KV_DEFINE_CLEANUP(BIGNUM *, BN_free)
KV_DEFINE_CLEANUP(OSSL_PARAM_BLD *, OSSL_PARAM_BLD_free)
KV_DEFINE_CLEANUP(OSSL_PARAM *, OSSL_PARAM_free)
KV_DEFINE_CLEANUP(EVP_PKEY *, EVP_PKEY_free)
KV_DEFINE_CLEANUP(EVP_PKEY_CTX *, EVP_PKEY_CTX_free)
KV_DEFINE_CLEANUP(ECDSA_SIG *, ECDSA_SIG_free)

/* An uncompressed point: a byte, x, y. */
#define POINT_MAX (1 + 2 * KV_COORDINATE_MAX)
#define SIGNATURE_DER_MAX (2 * KV_COORDINATE_MAX + 16)

static EVP_PKEY *import(const char *type, OSSL_PARAM *params)
{
    kv_auto(EVP_PKEY_CTX_free) EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
    EVP_PKEY *key = NULL;

    if (params == NULL || ctx == NULL || EVP_PKEY_fromdata_init(ctx) != 1
        || EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params) != 1) {
        return NULL;
    }
    return key;
}

static EVP_PKEY *import_rsa(const struct kv_material *material)
{
    kv_auto(BN_free) BIGNUM *n = BN_bin2bn(material->modulus, (int) material->modulus_len, NULL);
    kv_auto(BN_free) BIGNUM *e = BN_bin2bn(material->exponent, (int) material->exponent_len, NULL);
    kv_auto(OSSL_PARAM_BLD_free) OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();

    if (n == NULL || e == NULL || builder == NULL
        || OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_N, n) != 1
        || OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_E, e) != 1) {
        return NULL;
    }
    kv_auto(OSSL_PARAM_free) OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(builder);

    return import("RSA", params);
}

size_t public_render_rsa(const struct kv_material *material, unsigned char *ret_der, size_t size)
{
    kv_auto(EVP_PKEY_free) EVP_PKEY *key = import_rsa(material);
    int len = key != NULL ? i2d_PUBKEY(key, NULL) : 0;

    if (len <= 0 || (size_t) len > size) {
        return 0;
    }
    len = i2d_PUBKEY(key, &ret_der);
    return len > 0 ? (size_t) len : 0;
}

static EVP_PKEY *import_ec(const struct kv_material *material)
{
    const struct kv_curve_row *curve = kv_curve_row(material->curve);
    unsigned char point[POINT_MAX] = { POINT_CONVERSION_UNCOMPRESSED };
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, (char *) curve->group, 0),
        OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point,
                                          1 + 2 * curve->coordinate),
        OSSL_PARAM_construct_end(),
    };

    memcpy(point + 1, material->x, curve->coordinate);
    memcpy(point + 1 + curve->coordinate, material->y, curve->coordinate);
    return import("EC", params);
}

static bool set_padding(EVP_PKEY_CTX *ctx, const EVP_MD *hash)
{
    if (hash == NULL) {
        return EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) == 1;
    }
    return EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_OAEP_PADDING) == 1
           && EVP_PKEY_CTX_set_rsa_oaep_md(ctx, hash) == 1
           && EVP_PKEY_CTX_set_rsa_mgf1_md(ctx, hash) == 1;
}

bool public_encrypt(const struct kv_material *material, const EVP_MD *hash,
                    const struct kv_bytes *plain, unsigned char *ret_cipher)
{
    kv_auto(EVP_PKEY_free) EVP_PKEY *key = import_rsa(material);
    kv_auto(EVP_PKEY_CTX_free) EVP_PKEY_CTX *ctx = key != NULL ? EVP_PKEY_CTX_new(key, NULL) : NULL;
    size_t len = material->modulus_len;
    bool done = ctx != NULL && EVP_PKEY_encrypt_init(ctx) == 1 && set_padding(ctx, hash)
                && EVP_PKEY_encrypt(ctx, ret_cipher, &len, plain->bytes, plain->len) == 1;

    ERR_clear_error();
    return done && len == material->modulus_len;
}

static bool set_signature(EVP_PKEY_CTX *ctx, int padding, const EVP_MD *hash)
{
    if (EVP_PKEY_CTX_set_rsa_padding(ctx, padding) != 1
        || (hash != NULL && EVP_PKEY_CTX_set_signature_md(ctx, hash) != 1)) {
        return false;
    }
    return padding != RSA_PKCS1_PSS_PADDING
           || (EVP_PKEY_CTX_set_rsa_mgf1_md(ctx, hash) == 1
               && EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, RSA_PSS_SALTLEN_DIGEST) == 1);
}

bool public_verify_rsa(const struct kv_material *material, int padding, const EVP_MD *hash,
                       const struct kv_bytes *digest, const struct kv_bytes *signature,
                       bool *ret_valid)
{
    kv_auto(EVP_PKEY_free) EVP_PKEY *key = import_rsa(material);
    kv_auto(EVP_PKEY_CTX_free) EVP_PKEY_CTX *ctx = key != NULL ? EVP_PKEY_CTX_new(key, NULL) : NULL;
    bool ready = ctx != NULL && EVP_PKEY_verify_init(ctx) == 1 && set_signature(ctx, padding, hash);

    *ret_valid =
        ready && signature->len == material->modulus_len
        && EVP_PKEY_verify(ctx, signature->bytes, signature->len, digest->bytes, digest->len) == 1;
    ERR_clear_error();
    return ready;
}

/* OpenSSL wants a signature in DER form; returns its length, 0 if there is none. */
static size_t encode_signature(const struct kv_bytes *signature, size_t width,
                               unsigned char ret_der[SIGNATURE_DER_MAX])
{
    const unsigned char *bytes = signature->bytes;
    kv_auto(ECDSA_SIG_free) ECDSA_SIG *pair = ECDSA_SIG_new();
    BIGNUM *r = BN_bin2bn(bytes, (int) width, NULL);
    BIGNUM *s = BN_bin2bn(bytes + width, (int) width, NULL);

    if (pair == NULL || r == NULL || s == NULL || ECDSA_SIG_set0(pair, r, s) != 1) {
        BN_free(r);
        BN_free(s);
        return 0;
    }
    int len = i2d_ECDSA_SIG(pair, &ret_der);

    return len > 0 ? (size_t) len : 0;
}

bool public_verify_ecdsa(const struct kv_material *material, const struct kv_bytes *digest,
                         const struct kv_bytes *signature, bool *ret_valid)
{
    size_t width = kv_curve_row(material->curve)->coordinate;
    unsigned char der[SIGNATURE_DER_MAX];

    *ret_valid = false;
    if (signature->len != 2 * width) {
        return true;
    }

    size_t der_len = encode_signature(signature, width, der);
    kv_auto(EVP_PKEY_free) EVP_PKEY *key = import_ec(material);
    kv_auto(EVP_PKEY_CTX_free) EVP_PKEY_CTX *ctx = key != NULL ? EVP_PKEY_CTX_new(key, NULL) : NULL;
    bool ready = der_len > 0 && ctx != NULL && EVP_PKEY_verify_init(ctx) == 1;

    *ret_valid = ready && EVP_PKEY_verify(ctx, der, der_len, digest->bytes, digest->len) == 1;
    ERR_clear_error();
    return ready;
}
