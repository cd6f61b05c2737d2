/* SPDX-License-Identifier: Apache-2.0 */
/* Deleted vaults and managed HSMs: what there is to see of one, and its purge (control-plane.md §1.3, §1.4). */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "private.h"

static void add_date(cJSON *properties, const char *name, kv_time date, bool *ok)
{
    char iso[KV_ISO_DATE_SIZE], text[KV_ISO_DATE_SIZE];

    kv_time_render_iso(date * 1000, iso);
    (void) snprintf(text, sizeof(text), "%.19sZ", iso); /* of seconds */
    kv_json_add_text(properties, name, text, ok);
}

static void add_properties(cJSON *object, const struct kv_vault *vault,
                           const struct kv_resource *envelope, bool *ok)
{
    bool is_hsm = vault->kind == KV_MANAGED_HSM;
    cJSON *properties = kv_json_add_object(object, "properties", ok);

    kv_json_add_text(properties, is_hsm ? "mhsmId" : "vaultId", envelope->id, ok);
    kv_json_add_text(properties, "location", vault->region, ok);
    kv_json_add_take(properties, "tags", cJSON_Duplicate(envelope->tags, true), ok);
    add_date(properties, "deletionDate", vault->deleted, ok);
    add_date(properties, "scheduledPurgeDate", vault->purge, ok);
    if (vault->purge_protection) {
        kv_json_add_bool(properties, "purgeProtectionEnabled", true, ok);
    }
}

enum kv_code keyvault_deleted_render(const struct arm_call *call, const struct kv_vault *vault,
                                     cJSON **ret_item, struct kv_err *err)
{
    const char *type = vault->kind == KV_MANAGED_HSM ? "deletedManagedHSMs" : "deletedVaults";
    kv_auto(kv_resource_done) struct kv_resource envelope = { .id = NULL };
    kv_auto(cJSON_Delete) cJSON *item = cJSON_CreateObject();
    char subscription[ARM_SUBSCRIPTION_SIZE], text[KV_RESOURCE_ID_MAX + 1];
    bool ok = item != NULL;

    KV_TRY(keyvault_envelope(call, vault, &envelope, err));
    arm_subscription(call->app, subscription);
    (void) snprintf(text, sizeof(text), "%s/providers/Microsoft.KeyVault/locations/%s/%s/%s",
                    subscription, vault->region, type, envelope.name);
    kv_json_add_text(item, "id", text, &ok);
    kv_json_add_text(item, "name", envelope.name, &ok);
    (void) snprintf(text, sizeof(text), "Microsoft.KeyVault/%s", type);
    kv_json_add_text(item, "type", text, &ok);
    add_properties(item, vault, &envelope, &ok);
    if (!ok) {
        return KV_OUT_OF_MEMORY(err);
    }
    *ret_item = kv_take(item);
    return KV_OK;
}

/* Regions are the same with blanks and in any case. */
static bool is_region(const struct kv_vault *vault, const char *location)
{
    struct kv_vault_draft draft = { .given = 0 };

    return kv_vault_draft_set(&draft, "region", location, NULL) == KV_OK
           && strcmp(draft.vault.region, vault->region) == 0;
}

static enum kv_code refuse_missing(const struct arm_call *call, struct kv_err *err)
{
    return KV_FAIL(err, KV_DELETED_VAULT_NOT_FOUND, 0, "The deleted vault '%.64s' does not exist",
                   call->id->leaf);
}

/* The one that ".../locations/eastus/deletedVaults/dev" names. */
static enum kv_code find(const struct arm_call *call, const struct kv_vault **ret_vault,
                         struct kv_err *err)
{
    kv_auto(kv_vault_release) const struct kv_vault *vault = NULL;
    char location[ARM_SEGMENT_MAX + 1];
    struct kv_vault_draft draft; /* for the name, in lower case */
    enum kv_code code = KV_VAULT_NOT_FOUND;

    arm_id_name(call->id, 1, location);
    if (kv_vault_draft_begin(&draft, call->id->leaf, strlen(call->id->leaf), NULL) == KV_OK) {
        code =
            kv_vaults_get(call->app->vaults, draft.vault.name, kv_seconds(call->now), &vault, NULL);
    }
    if (code != KV_OK || vault->deleted == 0 || vault->kind != keyvault_kind(call)
        || !is_region(vault, location)) {
        return refuse_missing(call, err);
    }
    *ret_vault = kv_take(vault);
    return KV_OK;
}

enum kv_code keyvault_deleted_get(struct arm_call *call, struct arm_reply *reply,
                                  struct kv_err *err)
{
    kv_auto(kv_vault_release) const struct kv_vault *vault = NULL;

    KV_TRY(find(call, &vault, err));
    return keyvault_deleted_render(call, vault, &reply->body, err);
}

/* What the resource manager kept of it goes with it. */
enum kv_code keyvault_deleted_purge(struct arm_call *call, struct arm_reply *reply,
                                    struct kv_err *err)
{
    kv_auto(kv_vault_release) const struct kv_vault *vault = NULL;
    kv_auto(kv_resource_done) struct kv_resource envelope = { .id = NULL };
    enum kv_code code;

    KV_TRY(find(call, &vault, err));
    if (vault->purge_protection) {
        return KV_FAIL(err, KV_PURGE_NOT_ALLOWED, 0, "Operation '%s' is not allowed.",
                       vault->kind == KV_MANAGED_HSM ? "DeletedManagedHsmPurge"
                                                     : "DeletedVaultPurge");
    }
    KV_TRY(keyvault_envelope(call, vault, &envelope, err));
    code = kv_vaults_purge(call->app->vaults, vault->name, kv_seconds(call->now), err);
    if (code == KV_VAULT_NOT_FOUND || code == KV_CONFLICT) { /* somebody was faster */
        return refuse_missing(call, err);
    }
    KV_TRY(code);
    kv_clock_wake(call->app->clock); /* the objects of its keys are destroyed */
    KV_TRY(kv_resource_delete_tree(call->app->resources, envelope.id, err));
    KV_TRY(kv_resource_delete(call->app->resources, envelope.id, KV_RESOURCE_ANY, NULL, err));
    return arm_accept(call, reply, call->app->provisioning_lag, err);
}
