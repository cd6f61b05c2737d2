/* SPDX-License-Identifier: Apache-2.0 */
/* Resources of a template, one for each round of their loops, with names and ids. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "ids.h"
#include "plan.h"

#define DEPLOYMENTS "Microsoft.Resources/deployments"
#define MANAGEMENT_GROUPS "Microsoft.Management/managementGroups/"
#define ROOM KV_TEMPLATE_RESOURCES_MAX

/* One resource that is being expanded. */
struct expansion {
    struct kv_template_plan *plan;
    struct template_eval eval;
    const cJSON *source;
    const struct template_item *parent; /* of a child; else NULL */
    const char *symbol;                 /* else NULL */
};

void template_item_done(struct template_item *item)
{
    free(item->id);
    free(item->type);
    free(item->name);
    free(item->api_version);
    free(item->symbol);
    free(item->below);
    free(item->kept[0]);
    free(item->kept[1]);
}

static enum kv_code copy_text(const char *text, char **ret_copy, struct kv_err *err)
{
    *ret_copy = strdup(text);
    return *ret_copy != NULL ? KV_OK : KV_OUT_OF_MEMORY(err);
}

/* A member that is a text, evaluated; *ret_text stays NULL if it is missing. */
static enum kv_code read_text(struct expansion *expansion, const char *member, char **ret_text,
                              struct kv_err *err)
{
    kv_auto(template_value_done) struct template_value value = { 0 };
    const cJSON *text = template_member(expansion->source, member);

    if (text == NULL || cJSON_IsNull(text)) {
        return KV_OK;
    }
    KV_TRY(template_evaluate_text(&expansion->eval, text, &value, err));
    if (cJSON_IsNull(value.json)) {
        return KV_OK;
    }
    if (!cJSON_IsString(value.json)) {
        return KV_FAIL(err, KV_INVALID_TEMPLATE, 0,
                       "The '%s' must be a string, and is a value of type '%s'", member,
                       template_type_of(value.json));
    }
    return copy_text(value.json->valuestring, ret_text, err);
}

static enum kv_code read_condition(struct expansion *expansion, bool *ret_holds, struct kv_err *err)
{
    kv_auto(template_value_done) struct template_value value = { 0 };
    const cJSON *condition = template_member(expansion->source, "condition");

    *ret_holds = true;
    if (condition == NULL) {
        return KV_OK;
    }
    if (cJSON_IsString(condition)) {
        KV_TRY(template_evaluate_text(&expansion->eval, condition, &value, err));
        condition = value.json;
    }
    if (!cJSON_IsBool(condition)) {
        return KV_FAIL(err, KV_INVALID_TEMPLATE, 0,
                       "The 'condition' must be a boolean, and is a value of type '%s'",
                       template_type_of(condition));
    }
    *ret_holds = cJSON_IsTrue(condition);
    return KV_OK;
}

/* ---- Type, name, id ------------------------------------------------------------------------ */

/* "parent/child"; takes nothing. */
static enum kv_code put_below(const char *parent, char **text, struct kv_err *err)
{
    size_t size = strlen(parent) + 1 + strlen(*text) + 1;
    char *whole = malloc(size);

    if (whole == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    (void) snprintf(whole, size, "%s/%s", parent, *text);
    free(*text);
    *text = whole;
    return KV_OK;
}

static enum kv_code refuse_segments(const struct expansion *expansion,
                                    const struct template_item *item, struct kv_err *err)
{
    return template_invalid(err,
                            "The template resource '%.200s' for type '%.200s' at " TEMPLATE_PLACE
                            " has incorrect segment lengths. A nested resource type must have "
                            "identical number of segments as its resource name. A root resource "
                            "type must have segment length one greater than its resource name. "
                            "Please see https://aka.ms/arm-template/#resources for usage details",
                            item->name, item->type, TEMPLATE_PLACE_OF(expansion->source));
}

static enum kv_code refuse_empty(const struct expansion *expansion, const char *name,
                                 const char *member, struct kv_err *err)
{
    const cJSON *there = template_member(expansion->source, member);

    return template_invalid(err,
                            "The template resource '%.200s' at " TEMPLATE_PLACE
                            " is not valid. The %s property cannot be null or empty. Please see "
                            "https://aka.ms/arm-template/#resources for usage details",
                            name, TEMPLATE_PLACE_OF(there != NULL ? there : expansion->source),
                            member);
}

static enum kv_code name_item(struct expansion *expansion, struct template_item *item,
                              struct kv_err *err)
{
    const struct template_item *parent = expansion->parent;
    size_t more = parent != NULL ? 0 : 1;

