/* SPDX-License-Identifier: Apache-2.0 */
/* Functions that make texts of texts. */
#include <stdlib.h>
#include <string.h>

#include "functions.h"
#include "unicode.h"

static enum kv_code concat_texts(struct template_eval *eval, const struct template_call *call,
                                 struct template_value *ret_value, struct kv_err *err)
{
    kv_auto(kv_buf_done) struct kv_buf text = { 0 };

    kv_buf_init(&text, TEMPLATE_TEXT_MAX);
    for (size_t i = 0; i < call->count; i++) {
        if (cJSON_IsArray(call->args[i].json) || cJSON_IsObject(call->args[i].json)) {
            return TEMPLATE_REFUSE(err, call,
                                   "expects all of its parameters to be arrays, or none of them.");
        }
        KV_TRY(template_print(eval->budget, call->args[i].json, &text, err));
    }
    return template_make_buf(eval->budget, &text, ret_value, err);
}

/* Adds copies of a list's elements. */
static enum kv_code add_all(struct template_eval *eval, cJSON *list, const cJSON *from,
                            struct kv_err *err)
{
    const cJSON *element;

    cJSON_ArrayForEach (element, from) {
        cJSON *copy = NULL;

        KV_TRY(template_copy(eval->budget, element, &copy, err));
        KV_TRY(template_add(list, NULL, copy, err));
    }
    return KV_OK;
}

static enum kv_code concat_lists(struct template_eval *eval, const struct template_call *call,
                                 struct template_value *ret_value, struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *list = cJSON_CreateArray();

    for (size_t i = 0; i < call->count && list != NULL; i++) {
        if (!cJSON_IsArray(call->args[i].json)) {
            return TEMPLATE_REFUSE(err, call,
                                   "expects all of its parameters to be arrays, or none of them.");
        }
        KV_TRY(add_all(eval, list, call->args[i].json, err));
    }
    return template_own(kv_take(list), ret_value, err);
}

enum kv_code template_fn_concat(struct template_eval *eval, const struct template_call *call,
                                struct template_value *ret_value, struct kv_err *err)
{
    bool is_list = call->count > 0 && cJSON_IsArray(call->args[0].json);

    return is_list ? concat_lists(eval, call, ret_value, err)
                   : concat_texts(eval, call, ret_value, err);
}

enum kv_code template_fn_string(struct template_eval *eval, const struct template_call *call,
                                struct template_value *ret_value, struct kv_err *err)
{
    kv_auto(kv_buf_done) struct kv_buf text = { 0 };

    kv_buf_init(&text, TEMPLATE_TEXT_MAX);
    KV_TRY(template_print(eval->budget, call->args[0].json, &text, err));
    return template_make_buf(eval->budget, &text, ret_value, err);
}

static enum kv_code change_case(struct template_eval *eval, const char *text,
                                char *(*change)(const char *), struct template_value *ret_value,
                                struct kv_err *err)
{
    char *changed;
    enum kv_code code;

    KV_TRY(template_spend(eval->budget, 4 * strlen(text), err));
    changed = change(text);
    if (changed == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    code = template_make_text(eval->budget, changed, ret_value, err);
    free(changed);
    return code;
}

enum kv_code template_fn_to_lower(struct template_eval *eval, const struct template_call *call,
                                  struct template_value *ret_value, struct kv_err *err)
{
    return change_case(eval, template_text(call, 0), template_to_lower, ret_value, err);
}

enum kv_code template_fn_to_upper(struct template_eval *eval, const struct template_call *call,
                                  struct template_value *ret_value, struct kv_err *err)
{
    return change_case(eval, template_text(call, 0), template_to_upper, ret_value, err);
}

static enum kv_code make_part(struct template_eval *eval, const char *start, size_t len,
                              struct template_value *ret_value, struct kv_err *err)
{
    kv_auto(kv_buf_done) struct kv_buf text = { 0 };

    kv_buf_init(&text, TEMPLATE_TEXT_MAX);
    KV_TRY(template_append(eval->budget, &text, start, len, err));
    return template_make_buf(eval->budget, &text, ret_value, err);
}

enum kv_code template_fn_trim(struct template_eval *eval, const struct template_call *call,
                              struct template_value *ret_value, struct kv_err *err)
{
    size_t len;
    const char *start = template_trim(template_text(call, 0), &len);

    return make_part(eval, start, len, ret_value, err);
}

enum kv_code template_fn_substring(struct template_eval *eval, const struct template_call *call,
                                   struct template_value *ret_value, struct kv_err *err)
{
    const char *text = template_text(call, 0);
    int64_t units = (int64_t) template_units(text);
    int64_t start = template_integer(call, 1);
    int64_t len = call->count > 2 ? template_integer(call, 2) : units - start;
    const char *from, *to;

    if (start < 0 || len < 0 || start > units || len > units - start) {
        return KV_FAIL(err, KV_INVALID_TEMPLATE, 0,
                       "Unable to evaluate the template language function 'substring'. The index "
                       "and length parameters must refer to a location within the string. The "
                       "index parameter: '%lld', the length parameter: '%lld', the length of the "
                       "string parameter: '%lld'.",
                       (long long) start, (long long) len, (long long) units);
    }
    KV_TRY(template_work(eval->budget, (size_t) units / 8, err));
    from = template_at_unit(text, (size_t) start);
    to = template_at_unit(text, (size_t) (start + len));
    if (from == NULL || to == NULL) {
        return TEMPLATE_REFUSE(err, call, "would cut a character in two.");
    }
    return make_part(eval, from, (size_t) (to - from), ret_value, err);
}

enum kv_code template_fn_replace(struct template_eval *eval, const struct template_call *call,
                                 struct template_value *ret_value, struct kv_err *err)
{
    const char *text = template_text(call, 0), *old = template_text(call, 1);
    kv_auto(kv_buf_done) struct kv_buf made = { 0 };
    const char *next;

