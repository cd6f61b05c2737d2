/* SPDX-License-Identifier: Apache-2.0 */
/*
 * crash.h - the parts of the crash test: promises, and the workers that load the daemon until it
 * is killed and look at what is left when it is back.
 *
 * A worker belongs to one thread at a time; what workers share is the tally, two flags and the aim.
 */
#pragma once

#include <semaphore.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "kv/clock.h"
#include "ledger.h"
#include "../support/client.h"
#include "../support/dice.h"
#include "../support/tally.h"

#define WORKER_KEYS 3

enum crash_promise {
    PROMISE_START,
    PROMISE_ALIVE,
    PROMISE_ANSWER,
    PROMISE_LIVE,
    PROMISE_DELETED,
    PROMISE_PURGED,
    PROMISE_WHOLE,
    PROMISE_UNWRAP,
    PROMISE_DISABLED,
    PROMISE_CENSUS,
    PROMISE_FOLDER,
    PROMISE_STOP,
    PROMISE_COUNT
};

/* What a request does to a key, for the ledger and for the statistics. */
enum crash_operation {
    OP_CREATE,
    OP_ROTATE,
    OP_UPDATE,
    OP_DELETE,
    OP_RECOVER,
    OP_PURGE,
    OP_GET,
    OP_WRAP,
    OP_UNWRAP,
    OP_COUNT
};
extern const char *const crash_operation_names[OP_COUNT];

/* A request that a kill cut off: it turned *key into `after`, or it did not happen. */
struct flight {
    enum crash_operation operation;
    struct ledger_key *key; /* NULL: nothing is in flight */
    struct ledger_key after;
};

/* So that a kill can be aimed at a kind of request. */
struct aim {
    atomic_uint operation; /* the next one of this kind posts `sent`; OP_COUNT: none does */
    sem_t sent;
};
void aim_init(struct aim *aim);
void aim_done(struct aim *aim);
void aim_announce(struct aim *aim, enum crash_operation operation); /* by whoever sends it */

/* Waits until a worker sends such a request, at most `patience`. */
void aim_at_request(struct aim *aim, enum crash_operation operation, kv_millis patience);

/* Waits until an object that SoftHSM writes, on the token of that data folder, has come to `size`
 * bytes. It makes an object in forty steps, of which the last writes the key. */
void aim_at_object(const char *folder, off_t size, kv_millis patience);

struct worker {
    struct client client;
    struct tally *tally;
    const atomic_bool *doomed; /* the daemon is about to be killed: a cut connection is no wonder */
    atomic_flag *making;       /* one of the workers has a key made */
    struct aim *aim;
    struct dice dice;
    struct ledger_key key[WORKER_KEYS];
    unsigned marks;
    struct flight flight;
    unsigned long answered[OP_COUNT];
    struct {
        unsigned long happened, did_not;
    } cut[OP_COUNT]; /* how requests in flight turned out */
};

/* Gives the worker its own key names; the client and the rest are the caller's to fill in. */
void worker_init(struct worker *worker, unsigned number);

/* Makes the keys that the worker lacks: where one takes longer to make than a round lasts, there
 * would never be any. */
void worker_furnish(struct worker *worker);

/* Leaves new keys in one state each: disabled, deleted, purged. So even a short run puts every
 * promise to the test. */
void worker_pose(struct worker *worker);

/* Random requests for the worker's own keys until the connection is cut. */
void worker_load(struct worker *worker);

/* Compares what the daemon shows with the ledger, settles what was in flight, and unwraps with
 * every version. */
void worker_audit(struct worker *worker);

/* Versions that the ledger says exist, of deleted keys, too. */
size_t worker_versions(const struct worker *worker);
