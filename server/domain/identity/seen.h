/* SPDX-License-Identifier: Apache-2.0 */
/*
 * seen.h - the tokens verified recently: a bounded map from a token's digest to its content, so
 * that a caller's second request costs no signature check.
 *
 * It holds digests, no tokens. Thread-safe. Private to domain/identity.
 */
#pragma once

#include <stdbool.h>

#include "claims.h"

#define KV_DIGEST_LENGTH 32 /* SHA-256 */
#define KV_SEEN_MAX 2048    /* the oldest is dropped when another one comes */

struct kv_seen; /* opaque */

enum kv_code kv_seen_new(struct kv_seen **ret_seen, struct kv_err *err) kv_must_check;
void kv_seen_free(struct kv_seen *seen);
KV_DEFINE_CLEANUP(struct kv_seen *, kv_seen_free)

/*
 * Copies a token's content; false if the token is not known: then *ret_edition is what
 * kv_seen_add() wants after it was read. Does not check dates.
 */
bool kv_seen_find(struct kv_seen *seen, const unsigned char digest[KV_DIGEST_LENGTH],
                  struct kv_claims *ret_claims, unsigned *ret_edition);

/* Remembers a token; one that is known stays as it is. Forgets it at once if something was
 * forgotten since that edition: keys that it was judged by may be gone. */
void kv_seen_add(struct kv_seen *seen, const unsigned char digest[KV_DIGEST_LENGTH],
                 const struct kv_claims *claims, unsigned edition);

/* Forgets the tokens that this trusted issuer has issued: its keys have changed. */
void kv_seen_forget(struct kv_seen *seen, size_t trusted);
