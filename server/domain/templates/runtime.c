/* SPDX-License-Identifier: Apache-2.0 */
/* What expressions ask of the resources of a plan, and through them of the world. */
#include <string.h>
#include <strings.h>

#include "ids.h"
#include "plan.h"

bool template_is_reference(const struct template_node *node)
{
    return node->kind == TEMPLATE_NODE_CALL && node->space == NULL
           && (strcasecmp(node->name, "reference") == 0 || strcasecmp(node->name, "references") == 0
               || strncasecmp(node->name, "list", strlen("list")) == 0);
}

static enum kv_code refuse_undefined(const char *text, struct kv_err *err)
{
    return KV_FAIL(err, KV_INVALID_TEMPLATE, 0,
                   "The resource '%.400s' is not defined in the template. Please see "
                   "https://aka.ms/arm-syntax for usage details",
                   text);
}

/* What is not in the template is named by an id, whole or from its provider on. */
static enum kv_code make_id(struct template_eval *eval, const char *text, struct kv_buf *id,
                            struct kv_err *err)
{
    if (template_segments(text) < 3) {
        return refuse_undefined(text, err);
    }
    if (text[0] != '/') {
        KV_TRY(template_append_scope(eval->budget, eval->scope, id, err));
        KV_TRY(template_append_text(eval->budget, id, "/providers/", err));
    }
    KV_TRY(template_append_text(eval->budget, id, text, err));
    while (id->len > 1 && id->data[id->len - 1] == '/') {
        kv_buf_cut(id, id->len - 1);
    }
    return id->len <= KV_TEMPLATE_ID_MAX ? KV_OK : refuse_undefined(text, err);
}

/* Fills a query for what a text names; `id` keeps the id that was made for it. */
static enum kv_code find_resource(struct template_eval *eval, const char *text,
                                  struct kv_template_query *query, struct kv_buf *id,
                                  struct kv_err *err)
{
    const struct kv_template_plan *plan = eval->graph;
    const struct template_target *target = template_find_target(plan, text);

    query->index = plan->count;
    if (target == NULL) {
        KV_TRY(make_id(eval, text, id, err));
        query->id = id->data;
        return KV_OK;
    }
    if (target->is_ambiguous || target->count != 1) {
        return KV_FAIL(err, KV_INVALID_TEMPLATE, 0,
                       "The resource '%.400s' is defined more than once in the template; its "
                       "resource id says which one is meant",
                       text);
    }
    const struct template_item *item = &plan->item[target->first];
    query->id = item->id;
    query->index = plan->position[target->first];
    query->api_version = query->api_version != NULL ? query->api_version : item->api_version;
    return KV_OK;
}

/* ([api-version], ['Full']) from argument `index` on. */
static enum kv_code read_rest(const struct template_call *call, size_t index,
                              struct kv_template_query *query, struct kv_err *err)
{
    for (size_t i = index; i < call->count; i++) {
        const char *text = template_text(call, i);

        if (strcasecmp(text, "Full") == 0) {
            query->is_full = true;
        } else if (i == index) {
            query->api_version = text[0] != '\0' ? text : NULL;
        } else if (strcasecmp(text, "Properties") != 0) {
            return TEMPLATE_REFUSE(err, call,
                                   "expects 'Full' as its last parameter. The provided value is "
                                   "'%.100s'.",
                                   text);
        }
    }
    return KV_OK;
}

static enum kv_code ask(struct template_eval *eval, const struct template_call *call,
                        const struct kv_template_query *query, cJSON **ret_value,
                        struct kv_err *err)
{
    if (eval->world->reference == NULL) {
        return TEMPLATE_REFUSE(err, call, "has nothing to refer to here.");
    }
    KV_TRY(template_spend(eval->budget, 4096, err));
    KV_TRY(eval->world->reference(eval->world->context, query, ret_value, err));
    return *ret_value != NULL ? KV_OK : KV_OUT_OF_MEMORY(err);
}

