/* SPDX-License-Identifier: Apache-2.0 */
#include "standstill.h"

#include "hsm_pause.h"

/* What is done while both are closed, and what came of it. */
struct errand {
    struct hsm *hsm;
    const struct exchange *exchange;
    struct kv_err *err;
    enum kv_code code;
    CK_RV rv; /* of opening the token again */
};

/* With the module finalised and the store's files closed. */
static void run_exchange(void *errand_)
{
    struct errand *errand = errand_;

    errand->code = errand->exchange->closed(errand->exchange->context, errand->err);
}

/* With the store's files closed. */
static enum kv_code exchange_token(void *errand_, struct kv_err *err)
{
    struct errand *errand = errand_;

    errand->err = err;
    errand->rv = hsm_reopen(errand->hsm, run_exchange, errand);
    return errand->code;
}

static enum kv_code exchange_both(const struct standstill *standstill, struct errand *errand,
                                  struct kv_err *err)
{
    KV_TRY(kv_store_reopen(standstill->store, exchange_token, errand, err));
    if (errand->rv != CKR_OK) {
        return KV_FAIL(err, KV_UNAVAILABLE, errand->rv, "the token cannot be opened again: %s",
                       hsm_rv_name(errand->rv));
    }
    if (errand->exchange->opened != NULL) {
        KV_TRY(errand->exchange->opened(errand->exchange->context, err));
    }
    return KV_OK;
}

/* With the store paused. */
static enum kv_code pause_token(const struct standstill *standstill, kv_millis end,
                                struct kv_err *err)
{
    kv_millis left = end - kv_clock_monotonic();
    CK_RV rv = hsm_pause(standstill->hsm, left > 0 ? (unsigned) left : 0);

    if (rv != CKR_OK) {
        return KV_FAIL(err, KV_UNAVAILABLE, rv, "the token is in use for too long");
    }
    return KV_OK;
}

enum kv_code standstill_exchange(const struct standstill *standstill, unsigned patience,
                                 const struct exchange *exchange, struct kv_err *err)
{
    const kv_millis end = kv_clock_monotonic() + patience;
    struct errand errand = { .hsm = standstill->hsm, .exchange = exchange };

    KV_TRY(kv_store_pause(standstill->store, patience, err));
    enum kv_code code = pause_token(standstill, end, err);
    if (code == KV_OK) {
        code = exchange_both(standstill, &errand, err);
        hsm_resume(standstill->hsm);
    }
    kv_store_resume(standstill->store);
    return code;
}
