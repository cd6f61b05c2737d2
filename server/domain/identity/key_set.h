/* SPDX-License-Identifier: Apache-2.0 */
/*
 * key_set.h - the public keys of an issuer: a JWK Set (RFC 7517 §5), read once.
 *
 * Immutable: safe from any thread. Private to domain/identity.
 */
#pragma once

#include <stddef.h>

#include "kv/base/jws.h"

#define KV_KEY_SET_TEXT_MAX (256 * 1024) /* bytes of its JSON */
#define KV_KEY_SET_MAX 64                /* keys; more are a refusal */

struct kv_key_set; /* opaque */

/*
 * Reads {"keys":[...]}. A key without a kid, for another use than `sig`, of another kind or for an
 * algorithm that we do not verify is left out (§5: implementations should ignore those). KV_BAD_PARAMETER
 * when it is no such object, when a kid is there twice for the same kind of key, or when no key is
 * left.
 */
enum kv_code kv_key_set_parse(const char *json, size_t len, struct kv_key_set **ret_set,
                              struct kv_err *err) kv_must_check;
void kv_key_set_free(struct kv_key_set *set);
KV_DEFINE_CLEANUP(struct kv_key_set *, kv_key_set_free)

/* The key of that kid for that algorithm, which lives as long as the set; or NULL. */
const struct kv_jws_key *kv_key_set_find(const struct kv_key_set *set, const char *kid,
                                         unsigned alg);

/* Whether both have the same keys under the same names. */
bool kv_key_set_is_same(const struct kv_key_set *a, const struct kv_key_set *b);
