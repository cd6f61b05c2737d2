/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one subscription and the one tenant: what a command line client asks after its log-in
 * (clients.md §9). The subscription is the one that scopes and resource ids name (access.h).
 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "kv/base/json.h"
#include "private.h"

#define DISPLAY_NAME "coffer"

static void add_policies(cJSON *subscription, bool *ok)
{
    cJSON *policies = kv_json_add_object(subscription, "subscriptionPolicies", ok);

    kv_json_add_text(policies, "locationPlacementId", "Public_2014-09-01", ok);
    kv_json_add_text(policies, "quotaId", "PayAsYouGo_2014-09-01", ok);
    kv_json_add_text(policies, "spendingLimit", "Off", ok);
}

static void fill_subscription(const struct kv_request *request, cJSON *subscription, bool *ok)
{
    char path[ARM_SUBSCRIPTION_SIZE];

    arm_subscription(request->app, path);
    kv_json_add_text(subscription, "id", path, ok);
    kv_json_add_text(subscription, "authorizationSource", "RoleBased", ok);
    (void) kv_json_add_array(subscription, "managedByTenants", ok);
    kv_json_add_text(subscription, "subscriptionId", path + sizeof("/subscriptions/") - 1, ok);
    kv_json_add_text(subscription, "tenantId", kv_identity_tenant(request->app->identity), ok);
    kv_json_add_text(subscription, "displayName", DISPLAY_NAME, ok);
    kv_json_add_text(subscription, "state", "Enabled", ok);
    add_policies(subscription, ok);
}

/* A list of one, for its caller to fill. */
static cJSON *add_list_of_one(cJSON *body, bool *ok)
{
    cJSON *list = kv_json_add_array(body, "value", ok);
    cJSON *count = kv_json_add_object(body, "count", ok);
    cJSON *item = cJSON_CreateObject();

    kv_json_add_text(count, "type", "Total", ok);
    kv_json_add_int(count, "value", 1, ok);
    kv_json_add_take(list, NULL, item, ok);
    return *ok ? item : NULL;
}

enum kv_code subscriptions_list(struct kv_request *request, struct kv_response *response,
                                struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *body = cJSON_CreateObject();
    bool ok = true;

    fill_subscription(request, add_list_of_one(body, &ok), &ok);
    return kv_response_json(response, 200, ok ? body : NULL, err);
}

enum kv_code subscription_get(struct kv_request *request, struct kv_response *response,
                              struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *body = cJSON_CreateObject();
    bool ok = true;

    KV_TRY(subscription_check(request->app, kv_request_capture(request, "subscription"), err));
    fill_subscription(request, body, &ok);
    return kv_response_json(response, 200, ok ? body : NULL, err);
}

enum kv_code locations_list(struct kv_request *request, struct kv_response *response,
                            struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *body = cJSON_CreateObject();
    char scope[ARM_SUBSCRIPTION_SIZE];
    char id[ARM_SUBSCRIPTION_SIZE + sizeof("/locations/" KV_REGION)];
    bool ok = true;

    KV_TRY(subscription_check(request->app, kv_request_capture(request, "subscription"), err));
    cJSON *list = kv_json_add_array(body, "value", &ok);
    cJSON *item = cJSON_CreateObject();
    arm_subscription(request->app, scope);
    (void) snprintf(id, sizeof(id), "%s/locations/%s", scope, KV_REGION);
    kv_json_add_text(item, "id", id, &ok);
    kv_json_add_text(item, "name", KV_REGION, &ok);
    kv_json_add_text(item, "displayName", "East US", &ok);
    kv_json_add_text(item, "regionalDisplayName", "(US) East US", &ok);
    kv_json_add_take(list, NULL, item, &ok);
    return kv_response_json(response, 200, ok ? body : NULL, err);
}

enum kv_code tenants_list(struct kv_request *request, struct kv_response *response,
                          struct kv_err *err)
{
    const char *tenant = kv_identity_tenant(request->app->identity);
    kv_auto(cJSON_Delete) cJSON *body = cJSON_CreateObject();
    char path[128];
    bool ok = true;

    cJSON *item = add_list_of_one(body, &ok);
    (void) snprintf(path, sizeof(path), "/tenants/%s", tenant);
    kv_json_add_text(item, "id", path, &ok);
    kv_json_add_text(item, "tenantId", tenant, &ok);
    kv_json_add_text(item, "countryCode", "US", &ok);
    kv_json_add_text(item, "displayName", DISPLAY_NAME, &ok);
    (void) kv_json_add_array(item, "domains", &ok);
    kv_json_add_text(item, "tenantCategory", "Home", &ok);
    return kv_response_json(response, 200, ok ? body : NULL, err);
}
