/* SPDX-License-Identifier: Apache-2.0 */
/*
 * padding.h - RSA padding around the raw private operation, by OpenSSL. Private to custody.
 */
#pragma once

#include <stdbool.h>

#include <openssl/evp.h>

#include "kv/custody/custody.h"

/*
 * Takes the padding off a decrypted block of modulus length, in time that does not depend on what
 * is in it: OAEP with `hash`, or PKCS #1 v1.5 when that is NULL. `ret_plain` has room for `len`.
 * False when the padding is wrong; the caller must not say in what way.
 */
bool padding_remove(const EVP_MD *hash, const unsigned char *block, size_t len,
                    unsigned char *ret_plain, size_t *ret_len) kv_must_check;

/* Makes the block of modulus length that signs `value`: type 1 of PKCS #1 v1.5. */
bool padding_sign(const unsigned char *value, size_t len, unsigned char *ret_block,
                  size_t block_len) kv_must_check;

/* The same by PSS, MGF1 with the hash, too, and a fresh salt as long as it. */
bool padding_sign_pss(const struct kv_material *material, const EVP_MD *hash,
                      const unsigned char *digest, unsigned char *ret_block) kv_must_check;
