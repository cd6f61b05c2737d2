/* SPDX-License-Identifier: Apache-2.0 */
#include "outside.h"

#include <string.h>

#include <criterion/criterion.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/hmac.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

static const char *const groups[] = {
    [HSM_P256] = "P-256",
    [HSM_P256K] = "secp256k1",
    [HSM_P384] = "P-384",
    [HSM_P521] = "P-521",
};

static EVP_PKEY *make_public(const char *type, OSSL_PARAM_BLD *builder)
{
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
    OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(builder);
    EVP_PKEY *key = NULL;

    cr_assert_eq(EVP_PKEY_fromdata_init(context), 1);
    cr_assert_eq(EVP_PKEY_fromdata(context, &key, EVP_PKEY_PUBLIC_KEY, params), 1);
    OSSL_PARAM_free(params);
    OSSL_PARAM_BLD_free(builder);
    EVP_PKEY_CTX_free(context);
    return key;
}

static size_t read_number(const EVP_PKEY *key, const char *name, unsigned char *ret_bytes)
{
    BIGNUM *number = NULL;

    cr_assert_eq(EVP_PKEY_get_bn_param(key, name, &number), 1, "%s", name);
    cr_assert_leq(BN_num_bytes(number), OUTSIDE_NUMBER_MAX);
    size_t len = (size_t) BN_bn2bin(number, ret_bytes);
    BN_clear_free(number);
    return len;
}

static void read_padded(const EVP_PKEY *key, const char *name, unsigned char *ret_bytes, size_t len)
{
    BIGNUM *number = NULL;

    cr_assert_eq(EVP_PKEY_get_bn_param(key, name, &number), 1, "%s", name);
    cr_assert_eq(BN_bn2binpad(number, ret_bytes, (int) len), (int) len);
    BN_clear_free(number);
}

EVP_PKEY *outside_rsa(const struct hsm_rsa_public *public)
{
    OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
    BIGNUM *modulus = BN_bin2bn(public->modulus, (int) public->modulus_len, NULL);
    BIGNUM *exponent = BN_bin2bn(public->exponent, (int) public->exponent_len, NULL);

    OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_N, modulus);
    OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_E, exponent);
    EVP_PKEY *key = make_public("RSA", builder);
    BN_free(modulus);
    BN_free(exponent);
    return key;
}

EVP_PKEY *outside_ec(enum hsm_curve curve, const struct hsm_ec_public *public)
{
    OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
    unsigned char point[1 + 2 * HSM_COORDINATE_MAX] = { 0x04 };
    size_t width = public->coordinate_len;

    memcpy(point + 1, public->x, width);
    memcpy(point + 1 + width, public->y, width);
    OSSL_PARAM_BLD_push_utf8_string(builder, OSSL_PKEY_PARAM_GROUP_NAME, groups[curve], 0);
    OSSL_PARAM_BLD_push_octet_string(builder, OSSL_PKEY_PARAM_PUB_KEY, point, 1 + 2 * width);
    return make_public("EC", builder);
}

EVP_PKEY *outside_make_rsa(unsigned bits)
{
    EVP_PKEY *key = EVP_RSA_gen(bits);

    cr_assert_not_null(key);
    return key;
}

EVP_PKEY *outside_make_ec(enum hsm_curve curve)
{
    EVP_PKEY *key = EVP_EC_gen(groups[curve]);

    cr_assert_not_null(key);
    return key;
}

void outside_numbers(const EVP_PKEY *key, struct outside_numbers *ret_bytes,
                     struct hsm_rsa_private *ret_key)
{
    const struct {
        const char *name;
        struct hsm_bytes *number;
    } rows[] = {
        { OSSL_PKEY_PARAM_RSA_N, &ret_key->modulus },
        { OSSL_PKEY_PARAM_RSA_E, &ret_key->public_exponent },
        { OSSL_PKEY_PARAM_RSA_D, &ret_key->private_exponent },
        { OSSL_PKEY_PARAM_RSA_FACTOR1, &ret_key->prime_1 },
        { OSSL_PKEY_PARAM_RSA_FACTOR2, &ret_key->prime_2 },
        { OSSL_PKEY_PARAM_RSA_EXPONENT1, &ret_key->exponent_1 },
        { OSSL_PKEY_PARAM_RSA_EXPONENT2, &ret_key->exponent_2 },
        { OSSL_PKEY_PARAM_RSA_COEFFICIENT1, &ret_key->coefficient },
    };

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        rows[i].number->len = read_number(key, rows[i].name, ret_bytes->bytes[i]);
        rows[i].number->bytes = ret_bytes->bytes[i];
    }
}

