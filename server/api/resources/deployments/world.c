/* SPDX-License-Identifier: Apache-2.0 */
/* What expressions learn of the resource manager: by calls with the rights of whoever deploys. */
#include <stdio.h>
#include <string.h>

#include "kv/base/json.h"
#include "private.h"

#define GROUP_VERSION "2021-04-01" /* of what resourceGroup() asks */

/* ---- Things that have no resource --------------------------------------------------------------- */

static cJSON *describe_subscription(const struct place *place, const char *subscription)
{
    cJSON *value = cJSON_CreateObject();
    char id[ARM_SUBSCRIPTION_SIZE];
    bool ok = value != NULL;

    (void) snprintf(id, sizeof(id), "/subscriptions/%s", subscription);
    kv_json_add_text(value, "id", id, &ok);
    kv_json_add_text(value, "subscriptionId", subscription, &ok);
    kv_json_add_text(value, "tenantId", kv_identity_tenant(place->app->identity), &ok);
    kv_json_add_text(value, "displayName", "coffer", &ok);
    return value;
}

static cJSON *describe_tenant(const struct place *place)
{
    const char *tenant = kv_identity_tenant(place->app->identity);
    cJSON *value = cJSON_CreateObject();
    bool ok = value != NULL;

    kv_json_add_text(value, "tenantId", tenant, &ok);
    kv_json_add_text(value, "countryCode", "US", &ok);
    kv_json_add_text(value, "displayName", "coffer", &ok);
    return value;
}

static cJSON *describe_deployer(const struct place *place)
{
    const struct kv_principal *caller = &place->caller;
    cJSON *value = cJSON_CreateObject();
    bool ok = value != NULL;

    kv_json_add_text(value, "objectId", caller->object_id, &ok);
    kv_json_add_text(value, "tenantId", kv_identity_tenant(place->app->identity), &ok);
    kv_json_add_text(value, "userPrincipalName", caller->name, &ok);
    return value;
}

static cJSON *describe_deployment(const struct place *place)
{
    cJSON *value = cJSON_CreateObject();
    bool ok = value != NULL;

    kv_json_add_text(value, "name", place->id.leaf, &ok);
    if (place->location[0] != '\0') {
        kv_json_add_text(value, "location", place->location, &ok);
    }
    cJSON *properties = kv_json_add_object(value, "properties", &ok);
    if (place->template != NULL) {
        kv_json_add_take(properties, "template", cJSON_Duplicate(place->template, true), &ok);
        kv_json_add_text(properties, "templateHash", place->hash, &ok);
    }
    kv_json_add_take(
        properties, "parameters",
        place->given != NULL ? cJSON_Duplicate(place->given, true) : cJSON_CreateObject(), &ok);
    kv_json_add_text(properties, "mode", place->is_complete ? "Complete" : "Incremental", &ok);
    kv_json_add_text(properties, "provisioningState", "Accepted", &ok);
    return value;
}

/* ---- Resources ---------------------------------------------------------------------------------- */

static enum kv_code get(const struct place *place, const char *id, const char *api_version,
                        cJSON **ret_body, struct kv_err *err)
{
    kv_auto(arm_reply_done) struct arm_reply reply = { 0 };
    struct arm_call call;
    struct arm_id parsed;

    KV_TRY(place_call(place, KV_GET, id, api_version, &parsed, &call, err));
    KV_TRY(arm_call_run(&call, &reply, err));
    *ret_body = kv_take(reply.body);
    return *ret_body != NULL ? KV_OK : KV_OUT_OF_MEMORY(err);
}

static enum kv_code describe_group(const struct place *place, const struct kv_template_scope *scope,
                                   cJSON **ret_value, struct kv_err *err)
{
    char id[ARM_SUBSCRIPTION_SIZE + sizeof("/resourceGroups/") + ARM_GROUP_MAX];

    if (scope->resource_group == NULL) {
        return KV_FAIL(err, KV_INVALID_TEMPLATE, 0,
                       "The template function 'RESOURCEGROUP' is not expected at this location: "
                       "the deployment is not to a resource group");
    }
    (void) snprintf(id, sizeof(id), "/subscriptions/%.*s/resourceGroups/%.*s", KV_UUID_LENGTH,
                    scope->subscription, ARM_GROUP_MAX, scope->resource_group);
    KV_TRY(get(place, id, GROUP_VERSION, ret_value, err));
    cJSON_DeleteItemFromObject(*ret_value, "systemData");
    return KV_OK;
}

static enum kv_code describe(void *context, enum kv_template_thing thing,
                             const struct kv_template_scope *scope, cJSON **ret_value,
                             struct kv_err *err)
{
    const struct place *place = context;

