/* SPDX-License-Identifier: Apache-2.0 */
#include "known.h"

#include <stdio.h>
#include <string.h>

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>

#include <criterion/criterion.h>

#include "api.h"
#include "jwk.h"
#include "kv/base/base64.h"

void known_key_init(struct known_key *key, const struct known_algorithm *algorithm, unsigned bits)
{
    *key = (struct known_key){ .bits = bits };
    switch (algorithm->way) {
    case KNOWN_RSA_CRYPT:
    case KNOWN_RSA_SIGN:
    case KNOWN_RSA_PSS:
        key->pair = api_rsa(bits);
        break;
    case KNOWN_ECDSA:
        key->pair = jwk_new_ec(algorithm->name);
        break;
    case KNOWN_HMAC:
    case KNOWN_CBC:
    case KNOWN_CBC_PAD:
    case KNOWN_GCM:
    case KNOWN_WRAP:
        cr_assert_eq(RAND_bytes(key->value, (int) bits / 8), 1);
        return;
    }
    cr_assert_not_null(key->pair);
}

void known_key_done(struct known_key *key)
{
    EVP_PKEY_free(key->pair);
}

cJSON *known_key_render(const struct known_key *key)
{
    char text[KV_BASE64URL_LENGTH(sizeof(key->value)) + 1];
    cJSON *jwk;

    if (key->pair != NULL) {
        return jwk_render(key->pair, EVP_PKEY_is_a(key->pair, "RSA") ? "RSA" : "EC");
    }
    jwk = cJSON_CreateObject();
    kv_base64url_encode(key->value, key->bits / 8, text);
    cJSON_AddStringToObject(jwk, "kty", "oct");
    cJSON_AddStringToObject(jwk, "k", text);
    return jwk;
}

/* After EVP_PKEY_..._init(). */
static void set_rsa(EVP_PKEY_CTX *ctx, const struct known_algorithm *algorithm)
{
    const EVP_MD *md = algorithm->name != NULL ? EVP_get_digestbyname(algorithm->name) : NULL;
    bool is_oaep = algorithm->way == KNOWN_RSA_CRYPT && md != NULL;
    int padding = algorithm->way == KNOWN_RSA_PSS ? RSA_PKCS1_PSS_PADDING
                  : is_oaep                       ? RSA_PKCS1_OAEP_PADDING
                                                  : RSA_PKCS1_PADDING;

    cr_assert_eq(EVP_PKEY_CTX_set_rsa_padding(ctx, padding), 1);
    if (is_oaep) {
        cr_assert_eq(EVP_PKEY_CTX_set_rsa_oaep_md(ctx, md), 1);
    } else if (md != NULL) {
        cr_assert_eq(EVP_PKEY_CTX_set_signature_md(ctx, md), 1);
    }
    if (algorithm->way == KNOWN_RSA_PSS) {
        cr_assert_eq(EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, (int) algorithm->len), 1);
    }
}

static EVP_PKEY_CTX *begin(const struct known_key *key, const struct known_algorithm *algorithm,
                           int (*init)(EVP_PKEY_CTX *ctx))
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(key->pair, NULL);

    cr_assert_eq(init(ctx), 1);
    if (algorithm->way != KNOWN_ECDSA) {
        set_rsa(ctx, algorithm);
    }
    return ctx;
}

static size_t mac(const struct known_key *key, const struct known_algorithm *algorithm,
                  const unsigned char *message, unsigned char *ret_mac)
{
    unsigned len = 0;

    cr_assert_not_null(HMAC(EVP_get_digestbyname(algorithm->name), key->value, (int) key->bits / 8,
                            message, algorithm->len, ret_mac, &len));
    return len;
}

static int width_of(const struct known_key *key)
{
    return (EVP_PKEY_get_bits(key->pair) + 7) / 8;
}

/* DER to r and s, and back (RFC 7518 §3.4). */
static size_t to_pair(const struct known_key *key, const unsigned char *der, size_t len,
                      unsigned char *ret_pair)
{
    ECDSA_SIG *signature = d2i_ECDSA_SIG(NULL, &der, (long) len);
    int width = width_of(key);

    BN_bn2binpad(ECDSA_SIG_get0_r(signature), ret_pair, width);
    BN_bn2binpad(ECDSA_SIG_get0_s(signature), ret_pair + width, width);
    ECDSA_SIG_free(signature);
    return 2 * (size_t) width;
}

static size_t to_der(const unsigned char *pair, size_t len, unsigned char *ret_der)
{
    ECDSA_SIG *signature = ECDSA_SIG_new();
    int half = (int) len / 2;

    ECDSA_SIG_set0(signature, BN_bin2bn(pair, half, NULL), BN_bin2bn(pair + half, half, NULL));
    int der_len = i2d_ECDSA_SIG(signature, &ret_der);

    cr_assert_gt(der_len, 0);
    ECDSA_SIG_free(signature);
    return (size_t) der_len;
}

