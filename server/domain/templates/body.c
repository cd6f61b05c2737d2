/* SPDX-License-Identifier: Apache-2.0 */
/* What is sent for a resource, and what a nested deployment deploys. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "build.h"
#include "kv/base/secret.h"

/* What the language has for itself. */
static const char *const own_members[] = {
    "type",     "name",      "apiVersion", "condition", "dependsOn",      "copy",          "scope",
    "comments", "resources", "existing",   "metadata",  "subscriptionId", "resourceGroup",
};

struct template_eval template_plan_eval(struct kv_template_plan *plan,
                                        const struct template_item *item, unsigned may,
                                        struct template_budget *budget)
{
    return (struct template_eval){
        .tools = plan->names.tools,
        .world = plan->world,
        .scope = &plan->scope,
        .names = &plan->names,
        .graph = plan->position != NULL ? plan : NULL,
        .loop = item != NULL && item->loop.name != NULL ? &item->loop : NULL,
        .may = may,
        .is_literal = plan->is_literal,
        .budget = budget,
    };
}

static bool is_own(const char *name)
{
    for (size_t i = 0; i < KV_COUNT(own_members); i++) {
        if (strcasecmp(own_members[i], name) == 0) {
            return true;
        }
    }
    return false;
}

/* Whether the template of a nested deployment is evaluated in its own names, later. */
static bool is_inner(const cJSON *properties)
{
    const char *scope =
        template_member_text(template_member(properties, "expressionEvaluationOptions"), "scope");

    return scope != NULL && strcasecmp(scope, "inner") == 0;
}

/* Of a deployment whose template is not ours to evaluate. */
static enum kv_code evaluate_deployment(struct template_eval *eval, const cJSON *properties,
                                        cJSON **ret_made, struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *made = cJSON_CreateObject();
    const cJSON *member;

    cJSON_ArrayForEach (member, properties) {
        bool is_template = strcasecmp(member->string, "template") == 0;
        cJSON *value = NULL;

        KV_TRY(is_template ? template_copy(eval->budget, member, &value, err)
                           : template_evaluate_tree(eval, member, &value, err));
        KV_TRY(template_add(made, member->string, value, err));
    }
    *ret_made = kv_take(made);
    return *ret_made != NULL ? KV_OK : KV_OUT_OF_MEMORY(err);
}

static enum kv_code evaluate_member(struct template_eval *eval, const struct template_item *item,
                                    const cJSON *member, cJSON **ret_made, struct kv_err *err)
{
    if (item->shown.is_nested && strcasecmp(member->string, "properties") == 0
        && cJSON_IsObject(member) && is_inner(member)) {
        return evaluate_deployment(eval, member, ret_made, err);
    }
    return template_evaluate_tree(eval, member, ret_made, err);
}