void outside_rsa_public(const EVP_PKEY *key, struct hsm_rsa_public *ret_public)
{
    unsigned char bytes[OUTSIDE_NUMBER_MAX];

    ret_public->modulus_len = read_number(key, OSSL_PKEY_PARAM_RSA_N, ret_public->modulus);
    ret_public->exponent_len = read_number(key, OSSL_PKEY_PARAM_RSA_E, bytes);
    memcpy(ret_public->exponent, bytes, ret_public->exponent_len);
}

void outside_scalar(const EVP_PKEY *key, enum hsm_curve curve,
                    unsigned char ret_scalar[HSM_COORDINATE_MAX])
{
    read_padded(key, OSSL_PKEY_PARAM_PRIV_KEY, ret_scalar, hsm_curve_width(curve));
}

void outside_point(const EVP_PKEY *key, enum hsm_curve curve, struct hsm_ec_public *ret_public)
{
    ret_public->coordinate_len = hsm_curve_width(curve);
    read_padded(key, OSSL_PKEY_PARAM_EC_PUB_X, ret_public->x, ret_public->coordinate_len);
    read_padded(key, OSSL_PKEY_PARAM_EC_PUB_Y, ret_public->y, ret_public->coordinate_len);
}

size_t outside_pkcs8(EVP_PKEY *key, unsigned char ret_bytes[OUTSIDE_PKCS8_MAX])
{
    PKCS8_PRIV_KEY_INFO *info = EVP_PKEY2PKCS8(key);
    int len = i2d_PKCS8_PRIV_KEY_INFO(info, NULL);
    unsigned char *end = ret_bytes;

    cr_assert(len > 0 && len <= OUTSIDE_PKCS8_MAX);
    cr_assert_eq(i2d_PKCS8_PRIV_KEY_INFO(info, &end), len);
    PKCS8_PRIV_KEY_INFO_free(info);
    return (size_t) len;
}

bool outside_verify_rsa(EVP_PKEY *key, const EVP_MD *hash, bool pss, const unsigned char *digest,
                        const unsigned char *signature, size_t len)
{
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(key, NULL);

    cr_assert_eq(EVP_PKEY_verify_init(context), 1);
    cr_assert_eq(
        EVP_PKEY_CTX_set_rsa_padding(context, pss ? RSA_PKCS1_PSS_PADDING : RSA_PKCS1_PADDING), 1);
    cr_assert_eq(EVP_PKEY_CTX_set_signature_md(context, hash), 1);
    if (pss) {
        cr_assert_eq(EVP_PKEY_CTX_set_rsa_pss_saltlen(context, RSA_PSS_SALTLEN_DIGEST), 1);
    }
    bool good =
        EVP_PKEY_verify(context, signature, len, digest, (size_t) EVP_MD_get_size(hash)) == 1;
    EVP_PKEY_CTX_free(context);
    return good;
}

bool outside_verify_ec(EVP_PKEY *key, const unsigned char *digest, size_t digest_len,
                       const unsigned char *signature, size_t len)
{
    ECDSA_SIG *pair = ECDSA_SIG_new();
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(key, NULL);
    unsigned char *der = NULL;
    int half = (int) len / 2;

    ECDSA_SIG_set0(pair, BN_bin2bn(signature, half, NULL), BN_bin2bn(signature + half, half, NULL));
    int der_len = i2d_ECDSA_SIG(pair, &der);
    cr_assert_eq(EVP_PKEY_verify_init(context), 1);
    bool good = EVP_PKEY_verify(context, der, (size_t) der_len, digest, digest_len) == 1;
    OPENSSL_free(der);
    EVP_PKEY_CTX_free(context);
    ECDSA_SIG_free(pair);
    return good;
}

static void set_oaep(EVP_PKEY_CTX *context, const EVP_MD *hash)
{
    cr_assert_eq(EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_OAEP_PADDING), 1);
    cr_assert_eq(EVP_PKEY_CTX_set_rsa_oaep_md(context, hash), 1);
    cr_assert_eq(EVP_PKEY_CTX_set_rsa_mgf1_md(context, hash), 1);
}

