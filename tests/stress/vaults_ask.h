/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vaults_ask.h - one request of the stress of vaults: what it asks, and what its answer says.
 *
 * Belongs to its player's thread.
 */
#pragma once

#include "vaults.h"

/* What a vault's keys are made of: [is_hsm]. */
struct lock_kind {
    const char *create; /* the members that ask for one */
    const char *alg;
    const char *seal, *open; /* operations */
    bool signs;              /* or else wraps */
};
extern const struct lock_kind vaults_kinds[2];

/* A request in the making, and what was known before and after it. */
struct ask {
    enum vaults_operation operation;
    unsigned vault;
    char path[160];
    char body[400]; /* "": none */
    char plain[KV_BASE64URL_LENGTH(32) + 1];
    unsigned deed;
    bool skip; /* not now: play another one */
    struct moment before, after;
};

static inline const struct estate *estate_of(const struct ask *ask)
{
    return &vaults_estates[ask->vault];
}

static inline struct holding *holding_of(struct player *player, const struct ask *ask)
{
    return &player->holding[ask->vault];
}

/* The purges between the moment before and the one after may have come before the answer or not. */
static inline struct span window_of(const struct ask *ask)
{
    return (struct span){ ask->before.incarnation.first, ask->after.incarnation.last };
}

/* Nobody else did anything to the vault's life between the two. */
static inline bool is_calm(const struct ask *ask)
{
    return ask->before.under_way == 0
           && ask->after.steps == ask->before.steps + (ask->operation <= OP_PURGE);
}

/* How each operation is asked for. */
struct ask_row {
    unsigned weight;
    const char *method;
    const char *control; /* behind the vault's path on the control port; NULL: to the vault */
    void (*prepare)(struct player *player, struct ask *ask); /* NULL: nothing to do */
};
extern const struct ask_row vaults_ask_rows[OP_COUNT];

/* Holds an answer that the contract allows against what is known of the vault and of its keys, and
 * keeps what it says. */
void ask_note(struct player *player, struct ask *ask, const struct reply *reply);
