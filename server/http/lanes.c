/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A lane is a ring of jobs and the threads that empty it. Its threads leave only when the lane is
 * stopping and the ring is empty, so every job that was accepted runs.
 */
#include "kv/http/lanes.h"

#include <assert.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

struct job {
    kv_job_fn *run;
    void *argument;
};

struct lane {
    pthread_mutex_t mutex; /* lock.def: lanes.queue */
    pthread_cond_t filled;
    struct job *ring; /* guarded by mutex, as are the next four */
    size_t capacity;
    size_t first;
    size_t count;
    bool stopping;

    int niceness;
    pthread_t *threads;
    size_t started; /* threads to join */
};

struct kv_lanes {
    struct lane *lane[KV_LANE_COUNT]; /* KV_LANE_INLINE has none */
};

/* False when the lane is stopping and everything in it was taken. */
static bool take_job(struct lane *lane, struct job *ret_job)
{
    pthread_mutex_lock(&lane->mutex);
    while (lane->count == 0 && !lane->stopping) {
        pthread_cond_wait(&lane->filled, &lane->mutex);
    }
    bool taken = lane->count > 0;
    if (taken) {
        *ret_job = lane->ring[lane->first];
        lane->first = (lane->first + 1) % lane->capacity;
        lane->count--;
    }
    pthread_mutex_unlock(&lane->mutex);
    return taken;
}

/* Linux keeps a nice value for each thread. */
static void lower_priority(int niceness)
{
    id_t self = (id_t) gettid();
    int present = getpriority(PRIO_PROCESS, self);

    /* Where it is refused, key generation merely competes with the rest. */
    (void) setpriority(PRIO_PROCESS, self, present + niceness);
}

static void *run_jobs(void *argument)
{
    struct lane *lane = argument;
    struct job job;

    if (lane->niceness != 0) {
        lower_priority(lane->niceness);
    }
    while (take_job(lane, &job)) {
        job.run(job.argument);
    }
    return NULL;
}

static void stop_lane(struct lane *lane)
{
    if (lane == NULL) {
        return;
    }
    pthread_mutex_lock(&lane->mutex);
    lane->stopping = true;
    pthread_cond_broadcast(&lane->filled);
    pthread_mutex_unlock(&lane->mutex);

    for (; lane->started > 0; lane->started--) {
        (void) pthread_join(lane->threads[lane->started - 1], NULL); /* ours, and joinable */
    }
}

static void free_lane(struct lane *lane)
{
    if (lane == NULL) {
        return;
    }
    (void) pthread_cond_destroy(&lane->filled);
    (void) pthread_mutex_destroy(&lane->mutex);
    free(lane->threads);
    free(lane->ring);
    free(lane);
}

/* Signals are main's: its threads inherit a mask that blocks all of them. */
static enum kv_code start_threads(struct lane *lane, size_t count, struct kv_err *err)
{
    sigset_t all, before;
    int reason = 0;

    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &before);
    while (reason == 0 && lane->started < count) {
        reason = pthread_create(&lane->threads[lane->started], NULL, run_jobs, lane);
        lane->started += reason == 0;
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);

    if (reason != 0) {
        return KV_FAIL(err, KV_INTERNAL, (unsigned long) reason, "cannot start a worker thread");
    }
    return KV_OK;
}

static enum kv_code make_lane(size_t threads, size_t capacity, int niceness, struct lane **ret_lane,
                              struct kv_err *err)
{
    assert(threads > 0 && capacity > 0);
    struct lane *lane = calloc(1, sizeof(*lane));
    if (lane == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    *ret_lane = lane;                              /* the lanes' from here on, also half-made */
    (void) pthread_mutex_init(&lane->mutex, NULL); /* these two cannot fail on Linux */
    (void) pthread_cond_init(&lane->filled, NULL);
    lane->niceness = niceness;
    lane->capacity = capacity;
    lane->ring = calloc(capacity, sizeof(*lane->ring));
    lane->threads = calloc(threads, sizeof(*lane->threads));
    if (lane->ring == NULL || lane->threads == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    return start_threads(lane, threads, err);
}

enum kv_code kv_lanes_new(const struct kv_lanes_config *config, struct kv_lanes **ret_lanes,
                          struct kv_err *err)
{
    kv_auto(kv_lanes_free) struct kv_lanes *lanes = calloc(1, sizeof(*lanes));

    if (lanes == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    KV_TRY(make_lane(config->workers, config->work_queue, 0, &lanes->lane[KV_LANE_WORK], err));
    KV_TRY(make_lane(1, config->generate_queue, config->generate_niceness,
                     &lanes->lane[KV_LANE_GENERATE], err));
    KV_TRY(
        make_lane(config->outside, config->outside_queue, 0, &lanes->lane[KV_LANE_OUTSIDE], err));
    *ret_lanes = kv_take(lanes);
    return KV_OK;
}

/* All lanes stop before one is freed: a job may still post to another lane, and is refused. */
void kv_lanes_free(struct kv_lanes *lanes)
{
    if (lanes == NULL) {
        return;
    }
    for (size_t i = 0; i < KV_LANE_COUNT; i++) {
        stop_lane(lanes->lane[i]);
    }
    for (size_t i = 0; i < KV_LANE_COUNT; i++) {
        free_lane(lanes->lane[i]);
    }
    free(lanes);
}

bool kv_lanes_post(struct kv_lanes *lanes, enum kv_lane lane, kv_job_fn *job, void *argument)
{
    struct lane *target = lanes->lane[lane];
    assert(target != NULL); /* not KV_LANE_INLINE */

    pthread_mutex_lock(&target->mutex);
    bool accepted = target->count < target->capacity && !target->stopping;
    if (accepted) {
        size_t last = (target->first + target->count) % target->capacity;
        target->ring[last] = (struct job){ .run = job, .argument = argument };
        target->count++;
        pthread_cond_signal(&target->filled);
    }
    pthread_mutex_unlock(&target->mutex);
    return accepted;
}

size_t kv_lanes_waiting(const struct kv_lanes *lanes, enum kv_lane lane)
{
    struct lane *target = lanes->lane[lane];
    assert(target != NULL); /* not KV_LANE_INLINE */

    pthread_mutex_lock(&target->mutex);
    size_t count = target->count;
    pthread_mutex_unlock(&target->mutex);
    return count;
}
