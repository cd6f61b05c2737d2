/* SPDX-License-Identifier: Apache-2.0 */
/*
 * OpenSSL's constant-time unpadding functions are called by themselves here, because the raw
 * operation before them happens on the token; they are deprecated in 3.0 only as a group with the
 * low-level RSA API, without another home, hence the compatibility level.
 */
#define OPENSSL_API_COMPAT 10101
#include "padding.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>

KV_DEFINE_CLEANUP(BIGNUM *, BN_free)
KV_DEFINE_CLEANUP(OSSL_PARAM_BLD *, OSSL_PARAM_BLD_free)
KV_DEFINE_CLEANUP(OSSL_PARAM *, OSSL_PARAM_free)
KV_DEFINE_CLEANUP(EVP_PKEY *, EVP_PKEY_free)
KV_DEFINE_CLEANUP(EVP_PKEY_CTX *, EVP_PKEY_CTX_free)

/* The hash of an OAEP padding, also used by its mask function; NULL for PKCS #1 v1.5. */
static const EVP_MD *oaep_hash(enum kv_padding padding)
{
    switch (padding) {
    case KV_PADDING_PKCS1_5:
        return NULL;
    case KV_PADDING_OAEP_SHA1:
        return EVP_sha1();
    case KV_PADDING_OAEP_SHA256:
        return EVP_sha256();
    }
    return NULL;
}

static EVP_PKEY *import_public(const struct kv_material *material)
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
    kv_auto(EVP_PKEY_CTX_free) EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
    EVP_PKEY *key = NULL;

    if (params == NULL || ctx == NULL || EVP_PKEY_fromdata_init(ctx) != 1
        || EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params) != 1) {
        return NULL;
    }
    return key;
}

static bool set_padding(EVP_PKEY_CTX *ctx, enum kv_padding padding)
{
    const EVP_MD *hash = oaep_hash(padding);

    if (hash == NULL) {
        return EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) == 1;
    }
    return EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_OAEP_PADDING) == 1
           && EVP_PKEY_CTX_set_rsa_oaep_md(ctx, hash) == 1
           && EVP_PKEY_CTX_set_rsa_mgf1_md(ctx, hash) == 1;
}

bool padding_encrypt(const struct kv_material *material, enum kv_padding padding, const void *plain,
                     size_t len, struct kv_secret *ret_cipher)
{
    kv_auto(EVP_PKEY_free) EVP_PKEY *key = import_public(material);
    kv_auto(EVP_PKEY_CTX_free) EVP_PKEY_CTX *ctx = key != NULL ? EVP_PKEY_CTX_new(key, NULL) : NULL;
    size_t cipher_len = sizeof(ret_cipher->bytes);
    bool done = ctx != NULL && EVP_PKEY_encrypt_init(ctx) == 1 && set_padding(ctx, padding)
                && EVP_PKEY_encrypt(ctx, ret_cipher->bytes, &cipher_len, plain, len) == 1;

    ERR_clear_error();
    if (done) {
        ret_cipher->len = cipher_len;
    }
    return done;
}

bool padding_hashes_init(struct padding_hashes *hashes)
{
    *hashes = (struct padding_hashes){
        .of = { [KV_PADDING_OAEP_SHA1] = EVP_MD_fetch(NULL, "SHA1", NULL),
                [KV_PADDING_OAEP_SHA256] = EVP_MD_fetch(NULL, "SHA256", NULL) },
    };
    ERR_clear_error();
    return hashes->of[KV_PADDING_OAEP_SHA1] != NULL && hashes->of[KV_PADDING_OAEP_SHA256] != NULL;
}

void padding_hashes_done(struct padding_hashes *hashes)
{
    for (size_t i = 0; i < KV_COUNT(hashes->of); i++) {
        EVP_MD_free(hashes->of[i]);
    }
}

bool padding_remove(const struct padding_hashes *hashes, enum kv_padding padding,
                    const unsigned char *block, size_t len, struct kv_secret *ret_plain)
{
    const EVP_MD *hash = hashes->of[padding];
    int size = (int) len;
    int plain_len;

    if (hash == NULL) {
        plain_len = RSA_padding_check_PKCS1_type_2(ret_plain->bytes, size, block, size, size);
    } else {
        plain_len = RSA_padding_check_PKCS1_OAEP_mgf1(ret_plain->bytes, size, block, size, size,
                                                      NULL, 0, hash, hash);
    }
    ERR_clear_error();
    ret_plain->len = plain_len > 0 ? (size_t) plain_len : 0;
    return plain_len >= 0;
}
