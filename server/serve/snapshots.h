/* SPDX-License-Identifier: Apache-2.0 */
/* snapshots.h - snapshots of the store and the token of one running server. Private to the files beside
 * it. */
#pragma once

#include "kv/snapshots/snapshots.h"
#include "serve.h"
#include "standstill.h"

struct snapshots {
    struct kv_snapshots *kept;
    /* borrowed, and set before */
    const char *folder; /* the data */
    bool is_own;        /* the token */
    struct token *token;
    struct kv_clock *clock;
    struct kv_vaults *vaults;
    struct kv_keys *keys;
    struct grants *grants;
    struct kv_limits *limits; /* NULL: none */
    struct kv_store *store;
    struct kv_consumers *consumers;
};

/* Also sees to what a crash left on the token while one vault was put back. */
enum kv_code snapshots_open(struct snapshots *snapshots, struct kv_err *err) kv_must_check;
void snapshots_close(struct snapshots *snapshots);
