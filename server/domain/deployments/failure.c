/* SPDX-License-Identifier: Apache-2.0 */
/* What the service says of deployments: their states, and how they fail (control-plane.md §3.2). */
#include <stdio.h>

#include "kv/base/json.h"
#include "run.h"

const char *kv_deployment_state_name(enum kv_deployment_state state)
{
    static const char *const names[] = {
        [KV_DEPLOYMENT_ACCEPTED] = "Accepted",   [KV_DEPLOYMENT_RUNNING] = "Running",
        [KV_DEPLOYMENT_SUCCEEDED] = "Succeeded", [KV_DEPLOYMENT_FAILED] = "Failed",
        [KV_DEPLOYMENT_CANCELED] = "Canceled",
    };

    return names[state];
}

static cJSON *make(const char *code, const char *target, const char *message, cJSON *details)
{
    kv_auto(cJSON_Delete) cJSON *error = cJSON_CreateObject();
    bool ok = error != NULL;

    kv_json_add_text(error, "code", code, &ok);
    if (target != NULL) {
        kv_json_add_text(error, "target", target, &ok);
    }
    kv_json_add_text(error, "message", message, &ok);
    if (details != NULL) {
        kv_json_add_take(error, "details", details, &ok);
    }
    return ok ? kv_take(error) : NULL;
}

cJSON *kv_deployment_error(const struct kv_err *err)
{
    return make(kv_err_row(err->code)->code, NULL, err->message, NULL);
}

cJSON *failure_of_run(const struct run *run)
{
    cJSON *details = cJSON_CreateArray();
    bool ok = details != NULL;

    for (size_t i = 0; ok && i < run->count; i++) {
        if (run->step[i].error != NULL) {
            kv_json_add_take(details, NULL, cJSON_Duplicate(run->step[i].error, true), &ok);
        }
    }
    return make("DeploymentFailed", run->id,
                "At least one resource deployment operation failed. Please list deployment "
                "operations for details. Please see https://aka.ms/arm-deployment-operations for "
                "usage details.",
                details);
}

cJSON *failure_canceled(const struct run *run)
{
    return make("DeploymentCanceled", run->id, run->tree->reason, NULL);
}

cJSON *kv_deployment_failure(const char *id, const char *state, cJSON *detail)
{
    char message[160];
    cJSON *details = detail != NULL ? cJSON_CreateArray() : NULL;
    bool ok = true;

    (void) snprintf(message, sizeof(message),
                    "The resource write operation failed to complete successfully, because it "
                    "reached terminal provisioning state '%.32s'.",
                    state);
    if (detail != NULL) {
        kv_json_add_take(details, NULL, detail, &ok);
    }
    return make("ResourceDeploymentFailure", id, message, details);
}
