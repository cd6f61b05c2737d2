/* SPDX-License-Identifier: Apache-2.0 */
/* From ids to vaults and back, and what the resource manager keeps of them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "private.h"

#define HSM_TYPE "Microsoft.KeyVault/managedHSMs"
#define VAULT_TYPE "Microsoft.KeyVault/vaults"
#define AZURES_HOST "https://management.azure.com"

KV_DEFINE_CLEANUP(char *, free)

static const char *type_of(enum kv_vault_kind kind)
{
    return kind == KV_MANAGED_HSM ? HSM_TYPE : VAULT_TYPE;
}

enum kv_vault_kind keyvault_kind(const struct arm_call *call)
{
    return strcasestr(call->type->name, "ManagedHSM") != NULL ? KV_MANAGED_HSM : KV_VAULT;
}

const struct kv_vault *keyvault_find(const struct arm_call *call)
{
    const size_t len = strcspn(call->id->name, "/");
    kv_auto(kv_vault_release) const struct kv_vault *vault = NULL;
    struct kv_vault_draft draft; /* for the name, in lower case */

    if (kv_vault_draft_begin(&draft, call->id->name, len, NULL) != KV_OK) {
        return NULL;
    }
    vault = kv_vaults_acquire(call->app->vaults, draft.vault.name);
    if (vault == NULL || vault->kind != keyvault_kind(call)
        || strcasecmp(vault->group, call->id->group) != 0) {
        return NULL;
    }
    return kv_take(vault);
}

enum kv_code keyvault_find_parent(const struct arm_call *call, const struct kv_vault **ret_vault,
                                  struct kv_err *err)
{
    *ret_vault = keyvault_find(call);
    if (*ret_vault == NULL) {
        return KV_FAIL(err, KV_PARENT_RESOURCE_NOT_FOUND, 0,
                       "Can not perform requested operation on nested resource. Parent resource "
                       "'%.*s' not found.",
                       (int) strcspn(call->id->name, "/"), call->id->name);
    }
    return KV_OK;
}

char *keyvault_id(const struct arm_call *call, const struct kv_vault *vault, const char *name)
{
    char subscription[ARM_SUBSCRIPTION_SIZE], id[KV_RESOURCE_ID_MAX + 1];

    arm_subscription(call->app, subscription);
    (void) snprintf(id, sizeof(id), "%s/resourceGroups/%s/providers/%s/%s", subscription,
                    vault->group, type_of(vault->kind), name);
    return strdup(id);
}

/* An envelope is of this vault, and not of one that had its name before. */
static bool is_of(const struct kv_resource *envelope, const struct kv_vault *vault)
{
    int64_t id = 0;

    return kv_json_is_int(cJSON_GetObjectItemCaseSensitive(envelope->content, "vault"), &id)
           && id == vault->id && cJSON_IsObject(keyvault_kept(envelope));
}

cJSON *keyvault_kept(const struct kv_resource *envelope)
{
    return cJSON_GetObjectItemCaseSensitive(envelope->content, "kept");
}

static enum kv_code make_up(const struct arm_call *call, const struct kv_vault *vault,
                            struct kv_resource *ret_envelope, struct kv_err *err)
{
    kv_auto(kv_resource_done) struct kv_resource envelope = {
        .id = keyvault_id(call, vault, vault->name),
        .type = strdup(type_of(vault->kind)),
        .name = strdup(vault->name),
        .tags = cJSON_CreateObject(),
        .content = cJSON_CreateObject(),
        .created = vault->made * 1000,
        .changed = vault->changed * 1000,
    };
    bool ok = envelope.id != NULL && envelope.type != NULL && envelope.name != NULL
              && envelope.tags != NULL;

    (void) snprintf(envelope.location, sizeof(envelope.location), "%s", vault->region);
    kv_json_add_int(envelope.content, "vault", vault->id, &ok);
    (void) kv_json_add_object(envelope.content, "kept", &ok);
    if (!ok) {
        return KV_OUT_OF_MEMORY(err);
    }
    *ret_envelope = envelope;
    envelope = (struct kv_resource){ .id = NULL };
    return KV_OK;
}

enum kv_code keyvault_envelope(const struct arm_call *call, const struct kv_vault *vault,
                               struct kv_resource *ret_envelope, struct kv_err *err)
{
    kv_auto(kv_resource_done) struct kv_resource envelope = { .id = NULL };
    kv_auto(free) char *id = keyvault_id(call, vault, vault->name);
    struct kv_err why = { .code = KV_OK };
    enum kv_code code;

    if (id == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    code = kv_resource_get(call->app->resources, id, &envelope, &why);
    if (code != KV_OK && code != KV_NOT_FOUND) {
        *err = why;
        return code;
    }
    if (code == KV_NOT_FOUND || !is_of(&envelope, vault)) {
        return make_up(call, vault, ret_envelope, err);
    }
    *ret_envelope = envelope;
    envelope = (struct kv_resource){ .id = NULL };
    return KV_OK;
}

/* ":8443" of the address that the resource manager was asked under; "" when it has none. */
static const char *port_of(const char *base)
{
    const char *host = strstr(base, "://");
    const char *bracket = strrchr(base, ']');
    const char *colon;

    host = bracket != NULL ? bracket : host != NULL ? host + 3 : base;
    colon = strchr(host, ':');
    return colon != NULL ? colon : "";
}

void keyvault_authority(const struct arm_call *call, const struct kv_vault *vault,
                        char ret_authority[KV_PUBLIC_AUTHORITY_SIZE])
{
    static const char *const azures[] = {
        [KV_VAULT] = "vault.azure.net",
        [KV_MANAGED_HSM] = "managedhsm.azure.net",
    };
    const char *base = call->base != NULL ? call->base : "";
    char host[KV_VAULT_HOST_SIZE];

    if (strncasecmp(base, AZURES_HOST, strlen(AZURES_HOST)) == 0) {
        (void) snprintf(ret_authority, KV_PUBLIC_AUTHORITY_SIZE, "%s.%s", vault->name,
                        azures[vault->kind]);
    } else if (!kv_public_authority(&call->app->public_url, vault, ret_authority)) {
        kv_vault_host(vault, host);
        (void) snprintf(ret_authority, KV_PUBLIC_AUTHORITY_SIZE, "%s%.6s", host, port_of(base));
    }
}
