/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a deployment would do, without doing it (control-plane.md §3.1): each resource of the template as it is and as
 * it would be, and what else lies in the group. Values of secure parameters are in none of it.
 */
#include <stdio.h>
#include <string.h>

#include "kv/base/json.h"
#include "private.h"

/* One that is being made. */
struct survey {
    struct place *place;
    bool wants_ids;
    cJSON *changes;
};

static cJSON *add_entry(struct survey *survey, const char *id, const char *type, bool *ok)
{
    cJSON *change = cJSON_CreateObject();

    kv_json_add_text(change, "resourceId", id, ok);
    kv_json_add_text(change, "changeType", type, ok);
    kv_json_add_take(survey->changes, NULL, change, ok);
    return *ok ? change : NULL;
}

/* ---- What there is and what there would be ------------------------------------------------------ */

/* *ret_before stays NULL when it is not there. */
static enum kv_code get_before(const struct place *place,
                               const struct kv_template_resource *resource, cJSON **ret_before,
                               struct kv_err *err)
{
    kv_auto(arm_reply_done) struct arm_reply reply = { 0 };
    struct arm_call call;
    struct arm_id id;

    KV_TRY(place_call(place, KV_GET, resource->id, resource->api_version, &id, &call, err));
    enum kv_code code = arm_call_run(&call, &reply, err);
    if (code != KV_OK) {
        return kv_err_row(code)->status == 404 ? KV_OK : code;
    }
    *ret_before = kv_take(reply.body);
    return KV_OK;
}

/* What is referred to may be there already: then the body is what would be sent. */
static enum kv_code make_body(struct kv_template_plan *plan, size_t index, cJSON **ret_body,
                              bool *ret_has_secret, struct kv_err *err)
{
    struct kv_err why = { .code = KV_OK };

    if (kv_template_plan_body(plan, index, ret_body, ret_has_secret, &why) == KV_OK) {
        return KV_OK;
    }
    return kv_template_plan_preview(plan, index, ret_body, ret_has_secret, err);
}

/* The body with what names the resource, as a GET would show it. */
static enum kv_code make_after(const struct kv_template_resource *resource, cJSON *body,
                               cJSON **ret_after, struct kv_err *err)
{
    cJSON *after = cJSON_CreateObject();
    cJSON *member;
    bool ok = after != NULL;
    struct arm_id id;

    kv_json_add_text(after, "id", resource->id, &ok);
    kv_json_add_text(after, "name",
                     arm_id_parse(resource->id, &id, NULL) == KV_OK ? id.leaf : resource->name,
                     &ok);
    kv_json_add_text(after, "type", resource->type, &ok);
    if (resource->api_version != NULL) {
        kv_json_add_text(after, "apiVersion", resource->api_version, &ok);
    }
    while (ok && (member = cJSON_DetachItemViaPointer(body, body->child)) != NULL) {
        kv_json_add_take(after, member->string, member, &ok);
    }
    *ret_after = after;
    return ok ? KV_OK : KV_OUT_OF_MEMORY(err);
}

/* ---- One resource ------------------------------------------------------------------------------- */

static void add_payload(cJSON *change, const char *name, const cJSON *payload, bool *ok)
{
    if (payload != NULL) {
        kv_json_add_take(change, name, cJSON_Duplicate(payload, true), ok);
    }
}

/* With both payloads. */
static enum kv_code add_compared(struct survey *survey, const struct kv_template_resource *resource,
                                 const cJSON *before, const cJSON *body, const cJSON *after,
                                 struct kv_err *err)
{
    cJSON *delta = before != NULL ? compare_resources(resource->type, before, body) : NULL;
    bool is_changed = cJSON_GetArraySize(delta) > 0;
    bool ok = true;

    cJSON *change = add_entry(survey, resource->id,
                              before == NULL ? "Create"
                              : is_changed   ? "Modify"
                                             : "NoChange",
                              &ok);
    add_payload(change, "before", before, &ok);
    add_payload(change, "after", after, &ok);
    if (before != NULL) {
        kv_json_add_take(change, "delta", delta, &ok);
    }
    return ok ? KV_OK : KV_OUT_OF_MEMORY(err);
}

/* With an id alone: because that was asked for, or because a secret went into the body. */
static enum kv_code add_plain(struct survey *survey, const struct kv_template_resource *resource,
                              const cJSON *before, struct kv_err *err)
{
    bool ok = true;

    (void) add_entry(survey, resource->id, before == NULL ? "Create" : "Deploy", &ok);
    return ok ? KV_OK : KV_OUT_OF_MEMORY(err);
}

static enum kv_code add_resource(struct survey *survey, struct kv_template_plan *plan, size_t index,
                                 struct kv_err *err)
{
    const struct kv_template_resource *resource = kv_template_plan_at(plan, index);
    kv_auto(cJSON_Delete) cJSON *before = NULL;
    kv_auto(cJSON_Delete) cJSON *body = NULL;
    kv_auto(cJSON_Delete) cJSON *after = NULL;
    bool has_secret = false;