static enum kv_code evaluate_body(struct template_eval *eval, const struct template_item *item,
                                  cJSON **ret_body, struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *body = cJSON_CreateObject();
    const cJSON *member;

    if (body == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    cJSON_ArrayForEach (member, item->source) {
        cJSON *value = NULL;

        if (is_own(member->string)) {
            continue;
        }
        KV_TRY(evaluate_member(eval, item, member, &value, err));
        KV_TRY(template_add(body, member->string, value, err));
    }
    *ret_body = kv_take(body);
    return KV_OK;
}

/* The service's sentence about a resource, around the reason that is in `err`. */
static enum kv_code refuse_body(const struct template_item *item, enum kv_code code, bool is_secret,
                                struct kv_err *err)
{
    char reason[sizeof(err->message)];

    if (code != KV_INVALID_TEMPLATE || err == NULL) {
        return code;
    }
    (void) snprintf(reason, sizeof(reason), "%s",
                    is_secret ? "An expression that uses a secure parameter cannot be evaluated."
                              : err->message);
    return KV_FAIL(err, KV_INVALID_TEMPLATE, 0,
                   "Unable to process template language expressions for resource '%.400s' at "
                   "" TEMPLATE_PLACE ". '%s'",
                   item->id, TEMPLATE_PLACE_OF(item->source), reason);
}

static enum kv_code make_body(struct kv_template_plan *plan, size_t index, bool is_preview,
                              struct template_budget *budget, cJSON **ret_body, struct kv_err *err)
{
    const struct template_item *item = &plan->item[plan->order[index]];
    unsigned may = TEMPLATE_MAY_VARIABLES | TEMPLATE_MAY_DESCRIBE;
    struct template_eval eval =
        template_plan_eval(plan, item, is_preview ? may : may | TEMPLATE_MAY_RUN, budget);

    eval.is_preview = is_preview;
    budget->has_secret = false;
    enum kv_code code = evaluate_body(&eval, item, ret_body, err);
    return refuse_body(item, code, budget->has_secret, err);
}

enum kv_code kv_template_plan_body(struct kv_template_plan *plan, size_t index, cJSON **ret_body,
                                   bool *ret_has_secret, struct kv_err *err)
{
    struct template_budget budget = { 0 };

    KV_TRY(template_tell(plan, make_body(plan, index, false, &budget, ret_body, err), err));
    *ret_has_secret = budget.has_secret;
    return KV_OK;
}

enum kv_code kv_template_plan_preview(struct kv_template_plan *plan, size_t index, cJSON **ret_body,
                                      bool *ret_has_secret, struct kv_err *err)
{
    struct template_budget budget = { 0 };

    KV_TRY(template_tell(plan, make_body(plan, index, true, &budget, ret_body, err), err));
    *ret_has_secret = budget.has_secret;
    return KV_OK;
}

enum kv_code template_try_bodies(struct kv_template_plan *plan, struct template_budget *budget,
                                 struct kv_err *err)
{
    for (size_t i = 0; i < plan->count; i++) {
        kv_auto(cJSON_Delete) cJSON *body = NULL;

        if (plan->item[plan->order[i]].shown.is_deployed) {
            KV_TRY(make_body(plan, i, true, budget, &body, err));
        }
    }
    return KV_OK;
}

/* ---- Nested deployments -------------------------------------------------------------------- */

/* The JSON that a link leads to, and the name of the file. */
static enum kv_code read_link(const struct kv_template_plan *plan, const cJSON *link,
                              char ret_name[KV_TEMPLATE_LINK_SIZE], cJSON **ret_tree,
                              struct kv_err *err)
{
    const char *uri = template_member_text(link, "uri");
    kv_auto(kv_wipe_free) char *text = NULL;
    size_t len = 0;

    uri = uri != NULL ? uri : template_member_text(link, "relativePath");
    if (uri == NULL || plan->world->read_link == NULL) {
        return template_invalid(err, "The link '%.400s' of a nested deployment cannot be followed",
                                uri != NULL ? uri : "");
    }
    KV_TRY(plan->world->read_link(plan->world->context, uri, ret_name, &text, &len, err));
    return kv_template_parse_linked(ret_name, text, len, ret_tree, err);
}

/* One that stands in its parent's file has its places there, too. */
static enum kv_code take_template(const struct kv_template_plan *plan, const cJSON *properties,
                                  char ret_link[KV_TEMPLATE_LINK_SIZE],
                                  struct kv_template **ret_template, struct kv_err *err)
{
    const cJSON *template = template_member(properties, "template");
    const cJSON *link = template_member(properties, "templateLink");
    kv_auto(cJSON_Delete) cJSON *linked = NULL;

    if ((template != NULL) == (link != NULL)) {
        return template_invalid(err, "A nested deployment has either a 'template' or a "
                                     "'templateLink'");
    }
    memcpy(ret_link, plan->link, KV_TEMPLATE_LINK_SIZE);
    if (link != NULL) {
        KV_TRY(read_link(plan, link, ret_link, &linked, err));
    }
    return template_name_link(
        ret_link, kv_template_new(linked != NULL ? linked : template, ret_template, err), err);
}

/* Those of a linked file stand below "parameters". */
static enum kv_code take_parameters(struct kv_template_plan *plan, cJSON *properties,
                                    cJSON **ret_parameters, struct kv_err *err)
{
    const cJSON *link = template_member(properties, "parametersLink");
    kv_auto(cJSON_Delete) cJSON *linked = NULL;
    char name[KV_TEMPLATE_LINK_SIZE];

    if (link == NULL) {
        *ret_parameters = cJSON_DetachItemFromObject(properties, "parameters");
        return KV_OK;
    }
    KV_TRY(read_link(plan, link, name, &linked, err));
    *ret_parameters = cJSON_DetachItemFromObject(linked, "parameters");
    return KV_OK;
}

enum kv_code template_read_nested(struct kv_template_plan *plan, size_t index,
                                  char ret_link[KV_TEMPLATE_LINK_SIZE],
                                  struct kv_template **ret_template, cJSON **ret_parameters,
                                  bool *ret_literal, struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *body = NULL;
    cJSON *properties;
    bool has_secret;

    KV_TRY(kv_template_plan_body(plan, index, &body, &has_secret, err));
    properties = cJSON_GetObjectItem(body, "properties");
    *ret_literal = !is_inner(properties) && template_member(properties, "template") != NULL;
    KV_TRY(take_parameters(plan, properties, ret_parameters, err));
    return take_template(plan, properties, ret_link, ret_template, err);
}
