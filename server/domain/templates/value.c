/* SPDX-License-Identifier: Apache-2.0 */
#include "value.h"

#include <math.h>
#include <string.h>
#include <strings.h>

#define NODE_SIZE (sizeof(cJSON) + 16) /* with what the allocator needs for it */

enum kv_code template_work(struct template_budget *budget, size_t steps, struct kv_err *err)
{
    budget->work += steps;
    if (budget->work > TEMPLATE_WORK_MAX) {
        return KV_FAIL(err, KV_INVALID_TEMPLATE, 0,
                       "The evaluation of the template takes more than %d steps.",
                       TEMPLATE_WORK_MAX);
    }
    return KV_OK;
}

enum kv_code template_spend(struct template_budget *budget, size_t bytes, struct kv_err *err)
{
    budget->memory += bytes;
    if (budget->memory > TEMPLATE_MEMORY_MAX) {
        return KV_FAIL(err, KV_INVALID_TEMPLATE, 0,
                       "The evaluation of the template makes more than %d MB of values.",
                       TEMPLATE_MEMORY_MAX / (1024 * 1024));
    }
    return template_work(budget, 1 + bytes / 256, err);
}

void template_value_done(struct template_value *value)
{
    cJSON_Delete(value->owned);
    *value = (struct template_value){ NULL, NULL };
}

enum kv_code template_own(cJSON *taken, struct template_value *ret_value, struct kv_err *err)
{
    if (taken == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    *ret_value = (struct template_value){ taken, taken };
    return KV_OK;
}

enum kv_code template_make_text(struct template_budget *budget, const char *text,
                                struct template_value *ret_value, struct kv_err *err)
{
    KV_TRY(template_spend(budget, NODE_SIZE + strlen(text), err));
    return template_own(cJSON_CreateString(text), ret_value, err);
}

enum kv_code template_make_number(int64_t number, struct template_value *ret_value,
                                  struct kv_err *err)
{
    return template_own(cJSON_CreateNumber((double) number), ret_value, err);
}

enum kv_code template_make_bool(bool value, struct template_value *ret_value, struct kv_err *err)
{
    return template_own(cJSON_CreateBool(value), ret_value, err);
}

static size_t size_of(const cJSON *json)
{
    return NODE_SIZE + (json->string != NULL ? strlen(json->string) : 0)
           + (cJSON_IsString(json) ? strlen(json->valuestring) : 0);
}

/* Before anything is copied: what a template can have copied is much more than it says itself. */
static enum kv_code charge_at(struct template_budget *budget, const cJSON *json, unsigned depth,
                              struct kv_err *err)
{
    const cJSON *child;

