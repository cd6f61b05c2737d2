/* SPDX-License-Identifier: Apache-2.0 */
/*
 * jws.h - tokens as signed texts: RS256 JWS in compact form (RFC 7515), whatever they say.
 *
 * Thread-safe. Private to domain/identity.
 */
#pragma once

#include <stddef.h>

#include "jws_key.h"

/* contract §2.2: what the service says of a token it cannot make sense of. */
#define KV_TOKEN_INVALID "Error validating token: 'S2S12086'."

/* Signs `payload`; the text is the caller's (kv_wipe_free). */
enum kv_code kv_jws_sign(const struct kv_jws_key *key, const char *payload, size_t len,
                         char **ret_text, struct kv_err *err) kv_must_check;

/*
 * Appends the payload of a token that `key` signed to `payload`. `key` NULL is a key that nobody
 * has: every token that looks right is signed by an unknown one then. Refusals are
 * KV_UNAUTHORIZED with the texts of contract §2.2.
 */
enum kv_code kv_jws_verify(const struct kv_jws_key *key, const char *text, size_t len,
                           struct kv_buf *payload, struct kv_err *err) kv_must_check;
