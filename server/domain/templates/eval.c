/* SPDX-License-Identifier: Apache-2.0 */
#include "eval.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define USAGE " Please see https://aka.ms/arm-template-expressions for usage details."
#define ARGUMENTS_MAX 1000 /* of a call */
#define CALL_COST 8        /* to find the function, and its parameter */

static const struct {
    char letter;
    const char *said;
} types[] = {
    { 's', "a string" },
    { 'i', "an integer" },
    { 'b', "a boolean" },
    { 'a', "an array" },
    { 'o', "an object" },
    { 'n', "a string or an integer" },
    { 'c', "an array or a string" },
    { 'l', "an object, an array, or a string" },
    { 't', "an object or an array" },
    { 'v', "any value" },
};

const char *template_type_said(char letter)
{
    for (size_t i = 0; i < KV_COUNT(types); i++) {
        if (types[i].letter == letter) {
            return types[i].said;
        }
    }
    return "known";
}

bool template_has_type(const cJSON *value, char letter)
{
    int64_t number;
    bool is_text = cJSON_IsString(value), is_integer = template_is_integer(value, &number);
    bool is_array = cJSON_IsArray(value), is_object = cJSON_IsObject(value);

    switch (letter) {
    case 's':
        return is_text;
    case 'i':
        return is_integer;
    case 'b':
        return cJSON_IsBool(value);
    case 'a':
        return is_array;
    case 'o':
        return is_object;
    case 'n':
        return is_text || is_integer;
    case 'c':
        return is_text || is_array;
    case 'l':
        return is_text || is_array || is_object;
    case 't':
        return is_array || is_object;
    case 'v':
        return true;
    }
    return false;
}

enum kv_code template_element(struct template_budget *budget, const cJSON *array, int64_t index,
                              const cJSON **ret_element, struct kv_err *err)
{
    const cJSON *element = index >= 0 ? array->child : NULL;

    for (; element != NULL && index > 0; index--) {
        element = element->next;
        KV_TRY(template_work(budget, 1, err));
    }
    *ret_element = element;
    return KV_OK;
}

/* ---- Parts of values ----------------------------------------------------------------------- */

static enum kv_code refuse_member(const cJSON *object, const char *name, struct kv_err *err)
{
    char there[512] = "";
    size_t len = 0;
    const cJSON *child;

    cJSON_ArrayForEach (child, object) {
        size_t room = sizeof(there) - len;
        int more = snprintf(there + len, room, "%s%s", len > 0 ? ", " : "", child->string);

        if (more < 0 || (size_t) more >= room) {
            break;
        }
        len += (size_t) more;
    }
    return KV_FAIL(err, KV_INVALID_TEMPLATE, 0,
                   "The language expression property '%.200s' doesn't exist, available properties "
                   "are '%s'.",
                   name, there);
}

static enum kv_code find_part(struct template_eval *eval, const cJSON *whole, const cJSON *key,
                              const cJSON **ret_part, struct kv_err *err)
{
    int64_t index;

    if (cJSON_IsObject(whole) && cJSON_IsString(key)) {
        KV_TRY(template_find(eval->budget, whole, key->valuestring, ret_part, err));
        return *ret_part != NULL ? KV_OK : refuse_member(whole, key->valuestring, err);
    }
    if (cJSON_IsArray(whole) && template_is_integer(key, &index)) {
        KV_TRY(template_element(eval->budget, whole, index, ret_part, err));
        if (*ret_part != NULL) {
            return KV_OK;
        }
        return KV_FAIL(err, KV_INVALID_TEMPLATE, 0,
                       "The language expression property array index '%lld' is out of bounds.",
                       (long long) index);
    }
    if (cJSON_IsString(key)) {
        return KV_FAIL(err, KV_INVALID_TEMPLATE, 0,
                       "The template language expression property '%.200s' can't be evaluated, "
                       "property selection is not supported on values of type '%s'." USAGE,
                       key->valuestring, template_type_of(whole));
    }
    return KV_FAIL(err, KV_INVALID_TEMPLATE, 0,
                   "The template language expression cannot select by a value of type '%s' from a "
                   "value of type '%s'." USAGE,
                   template_type_of(key), template_type_of(whole));
}

