/* SPDX-License-Identifier: Apache-2.0 */
/*
 * transfer.h - CKM_RSA_AES_KEY_WRAP by OpenSSL: an AES-256 key under RSA-OAEP, then a key under
 * that AES key by RFC 5649. What a customer's tools do for BYOK, and undo after a release.
 *
 * Nothing here asserts; 0 bytes or NULL when OpenSSL cannot.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include <openssl/evp.h>

#define TRANSFER_MAX 4096
#define TRANSFER_TEXT_SIZE 8192 /* of a blob in base64url */
#define TRANSFER_SCHEMA "1.0.0"
#define TRANSFER_ENC "CKM_RSA_AES_KEY_WRAP"

/* PKCS#8 of a private key. */
size_t transfer_render_key(const EVP_PKEY *key, unsigned char ret_bytes[TRANSFER_MAX]);

/* Wraps bytes to an RSA public key; `hash` is OpenSSL's name of OAEP's. */
size_t transfer_wrap(EVP_PKEY *target, const char *hash, const void *bytes, size_t len,
                     unsigned char ret_wrapped[TRANSFER_MAX]);

/* The way back. */
size_t transfer_unwrap(EVP_PKEY *target, const char *hash, const void *wrapped, size_t len,
                       unsigned char ret_bytes[TRANSFER_MAX]);

/* A key transfer blob with what was wrapped, for `key_hsm`; false when it is too long. */
bool transfer_render_blob(const char *schema, const char *kid, const char *enc, const void *wrapped,
                          size_t len, char ret_text[TRANSFER_TEXT_SIZE]);
