/* SPDX-License-Identifier: Apache-2.0 */
/* Calls with the rights of whoever deploys, and what is said of those that fail. */
#include "kv/base/json.h"
#include "private.h"

enum kv_code place_call(const struct place *place, enum kv_verb verb, const char *id,
                        const char *api_version, struct arm_id *ret_id, struct arm_call *ret_call,
                        struct kv_err *err)
{
    KV_TRY(arm_id_parse(id, ret_id, err));
    *ret_call = (struct arm_call){
        .app = place->app,
        .caller = place->has_caller ? &place->caller : NULL,
        .id = ret_id,
        .action = "",
        .verb = verb,
        .api_version = api_version,
        .base = place->base,
        .correlation = place->correlation,
        .now = kv_clock_now(place->app->clock),
        .is_deployment = true,
    };
    return KV_OK;
}

cJSON *hands_error(const struct kv_err *err, struct arm_reply *reply)
{
    cJSON *error = kv_deployment_error(err);
    bool ok = error != NULL;

    if (reply->target != NULL) {
        kv_json_add_text(error, "target", reply->target, &ok);
    }
    if (reply->details != NULL) {
        kv_json_add_take(error, "details", kv_take(reply->details), &ok);
    }
    return error;
}
