/* SPDX-License-Identifier: Apache-2.0 */
/* Whole numbers. They are those that JSON holds exactly: 2^53 either way. */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "functions.h"

#define NUMBER_MAX INT64_C(9007199254740992)

static enum kv_code make(const struct template_call *call, bool overflows, int64_t number,
                         struct template_value *ret_value, struct kv_err *err)
{
    if (overflows || number > NUMBER_MAX || number < -NUMBER_MAX) {
        return TEMPLATE_REFUSE(err, call, "makes a number beyond what template numbers hold.");
    }
    return template_make_number(number, ret_value, err);
}

#define ARITHMETIC(name, operation)                                                                \
    enum kv_code name(struct template_eval *eval, const struct template_call *call,                \
                      struct template_value *ret_value, struct kv_err *err)                        \
    {                                                                                              \
        int64_t made = 0;                                                                          \
        bool overflows = operation(template_integer(call, 0), template_integer(call, 1), &made);   \
                                                                                                   \
        (void) eval;                                                                               \
        return make(call, overflows, made, ret_value, err);                                        \
    }

ARITHMETIC(template_fn_add, __builtin_add_overflow)
ARITHMETIC(template_fn_sub, __builtin_sub_overflow)
ARITHMETIC(template_fn_mul, __builtin_mul_overflow)

static enum kv_code check_divisor(const struct template_call *call, struct kv_err *err)
{
    if (template_integer(call, 1) == 0) {
        return TEMPLATE_REFUSE(err, call, "cannot divide by zero.");
    }
    return KV_OK;
}

enum kv_code template_fn_div(struct template_eval *eval, const struct template_call *call,
                             struct template_value *ret_value, struct kv_err *err)
{
    (void) eval;
    KV_TRY(check_divisor(call, err));
    return template_make_number(template_integer(call, 0) / template_integer(call, 1), ret_value,
                                err);
}

enum kv_code template_fn_mod(struct template_eval *eval, const struct template_call *call,
                             struct template_value *ret_value, struct kv_err *err)
{
    (void) eval;
    KV_TRY(check_divisor(call, err));
    return template_make_number(template_integer(call, 0) % template_integer(call, 1), ret_value,
                                err);
}

enum kv_code template_fn_int(struct template_eval *eval, const struct template_call *call,
                             struct template_value *ret_value, struct kv_err *err)
{
    const char *text = cJSON_IsString(call->args[0].json) ? template_text(call, 0) : NULL;
    char *end = NULL;
    long long number;

    (void) eval;
    if (text == NULL) {
        return template_pass(call, 0, ret_value);
    }
    errno = 0;
    number = strtoll(text, &end, 10);
    end += strspn(end, " \t\r\n");
    if (errno != 0 || *end != '\0' || end == text || strpbrk(text, "0123456789") == NULL
        || number > NUMBER_MAX || number < -NUMBER_MAX) {
        return TEMPLATE_REFUSE(err, call,
                               "cannot convert provided value '%.100s' to integer value. Please "
                               "see https://aka.ms/arm-function-int for usage details.",
                               text);
    }
    return template_make_number(number, ret_value, err);
}

/* Of the arguments, or of one list of numbers. */
static enum kv_code find_extreme(struct template_eval *eval, const struct template_call *call,
                                 bool is_max, struct template_value *ret_value, struct kv_err *err)
{
    const cJSON *list = call->count == 1 ? call->args[0].json : NULL;
    const cJSON *element = cJSON_IsArray(list) ? list->child : NULL;
    size_t count = cJSON_IsArray(list) ? (size_t) cJSON_GetArraySize(list) : call->count;
    int64_t found = 0;

    for (size_t i = 0; i < count; i++) {
        int64_t number = 0;

        KV_TRY(template_work(eval->budget, 1, err));
        if (!template_is_integer(element != NULL ? element : call->args[i].json, &number)) {
            return TEMPLATE_REFUSE(err, call, "expects integers, or one array of them.");
        }
        found = i == 0 || (is_max ? number > found : number < found) ? number : found;
        element = element != NULL ? element->next : NULL;
    }
    if (count == 0) {
        return TEMPLATE_REFUSE(err, call, "expects an array that is not empty.");
    }
    return template_make_number(found, ret_value, err);
}

enum kv_code template_fn_max(struct template_eval *eval, const struct template_call *call,
                             struct template_value *ret_value, struct kv_err *err)
{
    return find_extreme(eval, call, true, ret_value, err);
}

enum kv_code template_fn_min(struct template_eval *eval, const struct template_call *call,
                             struct template_value *ret_value, struct kv_err *err)
{
    return find_extreme(eval, call, false, ret_value, err);
}
