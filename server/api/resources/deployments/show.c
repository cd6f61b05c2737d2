/* SPDX-License-Identifier: Apache-2.0 */
/* A deployment as clients see it (control-plane.md §3.1). */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "kv/base/json.h"
#include "private.h"

#define DURATION_SIZE 64

/* "PT27.158S", "PT1H2M3.5S" */
static void render_duration(kv_millis span, char ret_text[DURATION_SIZE])
{
    kv_millis rest = span > 0 ? span : 0;
    char hours[24] = "", minutes[24] = "";

    if (rest >= 3600000) {
        (void) snprintf(hours, sizeof(hours), "%" PRId64 "H", rest / 3600000);
    }
    if (rest % 3600000 >= 60000) {
        (void) snprintf(minutes, sizeof(minutes), "%" PRId64 "M", rest % 3600000 / 60000);
    }
    rest %= 60000;
    (void) snprintf(ret_text, DURATION_SIZE, "PT%s%s%" PRId64 ".%03" PRId64 "S", hours, minutes,
                    rest / 1000, rest % 1000);
}

static void add_times(cJSON *object, kv_millis begun, kv_millis changed, bool *ok)
{
    char date[KV_ISO_DATE_SIZE], duration[DURATION_SIZE];

    kv_time_render_iso(changed, date);
    render_duration(changed - begun, duration);
    kv_json_add_text(object, "timestamp", date, ok);
    kv_json_add_text(object, "duration", duration, ok);
}

void show_resource(cJSON *object, const struct kv_template_resource *resource, bool *ok)
{
    kv_json_add_text(object, "id", resource->id, ok);
    kv_json_add_text(object, "resourceType", resource->type, ok);
    kv_json_add_text(object, "resourceName", resource->name, ok);
}

/* ---- Providers ---------------------------------------------------------------------------------- */

static cJSON *find_by(const cJSON *list, const char *member, const char *text, size_t len)
{
    cJSON *item;

    cJSON_ArrayForEach (item, list) {
        const char *own = cJSON_GetStringValue(cJSON_GetObjectItem(item, member));

        if (own != NULL && strlen(own) == len && strncasecmp(own, text, len) == 0) {
            return item;
        }
    }
    return NULL;
}

static cJSON *append_named(cJSON *list, const char *member, const char *text, size_t len, bool *ok)
{
    cJSON *item = cJSON_CreateObject();
    char name[ARM_TYPE_MAX + 1];

    (void) snprintf(name, sizeof(name), "%.*s", (int) len, text);
    kv_json_add_text(item, member, name, ok);
    kv_json_add_take(list, NULL, item, ok);
    return *ok ? item : NULL;
}

/* The first resource of a type says where it lies, if it is not what others lie in. */
static void add_type(cJSON *types, const char *type, const char *location, bool *ok)
{
    if (find_by(types, "resourceType", type, strlen(type)) != NULL) {
        return;
    }
    cJSON *item = append_named(types, "resourceType", type, strlen(type), ok);
    cJSON *locations = kv_json_add_array(item, "locations", ok);
    if (location != NULL) {
        kv_json_append_text(locations, location, ok);
    } else {
        kv_json_add_take(locations, NULL, cJSON_CreateNull(), ok);
    }
}

static void add_provider(const struct kv_app *app, cJSON *providers, const char *type, bool *ok)
{
    size_t len = strcspn(type, "/");
    cJSON *provider = find_by(providers, "namespace", type, len);
    const struct arm_type *row = arm_type_find(app, type);

    if (provider == NULL) {
        provider = append_named(providers, "namespace", type, len, ok);
        (void) kv_json_add_array(provider, "resourceTypes", ok);
    }
    add_type(cJSON_GetObjectItem(provider, "resourceTypes"), type + len + (type[len] == '/'),
             row != NULL && row->is_tracked ? KV_REGION : NULL, ok);
}

static void add_providers(cJSON *properties, const struct kv_app *app,
                          struct kv_template_plan *plan, bool *ok)
{
    cJSON *providers = kv_json_add_array(properties, "providers", ok);

