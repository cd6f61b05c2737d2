/* SPDX-License-Identifier: Apache-2.0 */
/*
 * All stays on one lane have the same patience, so a list for each lane is in order of deadline
 * by itself and its head is the next to expire. The deadline's thread sleeps until the earliest
 * head it saw; a stay that ends sooner does not wake it, only an earlier deadline does.
 */
#include "traffic.h"

#include <assert.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define NEVER INT64_MAX
#define SLEEP_MAX INT64_C(3600000) /* keeps the arithmetic far from overflow */

TAILQ_HEAD(stays, kv_stay);

struct kv_traffic {
    kv_millis patience[KV_LANE_COUNT];
    pthread_t thread;

    pthread_mutex_t mutex;             /* lock.def: listener.suspended */
    pthread_cond_t earlier;            /* for the thread: wake_at went down, or stopping */
    pthread_cond_t idle;               /* for a drain: nothing is left */
    struct stays stays[KV_LANE_COUNT]; /* guarded by mutex, as is all that follows */
    kv_millis wake_at;
    size_t pending; /* requests between enter and leave */
    size_t jobs;    /* between suspend and end_job; an expired one may outlast its request */
    bool draining;
    bool stopping;
};

static kv_millis earliest_deadline_locked(struct kv_traffic *traffic)
{
    kv_millis earliest = NEVER;

    for (size_t i = 0; i < KV_LANE_COUNT; i++) {
        const struct kv_stay *head = TAILQ_FIRST(&traffic->stays[i]);
        if (head != NULL && head->deadline < earliest) {
            earliest = head->deadline;
        }
    }
    return earliest;
}

static struct kv_stay *first_expired_locked(struct kv_traffic *traffic, kv_millis now)
{
    for (size_t i = 0; i < KV_LANE_COUNT; i++) {
        struct kv_stay *head = TAILQ_FIRST(&traffic->stays[i]);
        if (head != NULL && head->deadline <= now) {
            return head;
        }
    }
    return NULL;
}

static void end_stay_locked(struct kv_traffic *traffic, struct kv_stay *stay,
                            enum kv_stay_state state)
{
    TAILQ_REMOVE(&traffic->stays[stay->lane], stay, link);
    stay->state = state;
}

/* The mutex is not held across a call into the library. */
static void expire_locked(struct kv_traffic *traffic)
{
    struct kv_stay *stay;

    while ((stay = first_expired_locked(traffic, kv_clock_monotonic())) != NULL) {
        struct MHD_Connection *connection = stay->connection;
        end_stay_locked(traffic, stay, KV_STAY_EXPIRED);
        pthread_mutex_unlock(&traffic->mutex);
        MHD_resume_connection(connection); /* suspended until now, hence alive */
        pthread_mutex_lock(&traffic->mutex);
    }
}

/* Waits until kv_clock_monotonic() shows `until`, or less; false when it did. */
static bool wait_locked(struct kv_traffic *traffic, pthread_cond_t *condition, kv_millis until)
{
    kv_millis span = until - kv_clock_monotonic();

    if (span <= 0) {
        return false;
    }
    span = span < SLEEP_MAX ? span : SLEEP_MAX;
    int64_t until_us = kv_clock_monotonic_us() + span * 1000; /* of CLOCK_MONOTONIC, as theirs */
    const struct timespec deadline = {
        .tv_sec = until_us / 1000000,
        .tv_nsec = until_us % 1000000 * 1000,
    };
    (void) pthread_cond_timedwait(condition, &traffic->mutex, &deadline); /* callers look again */
    return true;
}

static void *watch_deadlines(void *argument)
{
    struct kv_traffic *traffic = argument;

    pthread_mutex_lock(&traffic->mutex);
    while (!traffic->stopping) {
        expire_locked(traffic);
        traffic->wake_at = earliest_deadline_locked(traffic);
        (void) wait_locked(traffic, &traffic->earlier, traffic->wake_at);
    }
    pthread_mutex_unlock(&traffic->mutex);
    return NULL;
}

static void init_monotonic(pthread_cond_t *condition)
{
    pthread_condattr_t attributes;

    (void) pthread_condattr_init(&attributes); /* none of these can fail on Linux */
    (void) pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    (void) pthread_cond_init(condition, &attributes);
    (void) pthread_condattr_destroy(&attributes);
}

static void destroy(struct kv_traffic *traffic)
{
    (void) pthread_cond_destroy(&traffic->idle);
    (void) pthread_cond_destroy(&traffic->earlier);
    (void) pthread_mutex_destroy(&traffic->mutex);
    free(traffic);
}

enum kv_code kv_traffic_new(const kv_millis patience[KV_LANE_COUNT],
                            struct kv_traffic **ret_traffic, struct kv_err *err)
{
    struct kv_traffic *traffic = calloc(1, sizeof(*traffic));
    sigset_t all, before;

