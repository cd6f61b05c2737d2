/* SPDX-License-Identifier: Apache-2.0 */
/*
 * outside.h - what OpenSSL makes of the same keys and bytes, to compare the token with.
 *
 * Everything asserts; keys are freed with EVP_PKEY_free().
 */
#pragma once

#include <openssl/evp.h>

#include "hsm.h"

#define OUTSIDE_NUMBER_MAX HSM_MODULUS_MAX
#define OUTSIDE_PKCS8_MAX 2400 /* RSA-4096 */

/* Public keys out of what the token layer gives. */
EVP_PKEY *outside_rsa(const struct hsm_rsa_public *public);
EVP_PKEY *outside_ec(enum hsm_curve curve, const struct hsm_ec_public *public);

/* Private keys that were never in the token. */
EVP_PKEY *outside_make_rsa(unsigned bits);
EVP_PKEY *outside_make_ec(enum hsm_curve curve);

/* Their numbers. `ret_bytes` backs what `ret_key` points to. */
struct outside_numbers {
    unsigned char bytes[8][OUTSIDE_NUMBER_MAX];
};
void outside_numbers(const EVP_PKEY *key, struct outside_numbers *ret_bytes,
                     struct hsm_rsa_private *ret_key);
void outside_rsa_public(const EVP_PKEY *key, struct hsm_rsa_public *ret_public);
void outside_scalar(const EVP_PKEY *key, enum hsm_curve curve,
                    unsigned char ret_scalar[HSM_COORDINATE_MAX]);
void outside_point(const EVP_PKEY *key, enum hsm_curve curve, struct hsm_ec_public *ret_public);
size_t outside_pkcs8(EVP_PKEY *key, unsigned char ret_bytes[OUTSIDE_PKCS8_MAX]);

/* Verifies over a digest; `pss` with a salt as long as it, else as PKCS #1 v1.5. */
bool outside_verify_rsa(EVP_PKEY *key, const EVP_MD *hash, bool pss, const unsigned char *digest,
                        const unsigned char *signature, size_t len);
/* r and s one after the other. */
bool outside_verify_ec(EVP_PKEY *key, const unsigned char *digest, size_t digest_len,
                       const unsigned char *signature, size_t len);

/* OAEP with one hash for both its parts; how long the result is, 0 when it is refused. */
size_t outside_oaep_encrypt(EVP_PKEY *key, const EVP_MD *hash, const unsigned char *in, size_t len,
                            unsigned char ret_out[HSM_MODULUS_MAX]);
size_t outside_oaep_decrypt(EVP_PKEY *key, const EVP_MD *hash, const unsigned char *in, size_t len,
                            unsigned char ret_out[HSM_MODULUS_MAX]);

/* A block cipher mode without GCM's extras, padded or not; how long the result is, 0 when it is
 * refused. `out` has room for a block more than `len`. Key wrap modes are OpenSSL ciphers, too. */
size_t outside_cipher(const EVP_CIPHER *cipher, bool encrypt, bool padded, const unsigned char *key,
                      const unsigned char *iv, const unsigned char *in, size_t len,
                      unsigned char *out);

/* AES-GCM with a tag of 16 bytes after the ciphertext. */
size_t outside_gcm_encrypt(const unsigned char *key, size_t key_len, const unsigned char iv[12],
                           const unsigned char *aad, size_t aad_len, const unsigned char *in,
                           size_t len, unsigned char *out);

size_t outside_hmac(const EVP_MD *hash, const unsigned char *key, size_t key_len,
                    const unsigned char *in, size_t len, unsigned char ret_mac[EVP_MAX_MD_SIZE]);

/* A key wrapped by CKM_AES_KEY_WRAP_PAD (RFC 5649) under AES-256. */
size_t outside_wrap(const unsigned char kek[HSM_AES_MAX], const unsigned char *in, size_t len,
                    unsigned char *out);
size_t outside_unwrap(const unsigned char kek[HSM_AES_MAX], const unsigned char *in, size_t len,
                      unsigned char *out);
