/* SPDX-License-Identifier: Apache-2.0 */
#include "peer.h"

#include <string.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>

#include <criterion/criterion.h>

#include "cell.h"

#define BYTES_MAX 512

static EVP_PKEY *finish_key(const char *type, OSSL_PARAM_BLD *builder)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
    OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(builder);
    EVP_PKEY *key = NULL;

    cr_assert(EVP_PKEY_fromdata_init(ctx) == 1
              && EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params) == 1);
    OSSL_PARAM_free(params);
    OSSL_PARAM_BLD_free(builder);
    EVP_PKEY_CTX_free(ctx);
    return key;
}

static EVP_PKEY *rsa_key(const struct reply *bundle)
{
    OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
    unsigned char bytes[BYTES_MAX];
    size_t len = cell_bytes(bundle, "key.n", bytes, sizeof(bytes));
    BIGNUM *n = BN_bin2bn(bytes, (int) len, NULL);

    len = cell_bytes(bundle, "key.e", bytes, sizeof(bytes));
    BIGNUM *e = BN_bin2bn(bytes, (int) len, NULL);
    OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_N, n);
    OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_E, e);
    EVP_PKEY *key = finish_key("RSA", builder);

    BN_free(n);
    BN_free(e);
    return key;
}

static EVP_PKEY *ec_key(const struct reply *bundle, const char *group)
{
    OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
    unsigned char point[200] = { POINT_CONVERSION_UNCOMPRESSED };
    size_t width = cell_bytes(bundle, "key.x", point + 1, 66);

    cr_assert_eq(cell_bytes(bundle, "key.y", point + 1 + width, 66), width);
    OSSL_PARAM_BLD_push_utf8_string(builder, OSSL_PKEY_PARAM_GROUP_NAME, group, 0);
    OSSL_PARAM_BLD_push_octet_string(builder, OSSL_PKEY_PARAM_PUB_KEY, point, 1 + 2 * width);
    return finish_key("EC", builder);
}

static EVP_PKEY *public_key(const struct reply *bundle, const struct peer_algorithm *algorithm)
{
    return algorithm->group != NULL ? ec_key(bundle, algorithm->group) : rsa_key(bundle);
}

/* r and s to DER, which is what OpenSSL takes; the length. */
static size_t encode_pair(const unsigned char *pair, size_t len, unsigned char *ret_der)
{
    ECDSA_SIG *signature = ECDSA_SIG_new();

    ECDSA_SIG_set0(signature, BN_bin2bn(pair, (int) len / 2, NULL),
                   BN_bin2bn(pair + len / 2, (int) len / 2, NULL));
    int der_len = i2d_ECDSA_SIG(signature, &ret_der);

    cr_assert_gt(der_len, 0);
    ECDSA_SIG_free(signature);
    return (size_t) der_len;
}

bool peer_verifies(const struct reply *bundle, const struct peer_algorithm *algorithm,
                   const unsigned char *digest, size_t digest_len, const unsigned char *signature,
                   size_t len)
{
    EVP_PKEY *key = public_key(bundle, algorithm);
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(key, NULL);
    unsigned char bytes[BYTES_MAX];

    cr_assert_eq(EVP_PKEY_verify_init(ctx), 1);
    if (algorithm->group != NULL) {
        len = encode_pair(signature, len, bytes);
    } else {
        memcpy(bytes, signature, len);
        EVP_PKEY_CTX_set_rsa_padding(ctx, algorithm->padding);
        if (algorithm->hash != NULL) {
            EVP_PKEY_CTX_set_signature_md(ctx, EVP_get_digestbyname(algorithm->hash));
        }
        if (algorithm->padding == RSA_PKCS1_PSS_PADDING) {
            EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, (int) algorithm->digest_len);
        }
    }
    bool valid = EVP_PKEY_verify(ctx, bytes, len, digest, digest_len) == 1;

    EVP_PKEY_CTX_free(ctx);
    EVP_PKEY_free(key);
    return valid;
}
