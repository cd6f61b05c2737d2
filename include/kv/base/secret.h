/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kv/base/secret.h - bytes that must not outlive their use: plaintexts, padded blocks, PINs, tokens.
 *
 * A struct kv_secret has a fixed maximum and lives on the stack or inside its owner; it is wiped
 * by kv_secret_done(). Secrets are never logged and never put into a struct kv_err.
 * Thread rule: belongs to one thread at a time.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "kv/base/base.h"

/* The largest RSA block we handle is 512 bytes (RSA-4096); a base64url text of it is shorter
 * than 1 KiB, and PINs are far below. */
#define KV_SECRET_MAX 1024

struct kv_secret {
    unsigned char bytes[KV_SECRET_MAX];
    size_t len;
};

void kv_secret_done(struct kv_secret *secret);
KV_DEFINE_CLEANUP_VALUE(struct kv_secret, kv_secret_done)

/* Overwrites memory in a way the compiler does not optimise away. NULL with length 0 is fine. */
void kv_wipe(void *bytes, size_t len);

/* Wipes and frees heap memory whose size only the allocator knows. NULL is fine. */
void kv_wipe_free(void *pointer);
KV_DEFINE_CLEANUP(char *, kv_wipe_free)

/* Constant time in the contents; for unequal lengths returns at once. */
bool kv_secret_equal(const void *a, size_t a_len, const void *b, size_t b_len);

/* Whether it has the form of a bearer token (RFC 6750 §2.1), and a length that nobody finds by
 * trying. */
#define KV_BEARER_MIN 16
#define KV_BEARER_MAX 256
#define KV_BEARER_FORM "16 to 256 characters of A-Z, a-z, 0-9, -, ., _, ~, + and /, then any ="
bool kv_secret_is_bearer(const char *text);

/* SHA-256 of a secret: what is kept of one that is only ever compared, and what makes the lengths
 * equal. False when OpenSSL has none. */
#define KV_SECRET_DIGEST_SIZE 32
bool kv_secret_digest(const void *bytes, size_t len,
                      unsigned char ret_digest[KV_SECRET_DIGEST_SIZE]) kv_must_check;

/*
 * Keeps this process's memory out of core dumps and away from debuggers of the same user
 * (RLIMIT_CORE 0, PR_SET_DUMPABLE 0). Best effort; called once, before any secret is read.
 */
void kv_secret_protect_process(void);
