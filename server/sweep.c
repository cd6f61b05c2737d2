/* SPDX-License-Identifier: Apache-2.0 */
#include "serve.h"

#include "kv/log.h"

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

enum kv_code sweep_run(struct kv_keys *keys, struct hsm *hsm, bool token_is_own, struct kv_err *err)
{
    struct muster muster = { .hsm = hsm };
    size_t swept = 0;
    size_t strays = 0;

    KV_TRY(kv_keys_sweep(keys, &swept, err));
    if (token_is_own) {
        CK_RV rv = hsm_destroy_strays(hsm, &strays);

        if (rv != CKR_OK) {
            return KV_FAIL(err, KV_UNAVAILABLE, rv, "the token cannot be swept: %s",
                           hsm_rv_name(rv));
        }
    }
    KV_TRY(kv_keys_each_object(keys, count_missing, &muster, err));
    report(swept, strays, muster.missing);
    return KV_OK;
}
