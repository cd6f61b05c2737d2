/* SPDX-License-Identifier: Apache-2.0 */
#include "plan.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "build.h"
#include "functions.h"
#include "types.h"

static const struct template_tools tools = {
    .find_function = template_find_function,
    .parameter = template_parameter,
    .variable = template_variable,
    .user_function = template_user_function,
    .reference = template_reference,
    .references = template_references,
    .list = template_list,
    .resource_info = template_resource_info,
};

void kv_template_plan_free(struct kv_template_plan *plan)
{
    if (plan == NULL) {
        return;
    }
    for (size_t i = 0; i < plan->count; i++) {
        template_item_done(&plan->item[i]);
    }
    free(plan->item);
    template_targets_free(plan->targets);
    template_names_done(&plan->names);
    free(plan->edges);
    free(plan->order);
    free(plan->position);
    free(plan->before);
    for (size_t i = 0; i < KV_COUNT(plan->kept); i++) {
        free(plan->kept[i]);
    }
    kv_template_free(plan->own_template);
    free(plan);
}

static enum kv_code keep(const char *text, char **kept, const char **ret_text, struct kv_err *err)
{
    if (text == NULL) {
        return KV_OK;
    }
    *kept = strdup(text);
    *ret_text = *kept;
    return *kept != NULL ? KV_OK : KV_OUT_OF_MEMORY(err);
}

static enum kv_code keep_scope(struct kv_template_plan *plan, const struct kv_template_scope *scope,
                               struct kv_err *err)
{
    plan->scope.level = scope->level;
    KV_TRY(keep(scope->management_group, &plan->kept[0], &plan->scope.management_group, err));
    KV_TRY(keep(scope->subscription, &plan->kept[1], &plan->scope.subscription, err));
    return keep(scope->resource_group, &plan->kept[2], &plan->scope.resource_group, err);
}

static enum kv_code build(struct kv_template_plan *plan, const cJSON *parameters,
                          struct kv_err *err)
{
    struct template_budget budget = { 0 };

    plan->names = (struct template_names){ .template = plan->template,
                                           .tools = &tools,
                                           .world = plan->world,
                                           .scope = &plan->scope,
                                           .is_literal = plan->is_literal };
    KV_TRY(template_names_init(&plan->names, parameters, &budget, err));
    KV_TRY(template_expand(plan, &budget, err));
    KV_TRY(template_index(plan, err));
    KV_TRY(template_connect(plan, &budget, err));
    KV_TRY(template_sort(plan, err));
    KV_TRY(template_try_bodies(plan, &budget, err));
    return template_try_outputs(plan, &budget, err);
}

enum kv_code template_tell(const struct kv_template_plan *plan, enum kv_code code,
                           struct kv_err *err)
{
    return template_name_link(plan->link, template_mend(err, code), err);
}

/* Takes `own`, if there is one, even when it fails. */
static enum kv_code make(const struct kv_template *template, struct kv_template *own,
                         const char *link, unsigned nesting, bool is_literal,
                         const cJSON *parameters, const struct kv_template_scope *scope,
                         const struct kv_template_world *world, struct kv_template_plan **ret_plan,
                         struct kv_err *err)
{
    kv_auto(kv_template_plan_free) struct kv_template_plan *plan = calloc(1, sizeof(*plan));

    if (plan == NULL) {
        kv_template_free(own);
        return KV_OUT_OF_MEMORY(err);
    }
    plan->template = template;
    plan->own_template = own;
    plan->world = world;
    (void) snprintf(plan->link, sizeof(plan->link), "%s", link);
    plan->nesting = nesting;
    plan->is_literal = is_literal;
    KV_TRY(keep_scope(plan, scope, err));
    KV_TRY(template_tell(plan, build(plan, parameters, err), err));
    *ret_plan = kv_take(plan);
    return KV_OK;
}

enum kv_code kv_template_plan_new(const struct kv_template *template, const cJSON *parameters,
                                  const struct kv_template_scope *scope,
                                  const struct kv_template_world *world,
                                  struct kv_template_plan **ret_plan, struct kv_err *err)
{
    return make(template, NULL, "", 0, false, parameters, scope, world, ret_plan, err);
}

size_t kv_template_plan_count(const struct kv_template_plan *plan)
{
    return plan->count;
}

const struct kv_template_resource *kv_template_plan_at(const struct kv_template_plan *plan,
                                                       size_t index)
{
    assert(index < plan->count);
    return &plan->item[plan->order[index]].shown;
}

const struct kv_template_scope *kv_template_plan_scope(const struct kv_template_plan *plan)
{
    return &plan->scope;
}

enum kv_code kv_template_plan_nest(struct kv_template_plan *plan, size_t index,
                                   const struct kv_template_world *world,
                                   struct kv_template_plan **ret_nested, struct kv_err *err)
{
    const struct template_item *item = &plan->item[plan->order[index]];
    kv_auto(cJSON_Delete) cJSON *parameters = NULL;
    char link[KV_TEMPLATE_LINK_SIZE];
    struct kv_template *template = NULL;
    bool is_literal = false;

    assert(item->shown.is_nested);
    if (plan->nesting >= KV_TEMPLATE_NESTING_MAX) {
        return template_invalid(err,
                                "The nested deployment '%.200s' exceeds the limit of '%d' "
                                "deployments in each other",
                                item->name, KV_TEMPLATE_NESTING_MAX);
    }
    KV_TRY(template_read_nested(plan, index, link, &template, &parameters, &is_literal, err));
    return make(template, template, link, plan->nesting + 1, is_literal, parameters, &item->scope,
                world, ret_nested, err);
}

static enum kv_code add_parameter(struct kv_template_plan *plan, const struct template_name *name,
                                  struct template_budget *budget, cJSON *shown, struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *entry = cJSON_CreateObject();
    struct template_definition type;
    cJSON *value = NULL;
    bool ok = entry != NULL;

    KV_TRY(
        template_read_type(plan->template, name->definition, "parameter", name->name, &type, err));
    kv_json_add_text(entry, "type", template_type_shown(type.type), &ok);
    if (ok && !name->has_secret && !template_is_secret(plan->template, name->definition)) {
        KV_TRY(template_copy(budget, name->value, &value, err));
        kv_json_add_take(entry, "value", value, &ok);
    }
    return ok ? template_add(shown, name->name, kv_take(entry), err) : KV_OUT_OF_MEMORY(err);
}

enum kv_code kv_template_plan_parameters(struct kv_template_plan *plan, cJSON **ret_parameters,
                                         struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *shown = cJSON_CreateObject();
    struct template_budget budget = { 0 };

    if (shown == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    for (size_t i = 0; i < plan->names.parameter_count; i++) {
        KV_TRY(add_parameter(plan, &plan->names.parameter[i], &budget, shown, err));
    }
    *ret_parameters = kv_take(shown);
    return KV_OK;
}
