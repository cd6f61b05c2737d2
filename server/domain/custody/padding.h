/* SPDX-License-Identifier: Apache-2.0 */
/*
 * padding.h - RSA padding around the raw private operation, by OpenSSL. Private to custody.
 */
#pragma once

#include <stdbool.h>

#include <openssl/evp.h>

#include "kv/custody/custody.h"

/*
 * Removes the padding from a decrypted block of modulus length, in time that does not depend on its
 * content: OAEP with `hash`, or PKCS #1 v1.5 if that is NULL. `ret_plain` has room for `len`. False
 * if the padding is wrong; the caller must not reveal in what way.
 */
bool padding_remove(const EVP_MD *hash, const unsigned char *block, size_t len,
                    unsigned char *ret_plain, size_t *ret_len) kv_must_check;

/* Makes the block of modulus length that signs `value`: type 1 of PKCS #1 v1.5. */
bool padding_sign(const unsigned char *value, size_t len, unsigned char *ret_block,
                  size_t block_len) kv_must_check;

/* The same by PSS, with the same hash in MGF1 and a fresh salt of its length. */
bool padding_sign_pss(const struct kv_material *material, const EVP_MD *hash,
                      const unsigned char *digest, unsigned char *ret_block) kv_must_check;