enum kv_code template_reference(struct template_eval *eval, const struct template_call *call,
                                struct template_value *ret_value, struct kv_err *err)
{
    kv_auto(kv_buf_done) struct kv_buf id = { 0 };
    struct kv_template_query query = { 0 };
    cJSON *value = NULL;

    kv_buf_init(&id, TEMPLATE_TEXT_MAX);
    KV_TRY(read_rest(call, 1, &query, err));
    KV_TRY(find_resource(eval, template_text(call, 0), &query, &id, err));
    KV_TRY(ask(eval, call, &query, &value, err));
    return template_own(value, ret_value, err);
}

/* A list, one of each round of a loop that is named by its symbol. */
enum kv_code template_references(struct template_eval *eval, const struct template_call *call,
                                 struct template_value *ret_value, struct kv_err *err)
{
    const struct kv_template_plan *plan = eval->graph;
    const struct template_target *target = template_find_target(plan, template_text(call, 0));
    kv_auto(cJSON_Delete) cJSON *list = cJSON_CreateArray();
    struct kv_template_query query = { 0 };

    if (target == NULL || target->is_ambiguous) {
        return refuse_undefined(template_text(call, 0), err);
    }
    KV_TRY(read_rest(call, 1, &query, err));
    for (size_t i = target->first; i < target->first + target->count; i++) {
        cJSON *value = NULL;

        query.id = plan->item[i].id;
        query.index = plan->position[i];
        query.api_version = plan->item[i].api_version;
        KV_TRY(ask(eval, call, &query, &value, err));
        KV_TRY(template_add(list, NULL, value, err));
    }
    return template_own(kv_take(list), ret_value, err);
}

/* listKeys(resource, [api-version], [body]) */
enum kv_code template_list(struct template_eval *eval, const struct template_call *call,
                           struct template_value *ret_value, struct kv_err *err)
{
    kv_auto(kv_buf_done) struct kv_buf id = { 0 };
    struct kv_template_query query = { .is_full = true };
    const cJSON *body = call->count > 2 ? call->args[2].json : NULL;
    cJSON *value = NULL;

    if (eval->world->list == NULL) {
        return TEMPLATE_REFUSE(err, call, "is not supported by any provider here.");
    }
    kv_buf_init(&id, TEMPLATE_TEXT_MAX);
    query.api_version = call->count > 1 ? template_text(call, 1) : NULL;
    KV_TRY(find_resource(eval, template_text(call, 0), &query, &id, err));
    KV_TRY(template_spend(eval->budget, 4096, err));
    KV_TRY(eval->world->list(eval->world->context, call->node->name, &query, body, &value, err));
    return template_own(value, ret_value, err);
}

/* {id, name, type, apiVersion} of a resource of the template, known before it is deployed. */
enum kv_code template_resource_info(struct template_eval *eval, const struct template_call *call,
                                    struct template_value *ret_value, struct kv_err *err)
{
    const struct kv_template_plan *plan = eval->graph;
    const struct template_target *target =
        plan != NULL ? template_find_target(plan, template_text(call, 0)) : NULL;
    kv_auto(cJSON_Delete) cJSON *info = cJSON_CreateObject();
    bool ok = info != NULL;

    if (target == NULL || target->count != 1) {
        return refuse_undefined(template_text(call, 0), err);
    }
    const struct template_item *item = &plan->item[target->first];
    KV_TRY(template_spend(eval->budget, 5 * sizeof(*info) + 3 * strlen(item->id), err));
    kv_json_add_text(info, "id", item->id, &ok);
    kv_json_add_text(info, "name", item->name, &ok);
    kv_json_add_text(info, "type", item->type, &ok);
    kv_json_add_text(info, "apiVersion", item->api_version != NULL ? item->api_version : "", &ok);
    return ok ? template_own(kv_take(info), ret_value, err) : KV_OUT_OF_MEMORY(err);
}
