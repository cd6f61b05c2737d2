/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kv/base/jwe.h - compact JWE (RFC 7516) of the two kinds used for backups (contract §6.7), both
 * with A256CBC-HS512 for the content (RFC 7518 §5.2.5). A vault's uses RSA-OAEP-256 for the content
 * key, and a header with kid, alg and enc in this order. A managed HSM's says "dir" and has an
 * empty second part, as if the content key were known in advance; ours is not, so it is put,
 * encrypted like a vault's, in front of the ciphertext, where nobody but us looks.
 *
 * The content key is encrypted and decrypted elsewhere, by the key that `kid` names. Pure
 * functions; safe from any thread.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "kv/base/buf.h"
#include "kv/base/err.h"
#include "kv/base/secret.h"

#define KV_JWE_KEY_LENGTH 64 /* bytes of a content key: half for the MAC, half for the cipher */

/* Fills a new random content key. */
enum kv_code kv_jwe_make_key(struct kv_secret *ret_key, struct kv_err *err) kv_must_check;

/* Appends the JWE of `content` to `text`; `encrypted_key` is `key` as its recipient decrypts it. */
enum kv_code kv_jwe_seal(const char *kid, const struct kv_secret *key,
                         const struct kv_secret *encrypted_key, const struct kv_buf *content,
                         struct kv_buf *text, struct kv_err *err) kv_must_check;

/* The same for a managed HSM's kind. */
enum kv_code kv_jwe_seal_direct(const struct kv_secret *key, const struct kv_secret *encrypted_key,
                                const struct kv_buf *content, struct kv_buf *text,
                                struct kv_err *err) kv_must_check;

/* The parts of a JWE except the encrypted key, borrowed from its text. */
struct kv_jwe {
    struct kv_jwe_part {
        const char *text;
        size_t len;
    } header, iv, ciphertext, tag;
    size_t skipped; /* bytes at the start of the ciphertext that are the encrypted key */
};

/*
 * Takes a text apart. False unless it is exactly what kv_jwe_seal() writes for that `kid`: five
 * parts, the header byte for byte, the others in canonical base64url.
 */
bool kv_jwe_parse(const char *text, size_t len, const char *kid, struct kv_jwe *ret_jwe,
                  struct kv_secret *ret_encrypted_key) kv_must_check;

/* The same for kv_jwe_seal_direct(), with an encrypted key of that length. */
bool kv_jwe_parse_direct(const char *text, size_t len, size_t encrypted_len, struct kv_jwe *ret_jwe,
                         struct kv_secret *ret_encrypted_key) kv_must_check;

/* Whether a text looks like what kv_jwe_seal() writes, for whatever `kid`. */
bool kv_jwe_is_sealed(const char *text, size_t len);

/* Appends the content to `content`. False if anything was changed since it was sealed, or `key` is
 * the wrong one; the caller cannot tell which. */
bool kv_jwe_open(const struct kv_jwe *jwe, const struct kv_secret *key,
                 struct kv_buf *content) kv_must_check;
