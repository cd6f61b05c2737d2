/* SPDX-License-Identifier: Apache-2.0 */
/* The functions that a template defines. */
#include <stdlib.h>
#include <strings.h>

#include "names.h"
#include "types.h"

static const cJSON *find_function(const struct kv_template *template, const char *space,
                                  const char *name)
{
    const cJSON *one;

    cJSON_ArrayForEach (one, template->functions) {
        const char *said = template_member_text(one, "namespace");

        if (said != NULL && strcasecmp(said, space) == 0) {
            const cJSON *function = template_member(template_member(one, "members"), name);

            if (function != NULL) {
                return function;
            }
        }
    }
    return NULL;
}

struct frame {
    struct template_name name[KV_TEMPLATE_PARAMETERS_MAX];
    size_t count;
};

static void frame_free(struct frame *frame)
{
    for (size_t i = 0; frame != NULL && i < frame->count; i++) {
        cJSON_Delete(frame->name[i].value);
    }
    free(frame);
}
KV_DEFINE_CLEANUP(struct frame *, frame_free)

static enum kv_code take_argument(struct template_eval *eval, const struct template_call *call,
                                  const cJSON *parameter, struct frame *frame, struct kv_err *err)
{
    kv_auto(template_value_done) struct template_value value = { 0 };
    struct template_names *names = eval->names;
    struct template_name *name = &frame->name[frame->count];
    const char *said = template_member_text(parameter, "name");

    KV_TRY(template_argument(eval, call, frame->count, &value, err));
    KV_TRY(template_check_value(names->template, parameter, said != NULL ? said : "", value.json,
                                eval->budget->has_secret, eval->budget, err));
    *name = (struct template_name){ .name = said != NULL ? said : "", .state = TEMPLATE_DONE };
    KV_TRY(template_take(eval->budget, &value, &name->value, err));
    frame->count++;
    return KV_OK;
}

static enum kv_code take_arguments(struct template_eval *eval, const struct template_call *call,
                                   const cJSON *parameters, struct frame *frame, struct kv_err *err)
{
    size_t count = (size_t) cJSON_GetArraySize(parameters);
    const cJSON *parameter;

    if (call->count != count || count > KV_TEMPLATE_PARAMETERS_MAX) {
        return KV_FAIL(err, KV_INVALID_TEMPLATE, 0,
                       "Unable to evaluate template language function '%s.%s': function requires "
                       "%zu argument(s) while %zu were provided.",
                       call->node->space, call->node->name, count, call->count);
    }
    cJSON_ArrayForEach (parameter, parameters) {
        KV_TRY(take_argument(eval, call, parameter, frame, err));
    }
    return KV_OK;
}

static enum kv_code run_function(struct template_eval *eval, const cJSON *value,
                                 struct frame *frame, struct template_value *ret_value,
                                 struct kv_err *err)
{
    struct template_names names = *(struct template_names *) eval->names;
    struct template_eval own;
    cJSON *made = NULL;

    names.parameter = frame->name;
    names.parameter_count = frame->count;
    names.variable_count = 0;
    own = template_name_eval(eval, TEMPLATE_MAY_DESCRIBE);
    own.names = &names;
    KV_TRY(template_evaluate_tree(&own, value, &made, err));
    return template_own(made, ret_value, err);
}

enum kv_code template_user_function(struct template_eval *eval, const struct template_call *call,
                                    struct template_value *ret_value, struct kv_err *err)
{
    struct template_names *names = eval->names;
    const cJSON *function = find_function(names->template, call->node->space, call->node->name);
    const cJSON *value = template_member(template_member(function, "output"), "value");
    kv_auto(frame_free) struct frame *frame = NULL;

    if (value == NULL) {
        return KV_FAIL(err, KV_INVALID_TEMPLATE, 0,
                       "The template function '%.100s.%.100s' is not valid. Please see "
                       "https://aka.ms/arm-template-expressions for usage details.",
                       call->node->space, call->node->name);
    }
    frame = calloc(1, sizeof(*frame));
    if (frame == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    KV_TRY(template_spend(eval->budget, sizeof(*frame), err));
    KV_TRY(take_arguments(eval, call, template_member(function, "parameters"), frame, err));
    return run_function(eval, value, frame, ret_value, err);
}
