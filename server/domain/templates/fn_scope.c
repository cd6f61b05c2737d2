/* SPDX-License-Identifier: Apache-2.0 */
/* What is deployed, where, and in which round of a loop; and the names of the template. */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "functions.h"

#define USAGE "Please see https://aka.ms/arm-template-expressions for usage details."

/* At which levels each can be asked for; the service writes the name in capitals when it cannot. */
static const struct {
    enum kv_template_thing thing;
    const char *shown;
    bool at[KV_TEMPLATE_AT_RESOURCE_GROUP + 1];
} things[] = {
    { KV_TEMPLATE_RESOURCE_GROUP, "RESOURCEGROUP", { false, false, false, true } },
    { KV_TEMPLATE_SUBSCRIPTION, "SUBSCRIPTION", { false, false, true, true } },
    { KV_TEMPLATE_MANAGEMENT_GROUP, "MANAGEMENTGROUP", { false, true, false, false } },
    { KV_TEMPLATE_TENANT, "TENANT", { true, true, true, true } },
    { KV_TEMPLATE_DEPLOYMENT, "DEPLOYMENT", { true, true, true, true } },
    { KV_TEMPLATE_DEPLOYER, "DEPLOYER", { true, true, true, true } },
    { KV_TEMPLATE_ENVIRONMENT, "ENVIRONMENT", { true, true, true, true } },
};

static enum kv_code describe(struct template_eval *eval, const struct template_call *call,
                             enum kv_template_thing thing, struct template_value *ret_value,
                             struct kv_err *err)
{
    cJSON *value = NULL;

    if (!things[thing].at[eval->scope->level]) {
        return KV_FAIL(err, KV_INVALID_TEMPLATE, 0,
                       "The template function '%s' is not expected at this location. " USAGE,
                       things[thing].shown);
    }
    if (eval->world->describe == NULL) {
        return TEMPLATE_REFUSE(err, call, "has nothing to describe here.");
    }
    KV_TRY(template_spend(eval->budget, 4096, err));
    KV_TRY(eval->world->describe(eval->world->context, thing, eval->scope, &value, err));
    return template_own(value, ret_value, err);
}

#define DESCRIBE(name, thing)                                                                      \
    enum kv_code name(struct template_eval *eval, const struct template_call *call,                \
                      struct template_value *ret_value, struct kv_err *err)                        \
    {                                                                                              \
        return describe(eval, call, thing, ret_value, err);                                        \
    }

DESCRIBE(template_fn_resource_group, KV_TEMPLATE_RESOURCE_GROUP)
DESCRIBE(template_fn_subscription, KV_TEMPLATE_SUBSCRIPTION)
DESCRIBE(template_fn_management_group, KV_TEMPLATE_MANAGEMENT_GROUP)
DESCRIBE(template_fn_tenant, KV_TEMPLATE_TENANT)
DESCRIBE(template_fn_deployment, KV_TEMPLATE_DEPLOYMENT)
DESCRIBE(template_fn_deployer, KV_TEMPLATE_DEPLOYER)
DESCRIBE(template_fn_environment, KV_TEMPLATE_ENVIRONMENT)

enum kv_code template_fn_parameters(struct template_eval *eval, const struct template_call *call,
                                    struct template_value *ret_value, struct kv_err *err)
{
    return eval->tools->parameter(eval, call, ret_value, err);
}

enum kv_code template_fn_variables(struct template_eval *eval, const struct template_call *call,
                                   struct template_value *ret_value, struct kv_err *err)
{
    return eval->tools->variable(eval, call, ret_value, err);
}

enum kv_code template_fn_reference(struct template_eval *eval, const struct template_call *call,
                                   struct template_value *ret_value, struct kv_err *err)
{
    return eval->tools->reference(eval, call, ret_value, err);
}

enum kv_code template_fn_references(struct template_eval *eval, const struct template_call *call,
                                    struct template_value *ret_value, struct kv_err *err)
{
    return eval->tools->references(eval, call, ret_value, err);
}

enum kv_code template_fn_list(struct template_eval *eval, const struct template_call *call,
                              struct template_value *ret_value, struct kv_err *err)
{
    return eval->tools->list(eval, call, ret_value, err);
}

enum kv_code template_fn_resource_info(struct template_eval *eval, const struct template_call *call,
                                       struct template_value *ret_value, struct kv_err *err)
{
    return eval->tools->resource_info(eval, call, ret_value, err);
}

/* The loop of that name; without one, that of the resource, or else the innermost. */
static const struct template_loop *find_loop(const struct template_eval *eval, const char *name)
{
    const struct template_loop *loop;

    for (loop = eval->loop; loop != NULL; loop = loop->outer) {
        if (name != NULL ? strcasecmp(loop->name, name) == 0 : loop->is_resource) {
            return loop;
        }
    }
    return name != NULL ? NULL : eval->loop;
}

/* copyIndex([name], [offset]) */
enum kv_code template_fn_copy_index(struct template_eval *eval, const struct template_call *call,
                                    struct template_value *ret_value, struct kv_err *err)
{
    bool is_named = call->count > 0 && cJSON_IsString(call->args[0].json);
    const struct template_loop *loop = find_loop(eval, is_named ? template_text(call, 0) : NULL);
    size_t rest = call->count - is_named;
    int64_t offset = 0;

    if (rest > 1
        || (rest == 1 && !template_is_integer(call->args[call->count - 1].json, &offset))) {
        return TEMPLATE_REFUSE(err, call, "expects the name of a loop, an integer, or both.");
    }
    if (loop == NULL) {
        return KV_FAIL(err, KV_INVALID_TEMPLATE, 0,
                       "The template function 'copyIndex' is not expected at this location. The "
                       "function can only be used in a resource with copy specified. Please see "
                       "https://aka.ms/arm-copy for usage details.");
    }
    return template_make_number((int64_t) loop->index + offset, ret_value, err);
}