    if (depth > TEMPLATE_VALUE_DEPTH_MAX) {
        return KV_FAIL(err, KV_INVALID_TEMPLATE, 0,
                       "The template makes a value that is nested too deep. Limit: '%d'.",
                       TEMPLATE_VALUE_DEPTH_MAX);
    }
    KV_TRY(template_spend(budget, size_of(json), err));
    cJSON_ArrayForEach (child, json) {
        KV_TRY(charge_at(budget, child, depth + 1, err));
    }
    return KV_OK;
}

static enum kv_code charge(struct template_budget *budget, const cJSON *json, struct kv_err *err)
{
    return charge_at(budget, json, 0, err);
}

enum kv_code template_copy(struct template_budget *budget, const cJSON *json, cJSON **ret_copy,
                           struct kv_err *err)
{
    KV_TRY(charge(budget, json, err));
    cJSON *copy = cJSON_Duplicate(json, true);
    if (copy == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    *ret_copy = copy;
    return KV_OK;
}

enum kv_code template_take(struct template_budget *budget, struct template_value *value,
                           cJSON **ret_json, struct kv_err *err)
{
    if (value->owned == NULL) {
        return template_copy(budget, value->json, ret_json, err);
    }
    *ret_json = kv_take(value->owned);
    value->json = NULL;
    return KV_OK;
}

bool template_is_integer(const cJSON *json, int64_t *ret_number)
{
    return kv_json_is_int(json, ret_number);
}

const char *template_type_of(const cJSON *json)
{
    int64_t number;

    if (cJSON_IsNumber(json)) {
        return template_is_integer(json, &number) ? "Integer" : "Float";
    }
    return cJSON_IsString(json)   ? "String"
           : cJSON_IsBool(json)   ? "Boolean"
           : cJSON_IsObject(json) ? "Object"
           : cJSON_IsArray(json)  ? "Array"
                                  : "Null";
}

static enum kv_code find_exact(struct template_budget *budget, const cJSON *object,
                               const char *name, const cJSON **ret_member, struct kv_err *err)
{
    const cJSON *child;

    *ret_member = NULL;
    cJSON_ArrayForEach (child, object) {
        KV_TRY(template_work(budget, 1, err));
        if (strcmp(child->string, name) == 0) {
            *ret_member = child;
            return KV_OK;
        }
    }
    return KV_OK;
}

enum kv_code template_find(struct template_budget *budget, const cJSON *object, const char *name,
                           const cJSON **ret_member, struct kv_err *err)
{
    const cJSON *child;

    *ret_member = NULL;
    cJSON_ArrayForEach (child, object) {
        KV_TRY(template_work(budget, 1, err));
        if (child->string != NULL && strcasecmp(child->string, name) == 0) {
            *ret_member = child;
            return KV_OK;
        }
    }
    return KV_OK;
}

static enum kv_code are_objects_equal(struct template_budget *budget, const cJSON *a,
                                      const cJSON *b, bool *ret_equal, struct kv_err *err)
{
    const cJSON *child, *other;

    *ret_equal = cJSON_GetArraySize(a) == cJSON_GetArraySize(b);
    cJSON_ArrayForEach (child, a) {
        if (!*ret_equal) {
            return KV_OK;
        }
        KV_TRY(find_exact(budget, b, child->string, &other, err));
        *ret_equal = other != NULL;
        if (other != NULL) {
            KV_TRY(template_equal(budget, child, other, ret_equal, err));
        }
    }
    return KV_OK;
}

static enum kv_code are_arrays_equal(struct template_budget *budget, const cJSON *a, const cJSON *b,
                                     bool *ret_equal, struct kv_err *err)
{
    const cJSON *one = a->child, *other = b->child;

    *ret_equal = true;
    for (; one != NULL && other != NULL && *ret_equal; one = one->next, other = other->next) {
        KV_TRY(template_equal(budget, one, other, ret_equal, err));
    }
    *ret_equal = *ret_equal && one == NULL && other == NULL;
    return KV_OK;
}

/* Not of a secret's bytes as such: what a template compares, it may compare. */
enum kv_code template_equal(struct template_budget *budget, const cJSON *a, const cJSON *b,
                            bool *ret_equal, struct kv_err *err)
{
    KV_TRY(template_work(budget, 1, err));
    if (cJSON_IsObject(a) && cJSON_IsObject(b)) {
        return are_objects_equal(budget, a, b, ret_equal, err);
    }
    if (cJSON_IsArray(a) && cJSON_IsArray(b)) {
        return are_arrays_equal(budget, a, b, ret_equal, err);
    }
    if (cJSON_IsString(a) && cJSON_IsString(b)) {
        KV_TRY(template_work(budget, strlen(a->valuestring) / 256, err));
        *ret_equal = strcmp(a->valuestring, b->valuestring) == 0;
        return KV_OK;
    }
    if (cJSON_IsNumber(a) && cJSON_IsNumber(b)) {
        *ret_equal = !(a->valuedouble < b->valuedouble) && !(a->valuedouble > b->valuedouble);
        return KV_OK;
    }
    *ret_equal = (a->type & 0xFF) == (b->type & 0xFF);
    return KV_OK;
}

static enum kv_code refuse_long(struct kv_err *err)
{
    return KV_FAIL(err, KV_INVALID_TEMPLATE, 0,
                   "A template function makes a text of more than %d MB.",
                   TEMPLATE_TEXT_MAX / (1024 * 1024));
}

enum kv_code template_append(struct template_budget *budget, struct kv_buf *buf, const char *bytes,
                             size_t len, struct kv_err *err)
{
    KV_TRY(template_spend(budget, len, err));
    if (buf->len + len > TEMPLATE_TEXT_MAX) {
        return refuse_long(err);
    }
    return kv_buf_append(buf, bytes, len, err);
}

enum kv_code template_append_text(struct template_budget *budget, struct kv_buf *buf,
                                  const char *text, struct kv_err *err)
{
    return template_append(budget, buf, text, strlen(text), err);
}

enum kv_code template_make_buf(struct template_budget *budget, const struct kv_buf *buf,
                               struct template_value *ret_value, struct kv_err *err)
{
    return template_make_text(budget, buf->len > 0 ? buf->data : "", ret_value, err);
}

/* What a value's JSON has at least: what is longer than any text need not be printed to know that. */
static size_t measure(const cJSON *json)
{
    size_t size = 1 + (json->string != NULL ? strlen(json->string) : 0)
                  + (cJSON_IsString(json) ? strlen(json->valuestring) : 0);
    const cJSON *child;

    cJSON_ArrayForEach (child, json) {
        size += measure(child);
    }
    return size;
}

/* cJSON writes up to six bytes for one, and the digits of a number. */
#define PRINTED_MAX ((size_t) 32 * TEMPLATE_TEXT_MAX)

static enum kv_code print_json(struct template_budget *budget, const cJSON *json,
                               struct kv_buf *buf, struct kv_err *err)
{
    kv_auto(kv_buf_done) struct kv_buf text = { 0 };

    KV_TRY(charge(budget, json, err));
    if (measure(json) > TEMPLATE_TEXT_MAX) {
        return refuse_long(err);
    }
    kv_buf_init(&text, PRINTED_MAX);
    KV_TRY(kv_json_print(json, &text, err));
    return template_append(budget, buf, text.data, text.len, err);
}

enum kv_code template_print(struct template_budget *budget, const cJSON *json, struct kv_buf *buf,
                            struct kv_err *err)
{
    if (cJSON_IsNull(json)) {
        return KV_OK;
    }
    if (cJSON_IsString(json)) {
        return template_append_text(budget, buf, json->valuestring, err);
    }
    if (cJSON_IsBool(json)) {
        return template_append_text(budget, buf, cJSON_IsTrue(json) ? "True" : "False", err);
    }
    return print_json(budget, json, buf, err);
}

enum kv_code template_add(cJSON *parent, const char *name, cJSON *child, struct kv_err *err)
{
    bool ok = child != NULL;

    kv_json_add_take(parent, name, child, &ok);
    return ok ? KV_OK : KV_OUT_OF_MEMORY(err);
}
