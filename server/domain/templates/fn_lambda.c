/* SPDX-License-Identifier: Apache-2.0 */
/* Functions that take a lambda: lambda('x', ...), whose variables lambdaVariables('x') reads. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "functions.h"

#define NAMES_MAX 3 /* of a lambda */

/* A lambda: its names, and what it yields. */
struct lambda {
    const char *name[NAMES_MAX];
    size_t count;
    const struct template_node *body;
};

static enum kv_code read_lambda(const struct template_call *call, size_t index, size_t least,
                                size_t most, struct lambda *ret_lambda, struct kv_err *err)
{
    const struct template_node *node = call->node->parts[index];
    bool is_lambda = node->kind == TEMPLATE_NODE_CALL && node->space == NULL
                     && strcasecmp(node->name, "lambda") == 0;

    if (!is_lambda || node->count < least + 1 || node->count > most + 1) {
        return TEMPLATE_REFUSE(err, call,
                               "expects a lambda of %zu to %zu variables at position %zu.", least,
                               most, index + 1);
    }
    *ret_lambda = (struct lambda){ .count = node->count - 1, .body = node->parts[node->count - 1] };
    for (size_t i = 0; i < ret_lambda->count; i++) {
        if (node->parts[i]->kind != TEMPLATE_NODE_TEXT) {
            return TEMPLATE_REFUSE(err, call, "expects the variables of its lambda as strings.");
        }
        ret_lambda->name[i] = node->parts[i]->name;
    }
    return KV_OK;
}

/* Runs it. What it yields may be lent from `values`. */
static enum kv_code run(struct template_eval *eval, const struct lambda *lambda,
                        const cJSON *const values[NAMES_MAX], struct template_value *ret_value,
                        struct kv_err *err)
{
    struct template_local locals[NAMES_MAX];
    const struct template_local *outer = eval->local;
    enum kv_code code;

    for (size_t i = 0; i < lambda->count && i < NAMES_MAX; i++) {
        locals[i] = (struct template_local){ lambda->name[i], values[i], eval->local };
        eval->local = &locals[i];
    }
    code = template_evaluate(eval, lambda->body, ret_value, err);
    eval->local = outer;
    return code;
}

/* The same, and a tree of the caller's. */
static enum kv_code run_owned(struct template_eval *eval, const struct lambda *lambda,
                              const cJSON *const values[NAMES_MAX], cJSON **ret_made,
                              struct kv_err *err)
{
    kv_auto(template_value_done) struct template_value value = { 0 };

    KV_TRY(run(eval, lambda, values, &value, err));
    return template_take(eval->budget, &value, ret_made, err);
}

static enum kv_code run_test(struct template_eval *eval, const struct template_call *call,
                             const struct lambda *lambda, const cJSON *const values[NAMES_MAX],
                             bool *ret_holds, struct kv_err *err)
{
    kv_auto(template_value_done) struct template_value value = { 0 };

    KV_TRY(run(eval, lambda, values, &value, err));
    if (!cJSON_IsBool(value.json)) {
        return TEMPLATE_REFUSE(err, call, "expects a lambda that yields a boolean.");
    }
    *ret_holds = cJSON_IsTrue(value.json);
    return KV_OK;
}

static enum kv_code run_name(struct template_eval *eval, const struct template_call *call,
                             const struct lambda *lambda, const cJSON *const values[NAMES_MAX],
                             struct template_value *ret_value, struct kv_err *err)
{
    KV_TRY(run(eval, lambda, values, ret_value, err));
    if (!cJSON_IsString(ret_value->json)) {
        return TEMPLATE_REFUSE(err, call, "expects a lambda that yields strings as names.");
    }
    return KV_OK;
}

/* The first argument. */
static enum kv_code read_input(struct template_eval *eval, const struct template_call *call,
                               char letter, struct template_value *ret_value, struct kv_err *err)
{
    KV_TRY(template_argument(eval, call, 0, ret_value, err));
    if (!template_has_type(ret_value->json, letter)) {
        return TEMPLATE_REFUSE(err, call,
                               "expects its parameter at position '1' to be %s. The provided value "
                               "is of type '%s'.",
                               template_type_said(letter), template_type_of(ret_value->json));
    }
    return KV_OK;
}