size_t known_sign(const struct known_key *key, const struct known_algorithm *algorithm,
                  const unsigned char *digest, unsigned char *ret_signature)
{
    unsigned char bytes[KNOWN_MAX];
    size_t len = sizeof(bytes);
    EVP_PKEY_CTX *ctx;

    if (algorithm->way == KNOWN_HMAC) {
        return mac(key, algorithm, digest, ret_signature);
    }
    ctx = begin(key, algorithm, EVP_PKEY_sign_init);
    cr_assert_eq(EVP_PKEY_sign(ctx, bytes, &len, digest, algorithm->len), 1);
    EVP_PKEY_CTX_free(ctx);
    if (algorithm->way == KNOWN_ECDSA) {
        return to_pair(key, bytes, len, ret_signature);
    }
    memcpy(ret_signature, bytes, len);
    return len;
}

bool known_verifies(const struct known_key *key, const struct known_algorithm *algorithm,
                    const unsigned char *digest, const unsigned char *signature, size_t len)
{
    unsigned char bytes[KNOWN_MAX];
    EVP_PKEY_CTX *ctx;
    bool valid;

    if (algorithm->way == KNOWN_HMAC) {
        return mac(key, algorithm, digest, bytes) == len
               && CRYPTO_memcmp(bytes, signature, len) == 0;
    }
    if (algorithm->way == KNOWN_ECDSA) {
        cr_assert_eq(len, 2 * (size_t) width_of(key));
        len = to_der(signature, len, bytes);
        signature = bytes;
    }
    ctx = begin(key, algorithm, EVP_PKEY_verify_init);
    valid = EVP_PKEY_verify(ctx, signature, len, digest, algorithm->len) == 1;
    EVP_PKEY_CTX_free(ctx);
    return valid;
}

/* One run of a cipher; -1 when it does not go well. */
static int run_cipher(const struct known_key *key, const struct known_algorithm *algorithm,
                      struct known_frame *frame, bool encrypt, const unsigned char *in, size_t len,
                      unsigned char *out)
{
    char name[32];
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    EVP_CIPHER *cipher;
    int done = 0;
    int rest = 0;
    bool is_gcm = algorithm->way == KNOWN_GCM;

    snprintf(name, sizeof(name), "AES-%u-%s", key->bits, algorithm->name);
    cipher = EVP_CIPHER_fetch(NULL, name, NULL);
    cr_assert_not_null(cipher, "%s", name);
    EVP_CIPHER_CTX_set_flags(ctx, EVP_CIPHER_CTX_FLAG_WRAP_ALLOW);
    cr_assert_eq(EVP_CipherInit_ex2(ctx, cipher, key->value,
                                    algorithm->way == KNOWN_WRAP ? NULL : frame->iv, encrypt, NULL),
                 1);
    EVP_CIPHER_CTX_set_padding(ctx, algorithm->way == KNOWN_CBC_PAD);
    if (is_gcm && frame->aad_len > 0) {
        cr_assert_eq(EVP_CipherUpdate(ctx, NULL, &rest, frame->aad, (int) frame->aad_len), 1);
    }
    if (is_gcm && !encrypt) {
        EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, KNOWN_TAG, frame->tag);
    }
    if (EVP_CipherUpdate(ctx, out, &done, in, (int) len) != 1
        || EVP_CipherFinal_ex(ctx, out + done, &rest) != 1) {
        done = -1;
        rest = 0;
    }
    if (is_gcm && encrypt) {
        EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, KNOWN_TAG, frame->tag);
    }
    EVP_CIPHER_CTX_free(ctx);
    EVP_CIPHER_free(cipher);
    return done + rest;
}

size_t known_encrypt(const struct known_key *key, const struct known_algorithm *algorithm,
                     struct known_frame *frame, const unsigned char *plain, size_t len,
                     unsigned char *ret_cipher)
{
    size_t cipher_len = KNOWN_MAX;
    EVP_PKEY_CTX *ctx;

    if (algorithm->way != KNOWN_RSA_CRYPT) {
        int done = run_cipher(key, algorithm, frame, true, plain, len, ret_cipher);

        cr_assert_gt(done, 0);
        return (size_t) done;
    }
    ctx = begin(key, algorithm, EVP_PKEY_encrypt_init);
    cr_assert_eq(EVP_PKEY_encrypt(ctx, ret_cipher, &cipher_len, plain, len), 1);
    EVP_PKEY_CTX_free(ctx);
    return cipher_len;
}

size_t known_decrypt(const struct known_key *key, const struct known_algorithm *algorithm,
                     struct known_frame *frame, const unsigned char *cipher, size_t len,
                     unsigned char *ret_plain)
{
    size_t plain_len = KNOWN_MAX;
    EVP_PKEY_CTX *ctx;
    int done;

    if (algorithm->way != KNOWN_RSA_CRYPT) {
        done = run_cipher(key, algorithm, frame, false, cipher, len, ret_plain);
        return done > 0 ? (size_t) done : 0;
    }
    ctx = begin(key, algorithm, EVP_PKEY_decrypt_init);
    done = EVP_PKEY_decrypt(ctx, ret_plain, &plain_len, cipher, len);
    EVP_PKEY_CTX_free(ctx);
    return done == 1 ? plain_len : 0;
}
