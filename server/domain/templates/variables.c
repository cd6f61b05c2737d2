/* SPDX-License-Identifier: Apache-2.0 */
#include "names.h"

#define NOT_FOUND                                                                                  \
    "The template variable '%.200s' is not found. Please see https://aka.ms/arm-syntax-variables " \
    "for usage "                                                                                   \
    "details."

/* One of the list `copy`, rather than a member of its own. */
static bool is_looped(const struct template_names *names, const struct template_name *name)
{
    return template_member(names->template->variables, name->name) != name->definition;
}

static enum kv_code evaluate_variable(struct template_eval *eval, struct template_name *name,
                                      struct kv_err *err)
{
    struct template_eval own =
        template_name_eval(eval, TEMPLATE_MAY_VARIABLES | TEMPLATE_MAY_DESCRIBE);
    bool had_secret = eval->budget->has_secret;
    enum kv_code code;

    if (!is_looped(eval->names, name)) {
        return template_name_settle(&own, name, name->definition, err);
    }
    name->state = TEMPLATE_BUSY;
    eval->budget->has_secret = false;
    code = template_evaluate_copy(&own, name->name, name->definition, &name->value, err);
    name->has_secret = eval->budget->has_secret;
    eval->budget->has_secret |= had_secret;
    name->state = code == KV_OK ? TEMPLATE_DONE : TEMPLATE_NEW;
    return code;
}

enum kv_code template_resolve_variable(struct template_eval *eval, struct template_name *name,
                                       struct kv_err *err)
{
    enum kv_code code;

    if (name->state == TEMPLATE_BUSY) {
        return KV_FAIL(err, KV_INVALID_TEMPLATE, 0,
                       "Circular dependency detected on variable: '%.200s'", name->name);
    }
    if (name->state == TEMPLATE_DONE) {
        return KV_OK;
    }
    code = evaluate_variable(eval, name, err);
    return template_invalid_at(err, code, name->has_secret, "The template variable '%.200s'",
                               name->name);
}

enum kv_code template_variable(struct template_eval *eval, const struct template_call *call,
                               struct template_value *ret_value, struct kv_err *err)
{
    struct template_names *names = eval->names;
    struct template_name *name =
        template_name_find(names->variable, names->variable_count, template_text(call, 0));

    if (name == NULL) {
        return KV_FAIL(err, KV_INVALID_TEMPLATE, 0, NOT_FOUND, template_text(call, 0));
    }
    KV_TRY(template_resolve_variable(eval, name, err));
    return template_name_yield(eval, name, ret_value);
}
