/* SPDX-License-Identifier: Apache-2.0 */
/* What has to be done before what: dependsOn, batches of loops, and resources that are asked for. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "plan.h"

#define WORDS(plan) (((plan)->count + 63) / 64)

bool template_has_edge(const struct kv_template_plan *plan, size_t item, size_t other)
{
    return (plan->edges[item * WORDS(plan) + other / 64] >> other % 64 & 1) != 0;
}

void template_add_edge(struct kv_template_plan *plan, size_t item, size_t other)
{
    plan->edges[item * WORDS(plan) + other / 64] |= (uint64_t) 1 << other % 64;
}

/* What is around an item while its dependencies are looked for. */
struct search {
    struct kv_template_plan *plan;
    size_t item;
    struct template_eval eval;
};

static enum kv_code refuse_undefined(const char *text, struct kv_err *err)
{
    return template_invalid(err,
                            "The resource '%.400s' is not defined in the template. Please see "
                            "https://aka.ms/arm-syntax for usage details",
                            text);
}

static enum kv_code refuse_self(const struct search *search, struct kv_err *err)
{
    return template_invalid(err,
                            "The template resource '%.400s' cannot reference itself. Please see "
                            "https://aka.ms/arm-function-reference for usage details",
                            search->plan->item[search->item].id);
}

static enum kv_code add_target(const struct search *search, const struct template_target *target,
                               const char *text, struct kv_err *err)
{
    if (target->is_ambiguous) {
        return template_invalid(err,
                                "The resource '%.400s' is defined more than once in the template; "
                                "its resource id says which one is meant",
                                text);
    }
    KV_TRY(template_work(search->eval.budget, target->count, err));
    for (size_t i = target->first; i < target->first + target->count; i++) {
        if (i == search->item) {
            return refuse_self(search, err);
        }
        template_add_edge(search->plan, search->item, i);
    }
    return KV_OK;
}

/* ---- dependsOn ----------------------------------------------------------------------------- */

static enum kv_code add_depended(struct search *search, const cJSON *text, struct kv_err *err)
{
    kv_auto(template_value_done) struct template_value value = { 0 };
    const struct template_target *target;

    if (!cJSON_IsString(text)) {
        return KV_FAIL(err, KV_INVALID_TEMPLATE, 0, "The 'dependsOn' must be a list of strings");
    }
    KV_TRY(template_evaluate_text(&search->eval, text, &value, err));
    if (!cJSON_IsString(value.json)) {
        return KV_FAIL(err, KV_INVALID_TEMPLATE, 0,
                       "The 'dependsOn' must be a list of strings, and has a value of type '%s'",
                       template_type_of(value.json));
    }
    target = template_find_target(search->plan, value.json->valuestring);
    if (target == NULL) {
        return refuse_undefined(value.json->valuestring, err);
    }
    return add_target(search, target, value.json->valuestring, err);
}

static enum kv_code add_all_depended(struct search *search, struct kv_err *err)
{
    const cJSON *text;

    cJSON_ArrayForEach (text,
                        template_member(search->plan->item[search->item].source, "dependsOn")) {
        KV_TRY(add_depended(search, text, err));
    }
    return KV_OK;
}

/* ---- Batches ------------------------------------------------------------------------------- */

/* Of a loop that goes round one batch after the other: every item waits for those of the batch
 * before. */
static enum kv_code add_batch(struct search *search, struct kv_err *err)
{
    const struct template_item *item = &search->plan->item[search->item];
    const cJSON *copy = template_member(item->source, "copy");
    const char *mode = template_member_text(copy, "mode");
    const cJSON *size = template_member(copy, "batchSize");
    kv_auto(template_value_done) struct template_value value = { 0 };
    int64_t batch = 1;

    if (mode != NULL && strcasecmp(mode, "parallel") != 0 && strcasecmp(mode, "serial") != 0) {
        return KV_FAIL(err, KV_INVALID_TEMPLATE, 0, "The copy mode '%.100s' is not known", mode);
    }
    if (mode == NULL || strcasecmp(mode, "serial") != 0 || item->loop.name == NULL) {
        return KV_OK;
    }
    if (cJSON_IsString(size)) {
        KV_TRY(template_evaluate_text(&search->eval, size, &value, err));
        size = value.json;
    }
    if (size != NULL && (!template_is_integer(size, &batch) || batch < 1)) {
        return KV_FAIL(err, KV_INVALID_TEMPLATE, 0,
                       "The copy batchSize must be an integer of at least '1'");
    }
    size_t first = item->loop.index / (size_t) batch * (size_t) batch;
    for (size_t i = 0; i < search->plan->count && first > 0; i++) {
        const struct template_item *other = &search->plan->item[i];

        if (other->source == item->source && other->loop.index < first
            && other->loop.index + (size_t) batch >= first) {
            template_add_edge(search->plan, search->item, i);
        }
    }
    return KV_OK;
}

/* ---- Resources that expressions ask for ----------------------------------------------------- */

