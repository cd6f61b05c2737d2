/* SPDX-License-Identifier: Apache-2.0 */
/* Scenarios: made of the other parts, and what a former run has left of them put back. */
#include "serve.h"

#include "kv/base/log.h"
#include "kv/scenarios/scenarios.h"

enum kv_code scenarios_open(struct kv_store *store, struct kv_custody *custody,
                            struct kv_keys *keys, const struct grants *grants,
                            struct kv_scenarios **ret_scenarios, struct kv_err *err)
{
    const struct kv_scenarios_config config = {
        .store = store,
        .clock = grants->clock,
        .vaults = grants->vaults,
        .custody = custody,
        .keys = keys,
        .access = grants->access,
        .principals = grants->principals,
    };
    size_t count = 0, failed = 0;

    KV_TRY(kv_scenarios_new(&config, ret_scenarios, err));
    KV_TRY(kv_scenarios_recover(*ret_scenarios, kv_clock_now(grants->clock), &count, &failed, err));
    if (count > 0) {
        kv_log(failed > 0 ? KV_LOG_WARNING : KV_LOG_INFO, "scenarios_reverted",
               KV_LOG_NUMBER_FIELD("count", count), KV_LOG_NUMBER_FIELD("given_up", failed));
    }
    return KV_OK;
}

void scenarios_lend(struct kv_scenarios *scenarios, struct kv_app *app)
{
    const struct kv_scenarios_tools tools = {
        .agenda = app->agenda,
        .faults = app->faults,
        .hsm_faults = app->hsm_faults,
    };

    kv_scenarios_equip(scenarios, &tools);
    app->scenarios = scenarios;
}