/* EVP_PKEY_encrypt() or EVP_PKEY_decrypt(). */
typedef int oaep_fn(EVP_PKEY_CTX *context, unsigned char *out, size_t *out_len,
                    const unsigned char *in, size_t len);

static size_t run_oaep(EVP_PKEY *key, int (*init)(EVP_PKEY_CTX *context), oaep_fn *run,
                       const EVP_MD *hash, const struct hsm_bytes *in,
                       unsigned char ret_out[HSM_MODULUS_MAX])
{
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(key, NULL);
    size_t out_len = HSM_MODULUS_MAX;

    cr_assert_eq(init(context), 1);
    set_oaep(context, hash);
    bool done = run(context, ret_out, &out_len, in->bytes, in->len) == 1;
    EVP_PKEY_CTX_free(context);
    return done ? out_len : 0;
}

size_t outside_oaep_encrypt(EVP_PKEY *key, const EVP_MD *hash, const unsigned char *in, size_t len,
                            unsigned char ret_out[HSM_MODULUS_MAX])
{
    const struct hsm_bytes plain = { in, len };

    return run_oaep(key, EVP_PKEY_encrypt_init, EVP_PKEY_encrypt, hash, &plain, ret_out);
}

size_t outside_oaep_decrypt(EVP_PKEY *key, const EVP_MD *hash, const unsigned char *in, size_t len,
                            unsigned char ret_out[HSM_MODULUS_MAX])
{
    const struct hsm_bytes cipher = { in, len };

    return run_oaep(key, EVP_PKEY_decrypt_init, EVP_PKEY_decrypt, hash, &cipher, ret_out);
}

size_t outside_cipher(const EVP_CIPHER *cipher, bool encrypt, bool padded, const unsigned char *key,
                      const unsigned char *iv, const unsigned char *in, size_t len,
                      unsigned char *out)
{
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    int out_len = 0, last_len = 0;

    EVP_CIPHER_CTX_set_flags(context, EVP_CIPHER_CTX_FLAG_WRAP_ALLOW);
    cr_assert_eq(EVP_CipherInit_ex(context, cipher, NULL, key, iv, encrypt), 1);
    EVP_CIPHER_CTX_set_padding(context, padded);
    bool done = EVP_CipherUpdate(context, out, &out_len, in, (int) len) == 1
                && EVP_CipherFinal_ex(context, out + out_len, &last_len) == 1;
    EVP_CIPHER_CTX_free(context);
    return done ? (size_t) (out_len + last_len) : 0;
}

size_t outside_gcm_encrypt(const unsigned char *key, size_t key_len, const unsigned char iv[12],
                           const unsigned char *aad, size_t aad_len, const unsigned char *in,
                           size_t len, unsigned char *out)
{
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    const EVP_CIPHER *cipher = key_len == 16   ? EVP_aes_128_gcm()
                               : key_len == 24 ? EVP_aes_192_gcm()
                                               : EVP_aes_256_gcm();
    int used = 0, last = 0;

    cr_assert_eq(EVP_EncryptInit_ex(context, cipher, NULL, key, iv), 1);
    cr_assert_eq(EVP_EncryptUpdate(context, NULL, &used, aad, (int) aad_len), 1);
    cr_assert_eq(EVP_EncryptUpdate(context, out, &used, in, (int) len), 1);
    cr_assert_eq(EVP_EncryptFinal_ex(context, out + used, &last), 1);
    cr_assert_eq(EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_GET_TAG, 16, out + len), 1);
    EVP_CIPHER_CTX_free(context);
    return len + 16;
}

size_t outside_hmac(const EVP_MD *hash, const unsigned char *key, size_t key_len,
                    const unsigned char *in, size_t len, unsigned char ret_mac[EVP_MAX_MD_SIZE])
{
    unsigned mac_len = 0;

    cr_assert_not_null(HMAC(hash, key, (int) key_len, in, len, ret_mac, &mac_len));
    return mac_len;
}

size_t outside_wrap(const unsigned char kek[HSM_AES_MAX], const unsigned char *in, size_t len,
                    unsigned char *out)
{
    return outside_cipher(EVP_aes_256_wrap_pad(), true, false, kek, NULL, in, len, out);
}

size_t outside_unwrap(const unsigned char kek[HSM_AES_MAX], const unsigned char *in, size_t len,
                      unsigned char *out)
{
    return outside_cipher(EVP_aes_256_wrap_pad(), false, false, kek, NULL, in, len, out);
}
