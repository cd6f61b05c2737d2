/* SPDX-License-Identifier: Apache-2.0 */
/* Microsoft.Resources/deployments: the rows. Deploying itself is done by the engine; a PUT answers when it has begun. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kv/arm/providers.h"
#include "kv/base/json.h"
#include "private.h"

#define VERSIONS                                                                                   \
    "2026-06-01 2025-04-01 2025-03-01 2024-11-01 2024-07-01 2024-03-01 2023-07-01 2022-12-01 "     \
    "2022-09-01 2022-06-01 2022-05-01 2022-01-01 2021-04-01 2021-01-01 2020-10-01 2020-08-01 "     \
    "2020-06-01 2019-10-01 2019-08-01 2019-07-01 2019-05-10 2019-05-01 2019-03-01 2018-05-01 "     \
    "2018-02-01 2017-05-10 2017-05-01 2016-09-01 2016-07-01 2016-06-01 2016-02-01 2015-11-01 "     \
    "2015-01-01"

/* ---- PUT, validate ------------------------------------------------------------------------------ */

static void note_date(void *context, const struct kv_deployment_view *view)
{
    kv_time_render_iso(view->begun, context);
}

static enum kv_code refuse_active(const struct arm_call *call, const char *date, struct kv_err *err)
{
    return KV_FAIL(err, KV_DEPLOYMENT_ACTIVE, 0,
                   "Unable to edit or replace deployment '%.64s': previous deployment from '%s' is "
                   "still active. Please see https://aka.ms/arm-deploy for usage details.",
                   call->id->leaf, date);
}

static enum kv_code check_active(const struct arm_call *call, struct kv_err *err)
{
    char date[KV_ISO_DATE_SIZE];

    return kv_deployments_show(call->app->deployments, call->id->text, note_date, date)
               ? refuse_active(call, date, err)
               : KV_OK;
}

/* Someone else's may have begun since. */
static enum kv_code begin(const struct arm_call *call, const struct kv_deployment_start *start,
                          struct kv_err *err)
{
    enum kv_code code = kv_deployments_begin(call->app->deployments, start, err);

    return code == KV_CONFLICT ? refuse_active(call, "now", err) : code;
}

/* Polled with the api-version of the request; soon, because what a template makes is there at once. */
static enum kv_code add_status_url(const struct arm_call *call, const char *status_id,
                                   struct arm_reply *reply, struct kv_err *err)
{
    reply->retry_after = 1;
    return asprintf(&reply->async, "%s/operationStatuses/%s?api-version=%s", call->id->text,
                    status_id, call->api_version)
                   < 0
               ? KV_OUT_OF_MEMORY(err)
               : KV_OK;
}

/* What the engine begins is its own from then on; the answer is what was written down before. */
static enum kv_code start(struct arm_call *call, struct place *place, struct made_plan *made,
                          struct arm_reply *reply, struct kv_err *err)
{
    const struct kv_deployment_start start = {
        .id = call->id->text,
        .hands = &deployment_hands,
        .place = place,
        .template = made->template,
        .plan = made->plan,
    };
    char status_id[STATUS_ID_SIZE];

    memcpy(status_id, place->status_id, sizeof(status_id));
    place->ret_accepted = &reply->body;
    place->ret_is_new = &made->is_new;
    enum kv_code code = begin(call, &start, err);
    if (code != KV_OK) {
        place_free(place);
        return code;
    }
    reply->status = made->is_new ? 201 : 200;
    *made = (struct made_plan){ 0 };
    KV_TRY(add_status_url(call, status_id, reply, err));
    return reply->body != NULL ? KV_OK : KV_OUT_OF_MEMORY(err);
}

static enum kv_code put(struct arm_call *call, struct arm_reply *reply, struct kv_err *err)
{
    kv_auto(ask_done) struct ask ask = { 0 };
    kv_auto(place_free) struct place *place = NULL;
    kv_auto(made_plan_done) struct made_plan made = { 0 };

    KV_TRY(ask_read(call, &ask, err));
    KV_TRY(check_active(call, err));
    KV_TRY(place_new(call, &ask, &place, err));
    KV_TRY(place_plan(place, &ask, &made, err));
    KV_TRY(preflight(place, made.plan, reply, err));
    return start(call, kv_take(place), &made, reply, err);
}

static void append_id(cJSON *list, const char *id, bool *ok)
{
    cJSON *item = cJSON_CreateObject();

    kv_json_add_text(item, "id", id, ok);
    kv_json_add_take(list, NULL, item, ok);
}

static cJSON *list_validated(struct kv_template_plan *plan)
{
    kv_auto(cJSON_Delete) cJSON *list = cJSON_CreateArray();
    bool ok = list != NULL;

    for (size_t i = 0; ok && i < kv_template_plan_count(plan); i++) {
        const struct kv_template_resource *resource = kv_template_plan_at(plan, i);

        if (resource->is_deployed && !resource->is_existing) {
            append_id(list, resource->id, &ok);
        }
    }
    return ok ? kv_take(list) : NULL;
}

/* What a deployment would show that has succeeded, but for what it would have made. */
static enum kv_code show_validated(struct arm_call *call, struct place *place,
                                   struct kv_template_plan *plan, struct arm_reply *reply,
                                   struct kv_err *err)
{
    const struct kv_deployment_view view = {
        .id = call->id->text,
        .place = place,
        .plan = plan,
        .state = KV_DEPLOYMENT_SUCCEEDED,
        .begun = call->now,
        .changed = call->now,
    };
    kv_auto(cJSON_Delete) cJSON *content = cJSON_CreateObject();
    cJSON *properties = show_properties(&view, NULL);
    bool ok = content != NULL && properties != NULL;

