/* SPDX-License-Identifier: Apache-2.0 */
/*
 * /health/check, as the open-source services have it (consumers.md §1.4): Degraded is a 200, and the
 * reason is not in the body.
 */
#include <stdio.h>

#include "private.h"

#define CHECK "DataStoreHealthCheck"

struct health {
    const char *status;
    char text[128];
};

static struct health degraded(const char *text)
{
    struct health health = { .status = "Degraded" };

    (void) snprintf(health.text, sizeof(health.text), "%s", text);
    return health;
}

static struct health examine(const struct kv_consumer_view *view, kv_millis now)
{
    struct health health = { .status = "Healthy", .text = "Successfully connected." };

    switch (view->state) {
    case KV_CONSUMER_STARTING:
        health.status = "Degraded";
        (void) snprintf(health.text, sizeof(health.text), "Storage is initializing. Waited: %llds.",
                        (long long) (now > view->since ? (now - view->since) / 1000 : 0));
        return health;
    case KV_CONSUMER_ENCRYPTED:
        return view->is_healthy ? health : degraded("The health of the store has degraded.");
    case KV_CONSUMER_ACCESS_LOST:
    case KV_CONSUMER_HEALING:
    case KV_CONSUMER_NEEDS_REDEPLOY:
    case KV_CONSUMER_STATE_COUNT:
        break;
    }
    return degraded("The health of the store has degraded.");
}

enum kv_code front_health(struct kv_request *request, struct kv_response *response,
                          struct kv_err *err)
{
    const struct health health = examine(&front_call_of(request)->view, request->now);
    kv_auto(cJSON_Delete) cJSON *body = cJSON_CreateObject();
    cJSON *check = cJSON_CreateObject();
    bool ok = body != NULL && check != NULL;

    kv_json_add_text(body, "OverallStatus", health.status, &ok);
    cJSON *details = kv_json_add_array(body, "Details", &ok);
    kv_json_add_text(check, "Name", CHECK, &ok);
    kv_json_add_text(check, "Status", health.status, &ok);
    kv_json_add_text(check, "Description", health.text, &ok);
    kv_json_add_take(details, NULL, check, &ok);
    return kv_response_json(response, 200, ok ? body : NULL, err);
}