enum kv_code template_fn_map(struct template_eval *eval, const struct template_call *call,
                             struct template_value *ret_value, struct kv_err *err)
{
    kv_auto(template_value_done) struct template_value input = { 0 };
    kv_auto(cJSON_Delete) cJSON *list = cJSON_CreateArray();
    struct lambda lambda;
    const cJSON *element;
    cJSON index = { .type = cJSON_Number };

    KV_TRY(read_lambda(call, 1, 1, 2, &lambda, err));
    KV_TRY(read_input(eval, call, 'a', &input, err));
    cJSON_ArrayForEach (element, input.json) {
        cJSON *made = NULL;

        KV_TRY(run_owned(eval, &lambda, (const cJSON *[NAMES_MAX]){ element, &index }, &made, err));
        KV_TRY(template_add(list, NULL, made, err));
        index.valuedouble++;
        index.valueint++;
    }
    return template_own(kv_take(list), ret_value, err);
}

enum kv_code template_fn_filter(struct template_eval *eval, const struct template_call *call,
                                struct template_value *ret_value, struct kv_err *err)
{
    kv_auto(template_value_done) struct template_value input = { 0 };
    kv_auto(cJSON_Delete) cJSON *list = cJSON_CreateArray();
    struct lambda lambda;
    const cJSON *element;
    cJSON index = { .type = cJSON_Number };

    KV_TRY(read_lambda(call, 1, 1, 2, &lambda, err));
    KV_TRY(read_input(eval, call, 'a', &input, err));
    cJSON_ArrayForEach (element, input.json) {
        cJSON *copy = NULL;
        bool holds = false;

        KV_TRY(run_test(eval, call, &lambda, (const cJSON *[NAMES_MAX]){ element, &index }, &holds,
                        err));
        if (holds) {
            KV_TRY(template_copy(eval->budget, element, &copy, err));
            KV_TRY(template_add(list, NULL, copy, err));
        }
        index.valuedouble++;
        index.valueint++;
    }
    return template_own(kv_take(list), ret_value, err);
}

enum kv_code template_fn_reduce(struct template_eval *eval, const struct template_call *call,
                                struct template_value *ret_value, struct kv_err *err)
{
    kv_auto(template_value_done) struct template_value input = { 0 };
    kv_auto(template_value_done) struct template_value first = { 0 };
    kv_auto(cJSON_Delete) cJSON *made = NULL;
    struct lambda lambda;
    const cJSON *element;
    cJSON index = { .type = cJSON_Number };

    KV_TRY(read_lambda(call, 2, 2, 3, &lambda, err));
    KV_TRY(read_input(eval, call, 'a', &input, err));
    KV_TRY(template_argument(eval, call, 1, &first, err));
    KV_TRY(template_take(eval->budget, &first, &made, err));
    cJSON_ArrayForEach (element, input.json) {
        cJSON *next = NULL;

        KV_TRY(run_owned(eval, &lambda, (const cJSON *[NAMES_MAX]){ made, element, &index }, &next,
                         err));
        cJSON_Delete(made);
        made = next;
        index.valuedouble++;
        index.valueint++;
    }
    return template_own(kv_take(made), ret_value, err);
}

/* ---- Objects out of lists ------------------------------------------------------------------ */

/* Takes `value`. */
static enum kv_code set_member(cJSON *object, const char *name, cJSON *value, struct kv_err *err)
{
    if (cJSON_GetObjectItem(object, name) == NULL) {
        return template_add(object, name, value, err);
    }
    if (!cJSON_ReplaceItemInObject(object, name, value)) {
        cJSON_Delete(value);
        return KV_OUT_OF_MEMORY(err);
    }
    return KV_OK;
}

