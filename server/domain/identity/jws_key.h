/* SPDX-License-Identifier: Apache-2.0 */
/*
 * jws_key.h - the RSA key that signs and checks tokens, and its name.
 *
 * Immutable once made: safe from any thread. Private to domain/identity.
 */
#pragma once

#include <stddef.h>

#include <cjose/jwk.h>

#include "kv/base64.h"
#include "kv/buf.h"
#include "kv/err.h"

/* SHA-256 thumbprint of the public key (RFC 7638), base64url: `kid` and `x5t` of its tokens. */
#define KV_JWS_KEY_ID_LENGTH KV_BASE64URL_LENGTH(32)

/* A PEM text of RSA-4096 has some 3300 bytes. */
#define KV_JWS_PEM_MAX 8192

struct kv_jws_key {
    cjose_jwk_t *jwk;
    char id[KV_JWS_KEY_ID_LENGTH + 1];
};

/* Makes an RSA-2048 key and appends it to `pem` in PKCS#8 form; takes up to half a second. */
enum kv_code kv_jws_key_generate(struct kv_buf *pem, struct kv_err *err) kv_must_check;

/*
 * Reads a private key of 2048 to 4096 bits; KV_BAD_PARAMETER for anything else, an encrypted key
 * included. Whether its numbers belong together shows when it signs. Free with kv_jws_key_free().
 */
enum kv_code kv_jws_key_parse(const char *pem, size_t len, struct kv_jws_key **ret_key,
                              struct kv_err *err) kv_must_check;

/* Appends the JWK of the public half. */
enum kv_code kv_jws_key_show(const struct kv_jws_key *key, struct kv_buf *json,
                             struct kv_err *err) kv_must_check;

void kv_jws_key_free(struct kv_jws_key *key);
KV_DEFINE_CLEANUP(struct kv_jws_key *, kv_jws_key_free)