    kv_json_add_take(properties, "validatedResources", list_validated(plan), &ok);
    kv_json_add_take(content, "properties", properties, &ok);
    reply->body =
        ok ? show_deployment(call->id->text, call->id->leaf, place->location, content) : NULL;
    return reply->body != NULL ? KV_OK : KV_OUT_OF_MEMORY(err);
}

static enum kv_code validate(struct arm_call *call, struct arm_reply *reply, struct kv_err *err)
{
    kv_auto(ask_done) struct ask ask = { 0 };
    kv_auto(place_free) struct place *place = NULL;
    kv_auto(made_plan_done) struct made_plan made = { 0 };

    KV_TRY(ask_read(call, &ask, err));
    KV_TRY(place_new(call, &ask, &place, err));
    KV_TRY(place_plan(place, &ask, &made, err));
    KV_TRY(preflight(place, made.plan, reply, err));
    return show_validated(call, place, made.plan, reply, err);
}

/* ---- GET, DELETE, lists -------------------------------------------------------------------------- */

static enum kv_code get(struct arm_call *call, struct arm_reply *reply, struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *content = NULL;
    char location[KV_RESOURCE_LOCATION_SIZE] = "";

    KV_TRY(record_get(call, call->id->text, &content, location, err));
    reply->body = show_deployment(call->id->text, call->id->leaf, location, content);
    return reply->body != NULL ? KV_OK : KV_OUT_OF_MEMORY(err);
}

static enum kv_code remove_one(struct arm_call *call, struct arm_reply *reply, struct kv_err *err)
{
    KV_TRY(check_active(call, err));
    KV_TRY(kv_resource_delete(call->app->resources, call->id->text, KV_RESOURCE_ANY, NULL, err));
    reply->status = 204;
    return KV_OK;
}

struct listing {
    struct arm_call *call;
    struct arm_page *page;
};

static enum kv_code add(void *context, const struct kv_resource *resource, struct kv_err *err)
{
    struct listing *listing = context;
    kv_auto(cJSON_Delete) cJSON *content = NULL;

    if (arm_page_is_full(listing->page)) {
        listing->page->has_more = true;
        return KV_OK;
    }
    KV_TRY(record_of(listing->call, resource, &content, err));
    cJSON *item = show_deployment(resource->id, resource->name, resource->location, content);
    return item != NULL ? arm_page_add(listing->page, item, resource->id, err)
                        : KV_OUT_OF_MEMORY(err);
}

/* Of a subscription: only its own, and not those of its groups, as the service does it. */
static enum kv_code add_own(void *context, const struct kv_resource *resource, struct kv_err *err)
{
    struct listing *listing = context;
    struct arm_id id;

    KV_TRY(arm_id_parse(resource->id, &id, err));
    return arm_id_equals(id.scope, listing->call->id->parent) ? add(context, resource, err) : KV_OK;
}

static enum kv_code list(struct arm_call *call, struct arm_page *page, struct kv_err *err)
{
    const struct kv_resource_range range = {
        .below = call->id->parent,
        .type = DEPLOYMENT_TYPE,
        .after = page->after,
        .count = KV_RESOURCES_MAX,
    };
    struct listing listing = { call, page };

    return kv_resource_list(call->app->resources, &range, add_own, &listing, err);
}

/* ---- The other actions --------------------------------------------------------------------------- */

static enum kv_code cancel(struct arm_call *call, struct arm_reply *reply, struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *content = NULL;

    if (kv_deployments_cancel(call->app->deployments, call->id->text)) {
        reply->status = 204;
        return KV_OK;
    }
    KV_TRY(record_get(call, call->id->text, &content, NULL, err));
    return KV_FAIL(err, KV_DEPLOYMENT_CANNOT_BE_CANCELED, 0,
                   "The deployment '%.64s' cannot be cancelled because it has already completed.",
                   call->id->leaf);
}

static enum kv_code export_template(struct arm_call *call, struct arm_reply *reply,
                                    struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *content = NULL;

    (void) reply;
    KV_TRY(record_get(call, call->id->text, &content, NULL, err));
    return KV_FAIL(err, KV_NOT_OFFERED, 0,
                   "coffer does not export templates: of the deployment '%.64s' it has kept what "
                   "was made, not the template.",
                   call->id->leaf);
}

static const struct arm_action actions[] = {
    { "validate", validate, NULL },
    { "whatIf", deployment_what_if, NULL },
    { "cancel", cancel, NULL },
    { "exportTemplate", export_template, NULL },
    { 0 },
};

const struct arm_type arm_deployment_types[] = {
    { .name = DEPLOYMENT_TYPE,
      .api_versions = VERSIONS,
      .places = ARM_AT_SUBSCRIPTION | ARM_AT_GROUP,
      .get = get,
      .put = put,
      .delete = remove_one,
      .list = list,
      .actions = actions },
    { .name = DEPLOYMENT_TYPE "/operations",
      .api_versions = VERSIONS,
      .places = ARM_AT_SUBSCRIPTION | ARM_AT_GROUP,
      .get = operation_get,
      .list = operations_list },
    { .name = DEPLOYMENT_TYPE "/operationStatuses",
      .api_versions = VERSIONS,
      .places = ARM_AT_SUBSCRIPTION | ARM_AT_GROUP,
      .get = operation_status_get },
    { 0 },
};
