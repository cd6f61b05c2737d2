/* SPDX-License-Identifier: Apache-2.0 */
/*
 * padding.h - RSA encryption padding around the raw operation, by OpenSSL. Private to custody.
 */
#pragma once

#include <stdbool.h>

#include <openssl/evp.h>

#include "kv/custody.h"
#include "kv/secret.h"

/* The hash of each padding, NULL for PKCS #1 v1.5. Looked up once: OpenSSL looks EVP_sha256() up
 * again for every block of a mask, which costs as much as the hashing. */
struct padding_hashes {
    EVP_MD *of[KV_PADDING_OAEP_SHA256 + 1];
};

/* False when OpenSSL lacks one. padding_hashes_done() is due either way. */
bool padding_hashes_init(struct padding_hashes *hashes) kv_must_check;
void padding_hashes_done(struct padding_hashes *hashes);

/* Encrypts with the public half. False when OpenSSL cannot; its error queue is left empty. */
bool padding_encrypt(const struct kv_material *material, enum kv_padding padding, const void *plain,
                     size_t len, struct kv_secret *ret_cipher) kv_must_check;

/*
 * Takes the padding off a decrypted block of modulus length, in time that does not depend on what
 * is in it. False when the padding is wrong; the caller must not say in what way.
 */
bool padding_remove(const struct padding_hashes *hashes, enum kv_padding padding,
                    const unsigned char *block, size_t len,
                    struct kv_secret *ret_plain) kv_must_check;