static enum kv_code add_to_object(struct template_eval *eval, const struct template_call *call,
                                  const struct lambda lambdas[2], const cJSON *element,
                                  cJSON *object, struct kv_err *err)
{
    const cJSON *values[NAMES_MAX] = { element };
    kv_auto(template_value_done) struct template_value name = { 0 };
    cJSON *value = NULL;

    KV_TRY(run_name(eval, call, &lambdas[0], values, &name, err));
    if (lambdas[1].body != NULL) {
        KV_TRY(run_owned(eval, &lambdas[1], values, &value, err));
    } else {
        KV_TRY(template_copy(eval->budget, element, &value, err));
    }
    return set_member(object, name.json->valuestring, value, err);
}

enum kv_code template_fn_to_object(struct template_eval *eval, const struct template_call *call,
                                   struct template_value *ret_value, struct kv_err *err)
{
    kv_auto(template_value_done) struct template_value input = { 0 };
    kv_auto(cJSON_Delete) cJSON *object = cJSON_CreateObject();
    struct lambda lambdas[2] = { 0 };
    const cJSON *element;
    size_t cost = 1;

    KV_TRY(read_lambda(call, 1, 1, 1, &lambdas[0], err));
    if (call->count > 2) {
        KV_TRY(read_lambda(call, 2, 1, 1, &lambdas[1], err));
    }
    KV_TRY(read_input(eval, call, 'a', &input, err));
    cJSON_ArrayForEach (element, input.json) {
        KV_TRY(template_work(eval->budget, cost++, err)); /* each name is looked for among them */
        KV_TRY(add_to_object(eval, call, lambdas, element, object, err));
    }
    return template_own(kv_take(object), ret_value, err);
}

enum kv_code template_fn_group_by(struct template_eval *eval, const struct template_call *call,
                                  struct template_value *ret_value, struct kv_err *err)
{
    kv_auto(template_value_done) struct template_value input = { 0 };
    kv_auto(cJSON_Delete) cJSON *object = cJSON_CreateObject();
    struct lambda lambda;
    const cJSON *element;
    size_t cost = 1;

    KV_TRY(read_lambda(call, 1, 1, 1, &lambda, err));
    KV_TRY(read_input(eval, call, 'a', &input, err));
    cJSON_ArrayForEach (element, input.json) {
        kv_auto(template_value_done) struct template_value name = { 0 };
        cJSON *copy = NULL;

        KV_TRY(template_work(eval->budget, cost++, err));
        KV_TRY(run_name(eval, call, &lambda, (const cJSON *[NAMES_MAX]){ element }, &name, err));
        if (cJSON_GetObjectItem(object, name.json->valuestring) == NULL) {
            KV_TRY(template_add(object, name.json->valuestring, cJSON_CreateArray(), err));
        }
        KV_TRY(template_copy(eval->budget, element, &copy, err));
        KV_TRY(template_add(cJSON_GetObjectItem(object, name.json->valuestring), NULL, copy, err));
    }
    return template_own(kv_take(object), ret_value, err);
}

enum kv_code template_fn_map_values(struct template_eval *eval, const struct template_call *call,
                                    struct template_value *ret_value, struct kv_err *err)
{
    kv_auto(template_value_done) struct template_value input = { 0 };
    kv_auto(cJSON_Delete) cJSON *object = cJSON_CreateObject();
    struct lambda lambda;
    const cJSON *member;

    KV_TRY(read_lambda(call, 1, 1, 1, &lambda, err));
    KV_TRY(read_input(eval, call, 'o', &input, err));
    cJSON_ArrayForEach (member, input.json) {
        cJSON *value = NULL;

        KV_TRY(run_owned(eval, &lambda, (const cJSON *[NAMES_MAX]){ member }, &value, err));
        KV_TRY(template_add(object, member->string, value, err));
    }
    return template_own(kv_take(object), ret_value, err);
}

/* ---- sort() -------------------------------------------------------------------------------- */

/* Merges two neighbouring runs of `from` into `to`; the lambda says whether the first of two comes
 * first. What it takes for equal keeps its order. */
