/* SPDX-License-Identifier: Apache-2.0 */
/* Wrapping by a public key, as the client library does it where it can. */
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>

#include "probe.h"

KV_DEFINE_CLEANUP(OSSL_PARAM_BLD *, OSSL_PARAM_BLD_free)
KV_DEFINE_CLEANUP(OSSL_PARAM *, OSSL_PARAM_free)
KV_DEFINE_CLEANUP(BIGNUM *, BN_free)
KV_DEFINE_CLEANUP(EVP_PKEY_CTX *, EVP_PKEY_CTX_free)
KV_DEFINE_CLEANUP(EVP_PKEY *, EVP_PKEY_free)

static OSSL_PARAM *make_params(const struct key_facts *facts)
{
    kv_auto(OSSL_PARAM_BLD_free) OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
    kv_auto(BN_free) BIGNUM *n = BN_bin2bn(facts->n, (int) facts->n_len, NULL);
    kv_auto(BN_free) BIGNUM *e = BN_bin2bn(facts->e, (int) facts->e_len, NULL);

    if (builder == NULL || n == NULL || e == NULL
        || !OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_N, n)
        || !OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_E, e)) {
        return NULL;
    }
    return OSSL_PARAM_BLD_to_param(builder);
}

static EVP_PKEY *make_key(const struct key_facts *facts)
{
    kv_auto(OSSL_PARAM_free) OSSL_PARAM *params = make_params(facts);
    kv_auto(EVP_PKEY_CTX_free) EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
    EVP_PKEY *key = NULL;

    if (params == NULL || ctx == NULL || EVP_PKEY_fromdata_init(ctx) != 1
        || EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params) != 1) {
        return NULL;
    }
    return key;
}

bool wrap_locally(const struct key_facts *facts, const char *alg,
                  const unsigned char plain[KV_CONSUMER_DEK_SIZE], struct bytes *ret_wrapped)
{
    kv_auto(EVP_PKEY_free) EVP_PKEY *key = make_key(facts);
    kv_auto(EVP_PKEY_CTX_free) EVP_PKEY_CTX *ctx =
        key != NULL ? EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL) : NULL;
    int padding = strcmp(alg, "RSA1_5") == 0 ? RSA_PKCS1_PADDING : RSA_PKCS1_OAEP_PADDING;

    ret_wrapped->len = sizeof(ret_wrapped->data);
    return ctx != NULL && EVP_PKEY_encrypt_init(ctx) == 1
           && EVP_PKEY_CTX_set_rsa_padding(ctx, padding) == 1
           && EVP_PKEY_encrypt(ctx, ret_wrapped->data, &ret_wrapped->len, plain,
                               KV_CONSUMER_DEK_SIZE)
                  == 1;
}

bool dek_check(const unsigned char dek[KV_CONSUMER_DEK_SIZE], unsigned char ret_check[16])
{
    unsigned char digest[KV_SECRET_DIGEST_SIZE];

    if (!kv_secret_digest(dek, KV_CONSUMER_DEK_SIZE, digest)) {
        return false;
    }
    memcpy(ret_check, digest, 16);
    return true;
}
