/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sweep.h - keeps store and token consistent across starts. Private to the files beside it.
 */
#pragma once

#include "filler.h"
#include "folder.h"
#include "hsm.h"
#include "kv/keys/keys.h"
#include "kv/store/store.h"

/* The first four members are borrowed, and set before sweep_start(). */
struct sweep {
    struct kv_keys *keys;
    struct hsm *hsm;
    struct kv_store *store;
    const struct data_folder *folder;
    struct filler *filler;  /* once it runs; sweep_end() ends it */
    unsigned long failures; /* of the token's calls, up to the end of the sweep */
    bool done;
};

/*
 * Before the first request: destroys what was never acknowledged; looks for what was and reports it
 * if it is lost. `token_is_own`: also destroys what nothing refers to, unless the last shutdown was
 * clean. Ends early when a signal comes; the next start does the rest.
 */
enum kv_code sweep_start(struct sweep *sweep, bool token_is_own, struct kv_err *err) kv_must_check;

/* After the last request: ends the filler, and marks the shutdown as clean, unless a call to the token
 * has failed. When the filler is inside the token for too long, this ends the process. */
void sweep_end(const struct sweep *sweep);
