/* SPDX-License-Identifier: Apache-2.0 */
/*
 * contention.h - the parts of the contention test: many players ask for everything under the same
 * few names, each answer is held against the contract, and a chronicle keeps what the answers
 * add up to.
 *
 * A player belongs to its thread, but for its two atomic members; everything else here is shared
 * and locks for itself.
 */
#pragma once

#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "../support/client.h"
#include "../support/dice.h"
#include "../support/tally.h"
#include "kv/base/base64.h"
#include "kv/base/clock.h"
#include "kv/base/uuid.h"

#define PLAYERS 16
#define VAULTS 2
#define NAMES 4
#define MAKERS 3
#define ENVELOPES 512

enum contention_promise {
    PROMISE_START,
    PROMISE_ANSWERED,
    PROMISE_CONTRACT,
    PROMISE_SUBJECT,
    PROMISE_BYTES,
    PROMISE_PROGRESS,
    PROMISE_HISTORY,
    PROMISE_KEPT,
    PROMISE_KNOWN,
    PROMISE_USABLE,
    PROMISE_CENSUS,
    PROMISE_FOLDER,
    PROMISE_STOP,
    PROMISE_COUNT
};

enum contention_operation {
    OP_CREATE,
    OP_ROTATE,
    OP_UPDATE,
    OP_DELETE,
    OP_RECOVER,
    OP_PURGE,
    OP_GET,
    OP_GET_POLICY,
    OP_SET_POLICY,
    OP_GET_VERSION,
    OP_GET_DELETED,
    OP_LIST,
    OP_LIST_VERSIONS,
    OP_LIST_DELETED,
    OP_WRAP,
    OP_UNWRAP,
    OP_UNWRAP_LATEST,
    OP_COUNT
};
extern const char *const contention_operation_names[OP_COUNT];

/* An answer the contract allows. */
enum outcome_when {
    ALWAYS,
    LAGGING,   /* only where deletions stay pending for a while */
    PURGEABLE, /* only in the vault without purge protection */
    PROTECTED, /* only in the other one */
};
struct outcome {
    enum contention_operation operation;
    enum outcome_when when;
    long status;
    const char *code, *inner; /* of the error; "" none */
};
#define OUTCOMES_MAX 48
extern const struct outcome contention_outcomes[OUTCOMES_MAX]; /* ends with status 0 */

/* The row of that answer, NULL when the contract does not allow it. */
struct scene {
    bool lagging;
    bool is_protected;
};
const struct outcome *outcome_find(enum contention_operation operation, struct scene scene,
                                   const struct reply *reply);

/* What acknowledged answers say of a name, whatever their order was. */
struct chronicle {
    pthread_mutex_t mutex;
    char (*versions)[KV_VERSION_LENGTH + 1]; /* heap, guarded by mutex; every one ever made */
    size_t count;                            /* guarded by mutex */
    atomic_ulong deletions, recoveries, purges;
};

/* Something wrapped. */
struct envelope {
    unsigned vault, name;
    char version[KV_VERSION_LENGTH + 1]; /* "": nothing here yet */
    const char *alg;
    char plain[KV_BASE64URL_LENGTH(32) + 1];
    char cipher[KV_BASE64URL_LENGTH(256) + 1];
};

struct contention {
    const struct daemon *daemon;
    struct tally *tally;
    bool lagging;
    struct chronicle chronicle[VAULTS][NAMES];
    pthread_mutex_t mutex;
    struct envelope envelope[ENVELOPES]; /* guarded by mutex */
    sem_t makers;                        /* how many may have a key made at the same time */
    atomic_bool over;
    atomic_ulong outcomes[OUTCOMES_MAX];
};

struct player {
    struct contention *contention;
    struct client client;
    struct dice dice;
    _Atomic kv_millis busy_since; /* of the request under way; 0: none */
    atomic_uint operation;        /* the request's */
    pthread_t thread;
};

extern const char *const contention_names[NAMES];
extern const char *const contention_vaults[VAULTS]; /* the second one has purge protection */

/* Sends to a vault of that number. */
struct reply contention_send(struct client *client, unsigned vault, const char *method,
                             const char *path, const char *body);

/* Makes every key once, so that there is something to contend for; false when that fails. */
bool player_furnish(struct player *player);

/* Random requests until `over`. */
void player_play(struct player *player);

/*
 * When nobody plays any more: holds what is there against the chronicles, one promise after the
 * other. Recovers what is deleted and enables what is disabled.
 */
void contention_review(struct contention *contention, struct client *client, kv_millis lag);
