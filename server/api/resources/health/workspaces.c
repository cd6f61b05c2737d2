/* SPDX-License-Identifier: Apache-2.0 */
/* Workspaces, which hold services and go with all of them; and whether a name is free. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "kv/arm/providers.h"
#include "kv/base/json.h"
#include "private.h"

#define VERSIONS                                                                                   \
    "2024-03-31 2024-03-01 2023-12-01 2023-11-01 2023-09-06 2023-06-01-preview 2023-02-28 "        \
    "2022-12-01 2022-10-01-preview 2022-06-01 2022-05-15 2022-01-31-preview 2021-11-01 "           \
    "2021-06-01-preview"
#define HEALTH_VERSIONS                                                                            \
    "2025-05-01 2024-02-01 2023-10-01-preview 2023-07-01-preview 2022-10-01 2022-05-01 "           \
    "2020-05-01-preview 2020-05-01 2018-07-01 2017-07-01 2015-01-01"

static enum kv_code check_name(const char *name, struct kv_err *err)
{
    size_t len = strlen(name);

    return len >= 3 && len <= 24 && strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789") == len
               ? KV_OK
               : KV_FAIL(err, KV_ARM_INVALID_NAME, 0,
                         "The name '%.64s' of a workspace is not valid: it has 3 to 24 lower-case "
                         "letters and digits.",
                         name);
}

enum kv_code workspace_check(struct arm_call *call, struct arm_reply *reply, struct kv_err *err)
{
    char location[KV_RESOURCE_LOCATION_SIZE];

    (void) reply;
    KV_TRY(check_name(call->id->leaf, err));
    return arm_take_location(cJSON_GetObjectItem(call->body, "location"), location, err);
}

enum kv_code workspace_put(struct arm_call *call, struct arm_reply *reply, struct kv_err *err)
{
    kv_auto(kv_resource_done) struct kv_resource resource = { 0 };
    cJSON *properties;
    bool ok = true;

    KV_TRY(check_name(call->id->leaf, err));
    KV_TRY(arm_begin_envelope(call, &resource, err));
    KV_TRY(arm_take_content(call->body, &resource.content, err));
    KV_TRY(arm_check_location(call, &resource, err));
    properties = cJSON_GetObjectItem(resource.content, "properties");
    if (cJSON_IsObject(properties)
        && cJSON_GetObjectItem(properties, "publicNetworkAccess") == NULL) {
        kv_json_add_text(properties, "publicNetworkAccess", "Enabled", &ok);
    }
    return ok ? arm_keep(call, &resource, reply, err) : KV_OUT_OF_MEMORY(err);
}

/* A service goes with its consumer and its identity. */
static enum kv_code delete_service(struct arm_call *call, const char *id, struct kv_err *err)
{
    kv_auto(arm_reply_done) struct arm_reply reply = { 0 };
    struct arm_call ask = *call;
    struct arm_id service;

    KV_TRY(arm_id_parse(id, &service, err));
    ask.id = &service;
    ask.type = arm_type_find(call->app, service.type);
    ask.if_match = ask.if_none_match = NULL;
    return ask.type != NULL ? ask.type->delete (&ask, &reply, err) : KV_OK;
}

static enum kv_code note_id(void *ids, const struct kv_resource *resource, struct kv_err *err)
{
    bool ok = true;

    kv_json_append_text(ids, resource->id, &ok);
    return ok ? KV_OK : KV_OUT_OF_MEMORY(err);
}

enum kv_code workspace_delete(struct arm_call *call, struct arm_reply *reply, struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *ids = cJSON_CreateArray();
    const struct kv_resource_range range = { .below = call->id->text, .count = KV_RESOURCES_MAX };
    const cJSON *id;

    if (ids == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    KV_TRY(kv_resource_list(call->app->resources, &range, note_id, ids, err));
    cJSON_ArrayForEach (id, ids) {
        KV_TRY(delete_service(call, id->valuestring, err));
    }
    return arm_kept_delete(call, reply, err);
}

static bool is_taken(const struct arm_call *call, const char *name)
{
    struct kv_consumer_view view;

    return kv_consumers_find(call->app->consumers, name, &view, NULL) == KV_OK;
}

static enum kv_code check_availability(struct arm_call *call, struct arm_reply *reply,
                                       struct kv_err *err)
{
    const char *name = cJSON_GetStringValue(cJSON_GetObjectItem(call->body, "name"));
    bool ok = true;

    if (name == NULL) {
        return KV_FAIL(err, KV_ARM_BAD_REQUEST, 0, "The body has to name a 'name' and a 'type'.");
    }
    reply->body = cJSON_CreateObject();
    kv_json_add_bool(reply->body, "nameAvailable", !is_taken(call, name), &ok);
    if (is_taken(call, name)) {
        kv_json_add_text(reply->body, "reason", "AlreadyExists", &ok);
        kv_json_add_text(reply->body, "message", "A service has that name.", &ok);
    }
    return ok ? KV_OK : KV_OUT_OF_MEMORY(err);
}

static const struct arm_action name_actions[] = {
    { "", check_availability, "action" },
    { 0 },
};

#define SERVICE_ROW(name_)                                                                         \
    {                                                                                              \
        .name = "Microsoft.HealthcareApis/workspaces/" name_, .api_versions = VERSIONS,            \
        .places = ARM_AT_GROUP | ARM_AT_SUBSCRIPTION, .is_tracked = true, .waiting = "Creating",   \
        .get = service_get, .put = service_put, .patch = service_patch, .delete = service_delete,  \
        .list = arm_kept_list, .lane = KV_LANE_OUTSIDE, .check = service_check                     \
    }

const struct arm_type arm_health_types[] = {
    { .name = "Microsoft.HealthcareApis/workspaces",
      .api_versions = VERSIONS,
      .places = ARM_AT_GROUP | ARM_AT_SUBSCRIPTION,
      .is_tracked = true,
      .waiting = "Creating",
      .get = arm_kept_get,
      .put = workspace_put,
      .patch = arm_kept_patch,
      .delete = workspace_delete,
      .list = arm_kept_list,
      .check = workspace_check },
    SERVICE_ROW("fhirservices"),
    SERVICE_ROW("dicomservices"),
    { .name = "Microsoft.HealthcareApis/checkNameAvailability",
      .api_versions = VERSIONS,
      .places = ARM_AT_SUBSCRIPTION,
      .actions = name_actions },
    { .name = "Microsoft.ResourceHealth/availabilityStatuses",
      .api_versions = HEALTH_VERSIONS,
      .places = ARM_AT_RESOURCE,
      .get = availability_get,
      .list = availability_list },
    { .name = "Microsoft.Insights/diagnosticSettings",
      .api_versions = "2021-05-01-preview 2017-05-01-preview 2016-09-01 2015-07-01",
      .places = ARM_AT_RESOURCE | ARM_AT_SUBSCRIPTION,
      .get = arm_kept_get,
      .put = arm_kept_put,
      .delete = arm_kept_delete,
      .list = arm_kept_list },
    { 0 },
};
