/* SPDX-License-Identifier: Apache-2.0 */
/* Functions of lists, and of texts as lists of characters. */
#include <string.h>

#include "functions.h"
#include "unicode.h"

#define RANGE_MAX 10000

enum kv_code template_fn_array(struct template_eval *eval, const struct template_call *call,
                               struct template_value *ret_value, struct kv_err *err)
{
    if (cJSON_IsArray(call->args[0].json)) {
        return template_pass(call, 0, ret_value);
    }
    return template_fn_create_array(eval, call, ret_value, err);
}

enum kv_code template_fn_create_array(struct template_eval *eval, const struct template_call *call,
                                      struct template_value *ret_value, struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *list = cJSON_CreateArray();

    for (size_t i = 0; i < call->count && list != NULL; i++) {
        cJSON *element = NULL;

        KV_TRY(template_take(eval->budget, &call->args[i], &element, err));
        KV_TRY(template_add(list, NULL, element, err));
    }
    return template_own(kv_take(list), ret_value, err);
}

enum kv_code template_fn_empty(struct template_eval *eval, const struct template_call *call,
                               struct template_value *ret_value, struct kv_err *err)
{
    const cJSON *value = call->args[0].json;
    bool is_null = cJSON_IsNull(value);

    (void) eval;
    if (!is_null && !template_has_type(value, 'l')) {
        return KV_FAIL(err, KV_INVALID_TEMPLATE, 0,
                       "The template function 'empty' expects its parameter to be an object, an "
                       "array, or a string. The provided value is of type '%s'. Please see "
                       "https://aka.ms/arm-template-expressions#empty for usage details.",
                       template_type_of(value));
    }
    return template_make_bool(
        is_null || (cJSON_IsString(value) ? value->valuestring[0] == '\0' : value->child == NULL),
        ret_value, err);
}

static int64_t length_of(const cJSON *value)
{
    return cJSON_IsString(value) ? (int64_t) template_units(value->valuestring)
                                 : cJSON_GetArraySize(value);
}

enum kv_code template_fn_length(struct template_eval *eval, const struct template_call *call,
                                struct template_value *ret_value, struct kv_err *err)
{
    int64_t length = length_of(call->args[0].json);

    KV_TRY(template_work(eval->budget, (size_t) length / 16, err));
    return template_make_number(length, ret_value, err);
}

/* From one place up to another, of a list or a text. */
static enum kv_code cut_text(struct template_eval *eval, const struct template_call *call,
                             int64_t from, int64_t to, struct template_value *ret_value,
                             struct kv_err *err)
{
    kv_auto(kv_buf_done) struct kv_buf part = { 0 };
    const char *start = template_at_unit(template_text(call, 0), (size_t) from);
    const char *end = template_at_unit(template_text(call, 0), (size_t) to);

    if (start == NULL || end == NULL) {
        return TEMPLATE_REFUSE(err, call, "would cut a character in two.");
    }
    kv_buf_init(&part, TEMPLATE_TEXT_MAX);
    KV_TRY(template_append(eval->budget, &part, start, (size_t) (end - start), err));
    return template_make_buf(eval->budget, &part, ret_value, err);
}