    if (traffic == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    memcpy(traffic->patience, patience, sizeof(traffic->patience));
    traffic->wake_at = NEVER;
    (void) pthread_mutex_init(&traffic->mutex, NULL);
    init_monotonic(&traffic->earlier);
    init_monotonic(&traffic->idle);
    for (size_t i = 0; i < KV_LANE_COUNT; i++) {
        TAILQ_INIT(&traffic->stays[i]);
    }

    sigfillset(&all); /* signals are main's */
    pthread_sigmask(SIG_BLOCK, &all, &before);
    int reason = pthread_create(&traffic->thread, NULL, watch_deadlines, traffic);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (reason != 0) {
        destroy(traffic);
        return KV_FAIL(err, KV_INTERNAL, (unsigned long) reason, "cannot start a thread");
    }
    *ret_traffic = traffic;
    return KV_OK;
}

void kv_traffic_free(struct kv_traffic *traffic)
{
    if (traffic == NULL) {
        return;
    }
    pthread_mutex_lock(&traffic->mutex);
    assert(earliest_deadline_locked(traffic) == NEVER && traffic->jobs == 0);
    traffic->stopping = true;
    pthread_cond_signal(&traffic->earlier);
    pthread_mutex_unlock(&traffic->mutex);

    (void) pthread_join(traffic->thread, NULL); /* ours, and joinable */
    destroy(traffic);
}

bool kv_traffic_enter(struct kv_traffic *traffic)
{
    pthread_mutex_lock(&traffic->mutex);
    traffic->pending++;
    bool open = !traffic->draining;
    pthread_mutex_unlock(&traffic->mutex);
    return open;
}

static void tell_when_idle_locked(struct kv_traffic *traffic)
{
    if (traffic->draining && traffic->pending == 0 && traffic->jobs == 0) {
        pthread_cond_signal(&traffic->idle);
    }
}

void kv_traffic_leave(struct kv_traffic *traffic)
{
    pthread_mutex_lock(&traffic->mutex);
    traffic->pending--;
    tell_when_idle_locked(traffic);
    pthread_mutex_unlock(&traffic->mutex);
}

size_t kv_traffic_pending(struct kv_traffic *traffic)
{
    pthread_mutex_lock(&traffic->mutex);
    size_t pending = traffic->pending;
    pthread_mutex_unlock(&traffic->mutex);
    return pending;
}

static void begin_stay_locked(struct kv_traffic *traffic, struct kv_stay *stay, enum kv_lane lane)
{
    stay->lane = lane;
    stay->deadline = kv_clock_monotonic() + traffic->patience[lane];
    TAILQ_INSERT_TAIL(&traffic->stays[lane], stay, link);
    if (stay->deadline < traffic->wake_at) {
        traffic->wake_at = stay->deadline;
        pthread_cond_signal(&traffic->earlier);
    }
}

void kv_traffic_suspend(struct kv_traffic *traffic, struct kv_stay *stay, enum kv_lane lane)
{
    assert(stay->state == KV_STAY_NONE);
    pthread_mutex_lock(&traffic->mutex);
    stay->state = KV_STAY_AWAITED;
    traffic->jobs++;
    begin_stay_locked(traffic, stay, lane);
    pthread_mutex_unlock(&traffic->mutex);
}

bool kv_traffic_move(struct kv_traffic *traffic, struct kv_stay *stay, enum kv_lane lane)
{
    pthread_mutex_lock(&traffic->mutex);
    bool awaited = stay->state == KV_STAY_AWAITED;
    if (awaited) {
        TAILQ_REMOVE(&traffic->stays[stay->lane], stay, link);
        begin_stay_locked(traffic, stay, lane);
    }
    pthread_mutex_unlock(&traffic->mutex);
    return awaited;
}

enum kv_stay_state kv_traffic_state(struct kv_traffic *traffic, const struct kv_stay *stay)
{
    pthread_mutex_lock(&traffic->mutex);
    enum kv_stay_state state = stay->state;
    pthread_mutex_unlock(&traffic->mutex);
    return state;
}

/* The job counts until after the resumption: a drain must not let the library be stopped in it. */
bool kv_traffic_end_job(struct kv_traffic *traffic, struct kv_stay *stay)
{
    pthread_mutex_lock(&traffic->mutex);
    bool awaited = stay->state == KV_STAY_AWAITED;
    if (awaited) {
        end_stay_locked(traffic, stay, KV_STAY_SETTLED);
    }
    pthread_mutex_unlock(&traffic->mutex);

    if (awaited) {
        MHD_resume_connection(stay->connection);
    }
    pthread_mutex_lock(&traffic->mutex);
    traffic->jobs--;
    tell_when_idle_locked(traffic);
    pthread_mutex_unlock(&traffic->mutex);
    return awaited;
}

bool kv_traffic_drain(struct kv_traffic *traffic, kv_millis patience)
{
    kv_millis until = kv_clock_monotonic() + patience;
    bool in_time = true;

    pthread_mutex_lock(&traffic->mutex);
    traffic->draining = true;
    while (in_time && traffic->pending + traffic->jobs > 0) {
        in_time = wait_locked(traffic, &traffic->idle, until);
    }
    bool drained = traffic->pending + traffic->jobs == 0;
    pthread_mutex_unlock(&traffic->mutex);
    return drained;
}