static enum kv_code merge(struct template_eval *eval, const struct template_call *call,
                          const struct lambda *lambda, const cJSON **from, size_t left,
                          size_t right, const cJSON **to, struct kv_err *err)
{
    size_t i = 0, j = left, made = 0;

    while (i < left && j < left + right) {
        const cJSON *values[NAMES_MAX] = { from[j], from[i] };
        bool is_before = false;

        KV_TRY(run_test(eval, call, lambda, values, &is_before, err));
        to[made++] = is_before ? from[j++] : from[i++];
    }
    while (i < left) {
        to[made++] = from[i++];
    }
    while (j < left + right) {
        to[made++] = from[j++];
    }
    return KV_OK;
}

/* Bottom up, with a lambda that need be no order at all. */
static enum kv_code merge_sort(struct template_eval *eval, const struct template_call *call,
                               const struct lambda *lambda, const cJSON **list, const cJSON **spare,
                               size_t count, struct kv_err *err)
{
    for (size_t width = 1; width < count; width *= 2) {
        for (size_t at = 0; at < count; at += 2 * width) {
            size_t left = count - at < width ? count - at : width;
            size_t right = count - at - left < width ? count - at - left : width;

            KV_TRY(merge(eval, call, lambda, list + at, left, right, spare + at, err));
        }
        memcpy(list, spare, count * sizeof(const cJSON *));
    }
    return KV_OK;
}

static enum kv_code add_sorted(struct template_eval *eval, const cJSON **list, size_t count,
                               cJSON *sorted, struct kv_err *err)
{
    for (size_t i = 0; i < count; i++) {
        cJSON *copy = NULL;

        KV_TRY(template_copy(eval->budget, list[i], &copy, err));
        KV_TRY(template_add(sorted, NULL, copy, err));
    }
    return KV_OK;
}

enum kv_code template_fn_sort(struct template_eval *eval, const struct template_call *call,
                              struct template_value *ret_value, struct kv_err *err)
{
    kv_auto(template_value_done) struct template_value input = { 0 };
    kv_auto(cJSON_Delete) cJSON *sorted = cJSON_CreateArray();
    struct lambda lambda;
    size_t count, i = 0;
    const cJSON *element, **list;
    enum kv_code code;

    KV_TRY(read_lambda(call, 1, 2, 2, &lambda, err));
    KV_TRY(read_input(eval, call, 'a', &input, err));
    count = (size_t) cJSON_GetArraySize(input.json);
    KV_TRY(template_spend(eval->budget, 2 * count * sizeof(*list), err));
    list = calloc(2 * count + 1, sizeof(*list));
    if (list == NULL || sorted == NULL) {
        free(list);
        return KV_OUT_OF_MEMORY(err);
    }
    cJSON_ArrayForEach (element, input.json) {
        list[i++] = element;
    }
    code = merge_sort(eval, call, &lambda, list, list + count, count, err);
    code = code == KV_OK ? add_sorted(eval, list, count, sorted, err) : code;
    free(list);
    KV_TRY(code);
    return template_own(kv_take(sorted), ret_value, err);
}

/* ---- Variables of lambdas ------------------------------------------------------------------ */

enum kv_code template_fn_lambda(struct template_eval *eval, const struct template_call *call,
                                struct template_value *ret_value, struct kv_err *err)
{
    (void) eval;
    (void) ret_value;
    return TEMPLATE_REFUSE(err, call, "is not expected at this location.");
}

enum kv_code template_fn_lambda_variables(struct template_eval *eval,
                                          const struct template_call *call,
                                          struct template_value *ret_value, struct kv_err *err)
{
    for (const struct template_local *local = eval->local; local != NULL; local = local->outer) {
        if (strcasecmp(local->name, template_text(call, 0)) == 0) {
            *ret_value = template_lend(local->value);
            return KV_OK;
        }
    }
    return KV_FAIL(err, KV_INVALID_TEMPLATE, 0, "The lambda variable '%.100s' is not found.",
                   template_text(call, 0));
}
