/* SPDX-License-Identifier: Apache-2.0 */
/*
 * byok_tools.h - what a customer does for BYOK: wraps a key with OpenSSL and sends the blob. Asserts.
 */
#pragma once

#include <openssl/evp.h>

#include "../support/api.h"
#include "../support/transfer.h"

#define BYOK_SCHEMA TRANSFER_SCHEMA
#define BYOK_ENC TRANSFER_ENC
#define BYOK_CANNOT_UNWRAP "The key in \"key_hsm\" cannot be unwrapped with its key exchange key."
#define BYOK_BAD_RSA "RSA key is not valid - cannot instantiate crypto service"
#define BYOK_BAD_EC "EC key is not valid - cannot instantiate crypto service"
#define BYOK_TEXT_SIZE TRANSFER_TEXT_SIZE

/* A key exchange key as its answer shows it. `extra` is put into the body. */
struct reply byok_make_kek(struct client *client, const char *name, const char *extra);

/* key_hsm of those bytes. */
void byok_render_blob(const char *schema, const char *kid, const char *enc, const void *wrapped,
                      size_t len, char ret_text[BYOK_TEXT_SIZE]);

/* The blob of a private key, or of the value of a symmetric one, for that KEK. */
void byok_wrap_key(const struct reply *kek, const EVP_PKEY *key, char ret_text[BYOK_TEXT_SIZE]);
void byok_wrap_value(const struct reply *kek, const void *value, size_t len,
                     char ret_text[BYOK_TEXT_SIZE]);

/* The public members of a key, none when it is NULL, and a blob. */
struct reply byok_send(struct client *client, const char *name, const EVP_PKEY *key,
                       const char *kty, const char *blob);

/* A refusal by `pool`, whose messages end in an Activity ID. */
bool byok_is_refused_by_pool(const struct reply *reply, const char *message);
