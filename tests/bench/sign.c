/* SPDX-License-Identifier: Apache-2.0 */
/* ES256 signatures a second through coffer, beside CKM_ECDSA of the token alone. */
#include "duel.h"

bool bench_sign(const struct settings *settings, struct report *report)
{
    kv_auto(duel_done) struct duel duel = { .settings = settings, .kind = RAW_ECDSA };

    if (!duel_init(&duel, server_create_ec_key, server_prepare_sign) || !duel_run(&duel)) {
        return false;
    }
    duel_publish(&duel, "sign", "ECDSA", report);
    return true;
}
