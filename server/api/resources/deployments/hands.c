/* SPDX-License-Identifier: Apache-2.0 */
/* What the engine asks of the resource manager: each step is a call with the rights of whoever deploys. */
#include <string.h>
#include <strings.h>

#include "kv/base/json.h"
#include "kv/base/log.h"
#include "private.h"

#define POLL_MS 1000 /* where nobody says when provisioning ends */

static bool is_terminal(const char *state)
{
    return strcasecmp(state, "Succeeded") == 0 || strcasecmp(state, "Failed") == 0
           || strcasecmp(state, "Canceled") == 0;
}

/* When to look again at a resource whose provisioning goes on. */
static kv_millis find_ready(const struct arm_call *call)
{
    kv_auto(kv_resource_done) struct kv_resource resource = { 0 };

    if (kv_resource_get(call->app->resources, call->id->text, &resource, NULL) == KV_OK
        && resource.ready > call->now) {
        return resource.ready;
    }
    return call->now + POLL_MS;
}

/* What a provider says of itself when its resource has failed. */
static cJSON *find_detail(const cJSON *properties)
{
    const cJSON *error = cJSON_GetObjectItem(properties, "error");

    return cJSON_IsObject(error) ? cJSON_Duplicate(error, true) : NULL;
}

/* How far a resource is by its provisioningState; one that has none is there. */
static void judge(const struct arm_call *call, const struct arm_reply *reply,
                  struct kv_deployment_answer *answer)
{
    const cJSON *properties = cJSON_GetObjectItem(reply->body, "properties");
    const char *state = cJSON_GetStringValue(cJSON_GetObjectItem(properties, "provisioningState"));

    answer->status = reply->status;
    if (state == NULL || strcasecmp(state, "Succeeded") == 0) {
        return;
    }
    if (!is_terminal(state)) {
        answer->ready = find_ready(call);
        return;
    }
    answer->status = 409;
    answer->error = kv_deployment_failure(call->id->text, state, find_detail(properties));
}

static void run(struct arm_call *call, struct kv_deployment_answer *answer)
{
    kv_auto(arm_reply_done) struct arm_reply reply = { 0 };
    struct kv_err err = { .code = KV_OK };

    if (arm_call_run(call, &reply, &err) == KV_OK) {
        judge(call, &reply, answer);
        return;
    }
    answer->status = kv_err_row(err.code)->status;
    answer->error = hands_error(&err, &reply);
}

static void ask(const struct place *place, enum kv_verb verb,
                const struct kv_template_resource *resource, const cJSON *body,
                struct kv_deployment_answer *answer)
{
    struct kv_err err = { .code = KV_OK };
    struct arm_call call;
    struct arm_id id;

    if (place_call(place, verb, resource->id, resource->api_version, &id, &call, &err) != KV_OK) {
        answer->status = kv_err_row(err.code)->status;
        answer->error = kv_deployment_error(&err);
        return;
    }
    call.body = body;
    run(&call, answer);
}

static void send(void *place, const struct kv_template_resource *resource, const cJSON *body,
                 struct kv_deployment_answer *answer)
{
    ask(place, KV_PUT, resource, body, answer);
}

static void look(void *place, const struct kv_template_resource *resource,
                 struct kv_deployment_answer *answer)
{
    ask(place, KV_GET, resource, NULL, answer);
}

static enum kv_code nest(void *place, const struct kv_template_resource *resource, void **ret_place,
                         const struct kv_template_world **ret_world, struct kv_err *err)
{
    struct place *nested = NULL;
    struct arm_call call;
    struct arm_id id;

    KV_TRY(place_call(place, KV_PUT, resource->id, resource->api_version, &id, &call, err));
    KV_TRY(arm_authorize(&call, DEPLOYMENT_TYPE "/write", id.text, err));
    KV_TRY(place_nest(place, resource, &nested, err));
    *ret_world = &nested->world;
    *ret_place = nested;
    return KV_OK;
}

static enum kv_code begun(void *argument, const struct kv_deployment_view *view, struct kv_err *err)
{
    struct place *place = argument;
    bool is_new;

    if (place->parameters == NULL) {
        KV_TRY(kv_template_plan_parameters(view->plan, &place->parameters, err));
    }
    enum kv_code code = record_put(place, view, false,
                                   place->ret_is_new != NULL ? place->ret_is_new : &is_new, err);
    place->ret_accepted = NULL; /* whoever wanted to know is gone from now on */
    place->ret_is_new = NULL;
    return code;
}

static cJSON *complete(void *argument, const struct kv_deployment_view *view)
{
    struct place *place = argument;

    return place->is_complete ? complete_group(place, view) : NULL;
}

/* If it cannot be kept, it counts as interrupted, which is what a client then reads. */
static void ended(void *argument, const struct kv_deployment_view *view)
{
    struct kv_err err = { .code = KV_OK };
    bool is_new;

    if (record_put(argument, view, true, &is_new, &err) != KV_OK) {
        kv_log(KV_LOG_ERROR, "deployment_not_kept", KV_LOG_TEXT_FIELD("deployment", view->id),
               KV_LOG_TEXT_FIELD("reason", err.message));
    }
}

const struct kv_deployment_hands deployment_hands = {
    .send = send,
    .look = look,
    .nest = nest,
    .begun = begun,
    .complete = complete,
    .ended = ended,
    .close = place_free,
};
