/* SPDX-License-Identifier: Apache-2.0 */
/* Functions of objects, and those that put lists or objects together. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "functions.h"

/* Puts a member into an object, in the place of one of that name; takes `value`. */
static enum kv_code set_member(struct template_eval *eval, cJSON *object, const char *name,
                               cJSON *value, struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *guarded = value;
    const cJSON *there = NULL;

    KV_TRY(template_find(eval->budget, object, name, &there, err));
    if (there == NULL) {
        return template_add(object, name, kv_take(guarded), err);
    }
    if (!cJSON_ReplaceItemInObject(object, name, guarded)) {
        return KV_OUT_OF_MEMORY(err);
    }
    (void) kv_take(guarded);
    return KV_OK;
}

enum kv_code template_fn_create_object(struct template_eval *eval, const struct template_call *call,
                                       struct template_value *ret_value, struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *object = cJSON_CreateObject();

    if (object == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    if (call->count % 2 != 0) {
        return TEMPLATE_REFUSE(err, call, "expects an even number of parameters.");
    }
    for (size_t i = 0; i < call->count; i += 2) {
        cJSON *value = NULL;

        if (!cJSON_IsString(call->args[i].json)) {
            return TEMPLATE_REFUSE(err, call, "expects strings as the names of properties.");
        }
        KV_TRY(template_take(eval->budget, &call->args[i + 1], &value, err));
        KV_TRY(set_member(eval, object, template_text(call, i), value, err));
    }
    return template_own(kv_take(object), ret_value, err);
}

/* ---- union(), intersection() --------------------------------------------------------------- */

static enum kv_code has_element(struct template_eval *eval, const cJSON *list, const cJSON *element,
                                bool *ret_has, struct kv_err *err)
{
    const cJSON *one;

    *ret_has = false;
    cJSON_ArrayForEach (one, list) {
        KV_TRY(template_equal(eval->budget, one, element, ret_has, err));
        if (*ret_has) {
            return KV_OK;
        }
    }
    return KV_OK;
}

static enum kv_code unite_lists(struct template_eval *eval, cJSON *list, const cJSON *from,
                                struct kv_err *err)
{
    const cJSON *element;

    cJSON_ArrayForEach (element, from) {
        bool has = false;
        cJSON *copy = NULL;

        KV_TRY(has_element(eval, list, element, &has, err));
        if (!has) {
            KV_TRY(template_copy(eval->budget, element, &copy, err));
            KV_TRY(template_add(list, NULL, copy, err));
        }
    }
    return KV_OK;
}

/* Objects in both are united in turn; of all else the later one stays. */
static enum kv_code unite_objects(struct template_eval *eval, cJSON *object, const cJSON *from,
                                  bool is_deep, struct kv_err *err)
{
    const cJSON *member;

    cJSON_ArrayForEach (member, from) {
        cJSON *there = cJSON_GetObjectItem(object, member->string), *copy = NULL;

        KV_TRY(template_work(eval->budget, 8, err));
        if (is_deep && cJSON_IsObject(there) && cJSON_IsObject(member)) {
            KV_TRY(unite_objects(eval, there, member, true, err));
            continue;
        }
        KV_TRY(template_copy(eval->budget, member, &copy, err));
        KV_TRY(set_member(eval, object, member->string, copy, err));
    }
    return KV_OK;
}

static enum kv_code check_same(const struct template_call *call, struct kv_err *err)
{
    for (size_t i = 1; i < call->count; i++) {
        if (cJSON_IsArray(call->args[i].json) != cJSON_IsArray(call->args[0].json)) {
            return TEMPLATE_REFUSE(err, call,
                                   "expects parameters of the same type: arrays, or objects.");
        }
    }
    return KV_OK;
}

enum kv_code template_fn_union(struct template_eval *eval, const struct template_call *call,
                               struct template_value *ret_value, struct kv_err *err)
{
    bool is_list = cJSON_IsArray(call->args[0].json);
    kv_auto(cJSON_Delete) cJSON *made = is_list ? cJSON_CreateArray() : cJSON_CreateObject();

    KV_TRY(check_same(call, err));
    if (made == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    for (size_t i = 0; i < call->count; i++) {
        KV_TRY(is_list ? unite_lists(eval, made, call->args[i].json, err)
                       : unite_objects(eval, made, call->args[i].json, true, err));
    }
    return template_own(kv_take(made), ret_value, err);
}

enum kv_code template_fn_shallow_merge(struct template_eval *eval, const struct template_call *call,
                                       struct template_value *ret_value, struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *made = cJSON_CreateObject();
    const cJSON *object;

    if (made == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    cJSON_ArrayForEach (object, call->args[0].json) {
        if (!cJSON_IsObject(object)) {
            return TEMPLATE_REFUSE(err, call, "expects an array of objects.");
        }
        KV_TRY(unite_objects(eval, made, object, false, err));
    }
    return template_own(kv_take(made), ret_value, err);
}

/* Whether an element, or a member, is in all the others. */
static enum kv_code is_in_all(struct template_eval *eval, const struct template_call *call,
                              const cJSON *part, bool *ret_in_all, struct kv_err *err)
{
    *ret_in_all = true;
    for (size_t i = 1; i < call->count && *ret_in_all; i++) {
        const cJSON *other = call->args[i].json, *member = NULL;

        if (cJSON_IsArray(other)) {
            KV_TRY(has_element(eval, other, part, ret_in_all, err));
            continue;
        }
        KV_TRY(template_find(eval->budget, other, part->string, &member, err));
        *ret_in_all = member != NULL;
        if (member != NULL) {
            KV_TRY(template_equal(eval->budget, member, part, ret_in_all, err));
        }
    }
    return KV_OK;
}

enum kv_code template_fn_intersection(struct template_eval *eval, const struct template_call *call,
                                      struct template_value *ret_value, struct kv_err *err)
{
    bool is_list = cJSON_IsArray(call->args[0].json);
    kv_auto(cJSON_Delete) cJSON *made = is_list ? cJSON_CreateArray() : cJSON_CreateObject();
    const cJSON *part;

    KV_TRY(check_same(call, err));
    if (made == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    cJSON_ArrayForEach (part, call->args[0].json) {
        bool in_all = false, has = false;
        cJSON *copy = NULL;

        KV_TRY(is_in_all(eval, call, part, &in_all, err));
        KV_TRY(is_list ? has_element(eval, made, part, &has, err) : KV_OK);
        if (in_all && !has) {
            KV_TRY(template_copy(eval->budget, part, &copy, err));
            KV_TRY(template_add(made, part->string, copy, err));
        }
    }
    return template_own(kv_take(made), ret_value, err);
}

/* ---- Members ------------------------------------------------------------------------------- */

static int compare_members(const void *one, const void *other)
{
    const cJSON *const *a = one, *const *b = other;
    int order = strcasecmp((*a)->string, (*b)->string);

    return order != 0 ? order : strcmp((*a)->string, (*b)->string);
}

/* The members in the order of their names, as items() has them; NULL: out of memory. */
static const cJSON **sort_members(const cJSON *object, size_t *ret_count)
{
    size_t count = (size_t) cJSON_GetArraySize(object), i = 0;
    const cJSON **members = calloc(count + 1, sizeof(*members));
    const cJSON *member;

    if (members == NULL) {
        return NULL;
    }
    cJSON_ArrayForEach (member, object) {
        members[i++] = member;
    }
    qsort(members, count, sizeof(*members), compare_members);
    *ret_count = count;
    return members;
}

static enum kv_code add_item(struct template_eval *eval, cJSON *list, const cJSON *member,
                             bool has_value, struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *item = NULL;
    cJSON *value = NULL;

    KV_TRY(template_spend(eval->budget, 2 * sizeof(*item) + 2 * strlen(member->string), err));
    if (!has_value) {
        return template_add(list, NULL, cJSON_CreateString(member->string), err);
    }
    item = cJSON_CreateObject();
    if (item == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    KV_TRY(template_add(item, "key", cJSON_CreateString(member->string), err));
    KV_TRY(template_copy(eval->budget, member, &value, err));
    KV_TRY(template_add(item, "value", value, err));
    return template_add(list, NULL, kv_take(item), err);
}

static enum kv_code list_members(struct template_eval *eval, const struct template_call *call,
                                 bool has_values, struct template_value *ret_value,
                                 struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *list = cJSON_CreateArray();
    size_t count = 0;
    const cJSON **members = sort_members(call->args[0].json, &count);
    enum kv_code code = KV_OK;

    if (list == NULL || members == NULL) {
        free(members);
        return KV_OUT_OF_MEMORY(err);
    }
    for (size_t i = 0; i < count && code == KV_OK; i++) {
        code = add_item(eval, list, members[i], has_values, err);
    }
    free(members);
    KV_TRY(code);
    return template_own(kv_take(list), ret_value, err);
}

enum kv_code template_fn_items(struct template_eval *eval, const struct template_call *call,
                               struct template_value *ret_value, struct kv_err *err)
{
    return list_members(eval, call, true, ret_value, err);
}

enum kv_code template_fn_object_keys(struct template_eval *eval, const struct template_call *call,
                                     struct template_value *ret_value, struct kv_err *err)
{
    return list_members(eval, call, false, ret_value, err);
}

/* null for what is not there, at any step. */
enum kv_code template_fn_try_get(struct template_eval *eval, const struct template_call *call,
                                 struct template_value *ret_value, struct kv_err *err)
{
    const cJSON *at = call->args[0].json;
    cJSON *copy = NULL;

    for (size_t i = 1; i < call->count && at != NULL; i++) {
        const cJSON *whole = at, *key = call->args[i].json;

        at = NULL;
        if (cJSON_IsObject(whole) && cJSON_IsString(key)) {
            KV_TRY(template_find(eval->budget, whole, key->valuestring, &at, err));
        } else if (cJSON_IsArray(whole) && cJSON_IsNumber(key)) {
            KV_TRY(template_element(eval->budget, whole, (int64_t) key->valuedouble, &at, err));
        }
    }
    if (at == NULL) {
        return template_own(cJSON_CreateNull(), ret_value, err);
    }
    KV_TRY(template_copy(eval->budget, at, &copy, err));
    return template_own(copy, ret_value, err);
}
