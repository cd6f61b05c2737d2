/* SPDX-License-Identifier: Apache-2.0 */
/* Outputs. */
#include <stdio.h>
#include <string.h>

#include "build.h"
#include "types.h"

static enum kv_code holds(struct template_eval *eval, const cJSON *output, bool *ret_holds,
                          struct kv_err *err)
{
    kv_auto(template_value_done) struct template_value value = { 0 };
    const cJSON *condition = template_member(output, "condition");

    if (cJSON_IsString(condition)) {
        KV_TRY(template_evaluate_text(eval, condition, &value, err));
        condition = value.json;
    }
    if (condition != NULL && !cJSON_IsBool(condition)) {
        return KV_FAIL(err, KV_INVALID_TEMPLATE, 0,
                       "The 'condition' must be a boolean, and is a value of type '%s'",
                       template_type_of(condition));
    }
    *ret_holds = condition == NULL || cJSON_IsTrue(condition);
    return KV_OK;
}

static enum kv_code evaluate_value(struct template_eval *eval, const cJSON *output,
                                   cJSON **ret_value, struct kv_err *err)
{
    const cJSON *value = template_member(output, "value");
    const cJSON *copy = template_member(output, "copy");

    if ((value != NULL) == (copy != NULL)) {
        return KV_FAIL(err, KV_INVALID_TEMPLATE, 0, "It has either a 'value' or a 'copy'");
    }
    if (copy != NULL) {
        return template_evaluate_copy(eval, output->string, copy, ret_value, err);
    }
    return template_evaluate_tree(eval, value, ret_value, err);
}

/* What deployments show of it. Takes `value`. */
static enum kv_code show(const struct template_definition *type, bool is_secret, cJSON *value,
                         const char *name, cJSON *outputs, struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *guarded = value;
    kv_auto(cJSON_Delete) cJSON *entry = cJSON_CreateObject();
    bool ok = entry != NULL;

    kv_json_add_text(entry, "type", template_type_shown(type->type), &ok);
    if (!is_secret) {
        kv_json_add_take(entry, "value", kv_take(guarded), &ok);
    }
    return ok ? template_add(outputs, name, kv_take(entry), err) : KV_OUT_OF_MEMORY(err);
}

/* Of the right type; a text that can only be evaluated later may become anything. */
static bool fits(const struct template_definition *type, const cJSON *value, bool is_preview)
{
    static const char letters[TEMPLATE_TYPE_COUNT] = { 's', 's', 'i', 'b', 'o', 'o', 'a' };

    if (cJSON_IsNull(value) && type->is_nullable) {
        return true;
    }
    return template_has_type(value, letters[type->type])
           || (is_preview && cJSON_IsString(value) && template_is_expression(value->valuestring));
}

static enum kv_code evaluate_output(struct template_eval *eval, const struct kv_template *template,
                                    const cJSON *output, cJSON *outputs, struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *value = NULL;
    struct template_definition type;
    bool is_there = false;

    KV_TRY(template_read_type(template, output, "output", output->string, &type, err));
    KV_TRY(holds(eval, output, &is_there, err));
    if (!is_there) {
        return KV_OK;
    }
    KV_TRY(evaluate_value(eval, output, &value, err));
    if (!fits(&type, value, eval->is_preview)) {
        return KV_FAIL(err, KV_INVALID_TEMPLATE, 0,
                       "The provided value for the template output '%.200s' is not valid. Expected "
                       "a value of type '%s', but received a value of type '%s'",
                       output->string, template_type_shown(type.type), template_type_of(value));
    }
    return show(&type, template_is_secret(template, output), kv_take(value), output->string,
                outputs, err);
}

/* A preview skips the condition that needs what is not there yet. */
static enum kv_code preview_output(struct template_eval *eval, const struct kv_template *template,
                                   const cJSON *output, cJSON *outputs, struct kv_err *err)
{
    enum kv_code code;

    eval->budget->needs_run = false;
    code = evaluate_output(eval, template, output, outputs, err);
    return code == KV_INVALID_TEMPLATE && eval->budget->needs_run ? KV_OK : code;
}

enum kv_code template_try_outputs(struct kv_template_plan *plan, struct template_budget *budget,
                                  struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *outputs = cJSON_CreateObject();
    const cJSON *output;

    cJSON_ArrayForEach (output, plan->template->outputs) {
        struct template_eval eval =
            template_plan_eval(plan, NULL, TEMPLATE_MAY_VARIABLES | TEMPLATE_MAY_DESCRIBE, budget);
        enum kv_code code;

        eval.is_preview = true;
        budget->has_secret = false;
        code = preview_output(&eval, plan->template, output, outputs, err);
        KV_TRY(template_invalid_at(err, code, budget->has_secret,
                                   "The template output '%.200s' at " TEMPLATE_PLACE,
                                   output->string, TEMPLATE_PLACE_OF(output)));
    }
    return KV_OK;
}

static enum kv_code refuse_output(const cJSON *output, enum kv_code code, bool is_secret,
                                  struct kv_err *err)
{
    char reason[sizeof(err->message)];

    if (code != KV_INVALID_TEMPLATE || err == NULL) {
        return code;
    }
    (void) snprintf(reason, sizeof(reason), "%s",
                    is_secret ? "An expression that uses a secure parameter cannot be evaluated."
                              : err->message);
    return KV_FAIL(err, KV_OUTPUT_EVALUATION_FAILED, 0,
                   "The template output '%.200s' is not valid: %s.", output->string, reason);
}

enum kv_code kv_template_plan_outputs(struct kv_template_plan *plan, cJSON **ret_outputs,
                                      struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *outputs = cJSON_CreateObject();
    const cJSON *output;

    if (outputs == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    cJSON_ArrayForEach (output, plan->template->outputs) {
        struct template_budget budget = { 0 };
        struct template_eval eval = template_plan_eval(
            plan, NULL, TEMPLATE_MAY_RUN | TEMPLATE_MAY_VARIABLES | TEMPLATE_MAY_DESCRIBE, &budget);
        enum kv_code code = evaluate_output(&eval, plan->template, output, outputs, err);

        if (code != KV_OK) {
            return template_tell(plan, refuse_output(output, code, budget.has_secret, err), err);
        }
    }
    *ret_outputs = kv_take(outputs);
    return KV_OK;
}
