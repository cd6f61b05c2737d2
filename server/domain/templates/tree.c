/* SPDX-License-Identifier: Apache-2.0 */
/* Whole trees of a template, and the copy loops in their objects. */
#include <string.h>
#include <strings.h>

#include "eval.h"

static const char *const copy_members[] = { "name", "count", "mode", "batchSize", "input" };

static enum kv_code check_copy(const cJSON *copy, struct kv_err *err)
{
    const cJSON *member;

    cJSON_ArrayForEach (member, copy) {
        size_t i = 0;

        while (i < KV_COUNT(copy_members) && strcasecmp(copy_members[i], member->string) != 0) {
            i++;
        }
        if (i == KV_COUNT(copy_members)) {
            return KV_FAIL(err, KV_INVALID_TEMPLATE, 0,
                           "Could not find member '%.200s' on object of type 'copy'.",
                           member->string);
        }
    }
    return KV_OK;
}

enum kv_code template_copy_count(struct template_eval *eval, const cJSON *copy, size_t *ret_count,
                                 struct kv_err *err)
{
    kv_auto(template_value_done) struct template_value value = { 0 };
    const cJSON *count = NULL;
    int64_t number = -1;

    if (!cJSON_IsObject(copy)) {
        return KV_FAIL(err, KV_INVALID_TEMPLATE, 0, "A copy loop must be an object.");
    }
    KV_TRY(check_copy(copy, err));
    KV_TRY(template_find(eval->budget, copy, "count", &count, err));
    if (count == NULL) {
        return KV_FAIL(err, KV_INVALID_TEMPLATE, 0, "The copy property has no 'count'.");
    }
    if (cJSON_IsString(count)) {
        KV_TRY(template_evaluate_text(eval, count, &value, err));
        count = value.json;
    }
    if (!template_is_integer(count, &number)) {
        return KV_FAIL(err, KV_INVALID_TEMPLATE, 0,
                       "The copy count must be an integer. The provided value is of type '%s'.",
                       template_type_of(count));
    }
    if (number < 0 || number > KV_TEMPLATE_COPIES_MAX) {
        return KV_FAIL(err, KV_INVALID_TEMPLATE, 0,
                       "The copy count '%lld' is not valid. It must be between '0' and '%d'.",
                       (long long) number, KV_TEMPLATE_COPIES_MAX);
    }
    *ret_count = (size_t) number;
    return KV_OK;
}

static enum kv_code evaluate_round(struct template_eval *eval, const struct template_loop *loop,
                                   const cJSON *input, cJSON *list, struct kv_err *err)
{
    const struct template_loop *outer = eval->loop;
    enum kv_code code;
    cJSON *element = NULL;

    eval->loop = loop;
    code = template_evaluate_tree(eval, input, &element, err);
    eval->loop = outer;
    KV_TRY(code);
    return template_add(list, NULL, element, err);
}

