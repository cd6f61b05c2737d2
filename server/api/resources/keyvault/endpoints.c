/* SPDX-License-Identifier: Apache-2.0 */
/*
 * privateEndpointConnections and privateLinkResources of a vault, and the one region of a managed HSM (control-plane.md §1.1). A connection is
 * kept as it is sent: coffer has no networks that it could be of; who comes by a private link is said with the
 * firewall's private ranges (kv/access/firewall.h).
 */
#include <stdio.h>
#include <string.h>

#include "private.h"

static enum kv_code check_vault(const struct arm_call *call, struct kv_err *err)
{
    kv_auto(kv_vault_release) const struct kv_vault *vault = NULL;

    return keyvault_find_parent(call, &vault, err);
}

enum kv_code keyvault_endpoint_get(struct arm_call *call, struct arm_reply *reply,
                                   struct kv_err *err)
{
    KV_TRY(check_vault(call, err));
    return arm_kept_get(call, reply, err);
}

enum kv_code keyvault_endpoint_put(struct arm_call *call, struct arm_reply *reply,
                                   struct kv_err *err)
{
    static const char *const statuses[] = { "Pending", "Approved", "Rejected", "Disconnected" };
    const cJSON *properties = NULL, *state = NULL;
    const char *status = NULL;

    KV_TRY(check_vault(call, err));
    KV_TRY(keyvault_object(call->body, "properties", &properties, err));
    KV_TRY(keyvault_object(properties, "privateLinkServiceConnectionState", &state, err));
    KV_TRY(keyvault_text(state, "status", &status, err));
    for (size_t i = 0; status != NULL && i < KV_COUNT(statuses); i++) {
        if (strcmp(status, statuses[i]) == 0) {
            return arm_kept_put(call, reply, err);
        }
    }
    return keyvault_invalid("privateLinkServiceConnectionState.status", err);
}

enum kv_code keyvault_endpoint_delete(struct arm_call *call, struct arm_reply *reply,
                                      struct kv_err *err)
{
    KV_TRY(check_vault(call, err));
    return arm_kept_delete(call, reply, err);
}

enum kv_code keyvault_endpoint_list(struct arm_call *call, struct arm_page *page,
                                    struct kv_err *err)
{
    KV_TRY(check_vault(call, err));
    return arm_kept_list(call, page, err);
}

static void add_link(cJSON *item, const struct arm_call *call, const char *vault_id, bool *ok)
{
    bool is_hsm = keyvault_kind(call) == KV_MANAGED_HSM;
    char id[KV_RESOURCE_ID_MAX + 64];
    cJSON *properties;

    (void) snprintf(id, sizeof(id), "%s/privateLinkResources/%s", vault_id,
                    is_hsm ? "managedhsm" : "vault");
    kv_json_add_text(item, "id", id, ok);
    kv_json_add_text(item, "name", is_hsm ? "managedhsm" : "vault", ok);
    kv_json_add_text(item, "type", call->type->name, ok);
    properties = kv_json_add_object(item, "properties", ok);
    kv_json_add_text(properties, "groupId", is_hsm ? "managedhsm" : "vault", ok);
    kv_json_append_text(kv_json_add_array(properties, "requiredMembers", ok), "default", ok);
    kv_json_append_text(
        kv_json_add_array(properties, "requiredZoneNames", ok),
        is_hsm ? "privatelink.managedhsm.azure.net" : "privatelink.vaultcore.azure.net", ok);
}

enum kv_code keyvault_link_list(struct arm_call *call, struct arm_page *page, struct kv_err *err)
{
    kv_auto(kv_vault_release) const struct kv_vault *vault = NULL;
    kv_auto(kv_resource_done) struct kv_resource envelope = { .id = NULL };
    kv_auto(cJSON_Delete) cJSON *item = cJSON_CreateObject();
    bool ok = item != NULL;

    KV_TRY(keyvault_find_parent(call, &vault, err));
    KV_TRY(keyvault_envelope(call, vault, &envelope, err));
    add_link(item, call, envelope.id, &ok);
    if (!ok) {
        return KV_OUT_OF_MEMORY(err);
    }
    return page->after == NULL ? arm_page_add(page, kv_take(item), "only", err) : KV_OK;
}

enum kv_code keyvault_region_list(struct arm_call *call, struct arm_page *page, struct kv_err *err)
{
    kv_auto(kv_vault_release) const struct kv_vault *vault = NULL;
    kv_auto(cJSON_Delete) cJSON *item = cJSON_CreateObject();
    bool ok = item != NULL;

    KV_TRY(keyvault_find_parent(call, &vault, err));
    kv_json_add_text(item, "name", vault->region, &ok);
    kv_json_add_text(item, "provisioningState", "Succeeded", &ok);
    kv_json_add_bool(item, "isPrimary", true, &ok);
    if (!ok) {
        return KV_OUT_OF_MEMORY(err);
    }
    return page->after == NULL ? arm_page_add(page, kv_take(item), "only", err) : KV_OK;
}
