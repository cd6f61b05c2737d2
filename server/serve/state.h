/* SPDX-License-Identifier: Apache-2.0 */
/* state.h - the state of an instance as a whole: snapshots of it, and the seed it begins with. Private
 * to the files beside it. */
#pragma once

#include "kv/seeds/seeds.h"
#include "snapshots.h"

struct state {
    struct snapshots snapshots; /* filled in before state_open() */
    struct kv_faults *faults;   /* borrowed, as the next one is */
    const struct kv_options *options;
    struct kv_seeds *seeds;
};

/* Also does what --seed-file says; KV_BAD_PARAMETER with the file's name for one that cannot be. */
enum kv_code state_open(struct state *state, struct kv_err *err) kv_must_check;
void state_lend(const struct state *state, struct kv_app *app);
void state_close(struct state *state);
