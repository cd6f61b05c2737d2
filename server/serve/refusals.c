/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether the HTTPS port refuses connections, as the fault rules have it. A change of the rules takes
 * effect before whoever made it is answered. While there are such rules, a thread looks whether one of
 * them has begun or ended by its clock, of which there are two.
 */
#include "refusals.h"

#include <errno.h>
#include <time.h>

#include "kv/base/log.h"

#define LOOK_EVERY_MS 20

/* A port that cannot accept again is tried again at the next look. */
static void turn_locked(struct refusals *refusals, bool refuses)
{
    bool done = kv_listener_refuse(refusals->listener, refuses);

    if (!done && !refusals->is_stuck) {
        kv_log(KV_LOG_ERROR, "port_is_stuck", KV_LOG_NUMBER_FIELD("reason", errno));
    }
    refusals->is_stuck = !done;
    refusals->refuses = refuses || !done;
}

static void look_locked(struct refusals *refusals)
{
    enum kv_fault_refusing state =
        kv_faults_refusing(refusals->faults, kv_clock_now(refusals->clock));
    bool refuses = state == KV_FAULT_REFUSES_NOW, refused = refusals->refuses;

    if (refuses || refused) {
        turn_locked(refusals, refuses);
    }
    if (refusals->refuses != refused) {
        kv_log(KV_LOG_INFO, refuses ? "port_refuses" : "port_accepts",
               KV_LOG_NUMBER_FIELD("port", kv_listener_port(refusals->listener)));
    }
    refusals->looks = state != KV_FAULT_REFUSES_NEVER || refusals->refuses;
}

/* The rules have changed. */
static void look_again(void *context)
{
    struct refusals *refusals = context;

    pthread_mutex_lock(&refusals->lock);
    if (refusals->runs) {
        look_locked(refusals);
        pthread_cond_signal(&refusals->news);
    }
    pthread_mutex_unlock(&refusals->lock);
}

static void wait_locked(struct refusals *refusals)
{
    struct timespec until;

    if (!refusals->looks) {
        (void) pthread_cond_wait(&refusals->news, &refusals->lock);
        return;
    }
    kv_millis end = kv_clock_monotonic() + LOOK_EVERY_MS;
    until = (struct timespec){ end / 1000, end % 1000 * 1000000 };
    (void) pthread_cond_timedwait(&refusals->news, &refusals->lock, &until);
}

static void *keep_looking(void *argument)
{
    struct refusals *refusals = argument;

    pthread_mutex_lock(&refusals->lock);
    while (refusals->runs) {
        wait_locked(refusals);
        if (refusals->runs && refusals->looks) {
            look_locked(refusals);
        }
    }
    pthread_mutex_unlock(&refusals->lock);
    return NULL;
}

static void init_condition(pthread_cond_t *condition)
{
    pthread_condattr_t attributes;

    (void) pthread_condattr_init(&attributes); /* none of these can fail on Linux */
    (void) pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    (void) pthread_cond_init(condition, &attributes);
    (void) pthread_condattr_destroy(&attributes);
}

enum kv_code refusals_open(struct refusals *refusals, struct kv_faults *faults,
                           struct kv_clock *clock, struct kv_listener *listener, struct kv_err *err)
{
    *refusals = (struct refusals){ .faults = faults, .clock = clock, .listener = listener };
    (void) pthread_mutex_init(&refusals->lock, NULL); /* cannot fail on Linux */
    init_condition(&refusals->news);
    refusals->runs = true;
    if (pthread_create(&refusals->thread, NULL, keep_looking, refusals) != 0) {
        refusals->runs = false;
        return KV_FAIL(err, KV_INTERNAL, 0, "no thread can be started");
    }
    kv_faults_watch(faults, look_again, refusals);
    return KV_OK;
}

void refusals_close(struct refusals *refusals)
{
    if (!refusals->runs) {
        return;
    }
    pthread_mutex_lock(&refusals->lock);
    refusals->runs = false;
    pthread_cond_signal(&refusals->news);
    pthread_mutex_unlock(&refusals->lock);
    (void) pthread_join(refusals->thread, NULL);
}