    switch (thing) {
    case KV_TEMPLATE_RESOURCE_GROUP:
        return describe_group(place, scope, ret_value, err);
    case KV_TEMPLATE_SUBSCRIPTION:
        *ret_value = describe_subscription(place, scope->subscription);
        break;
    case KV_TEMPLATE_TENANT:
        *ret_value = describe_tenant(place);
        break;
    case KV_TEMPLATE_DEPLOYMENT:
        *ret_value = describe_deployment(place);
        break;
    case KV_TEMPLATE_DEPLOYER:
        *ret_value = describe_deployer(place);
        break;
    case KV_TEMPLATE_ENVIRONMENT:
        *ret_value = environment_describe(place);
        break;
    case KV_TEMPLATE_MANAGEMENT_GROUP:
        return KV_FAIL(err, KV_INVALID_TEMPLATE, 0, "coffer has no management groups");
    }
    return *ret_value != NULL ? KV_OK : KV_OUT_OF_MEMORY(err);
}

/* What a full reference says beside the resource's own members (control-plane.md §3.3). */
static void add_facts(cJSON *value, const struct kv_template_query *query, bool *ok)
{
    struct arm_id id;

    if (arm_id_parse(query->id, &id, NULL) != KV_OK) {
        return;
    }
    kv_json_add_text(value, "apiVersion", query->api_version, ok);
    kv_json_add_text(value, "subscriptionId", id.subscription, ok);
    kv_json_add_text(value, "resourceGroupName", id.group, ok);
    kv_json_add_text(value, "resourceId", strstr(id.text, id.type), ok);
    kv_json_add_text(value, "referenceApiVersion", query->api_version, ok);
    kv_json_add_bool(value, "condition", true, ok);
    kv_json_add_bool(value, "isConditionTrue", true, ok);
    kv_json_add_bool(value, "isTemplateResource", false, ok);
    kv_json_add_bool(value, "isAction", false, ok);
    kv_json_add_text(value, "provisioningOperation", "Read", ok);
}

static enum kv_code make_full(cJSON *body, const struct kv_template_query *query, cJSON **ret_value,
                              struct kv_err *err)
{
    static const char *const left_out[] = { "id", "name", "type", "systemData", "etag" };
    bool ok = true;

    for (size_t i = 0; i < KV_COUNT(left_out); i++) {
        cJSON_DeleteItemFromObject(body, left_out[i]);
    }
    add_facts(body, query, &ok);
    *ret_value = body;
    return ok ? KV_OK : KV_OUT_OF_MEMORY(err);
}

static enum kv_code reference(void *context, const struct kv_template_query *query,
                              cJSON **ret_value, struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *body = NULL;

    if (query->api_version == NULL) {
        return KV_FAIL(err, KV_INVALID_TEMPLATE, 0,
                       "The template function 'reference' needs an api-version for '%.400s', "
                       "because that is no resource of the template",
                       query->id);
    }
    KV_TRY(get(context, query->id, query->api_version, &body, err));
    if (query->is_full) {
        return make_full(kv_take(body), query, ret_value, err);
    }
    *ret_value = cJSON_DetachItemFromObject(body, "properties");
    if (*ret_value == NULL) {
        *ret_value = cJSON_CreateObject();
    }
    return *ret_value != NULL ? KV_OK : KV_OUT_OF_MEMORY(err);
}

static enum kv_code list(void *context, const char *function, const struct kv_template_query *query,
                         const cJSON *body, cJSON **ret_value, struct kv_err *err)
{
    kv_auto(arm_reply_done) struct arm_reply reply = { 0 };
    struct arm_call call;
    struct arm_id parsed;

    if (query->api_version == NULL) {
        return KV_FAIL(err, KV_INVALID_TEMPLATE, 0,
                       "The template function '%.64s' needs an api-version", function);
    }
    KV_TRY(place_call(context, KV_POST, query->id, query->api_version, &parsed, &call, err));
    call.action = function;
    call.body = body;
    KV_TRY(arm_call_run(&call, &reply, err));
    *ret_value = reply.body != NULL ? kv_take(reply.body) : cJSON_CreateObject();
    return *ret_value != NULL ? KV_OK : KV_OUT_OF_MEMORY(err);
}

/* Of a nested deployment: relative to where its parent's template lies. */
static enum kv_code read_link(void *context, const char *uri, char ret_name[KV_TEMPLATE_LINK_SIZE],
                              char **ret_text, size_t *ret_len, struct kv_err *err)
{
    struct place *place = context;

    return link_read(place->app, place->folder, uri,
                     place->nesting != NULL ? place->nesting->folder : NULL, ret_name, ret_text,
                     ret_len, err);
}

void world_init(struct place *place)
{
    place->world = (struct kv_template_world){
        .context = place,
        .now = kv_clock_now(place->app->clock),
        .describe = describe,
        .reference = reference,
        .list = list,
        .read_link = read_link,
    };
}
