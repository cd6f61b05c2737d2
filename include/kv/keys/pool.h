/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kv/keys/pool.h - key pairs that were generated ahead, while nobody waited.
 *
 * They lie on the token as any key does, under a CKA_ID of their own, and in the table `pooled`. A
 * version that is created or rotated takes one of its kind: its row goes in the transaction that
 * writes the version's, so that it is in the pool or a version's, never both and never twice. Nothing
 * on the token changes then; what was made otherwise than a key would be made now is not used. Keys
 * that can be released, or have an exponent of their own, are never taken from here.
 *
 * The pool never stands in for a token that fails: while something is wrong with it nothing is taken,
 * and each pair is looked at on the token before it is.
 * Thread-safe. kv_pool_fill() belongs to one thread, which serve/ has.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "kv/base/clock.h"
#include "kv/base/err.h"

enum kv_pool_kind {
#define X(symbol, name, family, bits, curve, most) KV_POOL_##symbol,
#include "kv/keys/pool_kind.def"
#undef X
    KV_POOL_KINDS
};

#define KV_POOL_MOST 64 /* pairs of a kind */

/* How many of each kind are to be there. */
struct kv_pool_plan {
    bool adapts; /* up to that many, as many as were asked for */
    unsigned size[KV_POOL_KINDS];
};

/*
 * --key-pool: "auto", "off", or "RSA-2048=4,P-256=2"; KV_BAD_PARAMETER says what is wrong with
 * anything else.
 */
enum kv_code kv_pool_plan_read(const char *text, struct kv_pool_plan *ret_plan,
                               struct kv_err *err) kv_must_check;
const char *kv_pool_kind_name(enum kv_pool_kind kind);

/* Borrowed texts and contexts. */
struct kv_pool_config {
    struct kv_pool_plan plan; /* zeroed: there is no pool */
    const char *form;         /* of keys that are made now, as the options have it; NULL: none */
    bool (*is_sound)(void *context); /* whether nothing is wrong with the token; NULL: nothing is */
    void *context;
    /* Runs work(argument) at a low priority and returns when that is done; NULL: as it comes. It has no
     * transaction in it: whoever waits for the store must not wait for somebody who gets no turn. */
    void (*at_leisure)(void (*work)(void *argument), void *argument);
};

struct kv_key;
struct kv_key_create_args;
struct kv_keys;
struct kv_scope;

/* Once, after the sweep of a start: finds what a former run has left in the pool. What is not on the
 * token any more, not of this plan, or of another form is given up. */
enum kv_code kv_pool_open(struct kv_keys *keys, struct kv_err *err) kv_must_check;

/* Waits until pairs of some kind are wanted; false when the pool was stopped. `rest` ms pass at
 * least. */
bool kv_pool_await(struct kv_keys *keys, kv_millis rest, enum kv_pool_kind *ret_kind);

/* Generates a pair: takes seconds. */
enum kv_code kv_pool_fill(struct kv_keys *keys, enum kv_pool_kind kind,
                          struct kv_err *err) kv_must_check;

/*
 * Around what needs the token for itself: from the first to the second no pair is generated. The first
 * waits for the one that is under way, a minute at most. They nest.
 */
void kv_pool_hold(struct kv_keys *keys);
void kv_pool_let_go(struct kv_keys *keys);

/* From now on kv_pool_await() returns false, and kv_pool_fill() does nothing. */
void kv_pool_stop(struct kv_keys *keys);

/* What there is of a kind. */
struct kv_pool_level {
    unsigned ready, wanted;
    unsigned long asked;  /* keys of that kind, from the pool or not, since the start */
    unsigned long taken;  /* of those, from the pool */
    unsigned long filled; /* pairs that were generated ahead, since the start */
};
void kv_pool_look(struct kv_keys *keys, enum kv_pool_kind kind, struct kv_pool_level *ret_level);

/* Whether there seems to be one in the pool; and kv_key_create() with that, if there is one, otherwise
 * *ret_was is false. */
bool kv_key_seems_ready(const struct kv_scope *scope, const struct kv_key_create_args *args);
enum kv_code kv_key_create_ready(const struct kv_scope *scope,
                                 const struct kv_key_create_args *args, bool *ret_was,
                                 struct kv_key *ret_key, struct kv_err *err) kv_must_check;
