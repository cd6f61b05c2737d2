/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A vault, or a managed HSM, as the resource manager shows it: what is absent where it says nothing is
 * absent here, too (control-plane.md §1.2, §1.6).
 */
#include <stdio.h>
#include <string.h>

#include "private.h"

#define ENDPOINTS_MAX 1000 /* shown of a vault */
#define URL_SIZE (sizeof("https:///") + KV_PUBLIC_AUTHORITY_SIZE)

static void print_url(const struct arm_call *call, const struct kv_vault *vault,
                      char ret_url[URL_SIZE])
{
    char authority[KV_PUBLIC_AUTHORITY_SIZE];

    keyvault_authority(call, vault, authority);
    (void) snprintf(ret_url, URL_SIZE, "https://%s/", authority);
}

static void add_sku(cJSON *object, const struct kv_vault *vault, const cJSON *kept, bool *ok)
{
    const char *name = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(kept, "sku"));
    cJSON *sku = kv_json_add_object(object, "sku", ok);

    if (vault->kind == KV_MANAGED_HSM) {
        kv_json_add_text(sku, "family", "B", ok);
        kv_json_add_text(sku, "name", name != NULL ? name : "Standard_B1", ok);
        return;
    }
    kv_json_add_text(sku, "family", "A", ok);
    kv_json_add_text(sku, "name", vault->sku == KV_SKU_PREMIUM ? "premium" : "standard", ok);
}

static void add_kept(cJSON *object, const cJSON *kept, const char *name, bool *ok)
{
    const cJSON *member = cJSON_GetObjectItemCaseSensitive(kept, name);

    if (member != NULL) {
        kv_json_add_take(object, name, cJSON_Duplicate(member, true), ok);
    }
}

/* Of a vault that was made without the resource manager it is not said until it is set. */
static void add_rbac(cJSON *properties, const struct kv_vault *vault, const cJSON *kept, bool *ok)
{
    bool is_rbac = vault->access == KV_ACCESS_RBAC;
    const cJSON *was_set = cJSON_GetObjectItemCaseSensitive(kept, "enableRbacAuthorization");

    if (is_rbac || (was_set != NULL && vault->access == KV_ACCESS_POLICY)) {
        kv_json_add_bool(properties, "enableRbacAuthorization", is_rbac, ok);
    }
}

static void add_soft_delete(cJSON *properties, const struct kv_vault *vault, bool *ok)
{
    kv_json_add_bool(properties, "enableSoftDelete", true, ok);
    kv_json_add_int(properties, "softDeleteRetentionInDays", vault->retention_days, ok);
}

static void add_end(cJSON *properties, const struct arm_call *call,
                    const struct kv_network *network, const struct kv_resource *envelope, bool *ok)
{
    const struct kv_network_word_row *row = kv_network_word_row(KV_NETWORK_PUBLIC_ACCESS);

    kv_json_add_text(properties, "provisioningState", arm_state(call, envelope), ok);
    kv_json_add_text(properties, "publicNetworkAccess",
                     row->words[network->word[KV_NETWORK_PUBLIC_ACCESS]], ok);
}

/* `policies` is taken. */
static void add_vault(cJSON *properties, const struct arm_call *call, const struct kv_vault *vault,
                      const cJSON *kept, const struct kv_network *network, cJSON *policies,
                      bool *ok)
{
    char url[URL_SIZE];

    print_url(call, vault, url);
    add_sku(properties, vault, kept, ok);
    kv_json_add_text(properties, "tenantId", kv_identity_tenant(call->app->identity), ok);
    keyvault_network_render(network, cJSON_GetObjectItemCaseSensitive(kept, "virtualNetworkRules"),
                            properties, ok);
    kv_json_add_take(properties, "accessPolicies", policies, ok);
    if (cJSON_GetObjectItemCaseSensitive(kept, "enabledForDeployment") == NULL) {
        kv_json_add_bool(properties, "enabledForDeployment", false, ok);
    }
    add_kept(properties, kept, "enabledForDeployment", ok);
    add_kept(properties, kept, "enabledForDiskEncryption", ok);
    add_kept(properties, kept, "enabledForTemplateDeployment", ok);
    add_soft_delete(properties, vault, ok);
    add_rbac(properties, vault, kept, ok);
    if (vault->purge_protection) {
        kv_json_add_bool(properties, "enablePurgeProtection", true, ok);
    }
    kv_json_add_text(properties, "vaultUri", url, ok);
}

