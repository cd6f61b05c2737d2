/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Before a deployment begins: what each resource's provider would refuse is said for all of them at once, and nothing
 * is done. A body of which a part is known only later is not shown to its provider; nor is looked into a nested
 * deployment that cannot be planned before something is there.
 */
#include <stdio.h>
#include <string.h>

#include "kv/base/json.h"
#include "private.h"

#define DETAILS_MAX 50 /* errors that one answer lists */

/* "[reference(...)]"; "[[" begins a text that only looks like one. */
static bool is_expression(const char *text)
{
    size_t len = strlen(text);

    return len > 2 && text[0] == '[' && text[1] != '[' && text[len - 1] == ']';
}

/* As deep as a template may be: the parser has seen to that. */
bool preflight_is_open(const cJSON *body)
{
    const cJSON *child;

    if (cJSON_IsString(body)) {
        return is_expression(body->valuestring);
    }
    cJSON_ArrayForEach (child, body) {
        if ((child->string != NULL && is_expression(child->string)) || preflight_is_open(child)) {
            return true;
        }
    }
    return false;
}

static enum kv_code check(const struct place *place, const struct kv_template_resource *resource,
                          const cJSON *body, struct arm_reply *reply, struct kv_err *err)
{
    struct arm_call call;
    struct arm_id id;

    KV_TRY(place_call(place, KV_PUT, resource->id, resource->api_version, &id, &call, err));
    call.body = body;
    call.body_is_open = preflight_is_open(body);
    return arm_call_check(&call, reply, err);
}

/* Which resource it is about is said where the provider does not say it itself. */
static void add_detail(const struct kv_template_resource *resource, const struct kv_err *why,
                       struct arm_reply *reply, cJSON *details, bool *ok)
{
    reply->target = reply->target != NULL ? reply->target : resource->id;
    kv_json_add_take(details, NULL, hands_error(why, reply), ok);
}

static enum kv_code check_resource(struct place *place, struct kv_template_plan *plan, size_t index,
                                   cJSON *details, struct kv_err *err)
{
    const struct kv_template_resource *resource = kv_template_plan_at(plan, index);
    kv_auto(arm_reply_done) struct arm_reply reply = { 0 };
    kv_auto(cJSON_Delete) cJSON *body = NULL;
    struct kv_err why = { .code = KV_OK };
    bool has_secret, ok = true;

    KV_TRY(kv_template_plan_preview(plan, index, &body, &has_secret, err));
    if (check(place, resource, body, &reply, &why) != KV_OK) {
        add_detail(resource, &why, &reply, details, &ok);
    }
    return ok ? KV_OK : KV_OUT_OF_MEMORY(err);
}

static enum kv_code check_plan(struct place *place, struct kv_template_plan *plan, cJSON *details,
                               struct kv_err *err);

static enum kv_code check_nested(struct place *place, struct kv_template_plan *plan, size_t index,
                                 cJSON *details, struct kv_err *err)
{
    kv_auto(place_free) struct place *nested = NULL;
    kv_auto(kv_template_plan_free) struct kv_template_plan *inner = NULL;

    KV_TRY(place_nest(place, kv_template_plan_at(plan, index), &nested, err));
    enum kv_code code = kv_template_plan_nest(plan, index, &nested->world, &inner, NULL);
    place->nesting = NULL; /* it goes; the one that is deployed is another */
    return code == KV_OK ? check_plan(nested, inner, details, err) : KV_OK;
}

static enum kv_code check_plan(struct place *place, struct kv_template_plan *plan, cJSON *details,
                               struct kv_err *err)
{
    size_t count = kv_template_plan_count(plan);

    for (size_t i = 0; i < count && cJSON_GetArraySize(details) < DETAILS_MAX; i++) {
        const struct kv_template_resource *resource = kv_template_plan_at(plan, i);

        if (resource->is_deployed && !resource->is_existing) {
            KV_TRY((resource->is_nested ? check_nested : check_resource)(place, plan, i, details,
                                                                         err));
        }
    }
    return KV_OK;
}

enum kv_code preflight(struct place *place, struct kv_template_plan *plan, struct arm_reply *reply,
                       struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *details = cJSON_CreateArray();

    if (details == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    KV_TRY(check_plan(place, plan, details, err));
    if (cJSON_GetArraySize(details) == 0) {
        return KV_OK;
    }
    reply->details = kv_take(details);
    return KV_FAIL(err, KV_INVALID_TEMPLATE_DEPLOYMENT, 0,
                   "The template deployment '%.64s' is not valid according to the validation "
                   "procedure. The tracking id is '%s'. See inner errors for details.",
                   place->id.leaf, place->correlation);
}
