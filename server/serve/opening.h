/* SPDX-License-Identifier: Apache-2.0 */
/*
 * opening.h - the token, opened at the start; beside the rest of the start when that takes long, as it
 * does when the module reads thousands of keys before it lets anybody in.
 *
 * A new store with coffer's own token, which is to be made then, has it made while the store gets its
 * tables: neither needs the other up to opening_begin().
 *
 * With few keys in the store it is opened before anything else goes on, as long as that takes: whoever
 * starts coffer with a wrong PIN is told at once. With many the doors open without it. Then requests
 * that need the token wait (kv_hold_for_token()), /ready and /health say that it is not there yet, and
 * nobody changes keys before what a crash left behind was swept. All functions are for the thread of
 * the start.
 */
#pragma once

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "kv/custody/custody.h"
#include "kv/store/store.h"
#include "serve.h"

/* {0} is closed. Borrowed up to the custody, and set before opening_begin(), with the sessions. */
struct opening {
    const struct kv_options *options;
    const char *folder; /* the data */
    struct kv_store *store;
    struct token *token;
    struct kv_custody *custody;
    unsigned sessions; /* of the token */

    kv_millis began; /* monotonic */
    pthread_t thread;
    bool runs;           /* the thread has not been joined */
    atomic_bool is_over; /* it has come to its end */
    enum kv_code code;   /* what it came to, and why; its own until it is joined */
    struct kv_err err;
};

/* When the store is open: begins beside, if nothing that is there can be a reason to refuse it. */
enum kv_code opening_prepare(struct opening *opening, struct kv_err *err) kv_must_check;

/*
 * Opens the token, or waits for it if that has begun, lends it to custody, and makes sure that it is the store's own (kv_custody_adopt()).
 * After a moment it goes on behind, if the store has many keys and nothing else of the start needs the
 * token: then it has not been decided whether it works.
 */
enum kv_code opening_begin(struct opening *opening, struct kv_err *err) kv_must_check;

/* Whether the token is there; false: it is still being opened behind. */
bool opening_is_done(const struct opening *opening);

/* Waits until it is, and has the service manager wait, for a quarter of an hour at most; or until a signal
 * has come: then *ret_open is false. What it came to otherwise. */
enum kv_code opening_await(struct opening *opening, bool *ret_open,
                           struct kv_err *err) kv_must_check;

/* Once what has to be done before that is done: lets in whoever waits. */
struct listeners;
void opening_announce(struct opening *opening, const struct listeners *listeners);

/* At the end: waits for it, which may take as long as the module does. */
void opening_close(struct opening *opening);
