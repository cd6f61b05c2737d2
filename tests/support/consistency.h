/* SPDX-License-Identifier: Apache-2.0 */
/*
 * consistency.h - whether a data folder's store and token agree: read behind coffer's back, from
 * the database itself and by a PKCS#11 login of our own, or asked from the running daemon.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "daemon.h"

/* What lies in a data folder. */
struct consistency {
    bool sound;         /* SQLite's own check found nothing */
    bool bound;         /* the store names its token's wrapping key */
    size_t versions;    /* rows of the store */
    size_t limbo;       /* objects without an owner, by the store */
    size_t doubles;     /* versions whose key is still in the pool */
    size_t orphans;     /* rows of the store that belong to a vault or key that is not there */
    size_t named;       /* objects that the store's rows want: two for a symmetric key */
    size_t objects;     /* whole ones on the token */
    size_t missing;     /* what the store names, and the token does not have once, of that kind */
    size_t ownerless;   /* what the token has, and the store does not name as such */
    size_t trusted;     /* trusted wrapping keys; no store names them */
    size_t strays;      /* every other object, or a half-made one */
    size_t empty_files; /* what a kill leaves of an object that never was; no token shows it */
};

/*
 * Reads the folder of a daemon that has ended in order. False, with the reason on standard error,
 * when store or token cannot be read. Sets SOFTHSM2_CONF; no other thread may run.
 */
bool consistency_read(const char *folder, struct consistency *ret_found);

/* The verdict on it: sound, bound, nothing in limbo or orphaned, and on the token what the store
 * names and a trusted wrapping key, no less and no more. */
bool consistency_holds(const struct consistency *found);

/* All of it in one line, for whoever has to find out what is wrong. */
#define CONSISTENCY_TEXT_SIZE 360
const char *consistency_describe(const struct consistency *found,
                                 char ret_text[CONSISTENCY_TEXT_SIZE]);

/* What the running daemon says on /metrics; false when it says nothing. */
struct census {
    size_t live, deleted, versions, limbo, token_keys;
    size_t pooled; /* of those on the token, of curves P-256, P-384 and P-521 */
};
bool census_read(const struct daemon *daemon, struct census *ret_census);
