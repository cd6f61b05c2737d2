/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Deployments as they are kept: written when one begins and when it has ended, as the engine has it in between. What
 * is written as running and is not the engine's any more was cut short, by the end of the process or by a
 * snapshot that was put back.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kv/base/json.h"
#include "private.h"

#define INTERRUPTED                                                                                \
    "The deployment was interrupted: coffer ended, or a snapshot was put back, while it ran. "     \
    "What it had made is still there; deploy again to get the rest."

/* ---- Writing ------------------------------------------------------------------------------------ */

static void append_id(cJSON *list, const char *id, bool *ok)
{
    cJSON *item = cJSON_CreateObject();

    kv_json_add_text(item, "id", id, ok);
    kv_json_add_take(list, NULL, item, ok);
}

/* What a nested deployment has made counts as made by the one it is in. */
static void append_nested(const struct place *place, const char *id, cJSON *list, bool *ok)
{
    kv_auto(kv_resource_done) struct kv_resource nested = { 0 };
    const cJSON *item;

    if (kv_resource_get(place->app->resources, id, &nested, NULL) != KV_OK) {
        return;
    }
    const cJSON *properties = cJSON_GetObjectItem(nested.content, "properties");
    cJSON_ArrayForEach (item, cJSON_GetObjectItem(properties, "outputResources")) {
        kv_json_add_take(list, NULL, cJSON_Duplicate(item, true), ok);
    }
}

cJSON *record_list_made(const struct place *place, const struct kv_deployment_view *view)
{
    kv_auto(cJSON_Delete) cJSON *list = cJSON_CreateArray();
    bool ok = list != NULL;

    for (size_t i = 0; ok && i < kv_template_plan_count(view->plan); i++) {
        const struct kv_template_resource *resource = kv_template_plan_at(view->plan, i);

        if (view->step[i].state != KV_STEP_DONE) {
            continue;
        }
        if (resource->is_nested) {
            append_nested(place, resource->id, list, &ok);
        } else {
            append_id(list, resource->id, &ok);
        }
    }
    return ok ? kv_take(list) : NULL;
}

static cJSON *make_content(const struct place *place, const struct kv_deployment_view *view,
                           bool is_final)
{
    kv_auto(cJSON_Delete) cJSON *resources = is_final ? record_list_made(place, view) : NULL;
    kv_auto(cJSON_Delete) cJSON *content = cJSON_CreateObject();
    bool ok = content != NULL && (!is_final || resources != NULL);

    kv_json_add_take(content, "properties", show_properties(view, resources), &ok);
    if (place->tags != NULL) {
        kv_json_add_take(content, "tags", cJSON_Duplicate(place->tags, true), &ok);
    }
    kv_json_add_take(content, "operations", show_operations(view), &ok);
    kv_json_add_text(content, "status", place->status_id, &ok);
    return ok ? kv_take(content) : NULL;
}

static enum kv_code put(const struct place *place, cJSON *content, kv_millis now, bool *ret_is_new,
                        struct kv_err *err)
{
    kv_auto(kv_resource_done) struct kv_resource resource = { .content = content };
    const struct arm_call call = { .app = place->app,
                                   .caller = place->has_caller ? &place->caller : NULL };

