/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A lane is a ring of jobs and the threads that empty it. Its threads leave only when the lane is
 * stopping and the ring has nothing for them, so every job that was accepted runs.
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
    uint64_t turn; /* 0: it does not wait for other jobs */
    bool alone;    /* while it runs no other job of the lane does */
};

struct lane {
    pthread_mutex_t mutex; /* lock.def: lanes.queue */
    pthread_cond_t filled;
    struct job *ring; /* guarded by mutex, as are the next eight */
    size_t capacity;
    size_t first;
    size_t count;
    uint64_t *turns; /* running now, one per thread */
    size_t turn_count;
    size_t running;
    bool is_alone; /* the one that is running */
    bool stopping;

    size_t share; /* jobs of one turn in the ring */
    int niceness;
    pthread_t *threads;
    size_t started; /* threads to join */
};

struct kv_lanes {
    struct lane *lane[KV_LANE_COUNT]; /* KV_LANE_INLINE has none, nor has KV_LANE_ALONE */
};

/* Where the jobs for a lane queue. */
static struct lane *find_lane(const struct kv_lanes *lanes, enum kv_lane lane)
{
    struct lane *found = lanes->lane[lane == KV_LANE_ALONE ? KV_LANE_GENERATE : lane];

    assert(found != NULL); /* not KV_LANE_INLINE */
    return found;
}

static struct job *job_at_locked(struct lane *lane, size_t place)
{
    return &lane->ring[(lane->first + place) % lane->capacity];
}

static bool is_running_locked(const struct lane *lane, uint64_t turn)
{
    size_t i = 0;

    while (i < lane->turn_count && lane->turns[i] != turn) {
        i++;
    }
    return i < lane->turn_count;
}

/* One that wants to be alone waits until nothing runs, and nobody overtakes it. */
static bool is_barred_locked(const struct lane *lane, const struct job *job)
{
    return lane->is_alone || (job->alone && lane->running > 0);
}

/* The first one whose turn it is; `count` when there is none. */
static size_t find_job_locked(struct lane *lane)
{
    for (size_t place = 0; place < lane->count; place++) {
        const struct job *job = job_at_locked(lane, place);

        if (is_barred_locked(lane, job)) {
            return lane->count;
        }
        if (!is_running_locked(lane, job->turn)) {
            return place;
        }
    }
    return lane->count;
}

/* Those before it take one place each towards it. */
static void take_out_locked(struct lane *lane, size_t place, struct job *ret_job)
{
    *ret_job = *job_at_locked(lane, place);
    for (; place > 0; place--) {
        *job_at_locked(lane, place) = *job_at_locked(lane, place - 1);
    }
    lane->first = (lane->first + 1) % lane->capacity;
    lane->count--;
    lane->running++;
    lane->is_alone = ret_job->alone;
    if (ret_job->turn != 0) {
        lane->turns[lane->turn_count++] = ret_job->turn;
    }
}

/*
 * False when the lane is stopping and has nothing left for this thread: jobs waiting for their turn
 * are left to the thread that is running that turn now.
 */
static bool take_job(struct lane *lane, struct job *ret_job)
{
    pthread_mutex_lock(&lane->mutex);
    size_t place = find_job_locked(lane);
    while (place == lane->count && !lane->stopping) {
        pthread_cond_wait(&lane->filled, &lane->mutex);
        place = find_job_locked(lane);
    }
    bool taken = place < lane->count;
    if (taken) {
        take_out_locked(lane, place, ret_job);
    }
    pthread_mutex_unlock(&lane->mutex);
    return taken;
}

static void end_turn_locked(struct lane *lane, uint64_t turn)
{
    size_t i = 0;

    while (lane->turns[i] != turn) {
        i++;
    }
    lane->turns[i] = lane->turns[--lane->turn_count];
}

