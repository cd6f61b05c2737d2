/* SPDX-License-Identifier: Apache-2.0 */
/*
 * crash.h - the parts of the crash test: promises, and the workers that load the daemon until it
 * is killed and look at what is left when it is back.
 *
 * A worker belongs to one thread at a time; what workers share is the tally, two flags and the aim.
 */
#pragma once

#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "../support/client.h"
#include "../support/consistency.h"
#include "../support/dice.h"
#include "../support/tally.h"
#include "kv/base/clock.h"
#include "ledger.h"

#define WORKER_KEYS 3

/* A kind of key: what a version is made of, and how it proves that it is there. */
struct crash_kind {
    const char *name;          /* for people */
    const char *create;        /* the members that ask for one */
    const char *kty, *hsm_kty; /* of one that is imported, and of one that comes wrapped */
    const char *group;         /* OpenSSL's, of an EC key */
    unsigned bits;             /* of all others */
    bool signs;                /* or else wraps */
    const char *alg;
};
#define CRASH_KINDS 6
extern const struct crash_kind crash_kinds[CRASH_KINDS];

/* Requests that have a version wrap or sign `plain`, and unwrap or verify what came of it. Both give
 * the operation. */
#define PROOF_BODY_SIZE 512
const char *proof_seal(const struct crash_kind *kind, const char *plain,
                       char ret_body[PROOF_BODY_SIZE]);
const char *proof_open(const struct crash_kind *kind, const char *plain, const char *cipher,
                       char ret_body[PROOF_BODY_SIZE]);
bool proof_holds(const struct crash_kind *kind, const char *plain, const struct reply *opened);
void proof_roll(struct dice *dice, char ret_plain[]); /* LEDGER_PLAIN bytes, base64url */

/* A key of each kind from elsewhere: as a JWK, and as one whose private half is wrapped to the key
 * exchange key. Read-only once loaded. */
struct cargo {
    char *clear[CRASH_KINDS], *wrapped[CRASH_KINDS]; /* heap */
};
bool cargo_load(struct cargo *cargo, const struct reply *kek); /* the answer to its creation */
void cargo_done(struct cargo *cargo);

/* The public keys that were handed out. Thread-safe. */
struct handed_key;
struct handed {
    pthread_mutex_t mutex;
    struct handed_key *keys; /* guarded by mutex */
};
void handed_init(struct handed *handed);
void handed_done(struct handed *handed);
/* Puts PROMISE_UNIQUE to the test with the answer to a create or a rotation. */
bool handed_check(struct handed *handed, struct tally *tally, const struct reply *reply);

/* What the daemon counts, once that agrees with itself, or after a while; `own`: keys on the token that
 * are coffer's own. */
bool crash_read_census(const struct daemon *daemon, size_t own, struct census *ret_census);

enum crash_promise {
    PROMISE_START,
    PROMISE_ALIVE,
    PROMISE_ANSWER,
    PROMISE_LIVE,
    PROMISE_DELETED,
    PROMISE_PURGED,
    PROMISE_WHOLE,
    PROMISE_UNIQUE,
    PROMISE_OPEN,
    PROMISE_SEAL,
    PROMISE_DISABLED,
    PROMISE_VAULT_LIVE,
    PROMISE_VAULT_DELETED,
    PROMISE_VAULT_PURGED,
    PROMISE_VAULTS,
    PROMISE_CENSUS,
    PROMISE_FOLDER,
    PROMISE_STOP,
    PROMISE_REACH,
    PROMISE_COUNT
};

/* What a request does to a key, or to a vault, for the ledger and for the statistics. */
enum crash_operation {
    OP_CREATE,
    OP_IMPORT,
    OP_TRANSFER, /* an import, too */
    OP_ROTATE,
    OP_UPDATE,
    OP_POLICY,
    OP_DELETE,
    OP_RECOVER,
    OP_PURGE,
    OP_RESTORE,
    OP_GET, /* from here on nothing changes */
    OP_BACKUP,
    OP_SEAL,
    OP_OPEN,
    OP_COUNT, /* of those of keys; these are of vaults */
    OP_VAULT_MAKE = OP_COUNT,
    OP_VAULT_CHANGE,
    OP_VAULT_DELETE,
    OP_VAULT_RECOVER,
    OP_VAULT_PURGE,
    OP_LODGE, /* has a key made in one */
    OP_VAULT_LOOK,
    OP_ALL
};
extern const char *const crash_operation_names[OP_ALL];

/* A request that a kill cut off: it turned *key into `after`, or it did not happen. */
struct flight {
    enum crash_operation operation;
    struct ledger_key *key; /* NULL: nothing is in flight */
    struct ledger_key after;
};

/* So that a kill can be aimed at a kind of request. */
struct aim {
    atomic_uint operation; /* the next one of this kind posts `sent`; OP_ALL: none does */
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

/* How requests of one kind turned out; the last two: those that a kill cut off. */
struct deeds {
    unsigned long answered, happened, did_not;
};

struct worker {
    struct client client;
    struct tally *tally;
    const atomic_bool *doomed; /* the daemon is about to be killed: a cut connection is no wonder */
    atomic_flag *making;       /* one of the workers has a key made */
    const struct cargo *cargo;
    struct handed *handed;
    struct aim *aim;
    struct dice dice;
    struct ledger_key key[WORKER_KEYS];
    struct {
        char *value; /* heap; NULL: none */
        struct ledger_key key;
    } backup[WORKER_KEYS];
    unsigned number, marks;
    unsigned kinds; /* whatever makes a version takes the next kind */
    struct flight flight;
    struct deeds deeds[OP_COUNT];
    unsigned long proven[CRASH_KINDS];
};

/* Gives the worker its own key names; the client and the rest are the caller's to fill in. */
void worker_init(struct worker *worker, unsigned number);
void worker_done(struct worker *worker);

/* Makes the keys that the worker lacks: where one takes longer to make than a round lasts, there
 * would never be any. */
void worker_furnish(struct worker *worker);

/* Leaves new keys in one state each, by way of every operation. So even a short run puts every
 * promise to the test. */
void worker_pose(struct worker *worker);

/* Random requests for the worker's own keys until the connection is cut. */
void worker_load(struct worker *worker);

/* Compares what the daemon shows with the ledger, settles what was in flight, and uses every
 * version. */
void worker_audit(struct worker *worker);

/* What the ledger says exists: keys by state, and versions, of deleted keys, too. */
size_t worker_keys(const struct worker *worker, enum ledger_state state);
size_t worker_versions(const struct worker *worker);
