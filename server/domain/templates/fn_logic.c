/* SPDX-License-Identifier: Apache-2.0 */
/* Truth, and comparing. What decides early leaves the other arguments alone. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "functions.h"

static enum kv_code make_constant(cJSON *value, struct template_value *ret_value,
                                  struct kv_err *err)
{
    return template_own(value, ret_value, err);
}

#define CONSTANT(name, make)                                                                       \
    enum kv_code name(struct template_eval *eval, const struct template_call *call,                \
                      struct template_value *ret_value, struct kv_err *err)                        \
    {                                                                                              \
        (void) eval;                                                                               \
        (void) call;                                                                               \
        return make_constant(make, ret_value, err);                                                \
    }

CONSTANT(template_fn_true, cJSON_CreateTrue())
CONSTANT(template_fn_false, cJSON_CreateFalse())
CONSTANT(template_fn_null, cJSON_CreateNull())

/* An argument that has to be a boolean. */
static enum kv_code read_bool(struct template_eval *eval, const struct template_call *call,
                              size_t index, bool *ret_bool, struct kv_err *err)
{
    kv_auto(template_value_done) struct template_value value = { 0 };

    KV_TRY(template_argument(eval, call, index, &value, err));
    if (!cJSON_IsBool(value.json)) {
        return TEMPLATE_REFUSE(err, call,
                               "expects its parameter at position '%zu' to be a boolean. The "
                               "provided value is of type '%s'.",
                               index + 1, template_type_of(value.json));
    }
    *ret_bool = cJSON_IsTrue(value.json);
    return KV_OK;
}

/* The first argument that is `stop`; if there is none, the other truth. */
static enum kv_code decide(struct template_eval *eval, const struct template_call *call, bool stop,
                           struct template_value *ret_value, struct kv_err *err)
{
    bool value = !stop;

    for (size_t i = 0; i < call->count && value != stop; i++) {
        KV_TRY(read_bool(eval, call, i, &value, err));
    }
    return template_make_bool(value, ret_value, err);
}

enum kv_code template_fn_and(struct template_eval *eval, const struct template_call *call,
                             struct template_value *ret_value, struct kv_err *err)
{
    return decide(eval, call, false, ret_value, err);
}

enum kv_code template_fn_or(struct template_eval *eval, const struct template_call *call,
                            struct template_value *ret_value, struct kv_err *err)
{
    return decide(eval, call, true, ret_value, err);
}

enum kv_code template_fn_not(struct template_eval *eval, const struct template_call *call,
                             struct template_value *ret_value, struct kv_err *err)
{
    (void) eval;
    return template_make_bool(!cJSON_IsTrue(call->args[0].json), ret_value, err);
}

enum kv_code template_fn_if(struct template_eval *eval, const struct template_call *call,
                            struct template_value *ret_value, struct kv_err *err)
{
    bool holds = false;

    KV_TRY(read_bool(eval, call, 0, &holds, err));
    return template_argument(eval, call, holds ? 1 : 2, ret_value, err);
}

enum kv_code template_fn_coalesce(struct template_eval *eval, const struct template_call *call,
                                  struct template_value *ret_value, struct kv_err *err)
{
    for (size_t i = 0; i < call->count; i++) {
        kv_auto(template_value_done) struct template_value value = { 0 };

        KV_TRY(template_argument(eval, call, i, &value, err));
        if (!cJSON_IsNull(value.json) || i + 1 == call->count) {
            *ret_value = value;
            value = (struct template_value){ NULL, NULL };
            return KV_OK;
        }
    }
    return make_constant(cJSON_CreateNull(), ret_value, err);
}

enum kv_code template_fn_bool(struct template_eval *eval, const struct template_call *call,
                              struct template_value *ret_value, struct kv_err *err)
{
    const cJSON *value = call->args[0].json;
    const char *text = cJSON_IsString(value) ? value->valuestring : "";
    bool is_true = strcasecmp(text, "true") == 0 || strcmp(text, "1") == 0;
    bool is_false = strcasecmp(text, "false") == 0 || strcmp(text, "0") == 0;

    (void) eval;
    if (cJSON_IsBool(value)) {
        return template_pass(call, 0, ret_value);
    }
    if (cJSON_IsNumber(value)) {
        return template_make_bool(value->valuedouble < 0 || value->valuedouble > 0, ret_value, err);
    }
    if (!is_true && !is_false) {
        return TEMPLATE_REFUSE(err, call,
                               "was invoked with a parameter that is not valid. The value cannot "
                               "be converted to the target type.");
    }
    return template_make_bool(is_true, ret_value, err);
}

enum kv_code template_fn_equals(struct template_eval *eval, const struct template_call *call,
                                struct template_value *ret_value, struct kv_err *err)
{
    bool is_equal = false;

    KV_TRY(template_equal(eval->budget, call->args[0].json, call->args[1].json, &is_equal, err));
    return template_make_bool(is_equal, ret_value, err);
}

/* How the first stands to the second: -1, 0 or 1. Texts by their characters. */
static enum kv_code compare(struct template_eval *eval, const struct template_call *call,
                            int *ret_order, struct kv_err *err)
{
    const cJSON *a = call->args[0].json, *b = call->args[1].json;

    if (cJSON_IsString(a) != cJSON_IsString(b)) {
        return TEMPLATE_REFUSE(err, call,
                               "expects two parameters of matching types. The function was invoked "
                               "with values of type '%s' and '%s' that do not match.",
                               template_type_of(a), template_type_of(b));
    }
    if (cJSON_IsString(a)) {
        int order = strcmp(a->valuestring, b->valuestring);

        KV_TRY(template_work(eval->budget, strlen(a->valuestring) / 64, err));
        *ret_order = order < 0 ? -1 : order > 0;
        return KV_OK;
    }
    *ret_order = a->valuedouble < b->valuedouble ? -1 : a->valuedouble > b->valuedouble;
    return KV_OK;
}

#define COMPARISON(name, holds)                                                                    \
    enum kv_code name(struct template_eval *eval, const struct template_call *call,                \
                      struct template_value *ret_value, struct kv_err *err)                        \
    {                                                                                              \
        int order = 0;                                                                             \
                                                                                                   \
        KV_TRY(compare(eval, call, &order, err));                                                  \
        return template_make_bool(holds, ret_value, err);                                          \
    }

COMPARISON(template_fn_less, order < 0)
COMPARISON(template_fn_less_or_equals, order <= 0)
COMPARISON(template_fn_greater, order > 0)
COMPARISON(template_fn_greater_or_equals, order >= 0)

enum kv_code template_fn_fail(struct template_eval *eval, const struct template_call *call,
                              struct template_value *ret_value, struct kv_err *err)
{
    (void) eval;
    (void) ret_value;
    return KV_FAIL(err, KV_INVALID_TEMPLATE, 0, "%.700s", template_text(call, 0));
}

enum kv_code template_fn_unsupported(struct template_eval *eval, const struct template_call *call,
                                     struct template_value *ret_value, struct kv_err *err)
{
    (void) eval;
    (void) ret_value;
    return TEMPLATE_REFUSE(err, call, "is not supported here (docs/templates.md).");
}
