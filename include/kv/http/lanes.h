/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kv/http/lanes.h - where a step of a request runs: worker threads behind bounded queues.
 *
 * KV_LANE_INLINE is the thread of the connection (memory and SQLite reads only). KV_LANE_WORK has
 * one thread per processor and takes whatever may block: the token, durable writes.
 * KV_LANE_GENERATE has some threads at a lower priority for key generation, which takes seconds of
 * CPU. KV_LANE_ALONE are the same threads, for what must not run beside generations: such a job
 * begins when all that was posted before it is done, and nothing else begins before it is done.
 * KV_LANE_OUTSIDE has threads that may wait for other servers, and do nothing else: no
 * sessions of the token and no connections of the store are reserved for them. Thread-safe. Lock
 * order: lock.def.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kv/base/err.h"

enum kv_lane {
    KV_LANE_INLINE,
    KV_LANE_WORK,
    KV_LANE_GENERATE,
    KV_LANE_ALONE,
    KV_LANE_OUTSIDE,
    KV_LANE_COUNT
};

struct kv_lanes; /* opaque */

struct kv_lanes_config {
    unsigned workers;      /* threads of KV_LANE_WORK, at least 1 */
    size_t work_queue;     /* jobs that may wait on KV_LANE_WORK */
    unsigned generators;   /* threads of KV_LANE_GENERATE, at least 1 */
    size_t generate_queue; /* jobs that may wait on KV_LANE_GENERATE and KV_LANE_ALONE together */
    int generate_niceness; /* added to the nice value of these threads */
    unsigned outside;      /* threads of KV_LANE_OUTSIDE, at least 1 */
    size_t outside_queue;  /* jobs that may wait on KV_LANE_OUTSIDE */
    size_t outside_share;  /* how many of those may be of one turn, at least 1 */
};

/* Starts the threads. Free with kv_lanes_free(), which runs what is queued, then joins. */
enum kv_code kv_lanes_new(const struct kv_lanes_config *config, struct kv_lanes **ret_lanes,
                          struct kv_err *err) kv_must_check;
void kv_lanes_free(struct kv_lanes *lanes);
KV_DEFINE_CLEANUP(struct kv_lanes *, kv_lanes_free)

typedef void kv_job_fn(void *argument);

/* Queues job(argument) on a lane other than INLINE; returns false at once if its queue is full. */
bool kv_lanes_post(struct kv_lanes *lanes, enum kv_lane lane, kv_job_fn *job,
                   void *argument) kv_must_check;

/*
 * The same on KV_LANE_OUTSIDE for a job that has to wait its turn: jobs with the same turn, any
 * number but 0, run one after another and hold one thread at most, while others overtake them. Also
 * false if as many jobs of that turn as allowed are waiting already.
 */
bool kv_lanes_post_in_turn(struct kv_lanes *lanes, uint64_t turn, kv_job_fn *job,
                           void *argument) kv_must_check;

/* Jobs waiting, and jobs a thread is at, now, for /metrics. */
size_t kv_lanes_waiting(const struct kv_lanes *lanes, enum kv_lane lane);
size_t kv_lanes_running(const struct kv_lanes *lanes, enum kv_lane lane);

/* Whether none is waiting or running now. */
bool kv_lanes_are_idle(const struct kv_lanes *lanes, enum kv_lane lane);