enum kv_code template_evaluate_copy(struct template_eval *eval, const char *name, const cJSON *copy,
                                    cJSON **ret_list, struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *list = cJSON_CreateArray();
    const cJSON *input = NULL;
    size_t count = 0;

    KV_TRY(template_copy_count(eval, copy, &count, err));
    KV_TRY(template_find(eval->budget, copy, "input", &input, err));
    if (list == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    if (input == NULL) {
        return KV_FAIL(err, KV_INVALID_TEMPLATE, 0, "The copy loop '%.200s' has no 'input'.", name);
    }
    for (size_t i = 0; i < count; i++) {
        const struct template_loop loop = { .name = name, .index = i, .outer = eval->loop };

        KV_TRY(evaluate_round(eval, &loop, input, list, err));
    }
    *ret_list = kv_take(list);
    return KV_OK;
}

/* Adds the list that each of the loops makes. */
static enum kv_code add_loops(struct template_eval *eval, const cJSON *loops, cJSON *object,
                              struct kv_err *err)
{
    const cJSON *copy;

    cJSON_ArrayForEach (copy, loops) {
        const cJSON *name = NULL;
        cJSON *list = NULL;

        KV_TRY(template_find(eval->budget, copy, "name", &name, err));
        if (!cJSON_IsString(name)) {
            return KV_FAIL(err, KV_INVALID_TEMPLATE, 0, "A copy loop has no 'name'.");
        }
        KV_TRY(template_evaluate_copy(eval, name->valuestring, copy, &list, err));
        KV_TRY(template_add(object, name->valuestring, list, err));
    }
    return KV_OK;
}

/* What a member is called, which an expression may say. */
static enum kv_code evaluate_name(struct template_eval *eval, const char *name,
                                  struct template_value *ret_name, struct kv_err *err)
{
    cJSON text = { .type = cJSON_String, .valuestring = (char *) name };

    if (eval->is_literal || !template_is_expression(name)) {
        return template_make_text(
            eval->budget, name + (!eval->is_literal && template_is_escaped(name)), ret_name, err);
    }
    KV_TRY(template_evaluate_text(eval, &text, ret_name, err));
    if (!cJSON_IsString(ret_name->json)) {
        return KV_FAIL(err, KV_INVALID_TEMPLATE, 0,
                       "The name of a member must be a string, the expression '%.200s' yields a "
                       "value of type '%s'.",
                       name, template_type_of(ret_name->json));
    }
    return KV_OK;
}

/* A name that a secret went into marks the object that has it. */
static enum kv_code name_member(struct template_eval *eval, const char *name, cJSON *object,
                                struct template_value *ret_name, struct kv_err *err)
{
    struct template_budget *budget = eval->budget;
    bool had_secret = budget->has_secret;

    budget->has_secret = false;
    enum kv_code code = evaluate_name(eval, name, ret_name, err);
    if (budget->has_secret) {
        template_mark_secret(object);
    }
    budget->has_secret |= had_secret;
    return code;
}

static enum kv_code add_member(struct template_eval *eval, const cJSON *member, cJSON *object,
                               struct kv_err *err)
{
    kv_auto(template_value_done) struct template_value name = { 0 };
    cJSON *value = NULL;

    if (strcasecmp(member->string, "copy") == 0 && cJSON_IsArray(member) && !eval->is_literal) {
        return add_loops(eval, member, object, err);
    }
    KV_TRY(name_member(eval, member->string, object, &name, err));
    KV_TRY(template_evaluate_tree(eval, member, &value, err));
    return template_add(object, name.json->valuestring, value, err);
}

static enum kv_code evaluate_children(struct template_eval *eval, const cJSON *tree,
                                      cJSON **ret_tree, struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *made =
        cJSON_IsObject(tree) ? cJSON_CreateObject() : cJSON_CreateArray();
    const cJSON *child;

    if (made == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    KV_TRY(template_spend(eval->budget, sizeof(*made), err));
    made->valueint = tree->valueint; /* where it stands: json.c */
    made->valuedouble = tree->valuedouble;
    cJSON_ArrayForEach (child, tree) {
        cJSON *element = NULL;

        if (cJSON_IsObject(tree)) {
            KV_TRY(add_member(eval, child, made, err));
            continue;
        }
        KV_TRY(template_evaluate_tree(eval, child, &element, err));
        KV_TRY(template_add(made, NULL, element, err));
    }
    *ret_tree = kv_take(made);
    return KV_OK;
}

static enum kv_code evaluate_leaf(struct template_eval *eval, const cJSON *leaf, cJSON **ret_leaf,
                                  struct kv_err *err)
{
    kv_auto(template_value_done) struct template_value value = { 0 };
    enum kv_code code;

    if (!cJSON_IsString(leaf)) {
        return template_copy(eval->budget, leaf, ret_leaf, err);
    }
    eval->budget->needs_run = false;
    code = template_evaluate_text(eval, leaf, &value, err);
    if (code != KV_OK && eval->is_preview && eval->budget->needs_run) {
        eval->budget->needs_run = false;
        return template_copy(eval->budget, leaf, ret_leaf, err);
    }
    KV_TRY(code);
    return template_take(eval->budget, &value, ret_leaf, err);
}

static enum kv_code evaluate_any(struct template_eval *eval, const cJSON *tree, cJSON **ret_tree,
                                 struct kv_err *err)
{
    return cJSON_IsObject(tree) || cJSON_IsArray(tree)
               ? evaluate_children(eval, tree, ret_tree, err)
               : evaluate_leaf(eval, tree, ret_tree, err);
}

/* What a secret went into is marked: each text by itself, but not what it is in. What an outer scope has
 * evaluated has its marks, and keeps them. */
enum kv_code template_evaluate_tree(struct template_eval *eval, const cJSON *tree, cJSON **ret_tree,
                                    struct kv_err *err)
{
    struct template_budget *budget = eval->budget;
    bool had_secret = budget->has_secret;
    bool is_leaf = !cJSON_IsObject(tree) && !cJSON_IsArray(tree);

    budget->has_secret = kv_template_is_secret(tree);
    enum kv_code code = evaluate_any(eval, tree, ret_tree, err);
    if (code == KV_OK && (kv_template_is_secret(tree) || (is_leaf && budget->has_secret))) {
        template_mark_secret(*ret_tree);
    }
    budget->has_secret |= had_secret;
    return code;
}
