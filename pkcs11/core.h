/* SPDX-License-Identifier: Apache-2.0 */
/*
 * core.h - the state of an open token, and a session while it is lent.
 *
 * Locks, outermost first (kv/base/lock.def): hsm.check is held by the one thread that checks;
 * hsm.open is a rwlock, shared by all threads inside the module and held exclusively to re-open it;
 * hsm.objects is one, too, held by a session that makes or destroys objects, or while a key is being
 * copied; hsm.turn is held by the one thread that makes copies or ends them; then hsm.copies
 * (copies.c), hsm.handles (map.c), hsm.sentinel and hsm.pool (session.c), which are never held
 * across a C_ call.
 */
#pragma once

#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#include "copies.h"
#include "held.h"
#include "kwp.h"
#include "module.h"
#include "slot.h"

struct hsm_pool;

/* A session while it is lent. */
struct hsm_session {
    struct hsm *hsm;
    struct hsm_module *module; /* of hsm, for the door */
    CK_SESSION_HANDLE handle;  /* CK_INVALID_HANDLE: not open */
    bool spent;                /* saw an error: an operation may still be active in it */
    const unsigned char
        *key;         /* its CKA_ID, for the gate; borrowed until the session is given back */
    bool has_objects; /* holds hsm.objects, either way, until it is given back */
    struct hsm_session *next; /* in the pool's stack of idle sessions */
};

struct hsm {
    /* Set by hsm_open(), not changed after it. */
    char *init_args;
    unsigned char label[HSM_LABEL_LENGTH];
    unsigned char pin[HSM_PIN_MAX];
    size_t pin_len;
    bool extractable;
    struct hsm_capabilities capabilities;
    struct hsm_kwp kwp;
    struct hsm_info info;
    struct hsm_pool *pool;
    struct hsm_map *map;

    pthread_rwlock_t objects_lock; /* lock.def: hsm.objects; guards what is on the token */

    atomic_bool is_paused; /* whoever has open_lock as a writer gives it back soon */

    pthread_rwlock_t open_lock; /* lock.def: hsm.open; guards what follows */
    struct hsm_module module;
    bool usable;    /* the token is open and ours */
    CK_RV refusal;  /* what to say while it is not: HSM_RV_TOKEN_GONE, or what the PIN was called */
    bool logged_in; /* by us, so it is ours to log out */
    CK_SLOT_ID slot;
    struct hsm_session anchor; /* keeps the login alive; never lent */

    pthread_mutex_t check_lock; /* lock.def: hsm.check; one at a time; guards what follows */
    time_t not_before;          /* monotonic seconds: no login earlier, after a wrong PIN */
    CK_RV pin_verdict;          /* what the PIN was called then */

    pthread_mutex_t held_lock; /* lock.def: hsm.sentinel; guards what follows */
    struct hsm_held held[HSM_WRAPPINGS];

    struct hsm_copies copies;

    atomic_ulong reopened;
};

/*
 * Waiting for a lock until a time. ThreadSanitizer does not see those calls that name their clock: it
 * would take the lock for free, so where it looks on they wait by the wall clock.
 */
#ifdef __SANITIZE_THREAD__
#define HSM_CLOCK CLOCK_REALTIME
#define HSM_LOCK_UNTIL(lock, until) pthread_mutex_timedlock((lock), (until))
#define HSM_READ_UNTIL(lock, until) pthread_rwlock_timedrdlock((lock), (until))
#define HSM_WRITE_UNTIL(lock, until) pthread_rwlock_timedwrlock((lock), (until))
#else
#define HSM_CLOCK CLOCK_MONOTONIC
#define HSM_LOCK_UNTIL(lock, until) pthread_mutex_clocklock((lock), HSM_CLOCK, (until))
#define HSM_READ_UNTIL(lock, until) pthread_rwlock_clockrdlock((lock), HSM_CLOCK, (until))
#define HSM_WRITE_UNTIL(lock, until) pthread_rwlock_clockwrlock((lock), HSM_CLOCK, (until))
#endif

/* So many ms from now, by HSM_CLOCK. */
static inline struct timespec hsm_time_in(unsigned millis)
{
    struct timespec time;

    clock_gettime(HSM_CLOCK, &time);
    time.tv_sec += millis / 1000;
    time.tv_nsec += (long) (millis % 1000) * 1000000;
    if (time.tv_nsec >= 1000000000) {
        time.tv_sec++;
        time.tv_nsec -= 1000000000;
    }
    return time;
}
