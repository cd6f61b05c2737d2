/* SPDX-License-Identifier: Apache-2.0 */
/* What a PUT or PATCH of a vault leaves in its envelope: tags, and what nobody but the resource manager asks for. */
#include <stdlib.h>
#include <string.h>

#include "private.h"

KV_DEFINE_CLEANUP(char *, free)

static void keep(cJSON *kept, const char *name, const cJSON *value, bool *ok)
{
    cJSON_DeleteItemFromObjectCaseSensitive(kept, name);
    if (value != NULL && !cJSON_IsNull(value)) {
        kv_json_add_take(kept, name, cJSON_Duplicate(value, true), ok);
    }
}

static void keep_members(cJSON *kept, const struct keyvault_wish *wish, bool *ok)
{
    static const char *const names[] = { "enabledForDeployment", "enabledForDiskEncryption",
                                         "enabledForTemplateDeployment", "initialAdminObjectIds" };

    for (size_t i = 0; i < KV_COUNT(names); i++) {
        const cJSON *value = cJSON_GetObjectItem(wish->properties, names[i]);

        if (wish->is_whole || value != NULL) {
            keep(kept, names[i], value, ok);
        }
    }
    if (wish->rbac.given) {
        keep(kept, "enableRbacAuthorization",
             cJSON_GetObjectItem(wish->properties, "enableRbacAuthorization"), ok);
    }
}

static void keep_rest(const struct arm_call *call, cJSON *kept, const struct keyvault_wish *wish,
                      bool *ok)
{
    const cJSON *acls = cJSON_GetObjectItem(wish->properties, "networkAcls");
    const cJSON *sku = cJSON_GetObjectItem(call->body, "sku");

    if (wish->is_whole || cJSON_IsObject(acls)) {
        keep(kept, "virtualNetworkRules", cJSON_GetObjectItem(acls, "virtualNetworkRules"), ok);
    }
    if (wish->draft.vault.kind == KV_MANAGED_HSM && sku != NULL) {
        keep(kept, "sku", cJSON_GetObjectItem(sku, "name"), ok);
    }
}

static enum kv_code take_tags(const struct arm_call *call, struct kv_resource *envelope,
                              struct kv_err *err)
{
    const cJSON *tags = cJSON_GetObjectItem(call->body, "tags");
    cJSON *taken = NULL;

    if (call->verb != KV_PUT && tags == NULL) {
        return KV_OK;
    }
    KV_TRY(arm_take_tags(tags, &taken, err));
    cJSON_Delete(envelope->tags);
    envelope->tags = taken;
    return KV_OK;
}

/* A new one has the name as it was written. */
static enum kv_code spell(const struct arm_call *call, struct kv_resource *envelope,
                          struct kv_err *err)
{
    kv_auto(free) char *id = strdup(call->id->text);
    kv_auto(free) char *name = strdup(call->id->leaf);

    if (id == NULL || name == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    free(envelope->id);
    free(envelope->name);
    envelope->id = kv_take(id);
    envelope->name = kv_take(name);
    return KV_OK;
}

enum kv_code keyvault_keep(const struct arm_call *call, const struct keyvault_wish *wish,
                           const struct kv_vault *vault, bool is_new,
                           struct kv_resource *ret_envelope, struct kv_err *err)
{
    bool ok = true;

    KV_TRY(keyvault_envelope(call, vault, ret_envelope, err));
    KV_TRY(is_new ? spell(call, ret_envelope, err) : KV_OK);
    KV_TRY(take_tags(call, ret_envelope, err));
    keep_members(keyvault_kept(ret_envelope), wish, &ok);
    keep_rest(call, keyvault_kept(ret_envelope), wish, &ok);
    return ok ? KV_OK : KV_OUT_OF_MEMORY(err);
}

/* What is left of a vault that had the name before goes first: this one was made by somebody else. */
enum kv_code keyvault_store(struct arm_call *call, struct kv_resource *envelope, bool is_new,
                            struct kv_err *err)
{
    struct kv_resources *resources = call->app->resources;
    bool was_new;

    if (is_new) {
        KV_TRY(kv_resource_delete_tree(resources, envelope->id, err));
        KV_TRY(kv_resource_delete(resources, envelope->id, KV_RESOURCE_ANY, NULL, err));
    }
    arm_name_caller(call, envelope->changed_by, &envelope->changed_by_user);
    arm_delay(call, envelope);
    return kv_resource_put(resources, envelope, KV_RESOURCE_ANY, call->now, &was_new, err);
}
