/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kv/keys/lease.h - a version as kv_key_get() finds it, to be read only and shared by all that ask for it.
 *
 * It is remembered until something, whatever it is, is committed to the store: what a client repeats does
 * not go there each time. Belongs to all who hold it; each gives it back. Thread-safe.
 */
#pragma once

#include "kv/keys/keys.h"

struct kv_key_lease; /* opaque */

/* `version` NULL: the latest. */
enum kv_code kv_key_lease_acquire(const struct kv_scope *scope, const char *name,
                                  const char *version, struct kv_key_lease **ret_lease,
                                  struct kv_err *err) kv_must_check;
/* NULL is fine. */
void kv_key_lease_release(struct kv_key_lease *lease);
KV_DEFINE_CLEANUP(struct kv_key_lease *, kv_key_lease_release)

/* As long as it is held. */
const struct kv_key *kv_key_lease_key(const struct kv_key_lease *lease);

/*
 * What whoever shows the version keeps with it: the first thing that was kept, NULL before. One that
 * comes later is freed at once, the first with the lease, by free().
 */
const void *kv_key_lease_note(const struct kv_key_lease *lease);
void kv_key_lease_keep(struct kv_key_lease *lease, void *take_note);
