/* SPDX-License-Identifier: Apache-2.0 */
/* recent.h - what crypto operations have looked up recently. Thread-safe. */
#pragma once

#include <pthread.h>

#include "kv/keys/keys.h"

#define KEY_LEASES_MAX 64
struct key_leases {
    pthread_mutex_t mutex; /* lock.def: keys.leases */
    struct key_lease *slot[KEY_LEASES_MAX];
};
void key_leases_init(struct key_leases *leases);
void key_leases_done(struct key_leases *leases);

/*
 * The result of kv_key_get(), shared between all that ask for the same version at the same time, so
 * that an operation a client repeats does not go to the store each time. The caller gives it back.
 */
struct key_lease;
enum kv_code key_lease_acquire(const struct kv_scope *scope, const char *name, const char *version,
                               struct key_lease **ret_lease, struct kv_err *err) kv_must_check;
const struct kv_key *key_lease_key(const struct key_lease *lease);
void key_lease_release(struct key_lease *lease);
KV_DEFINE_CLEANUP(struct key_lease *, key_lease_release)
