/* SPDX-License-Identifier: Apache-2.0 */
/*
 * traffic.h - the requests of one listener that are under way: which of them are suspended, until
 * when, and whether all are gone.
 *
 * A suspended connection is resumed by exactly one of two: the worker that has its answer, or the
 * deadline. libmicrohttpd aborts the process when it is stopped with a connection suspended, so
 * this is also what shutting down waits for.
 * Thread-safe. Lock order: "listener.suspended" of lock.def.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/queue.h>

#include <microhttpd.h>

#include "kv/base/clock.h"
#include "kv/base/err.h"
#include "kv/http/lanes.h"

enum kv_stay_state {
    KV_STAY_NONE,    /* not suspended so far */
    KV_STAY_AWAITED, /* suspended; nobody has its answer */
    KV_STAY_SETTLED, /* resumed by the one that has the answer */
    KV_STAY_EXPIRED  /* resumed by the deadline; a late answer is not wanted */
};

/* A request's stay on the lanes; embedded in its exchange, filled by the functions below. */
struct kv_stay {
    struct MHD_Connection *connection;
    TAILQ_ENTRY(kv_stay) link; /* guarded by the traffic's mutex, as are the next three */
    enum kv_stay_state state;
    enum kv_lane lane;
    kv_millis deadline;
};

struct kv_traffic; /* opaque */

/* `patience`: real milliseconds that a stay on each lane may take. Starts the deadline's thread. */
enum kv_code kv_traffic_new(const kv_millis patience[KV_LANE_COUNT],
                            struct kv_traffic **ret_traffic, struct kv_err *err) kv_must_check;
/* Nothing may be suspended any more. NULL is fine. */
void kv_traffic_free(struct kv_traffic *traffic);
KV_DEFINE_CLEANUP(struct kv_traffic *, kv_traffic_free)

/* A whole request is there. Counts it until kv_traffic_leave(); false: refuse it, we are closing. */
bool kv_traffic_enter(struct kv_traffic *traffic) kv_must_check;
void kv_traffic_leave(struct kv_traffic *traffic);
size_t kv_traffic_pending(struct kv_traffic *traffic);

/* A connection was suspended and its job is about to be posted: one more job under way. */
void kv_traffic_suspend(struct kv_traffic *traffic, struct kv_stay *stay, enum kv_lane lane);

/* The job goes on in another lane, with that lane's patience; false: the deadline was faster. */
bool kv_traffic_move(struct kv_traffic *traffic, struct kv_stay *stay,
                     enum kv_lane lane) kv_must_check;

enum kv_stay_state kv_traffic_state(struct kv_traffic *traffic, const struct kv_stay *stay);

/* The job is over: resumes the connection, or returns false when the deadline was faster. */
bool kv_traffic_end_job(struct kv_traffic *traffic, struct kv_stay *stay);

/* From now on nothing enters. Waits until no request and no job is left; false: some are. */
bool kv_traffic_drain(struct kv_traffic *traffic, kv_millis patience) kv_must_check;