    KV_TRY(get_before(survey->place, resource, &before, err));
    KV_TRY(make_body(plan, index, &body, &has_secret, err));
    if (survey->wants_ids || has_secret) {
        return add_plain(survey, resource, before, err);
    }
    kv_auto(cJSON_Delete) cJSON *copy = cJSON_Duplicate(body, true);
    if (copy == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    KV_TRY(make_after(resource, copy, &after, err));
    return add_compared(survey, resource, before, body, after, err);
}

/* ---- Plans -------------------------------------------------------------------------------------- */

static enum kv_code add_plan(struct survey *survey, struct kv_template_plan *plan,
                             struct kv_err *err);

/* A nested deployment that waits for what is not there yet cannot be looked into. */
static enum kv_code add_nested(struct survey *survey, struct kv_template_plan *plan, size_t index,
                               struct kv_err *err)
{
    const struct kv_template_resource *resource = kv_template_plan_at(plan, index);
    kv_auto(place_free) struct place *place = NULL;
    kv_auto(kv_template_plan_free) struct kv_template_plan *nested = NULL;
    struct survey inner = *survey;
    struct kv_err why = { .code = KV_OK };
    bool ok = true;

    KV_TRY(place_nest(survey->place, resource, &place, err));
    inner.place = place;
    if (kv_template_plan_nest(plan, index, &place->world, &nested, &why) == KV_OK) {
        return add_plan(&inner, nested, err);
    }
    cJSON *change = add_entry(survey, resource->id, "Unsupported", &ok);
    kv_json_add_text(change, "unsupportedReason", why.message, &ok);
    return ok ? KV_OK : KV_OUT_OF_MEMORY(err);
}

static enum kv_code add_plan(struct survey *survey, struct kv_template_plan *plan,
                             struct kv_err *err)
{
    for (size_t i = 0; i < kv_template_plan_count(plan); i++) {
        const struct kv_template_resource *resource = kv_template_plan_at(plan, i);

        if (!resource->is_deployed || resource->is_existing) {
            continue;
        }
        KV_TRY((resource->is_nested ? add_nested : add_resource)(survey, plan, i, err));
    }
    return KV_OK;
}

/* What else lies in the group: complete mode deletes it, incremental mode leaves it alone. */
static enum kv_code add_others(struct survey *survey, struct kv_template_plan *plan,
                               struct kv_err *err)
{
    const char *type = survey->place->is_complete ? "Delete" : "Ignore";
    kv_auto(cJSON_Delete) cJSON *list = NULL;
    const cJSON *item;
    bool ok = true;

    if (survey->place->id.group[0] == '\0') {
        return KV_OK;
    }
    KV_TRY(complete_find(survey->place, plan, survey->changes, &list, err));
    cJSON_ArrayForEach (item, list) {
        cJSON *change =
            add_entry(survey, cJSON_GetStringValue(cJSON_GetObjectItem(item, "id")), type, &ok);

        if (!survey->wants_ids) {
            add_payload(change, "before", item, &ok);
        }
    }
    return ok ? KV_OK : KV_OUT_OF_MEMORY(err);
}

/* Accepted, as in the service, which takes its time; here it is done, and is where Location says. */
static enum kv_code answer(struct survey *survey, struct arm_call *call, struct arm_reply *reply,
                           struct kv_err *err)
{
    bool ok = true;

    reply->body = cJSON_CreateObject();
    cJSON *properties = kv_json_add_object(reply->body, "properties", &ok);
    kv_json_add_text(properties, "correlationId", survey->place->correlation, &ok);
    kv_json_add_take(properties, "changes", kv_take(survey->changes), &ok);
    if (!ok) {
        return KV_OUT_OF_MEMORY(err);
    }
    KV_TRY(arm_accept_result(call, reply, err));
    if (reply->body != NULL) {
        kv_json_add_text(reply->body, "status", "Succeeded", &ok);
    }
    return ok ? KV_OK : KV_OUT_OF_MEMORY(err);
}

static enum kv_code survey_all(struct survey *survey, struct kv_template_plan *plan,
                               struct arm_call *call, struct arm_reply *reply, struct kv_err *err)
{
    KV_TRY(preflight(survey->place, plan, reply, err));
    KV_TRY(add_plan(survey, plan, err));
    KV_TRY(add_others(survey, plan, err));
    return answer(survey, call, reply, err);
}

enum kv_code deployment_what_if(struct arm_call *call, struct arm_reply *reply, struct kv_err *err)
{
    kv_auto(ask_done) struct ask ask = { 0 };
    kv_auto(place_free) struct place *place = NULL;
    kv_auto(made_plan_done) struct made_plan made = { 0 };

    KV_TRY(ask_read(call, &ask, err));
    KV_TRY(place_new(call, &ask, &place, err));
    KV_TRY(place_plan(place, &ask, &made, err));

    struct survey survey = { place, ask.wants_ids, cJSON_CreateArray() };
    enum kv_code code = survey.changes != NULL ? survey_all(&survey, made.plan, call, reply, err)
                                               : KV_OUT_OF_MEMORY(err);
    cJSON_Delete(survey.changes);
    return code;
}
