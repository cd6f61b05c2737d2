/* SPDX-License-Identifier: Apache-2.0 */
/* Unwraps a second through coffer, beside the private operation of the token alone; and OAEP by
 * the token, for comparison only. */
#include "duel.h"

#define PART "unwrap"

static bool make_key(struct client *client, const char *name)
{
    return server_create_key(client, name, 2048);
}

/* Half the time is enough. */
static bool measure_oaep(struct duel *duel, struct samples *rate)
{
    struct raw_result result;

    for (unsigned i = 0; i < duel->settings->rounds; i++) {
        if (!raw_token_run(&duel->raw, RAW_OAEP_SHA1, duel->settings->seconds / 2, &result)) {
            return false;
        }
        samples_add(rate, result.per_second);
    }
    return true;
}

bool bench_unwrap(const struct settings *settings, struct report *report)
{
    kv_auto(samples_done) struct samples oaep = { 0 };
    kv_auto(duel_done) struct duel duel = { .settings = settings, .kind = RAW_X_509 };

    if (!duel_init(&duel, make_key, server_prepare_unwrap) || !duel_run(&duel)
        || !measure_oaep(&duel, &oaep)) {
        return false;
    }
    duel_publish(&duel, PART, "X_509", report);
    report_samples(report, PART, "op/s", &oaep, "token alone, OAEP with SHA-1");
    return true;
}
