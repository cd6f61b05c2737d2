/* SPDX-License-Identifier: Apache-2.0 */
/*
 * trust.h - the other issuers that are trusted, and their keys as far as they are known.
 *
 * One thread fetches sets of keys, from a file or over the network, when a token names a key that
 * is not known, and when a set has grown old: nobody waits for it but who asks again. A set that
 * cannot be fetched or used leaves the one that is known in place. Thread-safe. Private to
 * domain/identity.
 */
#pragma once

#include "claims.h"
#include "kv/base/jws.h"
#include "kv/identity/identity.h"
#include "seen.h"

struct kv_trust; /* opaque */

/* `seen` is borrowed: tokens of an issuer whose keys change are forgotten there. */
enum kv_code kv_trust_new(const struct kv_identity_config *config, struct kv_seen *seen,
                          struct kv_trust **ret_trust, struct kv_err *err) kv_must_check;
void kv_trust_free(struct kv_trust *trust);
KV_DEFINE_CLEANUP(struct kv_trust *, kv_trust_free)

/* The place of that issuer; false if it is not trusted. */
bool kv_trust_find(const struct kv_trust *trust, const char *issuer, size_t *ret_place);

/* The further audience of its tokens; NULL: none. */
const char *kv_trust_audience(const struct kv_trust *trust, size_t place);

enum kv_trust_answer {
    KV_TRUST_SIGNED,
    KV_TRUST_FORGED,  /* not by the key that it names */
    KV_TRUST_UNKNOWN, /* the issuer has no such key */
    KV_TRUST_PENDING, /* its keys are being fetched: ask again soon */
};

/* Who has signed the token. Never blocks. */
enum kv_trust_answer kv_trust_check(struct kv_trust *trust, size_t place, const struct kv_jws *jws);