/* Those who waited for it may run: on this thread, or, if this one finds an older job, on another. */
static void end_job(struct lane *lane, const struct job *job)
{
    pthread_mutex_lock(&lane->mutex);
    lane->running--;
    lane->is_alone = false;
    if (job->turn != 0) {
        end_turn_locked(lane, job->turn);
        pthread_cond_signal(&lane->filled);
    }
    if (job->alone || (lane->count > 0 && job_at_locked(lane, 0)->alone)) {
        pthread_cond_broadcast(&lane->filled);
    }
    pthread_mutex_unlock(&lane->mutex);
}

/* Linux keeps a nice value for each thread. */
static void lower_priority(int niceness)
{
    id_t self = (id_t) gettid();
    int present = getpriority(PRIO_PROCESS, self);

    /* If it is refused, key generation merely competes with the rest. */
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
        end_job(lane, &job);
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
    free(lane->turns);
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
    *ret_lane = lane;                              /* the lanes own it from here on */
    (void) pthread_mutex_init(&lane->mutex, NULL); /* these two cannot fail on Linux */
    (void) pthread_cond_init(&lane->filled, NULL);
    lane->niceness = niceness;
    lane->capacity = capacity;
    lane->ring = calloc(capacity, sizeof(*lane->ring));
    lane->turns = calloc(threads, sizeof(*lane->turns));
    lane->threads = calloc(threads, sizeof(*lane->threads));
    if (lane->ring == NULL || lane->turns == NULL || lane->threads == NULL) {
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
    KV_TRY(make_lane(config->generators, config->generate_queue, config->generate_niceness,
                     &lanes->lane[KV_LANE_GENERATE], err));
    KV_TRY(
        make_lane(config->outside, config->outside_queue, 0, &lanes->lane[KV_LANE_OUTSIDE], err));
    lanes->lane[KV_LANE_OUTSIDE]->share = config->outside_share;
    *ret_lanes = kv_take(lanes);
    return KV_OK;
}

/* All lanes stop before any is freed: a job may still post to another lane, and is refused. */
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

static bool has_room_locked(struct lane *lane, uint64_t turn)
{
    size_t alike = 0;

    for (size_t i = 0; turn != 0 && i < lane->count; i++) {
        alike += job_at_locked(lane, i)->turn == turn;
    }
    return lane->count < lane->capacity && (turn == 0 || alike < lane->share);
}

static bool post(struct lane *lane, const struct job *job)
{
    pthread_mutex_lock(&lane->mutex);
    bool accepted = !lane->stopping && has_room_locked(lane, job->turn);
    if (accepted) {
        *job_at_locked(lane, lane->count++) = *job;
    }
    pthread_mutex_unlock(&lane->mutex);

    if (accepted) { /* without the mutex, for which the thread would only wait */
        pthread_cond_signal(&lane->filled);
    }
    return accepted;
}

bool kv_lanes_post(struct kv_lanes *lanes, enum kv_lane lane, kv_job_fn *job, void *argument)
{
    return post(find_lane(lanes, lane),
                &(struct job){ .run = job, .argument = argument, .alone = lane == KV_LANE_ALONE });
}

bool kv_lanes_post_in_turn(struct kv_lanes *lanes, uint64_t turn, kv_job_fn *job, void *argument)
{
    assert(turn != 0);
    return post(lanes->lane[KV_LANE_OUTSIDE],
                &(struct job){ .run = job, .argument = argument, .turn = turn });
}

struct load {
    size_t waiting, running;
};

static struct load look_at(const struct kv_lanes *lanes, enum kv_lane lane)
{
    struct lane *target = find_lane(lanes, lane);

    pthread_mutex_lock(&target->mutex);
    struct load load = { target->count, target->running };
    pthread_mutex_unlock(&target->mutex);
    return load;
}

size_t kv_lanes_waiting(const struct kv_lanes *lanes, enum kv_lane lane)
{
    return look_at(lanes, lane).waiting;
}

size_t kv_lanes_running(const struct kv_lanes *lanes, enum kv_lane lane)
{
    return look_at(lanes, lane).running;
}

bool kv_lanes_are_idle(const struct kv_lanes *lanes, enum kv_lane lane)
{
    struct load load = look_at(lanes, lane);

    return load.waiting + load.running == 0;
}
