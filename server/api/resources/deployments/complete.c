/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Complete mode: what lies in the group and is not in the template goes. In the opposite order of the tables
 * of providers, so that what uses a vault goes before the vault.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "kv/base/json.h"
#include "kv/base/secret.h"
#include "private.h"

#define PAGE_SIZE 1000
#define ANY_VERSION "2020-01-01" /* of a type that no table has */

/* Nested types go with what they lie in. */
static bool goes_alone(const struct arm_type *type)
{
    const char *slash = strchr(type->name, '/');

    return type->is_tracked && (type->places & ARM_AT_GROUP) != 0 && type->list != NULL
           && type->delete != NULL && strchr(slash + 1, '/') == NULL;
}

/* What is to stay. */
struct stock {
    struct kv_template_plan *plan;
    const cJSON *spared;
    cJSON *others; /* what is not */
};

struct survey_of_unknown {
    const struct kv_app *app;
    const struct stock *stock;
};

static bool is_spared(const cJSON *spared, const char *id)
{
    const cJSON *item;

    cJSON_ArrayForEach (item, spared) {
        const cJSON *named = cJSON_GetObjectItem(item, "id");
        const char *own =
            cJSON_GetStringValue(named != NULL ? named : cJSON_GetObjectItem(item, "resourceId"));

        if (own != NULL && arm_id_equals(own, id)) {
            return true;
        }
    }
    return false;
}

static bool is_planned(struct kv_template_plan *plan, const char *id)
{
    for (size_t i = 0; i < kv_template_plan_count(plan); i++) {
        const struct kv_template_resource *resource = kv_template_plan_at(plan, i);

        if ((resource->is_deployed || resource->is_existing) && arm_id_equals(resource->id, id)) {
            return true;
        }
    }
    return false;
}

/* Those of a page that the plan does not have. */
static enum kv_code take_page(struct arm_page *page, const struct stock *stock, struct kv_err *err)
{
    cJSON *item;
    bool ok = true;

    while ((item = cJSON_DetachItemFromArray(page->values, 0)) != NULL) {
        const char *id = cJSON_GetStringValue(cJSON_GetObjectItem(item, "id"));

        if (id == NULL || is_planned(stock->plan, id) || is_spared(stock->spared, id)) {
            cJSON_Delete(item);
            continue;
        }
        kv_json_add_take(stock->others, NULL, item, &ok);
    }
    return ok ? KV_OK : KV_OUT_OF_MEMORY(err);
}

static void page_done(struct arm_page *page)
{
    cJSON_Delete(page->values);
    free(page->last);
    *page = (struct arm_page){ 0 };
}
KV_DEFINE_CLEANUP_VALUE(struct arm_page, page_done)