static enum kv_code evaluate_access(struct template_eval *eval, const struct template_node *node,
                                    struct template_value *ret_value, struct kv_err *err)
{
    kv_auto(template_value_done) struct template_value whole = { 0 };
    kv_auto(template_value_done) struct template_value key = { 0 };
    const cJSON *part = NULL;
    cJSON *copy = NULL;

    KV_TRY(template_evaluate(eval, node->parts[0], &whole, err));
    KV_TRY(template_evaluate(eval, node->parts[1], &key, err));
    KV_TRY(find_part(eval, whole.json, key.json, &part, err));
    if (whole.owned == NULL) {
        *ret_value = template_lend(part);
        return KV_OK;
    }
    KV_TRY(template_copy(eval->budget, part, &copy, err));
    return template_own(copy, ret_value, err);
}

/* ---- Calls --------------------------------------------------------------------------------- */

struct arguments {
    struct template_value *value;
    size_t count;
};

static void arguments_done(struct arguments *arguments)
{
    for (size_t i = 0; i < arguments->count; i++) {
        template_value_done(&arguments->value[i]);
    }
    free(arguments->value);
}
KV_DEFINE_CLEANUP_VALUE(struct arguments, arguments_done)

static enum kv_code check_count(const struct template_function *row, size_t count,
                                struct kv_err *err)
{
    char wanted[64];

    if (count >= row->least && (count <= row->most || row->most == TEMPLATE_ARGUMENTS_ANY)
        && count <= ARGUMENTS_MAX) {
        return KV_OK;
    }
    if (row->most == TEMPLATE_ARGUMENTS_ANY) {
        (void) snprintf(wanted, sizeof(wanted), "at least %u", (unsigned) row->least);
    } else if (row->least == row->most) {
        (void) snprintf(wanted, sizeof(wanted), "%u", (unsigned) row->least);
    } else {
        (void) snprintf(wanted, sizeof(wanted), "between %u and %u", (unsigned) row->least,
                        (unsigned) row->most);
    }
    return KV_FAIL(err, KV_INVALID_TEMPLATE, 0,
                   "Unable to evaluate template language function '%s': function requires %s "
                   "argument(s) while %zu were provided. Please see "
                   "https://aka.ms/arm-resource-functions/#%s for usage details.",
                   row->name, wanted, count, row->name);
}

static enum kv_code check_type(const struct template_function *row, size_t index, const cJSON *json,
                               struct kv_err *err)
{
    size_t last = strlen(row->types) - 1;
    char letter = row->types[index < last ? index : last];

    if (template_has_type(json, letter)) {
        return KV_OK;
    }
    if (row->most == 1) {
        return KV_FAIL(err, KV_INVALID_TEMPLATE, 0,
                       "The template function '%s' expects its parameter to be %s. The provided "
                       "value is of type '%s'. Please see "
                       "https://aka.ms/arm-template-expressions#%s for usage details.",
                       row->name, template_type_said(letter), template_type_of(json), row->name);
    }
    return KV_FAIL(err, KV_INVALID_TEMPLATE, 0,
                   "The template function '%s' expects its parameter at position '%zu' to be %s. "
                   "The provided value is of type '%s'. Please see "
                   "https://aka.ms/arm-template-expressions#%s for usage details.",
                   row->name, index + 1, template_type_said(letter), template_type_of(json),
                   row->name);
}