    if (item->type == NULL || item->type[0] == '\0') {
        return refuse_empty(expansion, item->name != NULL ? item->name : "", "type", err);
    }
    if (item->name == NULL || item->name[0] == '\0') {
        return refuse_empty(expansion, "", "name", err);
    }
    if (template_segments(item->type) != template_segments(item->name) + more) {
        return refuse_segments(expansion, item, err);
    }
    if (parent != NULL) {
        KV_TRY(put_below(parent->type, &item->type, err));
        KV_TRY(put_below(parent->name, &item->name, err));
    }
    if (item->api_version == NULL && !item->shown.is_existing) {
        return refuse_empty(expansion, item->name, "apiVersion", err);
    }
    return KV_OK;
}

static bool is_management_group(const char *scope)
{
    return strncasecmp(scope, MANAGEMENT_GROUPS, strlen(MANAGEMENT_GROUPS)) == 0;
}

/* subscriptionId and resourceGroup name another place; so does the `scope` of a deployment that is made
 * above subscriptions. */
static enum kv_code read_scope(struct expansion *expansion, struct template_item *item,
                               struct kv_err *err)
{
    item->scope = expansion->plan->scope;
    KV_TRY(read_text(expansion, "scope", &item->below, err));
    if (item->below != NULL && strcmp(item->below, "/") == 0) {
        item->scope.level = KV_TEMPLATE_AT_TENANT;
    } else if (item->below != NULL && is_management_group(item->below)) {
        item->scope.level = KV_TEMPLATE_AT_MANAGEMENT_GROUP;
        item->scope.management_group = item->below + strlen(MANAGEMENT_GROUPS);
    }
    KV_TRY(read_text(expansion, "subscriptionId", &item->kept[0], err));
    KV_TRY(read_text(expansion, "resourceGroup", &item->kept[1], err));
    if (item->kept[0] != NULL) {
        item->scope.level = KV_TEMPLATE_AT_SUBSCRIPTION;
        item->scope.subscription = item->kept[0];
    }
    if (item->kept[1] != NULL) {
        item->scope.level = KV_TEMPLATE_AT_RESOURCE_GROUP;
        item->scope.resource_group = item->kept[1];
    }
    return KV_OK;
}

/* What the resource is below: its `scope`, or else where it is deployed. */
static enum kv_code append_base(struct expansion *expansion, const struct template_item *item,
                                struct kv_buf *id, struct kv_err *err)
{
    struct template_budget *budget = expansion->eval.budget;
    const char *scope = item->below;
    bool is_whole = scope != NULL && (scope[0] == '/' || is_management_group(scope));

    if (!is_whole) {
        KV_TRY(template_append_scope(budget, &item->scope, id, err));
    }
    if (scope == NULL || strcmp(scope, "/") == 0) {
        return KV_OK;
    }
    KV_TRY(template_append_text(budget, id, scope[0] == '/' ? "" : "/providers/", err));
    return template_append_text(budget, id, scope, err);
}

static enum kv_code make_id(struct expansion *expansion, struct template_item *item,
                            struct kv_err *err)
{
    kv_auto(kv_buf_done) struct kv_buf id = { 0 };
    bool fits = false;

    kv_buf_init(&id, TEMPLATE_TEXT_MAX);
    KV_TRY(append_base(expansion, item, &id, err));
    KV_TRY(
        template_append_resource(expansion->eval.budget, item->type, item->name, &id, &fits, err));
    if (!fits) {
        return refuse_segments(expansion, item, err);
    }
    if (id.len > KV_TEMPLATE_ID_MAX) {
        return KV_FAIL(err, KV_INVALID_TEMPLATE, 0,
                       "Its resource id has '%zu' characters, '%d' are the limit", id.len,
                       KV_TEMPLATE_ID_MAX);
    }
    return copy_text(id.data, &item->id, err);
}

/* "vaults[3]" */
static enum kv_code make_symbol(const struct expansion *expansion, struct template_item *item,
                                struct kv_err *err)
{
    size_t size;

    if (expansion->symbol == NULL) {
        return KV_OK;
    }
    if (item->loop.name == NULL) {
        return copy_text(expansion->symbol, &item->symbol, err);
    }
    size = strlen(expansion->symbol) + 32;
    item->symbol = malloc(size);
    if (item->symbol == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    (void) snprintf(item->symbol, size, "%s[%zu]", expansion->symbol, item->loop.index);
    return KV_OK;
}

static enum kv_code fill_item(struct expansion *expansion, struct template_item *item,
                              struct kv_err *err)
{
    KV_TRY(read_text(expansion, "name", &item->name, err));
    KV_TRY(read_text(expansion, "type", &item->type, err));
    KV_TRY(read_text(expansion, "apiVersion", &item->api_version, err));
    item->shown.is_existing = cJSON_IsTrue(template_member(expansion->source, "existing"));
    KV_TRY(name_item(expansion, item, err));
    KV_TRY(read_scope(expansion, item, err));
    KV_TRY(make_id(expansion, item, err));
    KV_TRY(make_symbol(expansion, item, err));
    KV_TRY(read_condition(expansion, &item->shown.is_deployed, err));
    item->shown.is_nested = !item->shown.is_existing && strcasecmp(item->type, DEPLOYMENTS) == 0;
    return KV_OK;
}

static void show_item(struct template_item *item)
{
    item->shown.id = item->id;
    item->shown.type = item->type;
    item->shown.name = item->name;
    item->shown.api_version = item->api_version;
    item->shown.symbol = item->symbol;
    item->shown.place = kv_template_place_of(item->source);
}

/* Not by a name that a secret may have gone into. */
static enum kv_code refuse_item(const struct expansion *expansion, const struct template_item *item,
                                enum kv_code code, struct kv_err *err)
{
    bool has_secret = expansion->eval.budget->has_secret;
    const char *name = has_secret ? expansion->symbol : item->name;

