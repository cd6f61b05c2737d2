/* SPDX-License-Identifier: Apache-2.0 */
/*
 * traffic.h - the requests of one listener that are under way: which of them are suspended, until
 * when, and whether all are gone.
 *
 * A connection is suspended for a job on a lane, or for a wait that a step chose. It is resumed
 * once: after a job by the worker that has its answer or by the deadline, whichever is faster;
 * after a wait by the timer, which also hears when the client leaves or the clock is moved. One
 * thread does both for all of them. libmicrohttpd aborts the process when it is stopped with a
 * connection suspended, so this is also what shutting down waits for.
 * Thread-safe. Lock order: "listener.suspended" of lock.def.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/queue.h>

#include <microhttpd.h>

#include "heap.h"
#include "kv/base/clock.h"
#include "kv/base/err.h"
#include "kv/http/lanes.h"
#include "kv/http/step.h"

enum kv_stay_state {
    KV_STAY_NONE,    /* not suspended so far */
    KV_STAY_AWAITED, /* suspended; nobody has its answer */
    KV_STAY_SETTLED, /* resumed by the one that has the answer */
    KV_STAY_EXPIRED, /* resumed by the deadline; a late answer is not wanted */
    KV_STAY_WAITING, /* suspended by a step's choice; the next ones are how that ended */
    KV_STAY_DUE,     /* its time has come */
    KV_STAY_OVERDUE, /* it has waited as long as it may */
    KV_STAY_LEFT,    /* its client has left, or has ended its half of the connection */
    KV_STAY_CLOSED,  /* we are shutting down */
    KV_STAY_REFUSED  /* as many wait as may */
};

/* A request's stays; embedded in its exchange, filled by the functions below. */
struct kv_stay {
    struct MHD_Connection *connection; /* does not change, as does the next one */
    int descriptor;
    enum kv_stay_state state;      /* guarded by the traffic's mutex, as is all below */
    struct kv_heap_node due;       /* by the monotonic clock: a deadline, or the end of a wait */
    struct kv_heap_node clock_due; /* by the virtual one */
    kv_millis wait_limit;          /* of all its waits, monotonic; 0: it has not waited so far */
    bool is_overdue_then;          /* `due` is the limit, not the chosen time */
    bool hears_news;               /* its wait ends when there is other news than this */
    unsigned news;
    TAILQ_ENTRY(kv_stay) link; /* while it waits */
};

struct kv_traffic; /* opaque */

/* Real milliseconds. */
struct kv_traffic_bounds {
    kv_millis patience[KV_LANE_COUNT]; /* that a stay on each lane may take */
    kv_millis wait_max;                /* that a request may wait, all its waits together */
    size_t stays;                      /* connections at once, hence suspended ones */
    size_t waits;                      /* of these, such that wait */
};

/* `clock` is that of virtual waits; NULL: there are none. Starts the thread. */
enum kv_code kv_traffic_new(const struct kv_traffic_bounds *bounds, struct kv_clock *clock,
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

/*
 * A connection was suspended for a wait, or to hang. It is resumed in any case, and may be before
 * this returns; kv_traffic_state() then says why.
 */
void kv_traffic_wait(struct kv_traffic *traffic, struct kv_stay *stay,
                     const struct kv_choice *choice);

/* There is news: ends the waits that hear it. Takes no lock. How often there was. */
void kv_traffic_tell(struct kv_traffic *traffic);
unsigned kv_traffic_news(const struct kv_traffic *traffic);

/* How many wait now. */
size_t kv_traffic_waiting(struct kv_traffic *traffic);

/* From now on nothing enters, and nobody waits: those that do are resumed. Waits until no request
 * and no job is left; false: some are. */
bool kv_traffic_drain(struct kv_traffic *traffic, kv_millis patience) kv_must_check;