static enum kv_code evaluate_arguments(struct template_eval *eval, const struct template_call *call,
                                       struct arguments *arguments, struct kv_err *err)
{
    arguments->value = calloc(call->count + 1, sizeof(*arguments->value));
    if (arguments->value == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    for (size_t i = 0; i < call->count; i++) {
        KV_TRY(template_argument(eval, call, i, &arguments->value[i], err));
        arguments->count++;
        KV_TRY(check_type(call->row, i, arguments->value[i].json, err));
    }
    return KV_OK;
}

static enum kv_code call_row(struct template_eval *eval, const struct template_function *row,
                             const struct template_node *node, struct template_value *ret_value,
                             struct kv_err *err)
{
    struct template_call call = { .row = row, .node = node, .count = node->count };
    kv_auto(arguments_done) struct arguments arguments = { 0 };

    if ((row->needs & ~eval->may) != 0) {
        eval->budget->needs_run = (row->needs & TEMPLATE_MAY_RUN) != 0;
        return KV_FAIL(err, KV_INVALID_TEMPLATE, 0,
                       "The template function '%s' is not expected at this location." USAGE,
                       node->name);
    }
    KV_TRY(check_count(row, node->count, err));
    if (row->types[0] != '\0') {
        KV_TRY(evaluate_arguments(eval, &call, &arguments, err));
        call.args = arguments.value;
    }
    return row->fn(eval, &call, ret_value, err);
}

static enum kv_code evaluate_call(struct template_eval *eval, const struct template_node *node,
                                  struct template_value *ret_value, struct kv_err *err)
{
    KV_TRY(template_work(eval->budget, CALL_COST, err));
    if (node->space != NULL) {
        struct template_call call = { .node = node, .count = node->count };

        return eval->tools->user_function(eval, &call, ret_value, err);
    }
    const struct template_function *row = eval->tools->find_function(node->name);
    if (row == NULL) {
        return KV_FAIL(err, KV_INVALID_TEMPLATE, 0,
                       "The template function '%.200s' is not valid." USAGE, node->name);
    }
    return call_row(eval, row, node, ret_value, err);
}

static enum kv_code evaluate_any(struct template_eval *eval, const struct template_node *node,
                                 struct template_value *ret_value, struct kv_err *err)
{
    switch (node->kind) {
    case TEMPLATE_NODE_TEXT:
        return template_make_text(eval->budget, node->name, ret_value, err);
    case TEMPLATE_NODE_NUMBER:
        return template_make_number(node->number, ret_value, err);
    case TEMPLATE_NODE_CALL:
        return evaluate_call(eval, node, ret_value, err);
    case TEMPLATE_NODE_ACCESS:
        return evaluate_access(eval, node, ret_value, err);
    }
    return KV_FAIL(err, KV_INTERNAL, 0, "an expression has no kind");
}

enum kv_code template_evaluate(struct template_eval *eval, const struct template_node *node,
                               struct template_value *ret_value, struct kv_err *err)
{
    enum kv_code code;

    KV_TRY(template_work(eval->budget, 1, err));
    if (eval->budget->depth >= TEMPLATE_EVALUATION_DEPTH_MAX) {
        return KV_FAIL(err, KV_INVALID_TEMPLATE, 0,
                       "The evaluation of the template is nested too deep. Limit: '%d'.",
                       TEMPLATE_EVALUATION_DEPTH_MAX);
    }
    eval->budget->depth++;
    code = evaluate_any(eval, node, ret_value, err);
    eval->budget->depth--;
    return code;
}

enum kv_code template_evaluate_text(struct template_eval *eval, const cJSON *text,
                                    struct template_value *ret_value, struct kv_err *err)
{
    kv_auto(template_node_free) struct template_node *node = NULL;

    if (eval->is_literal || !template_is_expression(text->valuestring)) {
        if (!eval->is_literal && template_is_escaped(text->valuestring)) {
            return template_make_text(eval->budget, text->valuestring + 1, ret_value, err);
        }
        *ret_value = template_lend(text);
        return KV_OK;
    }
    KV_TRY(template_work(eval->budget, 1 + strlen(text->valuestring) / 8, err));
    KV_TRY(template_read_expression(text->valuestring, &node, err));
    return template_evaluate(eval, node, ret_value, err);
}