    name = name != NULL ? name : expansion->symbol;
    return template_invalid_at(err, code, has_secret,
                               "The template resource '%.200s' at " TEMPLATE_PLACE,
                               name != NULL ? name : "", TEMPLATE_PLACE_OF(expansion->source));
}

static enum kv_code add_item(struct expansion *expansion, struct kv_err *err)
{
    struct kv_template_plan *plan = expansion->plan;
    struct template_item *item = &plan->item[plan->count];
    const struct template_loop *loop = expansion->eval.loop;
    enum kv_code code;

    if (plan->count >= ROOM) {
        return template_invalid(err,
                                "The number of template resources limit exceeded. Limit: '%d'. "
                                "Please see https://aka.ms/arm-template-limits for usage details",
                                KV_TEMPLATE_RESOURCES_MAX);
    }
    plan->count++;
    item->source = expansion->source;
    if (loop != NULL) {
        item->loop = *loop;
    }
    code = fill_item(expansion, item, err);
    show_item(item);
    return refuse_item(expansion, item, code, err);
}

/* ---- Loops and children -------------------------------------------------------------------- */

static enum kv_code expand_list(struct kv_template_plan *plan, const cJSON *resources,
                                size_t parent, const struct template_loop *loop,
                                struct template_budget *budget, struct kv_err *err);

#define NO_PARENT SIZE_MAX

/* One round of its loop, or all there is; with its children. */
static enum kv_code expand_round(struct kv_template_plan *plan, const cJSON *source, size_t parent,
                                 const struct template_loop *loop, struct template_budget *budget,
                                 struct kv_err *err)
{
    struct expansion expansion = {
        .plan = plan,
        .eval =
            template_plan_eval(plan, NULL, TEMPLATE_MAY_VARIABLES | TEMPLATE_MAY_DESCRIBE, budget),
        .source = source,
        .parent = parent != NO_PARENT ? &plan->item[parent] : NULL,
        .symbol = plan->template->has_symbols && parent == NO_PARENT ? source->string : NULL,
    };
    size_t self = plan->count;

    expansion.eval.loop = loop;
    budget->has_secret = false;
    KV_TRY(add_item(&expansion, err));
    return expand_list(plan, template_member(source, "resources"), self, loop, budget, err);
}

/* The loop's name is the symbol's with symbols, if it has none. */
static const char *name_loop(const struct kv_template_plan *plan, const cJSON *source)
{
    const char *name = template_member_text(template_member(source, "copy"), "name");

    return name != NULL || !plan->template->has_symbols ? name : source->string;
}

static enum kv_code expand_loop(struct kv_template_plan *plan, const cJSON *source, size_t parent,
                                struct template_budget *budget, struct kv_err *err)
{
    struct template_eval eval =
        template_plan_eval(plan, NULL, TEMPLATE_MAY_VARIABLES | TEMPLATE_MAY_DESCRIBE, budget);
    const char *name = name_loop(plan, source);
    const char *said = template_member_text(source, "name");
    size_t count = 0;
    enum kv_code code;

    if (name == NULL) {
        return template_invalid(err, "The copy loop of the template resource '%.200s' has no name",
                                said != NULL ? said : "");
    }
    budget->has_secret = false;
    code = template_copy_count(&eval, template_member(source, "copy"), &count, err);
    KV_TRY(template_invalid_at(err, code, budget->has_secret,
                               "The template resource '%.200s' at " TEMPLATE_PLACE,
                               said != NULL ? said : name, TEMPLATE_PLACE_OF(source)));
    for (size_t i = 0; i < count; i++) {
        const struct template_loop loop = { .name = name, .index = i, .is_resource = true };

        KV_TRY(expand_round(plan, source, parent, &loop, budget, err));
    }
    return KV_OK;
}

static enum kv_code expand_list(struct kv_template_plan *plan, const cJSON *resources,
                                size_t parent, const struct template_loop *loop,
                                struct template_budget *budget, struct kv_err *err)
{
    const cJSON *source;

    cJSON_ArrayForEach (source, resources) {
        bool is_loop = template_member(source, "copy") != NULL;

        if (is_loop && loop != NULL) {
            return template_invalid(err,
                                    "A copy loop at " TEMPLATE_PLACE
                                    " stands in another one, which is not supported",
                                    TEMPLATE_PLACE_OF(source));
        }
        KV_TRY(is_loop ? expand_loop(plan, source, parent, budget, err)
                       : expand_round(plan, source, parent, loop, budget, err));
    }
    return KV_OK;
}

enum kv_code template_expand(struct kv_template_plan *plan, struct template_budget *budget,
                             struct kv_err *err)
{
    plan->item = calloc(ROOM, sizeof(*plan->item));
    if (plan->item == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    return expand_list(plan, plan->template->resources, NO_PARENT, NULL, budget, err);
}