/* What cannot be evaluated yet names nothing here: whether it is wrong is found elsewhere. */
static enum kv_code add_asked(struct search *search, const struct template_node *call,
                              struct kv_err *err)
{
    kv_auto(template_value_done) struct template_value value = { 0 };
    const struct template_target *target = NULL;

    if (template_evaluate(&search->eval, call->parts[0], &value, NULL) != KV_OK) {
        return KV_OK;
    }
    if (cJSON_IsString(value.json)) {
        target = template_find_target(search->plan, value.json->valuestring);
    }
    return target != NULL ? add_target(search, target, value.json->valuestring, err) : KV_OK;
}

static enum kv_code search_node(struct search *search, const struct template_node *node,
                                struct kv_err *err)
{
    KV_TRY(template_work(search->eval.budget, 1, err));
    if (template_is_reference(node) && node->count > 0) {
        KV_TRY(add_asked(search, node, err));
    }
    for (size_t i = 0; i < node->count; i++) {
        KV_TRY(search_node(search, node->parts[i], err));
    }
    return KV_OK;
}

static enum kv_code search_text(struct search *search, const char *text, struct kv_err *err)
{
    kv_auto(template_node_free) struct template_node *node = NULL;

    KV_TRY(template_work(search->eval.budget, 1 + strlen(text) / 8, err));
    if (!template_is_expression(text) || template_read_expression(text, &node, NULL) != KV_OK) {
        return KV_OK; /* what cannot be read is refused when it is evaluated */
    }
    return search_node(search, node, err);
}

static enum kv_code search_tree(struct search *search, const cJSON *tree, struct kv_err *err);

/* In every round of a loop in an object. */
static enum kv_code search_copies(struct search *search, const cJSON *copies, struct kv_err *err)
{
    const cJSON *copy;

    cJSON_ArrayForEach (copy, copies) {
        const char *name = template_member_text(copy, "name");
        const struct template_loop *outer = search->eval.loop;
        size_t count = 0;

        if (name == NULL || template_copy_count(&search->eval, copy, &count, NULL) != KV_OK) {
            continue;
        }
        for (size_t i = 0; i < count; i++) {
            const struct template_loop loop = { .name = name, .index = i, .outer = outer };
            enum kv_code code;

            search->eval.loop = &loop;
            code = search_tree(search, template_member(copy, "input"), err);
            search->eval.loop = outer;
            KV_TRY(code);
        }
    }
    return KV_OK;
}

/* A template that is evaluated in its own names asks for resources of its own. */
static bool is_foreign(const cJSON *tree)
{
    const cJSON *options = template_member(tree, "expressionEvaluationOptions");
    const char *scope = template_member_text(options, "scope");

    return scope != NULL && strcasecmp(scope, "inner") == 0;
}

static enum kv_code search_tree(struct search *search, const cJSON *tree, struct kv_err *err)
{
    const cJSON *child;
    bool hides_template = cJSON_IsObject(tree) && is_foreign(tree);

    if (cJSON_IsString(tree)) {
        return search_text(search, tree->valuestring, err);
    }
    cJSON_ArrayForEach (child, tree) {
        const char *name = child->string != NULL ? child->string : "";

        if ((hides_template && strcasecmp(name, "template") == 0)
            || strcasecmp(name, "dependsOn") == 0 || strcasecmp(name, "resources") == 0) {
            continue;
        }
        KV_TRY(search_text(search, name, err));
        KV_TRY(strcasecmp(name, "copy") == 0 && cJSON_IsArray(child)
                   ? search_copies(search, child, err)
                   : search_tree(search, child, err));
    }
    return KV_OK;
}

/* ---- All of them --------------------------------------------------------------------------- */

static enum kv_code connect_item(struct search *search, struct kv_err *err)
{
    const struct template_item *item = &search->plan->item[search->item];
    enum kv_code code;

    search->eval.budget->has_secret = false;
    code = add_all_depended(search, err);
    code = code == KV_OK ? add_batch(search, err) : code;
    if (code == KV_OK && !search->plan->is_literal) {
        code = search_tree(search, item->source, err);
    }
    return template_invalid_at(err, code, search->eval.budget->has_secret,
                               "The template resource '%.200s' at " TEMPLATE_PLACE, item->name,
                               TEMPLATE_PLACE_OF(item->source));
}

enum kv_code template_connect(struct kv_template_plan *plan, struct template_budget *budget,
                              struct kv_err *err)
{
    plan->edges = calloc(plan->count * WORDS(plan) + 1, sizeof(*plan->edges));
    if (plan->edges == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    for (size_t i = 0; i < plan->count; i++) {
        struct search search = {
            .plan = plan,
            .item = i,
            .eval = template_plan_eval(plan, &plan->item[i],
                                       TEMPLATE_MAY_VARIABLES | TEMPLATE_MAY_DESCRIBE, budget),
        };

        KV_TRY(connect_item(&search, err));
    }
    return KV_OK;
}
