/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The body of a request to deploy, from its text to the plan of its template. The first byte says where to: 's' is
 * the subscription, any other a group of it. Files that it may link to are not there.
 */
#include <string.h>

#include "fuzz.h"
#include "kv/base/json.h"
#include "server/api/resources/deployments/private.h"
#include "template_world.h"

#define SUBSCRIPTION "/subscriptions/11111111-2222-3333-4444-555555555555"
#define DEPLOYMENT "/providers/" DEPLOYMENT_TYPE "/one"

static void check_refusal(const struct kv_err *err)
{
    size_t len = strnlen(err->message, sizeof(err->message));

    FUZZ_HOLDS(len > 0 && len < sizeof(err->message));
    FUZZ_HOLDS(kv_err_row(err->code)->status == 400);
}

/* What a request that is accepted cannot be without. */
static void check_ask(const struct ask *ask, const struct arm_call *call)
{
    FUZZ_HOLDS(cJSON_IsObject(ask->template));
    FUZZ_HOLDS(ask->parameters == NULL || cJSON_IsObject(ask->parameters));
    FUZZ_HOLDS(ask->tags == NULL || cJSON_IsObject(ask->tags));
    FUZZ_HOLDS(ask->linked[0] == NULL && ask->linked[1] == NULL && ask->folder[0] == '\0');
    if (call->id->group[0] == '\0') {
        FUZZ_HOLDS(ask->location[0] != '\0' && !ask->is_complete);
    }
}

static void plan(const struct ask *ask)
{
    kv_auto(kv_template_free) struct kv_template *template = NULL;
    kv_auto(kv_template_plan_free) struct kv_template_plan *made = NULL;
    struct kv_err err = { .message = "" };

    if (kv_template_new(ask->template, &template, &err) != KV_OK
        || kv_template_plan_new(template, ask->parameters, &template_scope, &template_world, &made,
                                &err)
               != KV_OK) {
        check_refusal(&err);
        return;
    }
    template_walk(made);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct kv_app app = { .template_root = NULL };
    bool is_subscription = size > 0 && data[0] == 's';
    fuzz_auto char *text = fuzz_text(data + (size > 0), size - (size > 0));
    kv_auto(ask_done) struct ask ask = { 0 };
    kv_auto(cJSON_Delete) cJSON *body = NULL;
    struct kv_err err = { .message = "" };
    struct arm_id id;

    fuzz_begin();
    FUZZ_HOLDS(arm_id_parse(is_subscription ? SUBSCRIPTION DEPLOYMENT
                                            : SUBSCRIPTION "/resourceGroups/g" DEPLOYMENT,
                            &id, NULL)
               == KV_OK);
    if (kv_template_parse(text, strlen(text), &body, &err) != KV_OK) {
        check_refusal(&err);
        return 0;
    }

    const struct arm_call call = { .app = (struct kv_app *) &app, .id = &id, .body = body };
    if (ask_read(&call, &ask, &err) != KV_OK) {
        check_refusal(&err);
        return 0;
    }
    check_ask(&ask, &call);
    plan(&ask);
    return 0;
}
