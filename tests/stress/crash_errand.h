/* SPDX-License-Identifier: Apache-2.0 */
/*
 * crash_errand.h - one request of the crash test's load, and the ledger entry that comes of it.
 *
 * All functions answer false when the load is over: an answer did not come, or was not the right
 * one.
 */
#pragma once

#include "crash.h"

/* A request, what it makes of the key when it is done, and the answer it must get. */
struct errand {
    enum crash_operation operation;
    struct ledger_key *key;
    const struct ledger_key *after;
    const char *method;
    char path[160];
    const char *body; /* NULL: none */
    long status;
    const char *inner; /* of the error, NULL: none */
};

/* Where the answer did not come, the errand stays in flight. The ledger is the caller's to keep. */
bool errand_run(struct worker *worker, const struct errand *errand, struct reply *ret_reply);

/* An errand that shows nothing the ledger wants to keep but `after`. */
bool errand_run_plain(struct worker *worker, const struct errand *errand);

/* Makes a version of that kind by OP_CREATE, OP_IMPORT, OP_TRANSFER or OP_ROTATE; the last one
 * takes the kind of the latest version. */
bool worker_make(struct worker *worker, struct ledger_key *key, enum crash_operation operation,
                 unsigned kind);
bool worker_back_up(struct worker *worker, struct ledger_key *key);
bool worker_restore(struct worker *worker, struct ledger_key *key); /* what was backed up */
bool worker_has_backup(const struct worker *worker, const struct ledger_key *key);