static void add_hsm(cJSON *properties, const struct arm_call *call, const struct kv_vault *vault,
                    const cJSON *kept, const struct kv_network *network, bool *ok)
{
    char url[URL_SIZE];
    cJSON *domain;

    print_url(call, vault, url);
    kv_json_add_text(properties, "tenantId", kv_identity_tenant(call->app->identity), ok);
    add_kept(properties, kept, "initialAdminObjectIds", ok);
    kv_json_add_text(properties, "hsmUri", url, ok);
    add_soft_delete(properties, vault, ok);
    kv_json_add_bool(properties, "enablePurgeProtection", vault->purge_protection, ok);
    keyvault_network_render(network, cJSON_GetObjectItemCaseSensitive(kept, "virtualNetworkRules"),
                            properties, ok);
    kv_json_add_text(properties, "statusMessage",
                     "The Managed HSM is provisioned and ready to use.", ok);
    domain = kv_json_add_object(properties, "securityDomainProperties", ok);
    kv_json_add_text(domain, "activationStatus", "Active", ok);
    kv_json_add_text(domain, "activationStatusMessage", "Your HSM has been activated.", ok);
}

/* What is shown of a connection beside the vault. */
static enum kv_code add_endpoint(void *list, const struct kv_resource *endpoint, struct kv_err *err)
{
    const cJSON *properties = cJSON_GetObjectItemCaseSensitive(endpoint->content, "properties");
    cJSON *item = cJSON_CreateObject();
    bool ok = item != NULL;

    kv_json_add_text(item, "id", endpoint->id, &ok);
    kv_json_add_take(item, "properties",
                     properties != NULL ? cJSON_Duplicate(properties, true) : cJSON_CreateObject(),
                     &ok);
    kv_json_add_take(list, NULL, item, &ok);
    return ok ? KV_OK : KV_OUT_OF_MEMORY(err);
}

static enum kv_code add_endpoints(const struct arm_call *call, const struct kv_vault *vault,
                                  const char *id, cJSON *properties, struct kv_err *err)
{
    const struct kv_resource_range range = {
        .below = id,
        .type = vault->kind == KV_VAULT
                    ? "Microsoft.KeyVault/vaults/privateEndpointConnections"
                    : "Microsoft.KeyVault/managedHSMs/privateEndpointConnections",
        .count = ENDPOINTS_MAX,
    };
    kv_auto(cJSON_Delete) cJSON *list = cJSON_CreateArray();
    bool ok = list != NULL;

    if (!ok) {
        return KV_OUT_OF_MEMORY(err);
    }
    KV_TRY(kv_resource_list(call->app->resources, &range, add_endpoint, list, err));
    if (cJSON_GetArraySize(list) > 0) {
        kv_json_add_take(properties, "privateEndpointConnections", kv_take(list), &ok);
    }
    return ok ? KV_OK : KV_OUT_OF_MEMORY(err);
}

static enum kv_code render_content(const struct arm_call *call, const struct kv_vault *vault,
                                   const struct kv_resource *envelope, cJSON *content,
                                   struct kv_err *err)
{
    kv_auto(kv_network_done) struct kv_network network = { .since = 0 };
    const cJSON *kept = keyvault_kept(envelope);
    cJSON *properties, *policies = NULL;
    bool ok = content != NULL;

    KV_TRY(kv_network_get(call->app->access, vault, &network, err));
    KV_TRY(vault->kind == KV_VAULT ? keyvault_policies_render(call, vault, envelope, &policies, err)
                                   : KV_OK);
    if (vault->kind == KV_MANAGED_HSM) {
        add_sku(content, vault, kept, &ok);
    }
    properties = kv_json_add_object(content, "properties", &ok);
    if (vault->kind == KV_MANAGED_HSM) {
        add_hsm(properties, call, vault, kept, &network, &ok);
    } else {
        add_vault(properties, call, vault, kept, &network, policies, &ok);
    }
    add_end(properties, call, &network, envelope, &ok);
    KV_TRY(add_endpoints(call, vault, envelope->id, properties, err));
    return ok ? KV_OK : KV_OUT_OF_MEMORY(err);
}

/* One made elsewhere has nobody who made it, so it has no systemData. */
enum kv_code keyvault_render(const struct arm_call *call, const struct kv_vault *vault,
                             const struct kv_resource *envelope, cJSON **ret_body,
                             struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *content = cJSON_CreateObject();
    struct kv_resource shown = *envelope;

    KV_TRY(render_content(call, vault, envelope, content, err));
    shown.content = content;
    shown.changed = shown.changed > vault->changed * 1000 ? shown.changed : vault->changed * 1000;
    (void) snprintf(shown.location, sizeof(shown.location), "%s", vault->region);
    *ret_body = arm_render(&shown, envelope->created_by[0] != '\0');
    return *ret_body != NULL ? KV_OK : KV_OUT_OF_MEMORY(err);
}