    for (size_t i = 0; *ok && i < kv_template_plan_count(plan); i++) {
        add_provider(app, providers, kv_template_plan_at(plan, i)->type, ok);
    }
}

/* ---- Dependencies ------------------------------------------------------------------------------- */

static void add_dependency(cJSON *dependencies, struct kv_template_plan *plan,
                           const struct kv_template_resource *resource, bool *ok)
{
    cJSON *item = cJSON_CreateObject();
    cJSON *before = kv_json_add_array(item, "dependsOn", ok);

    for (size_t i = 0; *ok && i < resource->before_count; i++) {
        cJSON *one = cJSON_CreateObject();

        show_resource(one, kv_template_plan_at(plan, resource->before[i]), ok);
        kv_json_add_take(before, NULL, one, ok);
    }
    show_resource(item, resource, ok);
    kv_json_add_take(dependencies, NULL, item, ok);
}

static void add_dependencies(cJSON *properties, struct kv_template_plan *plan, bool *ok)
{
    cJSON *dependencies = kv_json_add_array(properties, "dependencies", ok);

    for (size_t i = 0; *ok && i < kv_template_plan_count(plan); i++) {
        const struct kv_template_resource *resource = kv_template_plan_at(plan, i);

        if (resource->before_count > 0) {
            add_dependency(dependencies, plan, resource, ok);
        }
    }
}

/* ---- The whole ---------------------------------------------------------------------------------- */

/* Of one that is over. */
static void add_end(cJSON *properties, const struct kv_deployment_view *view,
                    const cJSON *resources, bool *ok)
{
    if (view->outputs != NULL && resources != NULL) {
        kv_json_add_take(properties, "outputs", cJSON_Duplicate(view->outputs, true), ok);
    }
    if (resources != NULL) {
        kv_json_add_take(properties, "outputResources", cJSON_Duplicate(resources, true), ok);
    }
    if (view->error != NULL) {
        kv_json_add_take(properties, "error", cJSON_Duplicate(view->error, true), ok);
    }
}

cJSON *show_properties(const struct kv_deployment_view *view, const cJSON *resources)
{
    const struct place *place = view->place;
    kv_auto(cJSON_Delete) cJSON *properties = cJSON_CreateObject();
    bool ok = properties != NULL;

    if (place->hash[0] != '\0') {
        kv_json_add_text(properties, "templateHash", place->hash, &ok);
    }
    kv_json_add_take(properties, "parameters", cJSON_Duplicate(place->parameters, true), &ok);
    kv_json_add_text(properties, "mode", place->is_complete ? "Complete" : "Incremental", &ok);
    kv_json_add_text(properties, "provisioningState", kv_deployment_state_name(view->state), &ok);
    add_times(properties, view->begun, view->changed, &ok);
    kv_json_add_text(properties, "correlationId", place->correlation, &ok);
    add_providers(properties, place->app, view->plan, &ok);
    add_dependencies(properties, view->plan, &ok);
    add_end(properties, view, resources, &ok);
    return ok ? kv_take(properties) : NULL;
}

cJSON *show_deployment(const char *id, const char *name, const char *location, const cJSON *content)
{
    kv_auto(cJSON_Delete) cJSON *item = cJSON_CreateObject();
    const cJSON *tags = cJSON_GetObjectItem(content, "tags");
    bool ok = item != NULL;

    kv_json_add_text(item, "id", id, &ok);
    kv_json_add_text(item, "name", name, &ok);
    kv_json_add_text(item, "type", DEPLOYMENT_TYPE, &ok);
    if (location[0] != '\0') {
        kv_json_add_text(item, "location", location, &ok);
    }
    if (cJSON_GetArraySize(tags) > 0) {
        kv_json_add_take(item, "tags", cJSON_Duplicate(tags, true), &ok);
    }
    kv_json_add_take(item, "properties",
                     cJSON_Duplicate(cJSON_GetObjectItem(content, "properties"), true), &ok);
    return ok ? kv_take(item) : NULL;
}

/* ---- Operations --------------------------------------------------------------------------------- */