    resource.id = strdup(place->id.text);
    resource.type = strdup(DEPLOYMENT_TYPE);
    resource.name = strdup(place->id.leaf);
    (void) snprintf(resource.location, sizeof(resource.location), "%s", place->location);
    arm_name_caller(&call, resource.changed_by, &resource.changed_by_user);
    if (resource.id == NULL || resource.type == NULL || resource.name == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    return kv_resource_put(place->app->resources, &resource, KV_RESOURCE_ANY, now, ret_is_new, err);
}

/* A record that has become too large is kept without what makes it so. */
static enum kv_code put_shortened(const struct place *place, const struct kv_deployment_view *view,
                                  bool *ret_is_new, struct kv_err *err)
{
    cJSON *content = make_content(place, view, true);
    cJSON *properties = cJSON_GetObjectItem(content, "properties");
    bool ok = true;

    cJSON_DeleteItemFromObject(properties, "dependencies");
    (void) kv_json_add_array(properties, "dependencies", &ok);
    cJSON_DeleteItemFromObject(properties, "parameters");
    cJSON_DeleteItemFromObject(properties, "outputs");
    cJSON_DeleteItemFromObject(content, "operations");
    (void) kv_json_add_array(content, "operations", &ok);
    return content != NULL && ok ? put(place, content, view->changed, ret_is_new, err)
                                 : KV_OUT_OF_MEMORY(err);
}

enum kv_code record_put(struct place *place, const struct kv_deployment_view *view, bool is_final,
                        bool *ret_is_new, struct kv_err *err)
{
    cJSON *content = make_content(place, view, is_final);

    if (content == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    if (!is_final && place->ret_accepted != NULL) {
        *place->ret_accepted =
            show_deployment(place->id.text, place->id.leaf, place->location, content);
    }
    enum kv_code code = put(place, content, view->changed, ret_is_new, err);
    return code != KV_OK && is_final ? put_shortened(place, view, ret_is_new, err) : code;
}

/* ---- Reading ------------------------------------------------------------------------------------ */

/* What a look at the engine finds. */
struct sight {
    cJSON *content; /* NULL: memory was short */
};

static void see(void *context, const struct kv_deployment_view *view)
{
    struct sight *sight = context;

    sight->content = make_content(view->place, view, false);
}

bool record_is_over(const cJSON *content)
{
    const cJSON *properties = cJSON_GetObjectItem(content, "properties");
    const char *state = cJSON_GetStringValue(cJSON_GetObjectItem(properties, "provisioningState"));

    return state != NULL && strcmp(state, "Running") != 0 && strcmp(state, "Accepted") != 0;
}

static enum kv_code interrupt(cJSON *content, const char *id, struct kv_err *err)
{
    cJSON *properties = cJSON_GetObjectItem(content, "properties");
    bool ok = true;

    cJSON_DeleteItemFromObject(properties, "provisioningState");
    kv_json_add_text(properties, "provisioningState", "Failed", &ok);
    cJSON *error = kv_json_add_object(properties, "error", &ok);
    kv_json_add_text(error, "code", "DeploymentFailed", &ok);
    kv_json_add_text(error, "target", id, &ok);
    kv_json_add_text(error, "message", INTERRUPTED, &ok);
    return ok ? KV_OK : KV_OUT_OF_MEMORY(err);
}

static enum kv_code refuse_missing(const char *id, struct kv_err *err)
{
    const char *slash = strrchr(id, '/');

    return KV_FAIL(err, KV_DEPLOYMENT_NOT_FOUND, 0, "Deployment '%.64s' could not be found.",
                   slash != NULL ? slash + 1 : id);
}

static enum kv_code read_kept(const struct arm_call *call, const char *id, cJSON **ret_content,
                              char *ret_location, struct kv_err *err)
{
    kv_auto(kv_resource_done) struct kv_resource resource = { 0 };
    enum kv_code code = kv_resource_get(call->app->resources, id, &resource, err);

    if (code != KV_OK) {
        return code == KV_NOT_FOUND ? refuse_missing(id, err) : code;
    }
    if (ret_location != NULL) {
        memcpy(ret_location, resource.location, sizeof(resource.location));
    }
    *ret_content = kv_take(resource.content);
    return KV_OK;
}

/* The engine's, if it is under way. */
static bool see_running(const struct arm_call *call, const char *id, cJSON **ret_content)
{
    struct sight sight = { NULL };
    bool is_running = kv_deployments_show(call->app->deployments, id, see, &sight);

    if (is_running && sight.content != NULL) {
        cJSON_Delete(*ret_content);
        *ret_content = sight.content;
    }
    return is_running;
}

/* One that is kept as running, and that the engine does not have, was interrupted; unless it ended just now, which
 * a second reading tells. */
enum kv_code record_get(const struct arm_call *call, const char *id, cJSON **ret_content,
                        char *ret_location, struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *content = NULL;

    KV_TRY(read_kept(call, id, &content, ret_location, err));
    if (!see_running(call, id, &content) && !record_is_over(content)) {
        cJSON_Delete(kv_take(content));
        KV_TRY(read_kept(call, id, &content, ret_location, err));
        if (!record_is_over(content) && !see_running(call, id, &content)) {
            KV_TRY(interrupt(content, id, err));
        }
    }
    *ret_content = kv_take(content);
    return KV_OK;
}

enum kv_code record_of(const struct arm_call *call, const struct kv_resource *resource,
                       cJSON **ret_content, struct kv_err *err)
{
    if (record_is_over(resource->content)) {
        *ret_content = cJSON_Duplicate(resource->content, true);
        return *ret_content != NULL ? KV_OK : KV_OUT_OF_MEMORY(err);
    }
    return record_get(call, resource->id, ret_content, NULL, err);
}

enum kv_code record_get_parent(const struct arm_call *call, cJSON **ret_content, struct kv_err *err)
{
    return record_get(call, call->id->parent, ret_content, NULL, err);
}
