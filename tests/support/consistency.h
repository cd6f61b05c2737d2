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
    size_t versions;    /* rows of the store */
    size_t limbo;       /* objects without an owner, by the store */
    size_t keys;        /* private keys on the token */
    size_t missing;     /* versions whose private key is not on the token */
    size_t ownerless;   /* private keys that no version names */
    size_t wrappers;    /* secret keys with CKA_WRAP */
    bool sentinel;      /* one of them has the CKA_ID that the store has noted */
    size_t strays;      /* every other object, or a half-made one */
    size_t empty_files; /* what a kill leaves of an object that never was; no token shows it */
};

/*
 * Reads the folder of a daemon that has ended in order. False, with the reason on standard error,
 * when store or token cannot be read. Sets SOFTHSM2_CONF; no other thread may run.
 */
bool consistency_read(const char *folder, struct consistency *ret_found);

/* The verdict on it: sound, every version with its private key and nothing else but one wrapping
 * key, the store's. */
bool consistency_holds(const struct consistency *found);

/* All of it in one line, for whoever has to find out what is wrong. */
#define CONSISTENCY_TEXT_SIZE 320
const char *consistency_describe(const struct consistency *found,
                                 char ret_text[CONSISTENCY_TEXT_SIZE]);

/* What the running daemon says on /metrics; false when it says nothing. */
struct census {
    size_t versions, limbo, token_keys;
};
bool census_read(const struct daemon *daemon, struct census *ret_census);
