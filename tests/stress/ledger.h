/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ledger.h - what one client knows of one key, because the daemon acknowledged it; and whether
 * that explains what is seen of the key later.
 *
 * A key has one client, so its ledger is a sequence without gaps. Pure functions.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "kv/base/base64.h"
#include "kv/base/uuid.h"

#define LEDGER_VERSIONS 5 /* of a key at most: the load does not ask for more */
#define LEDGER_PLAIN 32   /* bytes wrapped, or the digest signed */
#define LEDGER_CIPHER 256 /* bytes they become at most, by RSA-2048 */

enum ledger_state { LEDGER_ABSENT, LEDGER_LIVE, LEDGER_DELETED };

struct ledger_version {
    char id[KV_VERSION_LENGTH + 1]; /* "": asked for, but the answer with the id did not come */
    bool enabled;
    unsigned mark; /* the value of its only tag; every change gives another one */
    unsigned kind; /* what it is made of; for who uses it */
    char plain[KV_BASE64URL_LENGTH(LEDGER_PLAIN) + 1];
    char cipher[KV_BASE64URL_LENGTH(LEDGER_CIPHER) + 1]; /* "": nothing was sealed yet */
};

struct ledger_key {
    char name[32];
    enum ledger_state state;
    bool purged;                                    /* a purge was acknowledged, ever */
    unsigned days;                                  /* its rotation policy's expiryTime; 0: none */
    struct ledger_version version[LEDGER_VERSIONS]; /* oldest first; kept while deleted */
    size_t count;
};

/* What a client sees of a name: all versions and the policy of a live key, the latest version of a
 * deleted one. */
#define SIGHTING_VERSIONS 25
struct sighting {
    enum ledger_state state;
    unsigned days;
    char latest[KV_VERSION_LENGTH + 1];
    struct {
        char id[KV_VERSION_LENGTH + 1];
        bool enabled;
        unsigned mark;
    } version[SIGHTING_VERSIONS];
    size_t count;
};

/* True when what is seen is what the ledger says, no more and no less. */
bool ledger_explains(const struct ledger_key *key, const struct sighting *seen);

/* Gives the last version of `key`, if it has no id yet, the one id that is seen and not known. */
void ledger_learn_id(struct ledger_key *key, const struct sighting *seen);

/* Both in a line of text each. */
#define LEDGER_TEXT_SIZE 512
const char *ledger_describe(const struct ledger_key *key, char ret_text[LEDGER_TEXT_SIZE]);
const char *sighting_describe(const struct sighting *seen, char ret_text[LEDGER_TEXT_SIZE]);
