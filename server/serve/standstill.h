/* SPDX-License-Identifier: Apache-2.0 */
/*
 * standstill.h - store and token standing still together, so that what lasts can be saved, or put
 * back, as one state while the process runs. Private to the files beside it.
 *
 * Callers from any thread; one at a time has it, the others count as users that do not end.
 */
#pragma once

#include "hsm.h"
#include "kv/store/store.h"

/* What stands still; both borrowed. */
struct standstill {
    struct kv_store *store;
    struct hsm *hsm;
};

/* What is done meanwhile. `opened` is called when all went well so far, before anybody goes on: the
 * thread may use the store then, but not the token. NULL: nothing. */
struct exchange {
    kv_store_exchange_fn *closed, *opened;
    void *context;
};

/*
 * Lets nobody at either, the store first (whoever has a connection may be about to call the token),
 * and waits at most `patience` ms for those who are there: KV_UNAVAILABLE when they stay longer, and
 * nothing has changed. Then closes both, calls `closed`, which may copy their files or replace
 * them, and opens what is there. Everybody else waits meanwhile and goes on after it, for at most
 * KV_STORE_PAUSE_MAX and HSM_PAUSE_MAX ms; what they began before, they find undone.
 *
 * The caller must hold neither a connection nor a session. What the two say is passed on, after
 * both were opened again. KV_UNAVAILABLE when the token could not be: hsm_check() tries again later.
 * What was read from the store and is kept in memory is to be read anew; leases see the new edition.
 */
enum kv_code standstill_exchange(const struct standstill *standstill, unsigned patience,
                                 const struct exchange *exchange, struct kv_err *err) kv_must_check;