/* The page behind `after`; *ret_after is where it ends, owned, or NULL. */
static enum kv_code find_page(struct arm_call *call, const struct stock *stock, const char *after,
                              char **ret_after, struct kv_err *err)
{
    kv_auto(page_done) struct arm_page page = { .values = cJSON_CreateArray(),
                                                .after = after,
                                                .max = PAGE_SIZE };

    if (page.values == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    KV_TRY(arm_call_list(call, &page, err));
    KV_TRY(take_page(&page, stock, err));
    *ret_after = page.has_more ? kv_take(page.last) : NULL;
    return KV_OK;
}

static enum kv_code find_type(const struct place *place, const struct arm_type *type,
                              const struct stock *stock, struct kv_err *err)
{
    kv_auto(kv_buf_done) struct kv_buf path = { 0 };
    kv_auto(kv_wipe_free) char *after = NULL;
    struct arm_call call;
    struct arm_id id;
    char version[32];

    kv_buf_init(&path, KV_RESOURCE_ID_MAX);
    KV_TRY(kv_buf_printf(&path, err, "/subscriptions/%s/resourceGroups/%s/providers/%s",
                         place->id.subscription, place->id.group, type->name));
    (void) snprintf(version, sizeof(version), "%.*s", (int) strcspn(type->api_versions, " "),
                    type->api_versions);
    KV_TRY(place_call(place, KV_GET, path.data, version, &id, &call, err));
    do {
        char *next = NULL;

        KV_TRY(find_page(&call, stock, after, &next, err));
        kv_wipe_free(after);
        after = next;
    } while (after != NULL);
    return KV_OK;
}

/* Of types that no table has (--unknown-resources accept). */
static enum kv_code add_unknown(void *context, const struct kv_resource *resource,
                                struct kv_err *err)
{
    const struct survey_of_unknown *survey = context;
    const struct stock *stock = survey->stock;
    bool ok = true;

    if (resource->location[0] == '\0' || arm_type_find(survey->app, resource->type) != NULL
        || is_planned(stock->plan, resource->id) || is_spared(stock->spared, resource->id)) {
        return KV_OK;
    }
    kv_json_add_take(stock->others, NULL, arm_render(resource, false), &ok);
    return ok ? KV_OK : KV_OUT_OF_MEMORY(err);
}

static enum kv_code find_unknown(const struct place *place, const struct stock *stock,
                                 struct kv_err *err)
{
    struct survey_of_unknown survey = { place->app, stock };
    kv_auto(kv_buf_done) struct kv_buf group = { 0 };

    kv_buf_init(&group, KV_RESOURCE_ID_MAX);
    KV_TRY(kv_buf_printf(&group, err, "/subscriptions/%s/resourceGroups/%s", place->id.subscription,
                         place->id.group));

    const struct kv_resource_range range = { .below = group.data, .count = KV_RESOURCES_MAX };

    return place->app->accepts_unknown_types
               ? kv_resource_list(place->app->resources, &range, add_unknown, &survey, err)
               : KV_OK;
}

static size_t count_types(const struct place *place)
{
    size_t count = 0;

    while (arm_type_at(place->app, count) != NULL) {
        count++;
    }
    return count;
}

enum kv_code complete_find(const struct place *place, struct kv_template_plan *plan,
                           const cJSON *spared, cJSON **ret_list, struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *list = cJSON_CreateArray();
    const struct stock stock = { plan, spared, list };

    if (list == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    for (size_t i = count_types(place); i-- > 0;) {
        if (goes_alone(arm_type_at(place->app, i))) {
            KV_TRY(find_type(place, arm_type_at(place->app, i), &stock, err));
        }
    }
    KV_TRY(find_unknown(place, &stock, err));
    *ret_list = kv_take(list);
    return KV_OK;
}

static enum kv_code delete_one(const struct place *place, const char *id, struct arm_reply *reply,
                               struct kv_err *err)
{
    struct arm_id parsed;
    struct arm_call call;
    const struct arm_type *type;
    char version[32];

    KV_TRY(place_call(place, KV_DELETE, id, "", &parsed, &call, err));
    type = arm_type_find(place->app, parsed.type);
    const char *versions = type != NULL ? type->api_versions : ANY_VERSION;
    (void) snprintf(version, sizeof(version), "%.*s", (int) strcspn(versions, " "), versions);
    call.api_version = version;
    return arm_call_run(&call, reply, err);
}

cJSON *complete_group(struct place *place, const struct kv_deployment_view *view)
{
    kv_auto(cJSON_Delete) cJSON *list = NULL;
    kv_auto(cJSON_Delete) cJSON *made = record_list_made(place, view);
    struct kv_err err = { .code = KV_OK };
    const cJSON *item;

    if (complete_find(place, view->plan, made, &list, &err) != KV_OK) {
        return kv_deployment_error(&err);
    }
    cJSON_ArrayForEach (item, list) {
        kv_auto(arm_reply_done) struct arm_reply reply = { 0 };
        const char *id = cJSON_GetStringValue(cJSON_GetObjectItem(item, "id"));

        if (delete_one(place, id, &reply, &err) != KV_OK) {
            return hands_error(&err, &reply);
        }
    }
    return NULL;
}