static const char *state_of(const struct kv_deployment_step *step)
{
    static const char *const names[] = {
        [KV_STEP_WAITING] = NULL,    [KV_STEP_STARTING] = "Running",
        [KV_STEP_SENT] = "Running",  [KV_STEP_SETTLING] = "Running",
        [KV_STEP_SKIPPED] = NULL,    [KV_STEP_DONE] = "Succeeded",
        [KV_STEP_FAILED] = "Failed", [KV_STEP_CANCELED] = "Canceled",
    };

    return names[step->state];
}

static const char *status_name(int status)
{
    static const struct {
        int status;
        const char *name;
    } names[] = {
        { 200, "OK" },
        { 201, "Created" },
        { 202, "Accepted" },
        { 204, "NoContent" },
        { 400, "BadRequest" },
        { 401, "Unauthorized" },
        { 403, "Forbidden" },
        { 404, "NotFound" },
        { 409, "Conflict" },
        { 412, "PreconditionFailed" },
        { 429, "TooManyRequests" },
        { 503, "ServiceUnavailable" },
    };

    for (size_t i = 0; i < KV_COUNT(names); i++) {
        if (names[i].status == status) {
            return names[i].name;
        }
    }
    return "InternalServerError";
}

/* The same for the same step of the same deployment: 16 digits. */
static void make_operation_id(const struct place *place, const char *resource, char ret_id[17])
{
    char uuid[KV_UUID_LENGTH + 1];
    size_t len = 0;

    kv_uuid_of(place->status_id, resource, uuid);
    for (const char *at = uuid; *at != '\0' && len < 16; at++) {
        if (*at != '-') {
            ret_id[len++] = (char) (*at >= 'a' ? *at - 'a' + 'A' : *at);
        }
    }
    ret_id[len] = '\0';
}

static void add_status(cJSON *properties, const struct kv_deployment_step *step, bool *ok)
{
    if (step->status != 0) {
        kv_json_add_text(properties, "statusCode", status_name(step->status), ok);
    }
    if (step->error != NULL) {
        cJSON *message = kv_json_add_object(properties, "statusMessage", ok);

        kv_json_add_take(message, "error", cJSON_Duplicate(step->error, true), ok);
    }
}

static cJSON *show_operation(const struct kv_deployment_view *view, size_t index, const char *state)
{
    const struct kv_template_resource *resource = kv_template_plan_at(view->plan, index);
    const struct kv_deployment_step *step = &view->step[index];
    kv_auto(cJSON_Delete) cJSON *item = cJSON_CreateObject();
    char id[17], path[KV_RESOURCE_ID_MAX + 32];
    char tracking[KV_UUID_LENGTH + 1];
    bool ok = item != NULL;

    make_operation_id(view->place, resource->id, id);
    kv_uuid_of(id, "tracking", tracking);
    (void) snprintf(path, sizeof(path), "%s/operations/%s", view->id, id);
    kv_json_add_text(item, "id", path, &ok);
    kv_json_add_text(item, "operationId", id, &ok);
    cJSON *properties = kv_json_add_object(item, "properties", &ok);
    kv_json_add_text(properties, "provisioningOperation", "Create", &ok);
    kv_json_add_text(properties, "provisioningState", state, &ok);
    add_times(properties, step->begun, step->ended != 0 ? step->ended : step->begun, &ok);
    kv_json_add_text(properties, "trackingId", tracking, &ok);
    add_status(properties, step, &ok);
    show_resource(kv_json_add_object(properties, "targetResource", &ok), resource, &ok);
    return ok ? kv_take(item) : NULL;
}

cJSON *show_operations(const struct kv_deployment_view *view)
{
    kv_auto(cJSON_Delete) cJSON *list = cJSON_CreateArray();
    bool ok = list != NULL;

    for (size_t i = 0; ok && i < kv_template_plan_count(view->plan); i++) {
        const char *state = state_of(&view->step[i]);

        if (state != NULL) {
            kv_json_add_take(list, NULL, show_operation(view, i, state), &ok);
        }
    }
    return ok ? kv_take(list) : NULL;
}
