/* SPDX-License-Identifier: Apache-2.0 */
/* core.h - the store and the token behind struct kv_keys. */
#pragma once

#include <stdatomic.h>

#include "intent.h"
#include "kv/keys/keys.h"
#include "kv/store/store.h"
#include "pool/pool.h"
#include "recent.h"

struct kv_keys {
    struct kv_keys_config config; /* immutable once the pool is open */
    struct key_leases leases;
    struct key_pool pool;
    struct intents intents;
    pthread_mutex_t tidying; /* lock.def: keys.tidying */
    atomic_bool stop;        /* tidying must end between two objects */
    atomic_ulong rotations_requested, rotations_automatic, rotations_failed;
    atomic_bool has_manager; /* the external key manager is connected */
};
