/* SPDX-License-Identifier: Apache-2.0 */
#include "template_world.h"

#include <string.h>

#include "fuzz.h"
#include "kv/base/json.h"

#define NOW ((kv_millis) 1700000000000)

static enum kv_code make_thing(cJSON **ret_value, struct kv_err *err)
{
    static const char text[] = "{\"id\": \"/subscriptions/s/resourceGroups/g\", \"name\": \"g\", "
                               "\"location\": \"here\", \"tags\": {}, \"list\": [1, \"a\", null]}";

    return kv_template_parse(text, strlen(text), ret_value, err);
}

static enum kv_code describe(void *context, enum kv_template_thing thing,
                             const struct kv_template_scope *scope, cJSON **ret_value,
                             struct kv_err *err)
{
    (void) context;
    FUZZ_HOLDS(thing <= KV_TEMPLATE_ENVIRONMENT && scope != NULL);
    return make_thing(ret_value, err);
}

static enum kv_code reference(void *context, const struct kv_template_query *query,
                              cJSON **ret_value, struct kv_err *err)
{
    (void) context;
    FUZZ_HOLDS(query->id[0] == '/' && strlen(query->id) <= KV_TEMPLATE_ID_MAX);
    return make_thing(ret_value, err);
}

static enum kv_code list(void *context, const char *function, const struct kv_template_query *query,
                         const cJSON *body, cJSON **ret_value, struct kv_err *err)
{
    (void) context;
    (void) body;
    FUZZ_HOLDS(function[0] != '\0' && query->id[0] == '/');
    return make_thing(ret_value, err);
}

const struct kv_template_world template_world = {
    .now = NOW, .describe = describe, .reference = reference, .list = list
};

const struct kv_template_scope template_scope = { .level = KV_TEMPLATE_AT_RESOURCE_GROUP,
                                                  .subscription = "s",
                                                  .resource_group = "g" };

static void check_error(enum kv_code code, const struct kv_err *err)
{
    FUZZ_HOLDS(code == KV_OK || err->message[0] != '\0');
    FUZZ_HOLDS(code == KV_OK || code == KV_INVALID_TEMPLATE || code == KV_INVALID_REQUEST_CONTENT
               || code == KV_OUTPUT_EVALUATION_FAILED);
}

static void walk_one(struct kv_template_plan *plan, size_t index)
{
    const struct kv_template_resource *resource = kv_template_plan_at(plan, index);
    kv_auto(cJSON_Delete) cJSON *body = NULL;
    kv_auto(cJSON_Delete) cJSON *preview = NULL;
    kv_auto(kv_template_plan_free) struct kv_template_plan *nested = NULL;
    struct kv_err err = { .message = "" };
    bool has_secret;

    FUZZ_HOLDS(resource->id[0] == '/' && resource->type[0] != '\0' && resource->name[0] != '\0');
    for (size_t i = 0; i < resource->before_count; i++) {
        FUZZ_HOLDS(resource->before[i] < index);
    }
    check_error(kv_template_plan_body(plan, index, &body, &has_secret, &err), &err);
    check_error(kv_template_plan_preview(plan, index, &preview, &has_secret, &err), &err);
    if (resource->is_nested) {
        check_error(kv_template_plan_nest(plan, index, &template_world, &nested, &err), &err);
    }
    if (nested != NULL) {
        template_walk(nested);
    }
}

void template_walk(struct kv_template_plan *plan)
{
    kv_auto(cJSON_Delete) cJSON *parameters = NULL;
    kv_auto(cJSON_Delete) cJSON *outputs = NULL;
    struct kv_err err = { .message = "" };

    for (size_t i = 0; i < kv_template_plan_count(plan) && i < 20; i++) {
        walk_one(plan, i);
    }
    check_error(kv_template_plan_parameters(plan, &parameters, &err), &err);
    check_error(kv_template_plan_outputs(plan, &outputs, &err), &err);
}