static enum kv_code cut_list(struct template_eval *eval, const cJSON *list, int64_t from,
                             int64_t to, struct template_value *ret_value, struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *part = cJSON_CreateArray();
    const cJSON *element;
    int64_t index = 0;

    if (part == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    cJSON_ArrayForEach (element, list) {
        if (index >= from && index < to) {
            cJSON *copy = NULL;

            KV_TRY(template_copy(eval->budget, element, &copy, err));
            KV_TRY(template_add(part, NULL, copy, err));
        }
        KV_TRY(template_work(eval->budget, 1, err));
        index++;
    }
    return template_own(kv_take(part), ret_value, err);
}

static enum kv_code cut(struct template_eval *eval, const struct template_call *call, int64_t from,
                        int64_t to, struct template_value *ret_value, struct kv_err *err)
{
    if (cJSON_IsString(call->args[0].json)) {
        return cut_text(eval, call, from, to, ret_value, err);
    }
    return cut_list(eval, call->args[0].json, from, to, ret_value, err);
}

/* A number of elements, between none and all. */
static int64_t clip(int64_t count, int64_t length)
{
    return count < 0 ? 0 : count > length ? length : count;
}

enum kv_code template_fn_take(struct template_eval *eval, const struct template_call *call,
                              struct template_value *ret_value, struct kv_err *err)
{
    int64_t length = length_of(call->args[0].json);

    return cut(eval, call, 0, clip(template_integer(call, 1), length), ret_value, err);
}

enum kv_code template_fn_skip(struct template_eval *eval, const struct template_call *call,
                              struct template_value *ret_value, struct kv_err *err)
{
    int64_t length = length_of(call->args[0].json);

    return cut(eval, call, clip(template_integer(call, 1), length), length, ret_value, err);
}

/* Of an empty list there is none: null, as the service has it; of an empty text the empty text. */
static enum kv_code pick(struct template_eval *eval, const struct template_call *call,
                         int64_t index, struct template_value *ret_value, struct kv_err *err)
{
    const cJSON *whole = call->args[0].json, *element = NULL;
    int64_t length = length_of(whole);
    cJSON *copy = NULL;

    if (cJSON_IsString(whole)) {
        return cut(eval, call, length > 0 ? index : 0, length > 0 ? index + 1 : 0, ret_value, err);
    }
    KV_TRY(template_element(eval->budget, whole, index, &element, err));
    if (element == NULL) {
        return template_own(cJSON_CreateNull(), ret_value, err);
    }
    KV_TRY(template_copy(eval->budget, element, &copy, err));
    return template_own(copy, ret_value, err);
}

enum kv_code template_fn_first(struct template_eval *eval, const struct template_call *call,
                               struct template_value *ret_value, struct kv_err *err)
{
    return pick(eval, call, 0, ret_value, err);
}

enum kv_code template_fn_last(struct template_eval *eval, const struct template_call *call,
                              struct template_value *ret_value, struct kv_err *err)
{
    return pick(eval, call, length_of(call->args[0].json) - 1, ret_value, err);
}

enum kv_code template_fn_index_from_end(struct template_eval *eval,
                                        const struct template_call *call,
                                        struct template_value *ret_value, struct kv_err *err)
{
    int64_t back = template_integer(call, 1);

    if (back < 1 || back > length_of(call->args[0].json)) {
        return TEMPLATE_REFUSE(err, call, "expects an index within the array, counted from 1.");
    }
    return pick(eval, call, length_of(call->args[0].json) - back, ret_value, err);
}

enum kv_code template_fn_try_index_from_end(struct template_eval *eval,
                                            const struct template_call *call,
                                            struct template_value *ret_value, struct kv_err *err)
{
    int64_t back = template_integer(call, 1);

    if (!cJSON_IsArray(call->args[0].json) || back < 1 || back > length_of(call->args[0].json)) {
        return template_own(cJSON_CreateNull(), ret_value, err);
    }
    return pick(eval, call, length_of(call->args[0].json) - back, ret_value, err);
}

enum kv_code template_fn_flatten(struct template_eval *eval, const struct template_call *call,
                                 struct template_value *ret_value, struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *flat = cJSON_CreateArray();
    const cJSON *list, *element;

    cJSON_ArrayForEach (list, call->args[0].json) {
        if (!cJSON_IsArray(list)) {
            return TEMPLATE_REFUSE(err, call, "expects an array of arrays.");
        }
        cJSON_ArrayForEach (element, list) {
            cJSON *copy = NULL;

            KV_TRY(template_copy(eval->budget, element, &copy, err));
            KV_TRY(template_add(flat, NULL, copy, err));
        }
    }
    return template_own(kv_take(flat), ret_value, err);
}

enum kv_code template_fn_range(struct template_eval *eval, const struct template_call *call,
                               struct template_value *ret_value, struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *list = cJSON_CreateArray();
    int64_t start = template_integer(call, 0), count = template_integer(call, 1);

    if (count < 0 || count > RANGE_MAX || start + count > INT32_MAX || start < INT32_MIN) {
        return TEMPLATE_REFUSE(err, call,
                               "expects a count from 0 to %d, and a sum of both that is at most "
                               "%d.",
                               RANGE_MAX, INT32_MAX);
    }
    for (int64_t i = 0; i < count; i++) {
        KV_TRY(template_spend(eval->budget, sizeof(*list), err));
        KV_TRY(template_add(list, NULL, cJSON_CreateNumber((double) (start + i)), err));
    }
    return template_own(kv_take(list), ret_value, err);
}
