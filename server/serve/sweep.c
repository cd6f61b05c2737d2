/* SPDX-License-Identifier: Apache-2.0 */
#include "sweep.h"

#include <unistd.h>

#include "kv/base/log.h"
#include "kv/keys/state.h"
#include "serve.h"

struct muster {
    const struct hsm *hsm;
    size_t missing;
};

static bool count_missing(void *context, const unsigned char object[KV_OBJECT_LENGTH])
{
    struct muster *muster = context;

    muster->missing += !hsm_has_key(muster->hsm, object);
    return true;
}

static void report(size_t swept, size_t strays, size_t missing)
{
    if (swept + strays > 0) {
        kv_log(KV_LOG_INFO, "swept", KV_LOG_NUMBER_FIELD("unfinished", swept),
               KV_LOG_NUMBER_FIELD("strays", strays));
    }
    if (missing > 0) {
        kv_log(KV_LOG_ERROR, "keys_missing", KV_LOG_NUMBER_FIELD("versions", missing));
    }
}

/* Destroys objects that no store refers to, which only a kill can leave: only coffer puts objects
 * on its own token. */
static enum kv_code destroy_strays(struct kv_store *store, struct hsm *hsm, size_t *ret_destroyed,
                                   struct kv_err *err)
{
    bool settled;
    CK_RV rv;

    KV_TRY(kv_custody_take_settled(store, &settled, err));
    if (settled) {
        return KV_OK;
    }
    rv = hsm_destroy_strays(hsm, ret_destroyed);
    if (rv != CKR_OK) {
        return KV_FAIL(err, KV_UNAVAILABLE, rv, "the token cannot be swept: %s", hsm_rv_name(rv));
    }
    return KV_OK;
}

static unsigned long count_failures(const struct hsm *hsm)
{
    struct hsm_counters counters;

    hsm_counters(hsm, &counters);
    return counters.failures;
}

enum kv_code sweep_start(struct sweep *sweep, bool token_is_own, struct kv_err *err)
{
    struct muster muster = { .hsm = sweep->hsm };
    size_t swept = 0;
    size_t strays = 0;

    KV_TRY(kv_keys_sweep(sweep->keys, &swept, err));
    if (signals_have_come()) {
        return KV_OK;
    }
    if (token_is_own) {
        KV_TRY(destroy_strays(sweep->store, sweep->hsm, &strays, err));
    }
    KV_TRY(kv_keys_each_object(sweep->keys, count_missing, &muster, err));
    KV_TRY(kv_pool_open(sweep->keys, err));
    report(swept, strays, muster.missing);
    sweep->failures = count_failures(sweep->hsm);
    sweep->done = true;
    return KV_OK;
}

/* What it was generating is swept by the next start. */
static void end_filler(const struct sweep *sweep)
{
    if (!filler_stop(sweep->filler)) {
        kv_log(KV_LOG_INFO, "pool_cut_short", KV_LOG_TEXT_FIELD("folder", sweep->folder->path));
        data_folder_abandon(sweep->folder);
        kv_log_flush();
        _exit(0);
    }
}

void sweep_end(const struct sweep *sweep)
{
    struct kv_err err;

    end_filler(sweep);
    if (!sweep->done || count_failures(sweep->hsm) != sweep->failures) {
        return;
    }
    if (kv_custody_settle(sweep->store, &err)
        != KV_OK) { /* the next start checks, as after a kill */
        kv_log(KV_LOG_WARNING, "not_settled", KV_LOG_TEXT_FIELD("reason", err.message));
    }
}
