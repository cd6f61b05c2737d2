/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kv/hsmfaults/hsmfaults.h - what is wrong with the token: faults that act at its gate (hsm_gate.h)
 * or on its folder. The answers to clients are made by whoever calls the token, as ever.
 *
 * Faults are in memory only, in order; the first that acts on a call decides. One ends when it is
 * withdrawn, at a time of the virtual clock (`for`), or after real time (`ttl`).
 * Thread-safe: all functions may be called from any thread. kv_hsm_faults_settle(), and what calls it,
 * waits until nobody is inside the token; call it with no lock but the agenda's turn.
 */
#pragma once

#include <stdbool.h>

#include <cjson/cJSON.h>

#include "hsm_gate.h"
#include "kv/base/clock.h"
#include "kv/base/json.h"

#define KV_HSM_FAULTS_MAX 64
#define KV_HSM_FAULT_DELAY_MAX 60000 /* ms of one call */

/* Where the token is. */
enum kv_hsm_place { KV_HSM_IN_PLACE, KV_HSM_REMOVED, KV_HSM_REINITIALISED };

/* What is done to the token beside its gate, by whoever has it; each may wait for the token. */
struct kv_hsm_hands {
    void *context;
    /* Moves the token's folder. NULL: it is not ours to move, and only the gate makes it absent. */
    enum kv_code (*move)(void *context, enum kv_hsm_place place, struct kv_err *err);
    /* Closes all sessions and opens the token again: so a limit holds for those that were open. */
    enum kv_code (*reopen)(void *context, struct kv_err *err);
    /* Looks at the token, and opens it again if it is there. `pin`: what was said of it is over. */
    void (*look)(void *context, bool pin);
};

struct kv_hsm_faults; /* opaque */

/* The clock is borrowed. Free with kv_hsm_faults_free(); NULL is fine there. */
enum kv_code kv_hsm_faults_new(struct kv_clock *clock, struct kv_hsm_faults **ret_faults,
                               struct kv_err *err) kv_must_check;
void kv_hsm_faults_free(struct kv_hsm_faults *faults);

/* Before the first fault is added, once the token is open. */
void kv_hsm_faults_set_hands(struct kv_hsm_faults *faults, const struct kv_hsm_hands *hands);

/* Ends all waits, and acts on no call any more. */
void kv_hsm_faults_end(struct kv_hsm_faults *faults);

/* The gate: a hsm_gate_fn and a hsm_told_fn, with the faults as their context. */
CK_RV kv_hsm_faults_ask(void *faults, const struct hsm_call *call);
void kv_hsm_faults_told(void *faults, const struct hsm_call *call, CK_RV rv);

/* A fault as it was sent, borrowed; zeroed members were not given. */
struct kv_hsm_fault_args {
    const char *id, *kind, *rv;
    const cJSON *functions, *mechanisms; /* arrays of names */
    const cJSON *span;                   /* `for`: seconds, or "PT1H" */
    struct kv_maybe_int ttl;             /* seconds */
    struct kv_maybe_int delay;           /* ms */
    struct kv_maybe_int limit, skip, times, every;
    const char *vault, *key, *version; /* as they are shown; `object` is what counts */
    const unsigned char *object;       /* CKA_ID of that version's object */
};

/*
 * Adds a fault, and lets the token show it before this returns. KV_BAD_PARAMETER says what makes no
 * sense or could never act, KV_CONFLICT that the id is taken or there are KV_HSM_FAULTS_MAX. The
 * caller deletes *ret_shown, here and below.
 */
enum kv_code kv_hsm_faults_add(struct kv_hsm_faults *faults, const struct kv_hsm_fault_args *args,
                               cJSON **ret_shown, struct kv_err *err) kv_must_check;

/* {"faults":[...]}; or one of them, KV_NOT_FOUND if there is none of that id. */
enum kv_code kv_hsm_faults_list(struct kv_hsm_faults *faults, cJSON **ret_shown,
                                struct kv_err *err) kv_must_check;
enum kv_code kv_hsm_faults_show(struct kv_hsm_faults *faults, const char *id, cJSON **ret_shown,
                                struct kv_err *err) kv_must_check;

/*
 * Withdraws a fault by its id, KV_NOT_FOUND if there is none; or all of a kind, or all (NULL). They act
 * on no call any more, and those that they held up go on: that waits for nobody. Settle afterwards.
 */
enum kv_code kv_hsm_faults_withdraw(struct kv_hsm_faults *faults, const char *id,
                                    struct kv_err *err) kv_must_check;
enum kv_code kv_hsm_faults_withdraw_kind(struct kv_hsm_faults *faults, const char *kind,
                                         struct kv_err *err) kv_must_check;

/* Puts the token where the faults that are left want it, and opens it again if it can be. */
enum kv_code kv_hsm_faults_settle(struct kv_hsm_faults *faults, struct kv_err *err) kv_must_check;

/* Withdraws all and settles; where nothing was wrong the token is not asked. */
enum kv_code kv_hsm_faults_reset(struct kv_hsm_faults *faults, struct kv_err *err) kv_must_check;

/* Keeps the token in its place until kv_hsm_faults_let_move(), by the same thread; KV_CONFLICT, and
 * nothing is kept, when it is elsewhere. Those who would move it wait. */
enum kv_code kv_hsm_faults_keep_place(struct kv_hsm_faults *faults,
                                      struct kv_err *err) kv_must_check;
void kv_hsm_faults_let_move(struct kv_hsm_faults *faults);

/* Whether nothing is wrong with the token, as far as faults are concerned; a glance, without a lock. */
bool kv_hsm_faults_are_none(const struct kv_hsm_faults *faults);

/* Where the token is now. */
enum kv_hsm_place kv_hsm_faults_place(struct kv_hsm_faults *faults);

/* For the agenda: when a fault next ends by the virtual clock, not before `from`, later than `after`;
 * INT64_MAX: none does. One whose real time is over is due at `from`. The second ends those that are
 * over, and settles; *ret_ended: whether there were any. */
kv_millis kv_hsm_faults_next(struct kv_hsm_faults *faults, kv_millis from, kv_millis after);
enum kv_code kv_hsm_faults_expire(struct kv_hsm_faults *faults, bool *ret_ended,
                                  struct kv_err *err) kv_must_check;
