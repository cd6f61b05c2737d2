/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vaults.h - the parts of the stress of vaults: clients that make, delete, recover and purge vaults
 * of a few names and use the keys in them, each answer held against what the others may have done
 * meanwhile.
 *
 * A vault that was purged and made again is another incarnation of its name. How many there were is
 * never known for sure while a purge is under way; two numbers are known, between which it lies.
 * A player belongs to its thread; the rest is shared and locks for itself.
 */
#pragma once

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "../support/client.h"
#include "../support/dice.h"
#include "../support/tally.h"
#include "kv/base/base64.h"
#include "kv/base/clock.h"
#include "kv/base/uuid.h"

#define PLAYERS 8
#define VAULTS 5
#define MORTALS 3      /* of them, the first ones */
#define SHARED PLAYERS /* the number of the key that everybody makes versions of */
#define NO_NAME (PLAYERS + 1)
#define DEEDS_MAX 65536
#define CIPHER_MAX 64 /* bytes: of a signature of P-256 */

enum vaults_promise {
    PROMISE_START,
    PROMISE_ANSWERED,
    PROMISE_ALLOWED,
    PROMISE_EXACT,
    PROMISE_SUBJECT,
    PROMISE_OWNER,
    PROMISE_INCARNATION,
    PROMISE_KEPT,
    PROMISE_BYTES,
    PROMISE_HISTORY,
    PROMISE_EMPTY,
    PROMISE_CENSUS,
    PROMISE_FOLDER,
    PROMISE_STOP,
    PROMISE_COUNT
};

enum vaults_operation {
    OP_MAKE,
    OP_CHANGE,
    OP_DELETE,
    OP_RECOVER,
    OP_PURGE,
    OP_LOOK,
    OP_LIST_VAULTS,
    OP_CREATE,
    OP_CREATE_SHARED,
    OP_GET,
    OP_GET_SHARED,
    OP_LIST,
    OP_SEAL,
    OP_OPEN,
    OP_DELETE_KEY,
    OP_PURGE_KEY,
    OP_ASTRAY, /* the name as one of the other kind */
    OP_COUNT
};
extern const char *const vaults_operation_names[OP_COUNT];

enum life { LIFE_ABSENT, LIFE_LIVE, LIFE_DELETED, LIFE_COUNT };
extern const char *const life_names[LIFE_COUNT];

/* An answer that is right when the vault is so. */
struct outcome {
    enum vaults_operation operation;
    enum life life;
    long status;
    const char *code; /* of the error; "" none */
};
#define OUTCOMES_MAX 64
extern const struct outcome vaults_outcomes[OUTCOMES_MAX]; /* ends with status 0 */

/* The row of that answer; `life` LIFE_COUNT: however the vault is. NULL: it is wrong. */
const struct outcome *outcome_find(enum vaults_operation operation, enum life life,
                                   const struct reply *reply);

/* The vaults, those that nobody deletes last. Keys of a kind fit for it are made in each. */
struct estate {
    const char *name;
    bool is_hsm, is_mortal;
};
extern const struct estate vaults_estates[VAULTS];

/* Between which two numbers that of the purges lies that came before. */
struct span {
    unsigned long first, last;
};
static inline bool spans_meet(struct span a, struct span b)
{
    return a.first <= b.last && b.first <= a.last;
}

/* What acknowledged answers say of a vault. */
struct annals {
    pthread_mutex_t mutex;                          /* of all below */
    unsigned under_way, purging;                    /* requests about its life; purges of them */
    unsigned long steps;                            /* so many have begun and ended */
    unsigned long made, deleted, recovered, purged; /* answered so */
};

/* One look at them. */
struct moment {
    unsigned under_way;
    unsigned long steps;
    enum life life; /* while nothing is under way */
    struct span incarnation;
};

void annals_init(struct annals *annals, bool exists);
void annals_done(struct annals *annals);
struct moment annals_look(struct annals *annals);

/* Around a request about the vault's life; both look as well, before it and after it. */
struct moment annals_begin(struct annals *annals, enum vaults_operation operation);
struct moment annals_end(struct annals *annals, enum vaults_operation operation, long status);

/* Whether what was acknowledged can have happened in some order, and is over. */
bool annals_add_up(struct annals *annals, char *ret_text, size_t size);

/* A key that was asked for; its number is the value of its only tag. */
struct deed {
    unsigned vault, name;
    struct span incarnation;
    char version[KV_VERSION_LENGTH + 1]; /* "": not answered yet */
};

struct stress {
    const struct daemon *daemon;
    struct tally *tally;
    struct annals annals[VAULTS];
    pthread_mutex_t mutex;
    struct deed *deeds;  /* heap, guarded by mutex; DEEDS_MAX */
    unsigned deed_count; /* guarded by mutex */
    atomic_bool over;
    atomic_ulong outcomes[OUTCOMES_MAX], calm, turns;
};

/* Gives the key that is about to be asked for its number. */
unsigned deed_begin(struct stress *stress, unsigned vault, unsigned name, unsigned long first);

/* It was answered; without a version it was refused, and nobody may ever see it. */
void deed_end(struct stress *stress, unsigned number, unsigned long last, const char *version);
struct deed deed_at(struct stress *stress, unsigned number); /* NO_NAME: there is none */

/* The player's own key in a vault, that nobody else touches. */
struct holding {
    enum life life; /* LIFE_LIVE is to be read: if its vault was not purged */
    struct span incarnation;
    char version[KV_VERSION_LENGTH + 1];
    char plain[KV_BASE64URL_LENGTH(32) + 1];
    char cipher[KV_BASE64URL_LENGTH(CIPHER_MAX) + 1]; /* "": nothing was sealed yet */
};

struct player {
    struct stress *stress;
    struct client client, hsm_client;
    struct dice dice;
    unsigned number;
    struct holding holding[VAULTS];
    pthread_t thread;
};

void player_open(struct player *player, struct stress *stress, unsigned number, unsigned long seed);
void player_close(struct player *player);

/* Random requests until `over`. */
void player_play(struct player *player);

/* One request, held against everything; false when there was no answer. */
bool player_perform(struct player *player, enum vaults_operation operation, unsigned vault);

/* A request to a vault's host, and to the control port; the caller ends the reply. */
struct reply player_send(struct player *player, unsigned vault, const char *method,
                         const char *path, const char *body);
struct reply player_control(struct player *player, unsigned vault, const char *method,
                            const char *behind, const char *body);

/* Whether a bundle, or an item of a list, is of a key that this vault can have now; *ret_name is
 * whose it is. */
bool player_check_bundle(struct player *player, unsigned vault, struct span incarnation,
                         const cJSON *bundle, const char *kid, unsigned *ret_name);
const char *vaults_key_name(unsigned name, char ret_text[16]);

/* When nobody plays any more: what is there follows from what was acknowledged, and once every
 * mortal vault was purged and made again, nothing is left of before. */
void vaults_review(struct stress *stress, struct player players[PLAYERS]);
