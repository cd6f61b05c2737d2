/* SPDX-License-Identifier: Apache-2.0 */
/*
 * public.h - operations with the public half of a key, by OpenSSL. Private to custody.
 *
 * Each returns false if OpenSSL could not do it, which is not the fault of the input; its error
 * queue is left empty.
 */
#pragma once

#include <stdbool.h>

#include <openssl/evp.h>

#include "kv/custody/custody.h"

/* The SubjectPublicKeyInfo of an RSA key; returns its length, 0 if it cannot be made or does not
 * fit. */
size_t public_render_rsa(const struct kv_material *material, unsigned char *ret_der, size_t size);

/* Encrypts with RSA: OAEP with `hash` for both its uses, or PKCS #1 v1.5 if that is NULL.
 * `ret_cipher` has room for the modulus. */
bool public_encrypt(const struct kv_material *material, const EVP_MD *hash,
                    const struct kv_bytes *plain, unsigned char *ret_cipher) kv_must_check;

/*
 * Verifies an RSA signature: `padding` is RSA_PKCS1_PADDING or RSA_PKCS1_PSS_PADDING, the salt of
 * the latter as long as the hash. `hash` NULL: the value itself was padded and signed.
 */
bool public_verify_rsa(const struct kv_material *material, int padding, const EVP_MD *hash,
                       const struct kv_bytes *digest, const struct kv_bytes *signature,
                       bool *ret_valid) kv_must_check;

/* Verifies r and s, each of the curve's full width. */
bool public_verify_ecdsa(const struct kv_material *material, const struct kv_bytes *digest,
                         const struct kv_bytes *signature, bool *ret_valid) kv_must_check;

/*
 * The public keys that the signature can belong to, with r and s at full width over a digest no
 * longer than either: SEC 1 §4.1.6. Returns how many, possibly 0. A second signature tells which
 * one it is.
 */
#define RECOVERED_MAX 4
size_t public_recover_ecdsa(enum kv_curve curve, const struct kv_bytes *digest,
                            const struct kv_bytes *signature,
                            struct kv_material ret_candidates[RECOVERED_MAX]);