    if (old[0] == '\0') {
        return TEMPLATE_REFUSE(err, call, "expects a text to replace that is not empty.");
    }
    kv_buf_init(&made, TEMPLATE_TEXT_MAX);
    for (; (next = strstr(text, old)) != NULL; text = next + strlen(old)) {
        KV_TRY(template_append(eval->budget, &made, text, (size_t) (next - text), err));
        KV_TRY(template_append_text(eval->budget, &made, template_text(call, 2), err));
    }
    KV_TRY(template_append_text(eval->budget, &made, text, err));
    return template_make_buf(eval->budget, &made, ret_value, err);
}

enum kv_code template_fn_join(struct template_eval *eval, const struct template_call *call,
                              struct template_value *ret_value, struct kv_err *err)
{
    kv_auto(kv_buf_done) struct kv_buf made = { 0 };
    const cJSON *element;

    kv_buf_init(&made, TEMPLATE_TEXT_MAX);
    cJSON_ArrayForEach (element, call->args[0].json) {
        if (element->prev->next != NULL) { /* not of the first one: its `prev` is the last */
            KV_TRY(template_append_text(eval->budget, &made, template_text(call, 1), err));
        }
        KV_TRY(template_print(eval->budget, element, &made, err));
    }
    return template_make_buf(eval->budget, &made, ret_value, err);
}

/* What it costs to look for all of them at one place. */
static size_t cost_of(const cJSON *delimiters)
{
    const cJSON *one;
    size_t cost = 1;

    if (cJSON_IsString(delimiters)) {
        return cost + strlen(delimiters->valuestring) / 16;
    }
    cJSON_ArrayForEach (one, delimiters) {
        cost += 1 + (cJSON_IsString(one) ? strlen(one->valuestring) / 16 : 0);
    }
    return cost;
}

/* The length of the first of the delimiters that stands there; 0: none does. */
static size_t delimiter_at(const cJSON *delimiters, const char *text)
{
    const cJSON *one;

    if (cJSON_IsString(delimiters)) {
        size_t len = strlen(delimiters->valuestring);

        return strncmp(text, delimiters->valuestring, len) == 0 ? len : 0;
    }
    cJSON_ArrayForEach (one, delimiters) {
        size_t len = cJSON_IsString(one) ? strlen(one->valuestring) : 0;

        if (len > 0 && strncmp(text, one->valuestring, len) == 0) {
            return len;
        }
    }
    return 0;
}

static enum kv_code add_part(struct template_eval *eval, cJSON *list, const char *start, size_t len,
                             struct kv_err *err)
{
    kv_auto(template_value_done) struct template_value part = { 0 };

    KV_TRY(make_part(eval, start, len, &part, err));
    return template_add(list, NULL, kv_take(part.owned), err);
}

enum kv_code template_fn_split(struct template_eval *eval, const struct template_call *call,
                               struct template_value *ret_value, struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *list = cJSON_CreateArray();
    const cJSON *delimiters = call->args[1].json;
    const char *text = template_text(call, 0), *start = text;
    size_t each = cost_of(delimiters);

    if (list == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    while (*text != '\0') {
        size_t len = delimiter_at(delimiters, text);

        KV_TRY(template_work(eval->budget, each, err));
        if (len == 0) {
            text++;
            continue;
        }
        KV_TRY(add_part(eval, list, start, (size_t) (text - start), err));
        text += len;
        start = text;
    }
    KV_TRY(add_part(eval, list, start, (size_t) (text - start), err));
    return template_own(kv_take(list), ret_value, err);
}

enum kv_code template_fn_pad_left(struct template_eval *eval, const struct template_call *call,
                                  struct template_value *ret_value, struct kv_err *err)
{
    kv_auto(kv_buf_done) struct kv_buf text = { 0 };
    kv_auto(kv_buf_done) struct kv_buf made = { 0 };
    int64_t total = template_integer(call, 1);
    const char *with = call->count > 2 ? template_text(call, 2) : " ";

    if (total < 0 || total > TEMPLATE_TEXT_MAX || template_units(with) != 1) {
        return TEMPLATE_REFUSE(err, call,
                               "expects a length from 0 to %d and one character to pad with.",
                               TEMPLATE_TEXT_MAX);
    }
    kv_buf_init(&text, TEMPLATE_TEXT_MAX);
    kv_buf_init(&made, TEMPLATE_TEXT_MAX);
    KV_TRY(template_print(eval->budget, call->args[0].json, &text, err));
    for (int64_t i = (int64_t) template_units(text.len > 0 ? text.data : ""); i < total; i++) {
        KV_TRY(template_append_text(eval->budget, &made, with, err));
    }
    KV_TRY(template_append(eval->budget, &made, text.data, text.len, err));
    return template_make_buf(eval->budget, &made, ret_value, err);
}
