/* SPDX-License-Identifier: Apache-2.0 */
/*
 * side.h - a server of the keys API that is measured: what it is asked, in turns, and how many answers
 * it gave.
 *
 * Nothing of coffer's own is expected of it: any 2xx is an answer, headers do not matter, and keys are
 * used by the version that their creation told, as SDKs do it. One thread uses a side; a turn makes
 * threads of its own.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "caller.h"
#include "kv/base/base64.h"
#include "kv/base/uuid.h"

#define SIDE_CALLERS_MAX 8
#define SIDE_VALUE_LENGTH 32 /* a digest, or a data key */

enum side_key { SIDE_NEW_KEY, SIDE_RSA_KEY, SIDE_EC_KEY, SIDE_KEYS };

/* What is asked. */
struct deed {
    const char *name;
    enum side_key key;
    const char *action; /* behind the key; NULL: none, and a GET */
    const char *body;   /* its %s is a value */
    bool is_unwrap;     /* the value is what was wrapped */
};
extern const struct deed side_deeds[]; /* ends with a row without a name */

/* The same for all sides. */
struct load_plan {
    const char *query;                                      /* "?api-version=..." */
    char run[KV_UUID_LENGTH + 1];                           /* in the names of keys */
    char value[KV_BASE64URL_LENGTH(SIDE_VALUE_LENGTH) + 1]; /* what is wrapped, and signed */
};

struct side {
    struct caller_way way;
    const struct load_plan *plan;
    char version[SIDE_KEYS][160]; /* "": that key could not be made, and why is in: */
    char lack[SIDE_KEYS][CALLER_ERROR_MAX];
    char wrapped[2048];           /* base64url; "": nothing */
    char error[CALLER_ERROR_MAX]; /* the last one */
};

/* What one side did in one turn. Errors do not count as answers. */
struct score {
    double rate, median; /* answers a second, ms */
    size_t errors;
};

bool side_plan(struct load_plan *plan, const char *query);

/* Waits until it takes connections. False, with `error`, when it does not in that time. */
bool side_await(struct side *side, double seconds);

/* Makes the keys that the deeds use. One that cannot be made is an error of those deeds. */
void side_prepare(struct side *side);

/* Does it once. False, with `error`, when it is refused or the answer is wrong. */
bool side_offers(struct side *side, const struct deed *deed);

/* Does it over and over on `connections`, which are made before the clock runs. False, with `error`,
 * when there was no answer; with errors among the answers, `error` is one of them. */
bool side_play(struct side *side, const struct deed *deed, unsigned connections, double seconds,
               struct score *ret_score);
