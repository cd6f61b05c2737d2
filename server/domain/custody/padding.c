/* SPDX-License-Identifier: Apache-2.0 */
/*
 * OpenSSL's padding functions are called directly here, because the raw operation before or after
 * them happens on the token; 3.0 deprecates them with the whole low-level RSA API, without a
 * replacement, hence the compatibility level.
 */
#define OPENSSL_API_COMPAT 10101
#include "padding.h"

#include <openssl/bn.h>
#include <openssl/err.h>
#include <openssl/rsa.h>

KV_DEFINE_CLEANUP(RSA *, RSA_free)

bool padding_remove(const EVP_MD *hash, const unsigned char *block, size_t len,
                    unsigned char *ret_plain, size_t *ret_len)
{
    int size = (int) len;
    int plain_len;

    if (hash == NULL) {
        plain_len = RSA_padding_check_PKCS1_type_2(ret_plain, size, block, size, size);
    } else {
        plain_len = RSA_padding_check_PKCS1_OAEP_mgf1(ret_plain, size, block, size, size, NULL, 0,
                                                      hash, hash);
    }
    ERR_clear_error();
    *ret_len = plain_len > 0 ? (size_t) plain_len : 0;
    return plain_len >= 0;
}

bool padding_sign(const unsigned char *value, size_t len, unsigned char *ret_block,
                  size_t block_len)
{
    bool done = RSA_padding_add_PKCS1_type_1(ret_block, (int) block_len, value, (int) len) == 1;

    ERR_clear_error();
    return done;
}

/* The padding needs only the size of the modulus. */
static RSA *import_rsa(const struct kv_material *material)
{
    RSA *key = RSA_new();
    BIGNUM *n = BN_bin2bn(material->modulus, (int) material->modulus_len, NULL);
    BIGNUM *e = BN_bin2bn(material->exponent, (int) material->exponent_len, NULL);

    if (key == NULL || n == NULL || e == NULL || RSA_set0_key(key, n, e, NULL) != 1) {
        RSA_free(key);
        BN_free(n);
        BN_free(e);
        return NULL;
    }
    return key;
}

bool padding_sign_pss(const struct kv_material *material, const EVP_MD *hash,
                      const unsigned char *digest, unsigned char *ret_block)
{
    kv_auto(RSA_free) RSA *key = import_rsa(material);
    bool done = key != NULL
                && RSA_padding_add_PKCS1_PSS_mgf1(key, ret_block, digest, hash, hash,
                                                  RSA_PSS_SALTLEN_DIGEST)
                       == 1;

    ERR_clear_error();
    return done;
}
