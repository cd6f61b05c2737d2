/* SPDX-License-Identifier: Apache-2.0 */
/* Functions that look for something. Those of texts go without regard to case but for contains(), as
 * the service's do. */
#include <stdlib.h>
#include <string.h>

#include "functions.h"
#include "unicode.h"

/* Two texts in upper case. */
struct pair {
    char *text, *part;
};

static void pair_done(struct pair *pair)
{
    free(pair->text);
    free(pair->part);
}
KV_DEFINE_CLEANUP_VALUE(struct pair, pair_done)

static enum kv_code raise_case(struct template_eval *eval, const struct template_call *call,
                               struct pair *ret_pair, struct kv_err *err)
{
    if (!cJSON_IsString(call->args[1].json)) {
        return TEMPLATE_REFUSE(err, call, "expects a string to look for in a string.");
    }
    KV_TRY(template_spend(
        eval->budget, 4 * (strlen(template_text(call, 0)) + strlen(template_text(call, 1))), err));
    ret_pair->text = template_to_upper(template_text(call, 0));
    ret_pair->part = template_to_upper(template_text(call, 1));
    return ret_pair->text != NULL && ret_pair->part != NULL ? KV_OK : KV_OUT_OF_MEMORY(err);
}

enum kv_code template_fn_starts_with(struct template_eval *eval, const struct template_call *call,
                                     struct template_value *ret_value, struct kv_err *err)
{
    kv_auto(pair_done) struct pair pair = { 0 };

    KV_TRY(raise_case(eval, call, &pair, err));
    return template_make_bool(strncmp(pair.text, pair.part, strlen(pair.part)) == 0, ret_value,
                              err);
}

enum kv_code template_fn_ends_with(struct template_eval *eval, const struct template_call *call,
                                   struct template_value *ret_value, struct kv_err *err)
{
    kv_auto(pair_done) struct pair pair = { 0 };
    size_t len, part;

    KV_TRY(raise_case(eval, call, &pair, err));
    len = strlen(pair.text);
    part = strlen(pair.part);
    return template_make_bool(len >= part && strcmp(pair.text + len - part, pair.part) == 0,
                              ret_value, err);
}

/* Where a part begins, in units; -1: nowhere. */
static enum kv_code find_in_text(struct template_eval *eval, const struct pair *pair, bool is_last,
                                 int64_t *ret_index, struct kv_err *err)
{
    const char *found = NULL, *at = pair->text;
    size_t each = 1 + strlen(pair->part) / 16;

    if (is_last && pair->part[0] == '\0') {
        *ret_index = (int64_t) template_units(pair->text);
        return KV_OK;
    }
    while ((at = strstr(at, pair->part)) != NULL) {
        KV_TRY(template_work(eval->budget, each, err));
        found = at;
        if (!is_last) {
            break;
        }
        at++;
    }
    *ret_index =
        found == NULL ? -1 : (int64_t) template_units_of(pair->text, (size_t) (found - pair->text));
    return KV_OK;
}

static enum kv_code find_in_list(struct template_eval *eval, const struct template_call *call,
                                 bool is_last, int64_t *ret_index, struct kv_err *err)
{
    const cJSON *element;
    int64_t index = 0;

    *ret_index = -1;
    cJSON_ArrayForEach (element, call->args[0].json) {
        bool is_equal = false;

        KV_TRY(template_equal(eval->budget, element, call->args[1].json, &is_equal, err));
        if (is_equal) {
            *ret_index = index;
        }
        if (is_equal && !is_last) {
            return KV_OK;
        }
        index++;
    }
    return KV_OK;
}

static enum kv_code find_index(struct template_eval *eval, const struct template_call *call,
                               bool is_last, struct template_value *ret_value, struct kv_err *err)
{
    kv_auto(pair_done) struct pair pair = { 0 };
    int64_t index = -1;

    if (cJSON_IsArray(call->args[0].json)) {
        KV_TRY(find_in_list(eval, call, is_last, &index, err));
    } else {
        KV_TRY(raise_case(eval, call, &pair, err));
        KV_TRY(find_in_text(eval, &pair, is_last, &index, err));
    }
    return template_make_number(index, ret_value, err);
}

enum kv_code template_fn_index_of(struct template_eval *eval, const struct template_call *call,
                                  struct template_value *ret_value, struct kv_err *err)
{
    return find_index(eval, call, false, ret_value, err);
}

enum kv_code template_fn_last_index_of(struct template_eval *eval, const struct template_call *call,
                                       struct template_value *ret_value, struct kv_err *err)
{
    return find_index(eval, call, true, ret_value, err);
}

/* Numbers are looked for as texts, too. */
static enum kv_code text_contains(struct template_eval *eval, const struct template_call *call,
                                  bool *ret_contains, struct kv_err *err)
{
    kv_auto(kv_buf_done) struct kv_buf part = { 0 };

    if (!template_has_type(call->args[1].json, 'n')) {
        return TEMPLATE_REFUSE(err, call, "expects a string to look for in a string.");
    }
    kv_buf_init(&part, TEMPLATE_TEXT_MAX);
    KV_TRY(template_print(eval->budget, call->args[1].json, &part, err));
    KV_TRY(template_work(eval->budget, strlen(template_text(call, 0)) / 16, err));
    *ret_contains = part.len == 0 || strstr(template_text(call, 0), part.data) != NULL;
    return KV_OK;
}

enum kv_code template_fn_contains(struct template_eval *eval, const struct template_call *call,
                                  struct template_value *ret_value, struct kv_err *err)
{
    const cJSON *whole = call->args[0].json, *part = call->args[1].json, *member = NULL;
    bool contains = false;
    int64_t index = -1;

    if (cJSON_IsString(whole)) {
        KV_TRY(text_contains(eval, call, &contains, err));
    } else if (cJSON_IsArray(whole)) {
        KV_TRY(find_in_list(eval, call, false, &index, err));
        contains = index >= 0;
    } else if (cJSON_IsString(part)) {
        KV_TRY(template_find(eval->budget, whole, part->valuestring, &member, err));
        contains = member != NULL;
    } else {
        return TEMPLATE_REFUSE(err, call, "expects a string to look for in an object.");
    }
    return template_make_bool(contains, ret_value, err);
}
