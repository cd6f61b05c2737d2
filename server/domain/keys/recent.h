/* SPDX-License-Identifier: Apache-2.0 */
/* recent.h - the versions that were looked up recently, which kv_key_lease_acquire() shares. Thread-safe. */
#pragma once

#include <pthread.h>

#include "kv/keys/lease.h"

#define KEY_LEASES_MAX 64
struct key_leases {
    pthread_mutex_t mutex; /* lock.def: keys.leases */
    struct kv_key_lease *slot[KEY_LEASES_MAX];
};
void key_leases_init(struct key_leases *leases);
void key_leases_done(struct key_leases *leases);
