/* SPDX-License-Identifier: Apache-2.0 */
/* Counts requests and jobs; creates, drains and frees the traffic. */
#include "traffic.h"

#include <assert.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

#include "clockwork.h"

static void init_locks(struct kv_traffic *traffic)
{
    pthread_condattr_t attributes;

    (void) pthread_mutex_init(&traffic->mutex, NULL); /* none of these can fail on Linux */
    (void) pthread_condattr_init(&attributes);
    (void) pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    (void) pthread_cond_init(&traffic->idle, &attributes);
    (void) pthread_condattr_destroy(&attributes);
}

/* Also frees a half-made one. */
static void destroy(struct kv_traffic *traffic)
{
    if (traffic == NULL) {
        return;
    }
    kv_alarm_close(&traffic->alarm);
    kv_heap_done(&traffic->due);
    kv_heap_done(&traffic->clock_due);
    (void) pthread_cond_destroy(&traffic->idle);
    (void) pthread_mutex_destroy(&traffic->mutex);
    free(traffic);
}
KV_DEFINE_CLEANUP(struct kv_traffic *, destroy)

static enum kv_code make(const struct kv_traffic_bounds *bounds, struct kv_clock *clock,
                         struct kv_traffic **ret_traffic, struct kv_err *err)
{
    kv_auto(destroy) struct kv_traffic *traffic = calloc(1, sizeof(*traffic));

    if (traffic == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    init_locks(traffic);
    traffic->alarm = (struct kv_alarm){ -1, -1 };
    traffic->bounds = *bounds;
    traffic->clock = clock;
    traffic->watch = (struct kv_clock_watch){ .tell = clockwork_ring, .argument = traffic };
    traffic->wake_at = NEVER;
    TAILQ_INIT(&traffic->waiting);
    KV_TRY(kv_heap_init(&traffic->due, bounds->stays, err));
    KV_TRY(kv_heap_init(&traffic->clock_due, bounds->waits, err));
    KV_TRY(kv_alarm_open(&traffic->alarm, err));
    *ret_traffic = kv_take(traffic);
    return KV_OK;
}

/* Signals are main's: its threads inherit a mask that blocks all of them. */
enum kv_code kv_traffic_new(const struct kv_traffic_bounds *bounds, struct kv_clock *clock,
                            struct kv_traffic **ret_traffic, struct kv_err *err)
{
    kv_auto(destroy) struct kv_traffic *traffic = NULL;
    sigset_t all, before;

    KV_TRY(make(bounds, clock, &traffic, err));
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &before);
    int reason = pthread_create(&traffic->thread, NULL, clockwork_run, traffic);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (reason != 0) {
        return KV_FAIL(err, KV_INTERNAL, (unsigned long) reason, "cannot start a thread");
    }
    if (clock != NULL) {
        kv_clock_watch(clock, &traffic->watch);
    }
    *ret_traffic = kv_take(traffic);
    return KV_OK;
}

void kv_traffic_free(struct kv_traffic *traffic)
{
    if (traffic == NULL) {
        return;
    }
    if (traffic->clock != NULL) {
        kv_clock_unwatch(traffic->clock, &traffic->watch);
    }
    pthread_mutex_lock(&traffic->mutex);
    assert(kv_heap_first(&traffic->due) == NULL && traffic->jobs == 0);
    traffic->stopping = true;
    pthread_mutex_unlock(&traffic->mutex);
    clockwork_ring(traffic);

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

void kv_traffic_leave(struct kv_traffic *traffic)
{
    pthread_mutex_lock(&traffic->mutex);
    traffic->pending--;
    clockwork_tell_if_idle_locked(traffic);
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
    kv_millis deadline = kv_clock_monotonic() + traffic->bounds.patience[lane];

    kv_heap_add(&traffic->due, &stay->due, deadline, stay);
    clockwork_wake_locked(traffic, deadline);
}

void kv_traffic_suspend(struct kv_traffic *traffic, struct kv_stay *stay, enum kv_lane lane)
{
    pthread_mutex_lock(&traffic->mutex);
    assert(stay->state != KV_STAY_AWAITED && stay->state != KV_STAY_WAITING);
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
        kv_heap_remove(&traffic->due, &stay->due);
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

/* The job counts until after the resumption: a drain must not let the library be stopped during
 * it. */
bool kv_traffic_end_job(struct kv_traffic *traffic, struct kv_stay *stay)
{
    pthread_mutex_lock(&traffic->mutex);
    bool awaited = stay->state == KV_STAY_AWAITED;
    if (awaited) {
        clockwork_end_stay_locked(traffic, stay, KV_STAY_SETTLED);
    }
    pthread_mutex_unlock(&traffic->mutex);

    if (awaited) {
        MHD_resume_connection(stay->connection);
    }
    pthread_mutex_lock(&traffic->mutex);
    traffic->jobs--;
    clockwork_tell_if_idle_locked(traffic);
    pthread_mutex_unlock(&traffic->mutex);
    return awaited;
}

size_t kv_traffic_waiting(struct kv_traffic *traffic)
{
    pthread_mutex_lock(&traffic->mutex);
    size_t waits = traffic->waits;
    pthread_mutex_unlock(&traffic->mutex);
    return waits;
}

/* False: it is `until`. The condition's clock is that of kv_clock_monotonic(). */
static bool await_idle_locked(struct kv_traffic *traffic, kv_millis until)
{
    const struct timespec time = { .tv_sec = until / 1000, .tv_nsec = until % 1000 * 1000000 };

    return pthread_cond_timedwait(&traffic->idle, &traffic->mutex, &time) == 0;
}

bool kv_traffic_drain(struct kv_traffic *traffic, kv_millis patience)
{
    kv_millis until = kv_clock_monotonic() + patience;
    bool in_time = true;

    pthread_mutex_lock(&traffic->mutex);
    traffic->draining = true;
    clockwork_ring(traffic);
    while (in_time && !clockwork_is_idle_locked(traffic)) {
        in_time = await_idle_locked(traffic, until);
    }
    bool drained = clockwork_is_idle_locked(traffic);
    pthread_mutex_unlock(&traffic->mutex);
    return drained;
}
