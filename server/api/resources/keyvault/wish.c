/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a PUT or PATCH of a vault or a managed HSM says, with the rules that need nothing but the body
 * (control-plane.md §1.2, §1.4, §1.6).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "private.h"

/* From this api-version on roles decide unless a new vault says otherwise. */
#define RBAC_SINCE "2026-02-01"

void keyvault_wish_done(struct keyvault_wish *wish)
{
    kv_network_change_done(&wish->network);
}

static enum kv_code begin_draft(const struct arm_call *call, struct kv_vault_draft *ret_draft,
                                struct kv_err *err)
{
    const char *name = call->id->leaf;

    if (kv_vault_draft_begin(ret_draft, name, strlen(name), NULL) != KV_OK) {
        return KV_FAIL(err, KV_VAULT_NAME_NOT_VALID, 0,
                       "The vault name '%.64s' is invalid. A vault's name must be between 3-24 "
                       "alphanumeric characters. The name must begin with a letter, end with a "
                       "letter or digit, and not contain consecutive hyphens.",
                       name);
    }
    KV_TRY(kv_vault_draft_set(ret_draft, "group", call->id->group, err));
    return kv_vault_draft_set(ret_draft, "kind",
                              keyvault_kind(call) == KV_MANAGED_HSM ? "hsm" : "vault", err);
}

/* A tenant is coffer's own: it has no other that could own anything. */
static enum kv_code read_tenant(const struct arm_call *call, const struct keyvault_wish *wish,
                                struct kv_err *err)
{
    const char *own = kv_identity_tenant(call->app->identity);
    const char *tenant = NULL;

    KV_TRY(keyvault_text(wish->properties, "tenantId", &tenant, err));
    if (tenant == NULL) {
        return wish->is_whole ? keyvault_missing("tenantId", err) : KV_OK;
    }
    if (!kv_uuid_is_valid(tenant)) {
        return keyvault_invalid("tenantId", err);
    }
    if (strcasecmp(tenant, own) != 0) {
        return KV_FAIL(err, KV_ARM_BAD_REQUEST, 0,
                       "The tenant '%s' is not the subscription's, which is %s.", tenant, own);
    }
    return KV_OK;
}

/* "premium", or of a managed HSM "Standard_B1". */
static enum kv_code take_sku(const char *family, const char *name, struct kv_vault_draft *draft,
                             struct kv_err *err)
{
    bool is_hsm = draft->vault.kind == KV_MANAGED_HSM;
    char word[KV_SETTING_TEXT_SIZE];

    if (is_hsm
        && (strncasecmp(name, "Standard_B", 10) == 0 || strncasecmp(name, "Custom_", 7) == 0)) {
        return strcasecmp(family, "B") == 0 || strcasecmp(family, "C") == 0
                   ? KV_OK
                   : keyvault_invalid("sku.family", err);
    }
    if (is_hsm || strcasecmp(family, "A") != 0) {
        return keyvault_invalid(is_hsm ? "sku.name" : "sku.family", err);
    }
    (void) snprintf(word, sizeof(word), "%s",
                    strcasecmp(name, "premium") == 0 ? "premium" : "standard");
    if (strcasecmp(name, word) != 0) {
        return keyvault_invalid("sku.name", err);
    }
    return kv_vault_draft_set(draft, "sku", word, err);
}

/* Of a vault it is one of the properties, of a managed HSM beside them. */
static enum kv_code read_sku(const struct arm_call *call, struct keyvault_wish *wish,
                             struct kv_err *err)
{
    bool is_hsm = wish->draft.vault.kind == KV_MANAGED_HSM;
    const char *family = is_hsm ? "B" : "A", *name = NULL;
    const cJSON *sku = NULL;

    KV_TRY(keyvault_object(is_hsm ? call->body : wish->properties, "sku", &sku, err));
    if (sku == NULL) {
        return wish->is_whole ? keyvault_missing("sku", err) : KV_OK;
    }
    KV_TRY(keyvault_text(sku, "family", &family, err));
    KV_TRY(keyvault_text(sku, "name", &name, err));
    return name != NULL ? take_sku(family, name, &wish->draft, err)
                        : keyvault_missing("sku.name", err);
}

static enum kv_code read_mode(struct keyvault_wish *wish, struct kv_err *err)
{
    const char *mode = "default";

    KV_TRY(keyvault_text(wish->properties, "createMode", &mode, err));
    wish->is_recovery = strcasecmp(mode, "recover") == 0;
    return wish->is_recovery || strcasecmp(mode, "default") == 0
               ? KV_OK
               : keyvault_invalid("createMode", err);
}

/* What cannot be taken back, for which there are texts of its own. */
static enum kv_code read_protection(struct keyvault_wish *wish, struct kv_err *err)
{
    struct kv_maybe_bool soft_delete = { .given = false }, protection = { .given = false };

    KV_TRY(keyvault_flag(wish->properties, "enableSoftDelete", &soft_delete, err));
    KV_TRY(keyvault_flag(wish->properties, "enablePurgeProtection", &protection, err));
    if (soft_delete.given && !soft_delete.value) {
        return KV_FAIL(err, KV_ARM_BAD_REQUEST, 0,
                       "The property \"enableSoftDelete\" can be set to false only for creating "
                       "new vault. Enabling the 'soft delete' functionality is an irreversible "
                       "action.");
    }
    if (protection.given && !protection.value) {
        return KV_FAIL(err, KV_ARM_BAD_REQUEST, 0,
                       "The property \"enablePurgeProtection\" cannot be set to false. Enabling "
                       "the purge protection for a vault is an irreversible action.");
    }
    return protection.given ? kv_vault_draft_set(&wish->draft, "purge-protection", "true", err)
                            : KV_OK;
}

static enum kv_code read_retention(struct keyvault_wish *wish, struct kv_err *err)
{
    char text[KV_SETTING_TEXT_SIZE];

    KV_TRY(keyvault_number(wish->properties, "softDeleteRetentionInDays", &wish->retention, err));
    if (!wish->retention.given) {
        return KV_OK;
    }
    (void) snprintf(text, sizeof(text), "%lld", (long long) wish->retention.value);
    if (kv_vault_draft_set(&wish->draft, "retention", text, NULL) != KV_OK) {
        return KV_FAIL(err, KV_ARM_BAD_REQUEST, 0,
                       "The property \"softDeleteRetentionInDays\" has to be from %d to %d.",
                       KV_RETENTION_MIN, KV_RETENTION_MAX);
    }
    return KV_OK;
}

static enum kv_code read_access(const struct arm_call *call, struct keyvault_wish *wish,
                                struct kv_err *err)
{
    bool is_rbac = strcmp(call->api_version, RBAC_SINCE) >= 0;

    if (wish->draft.vault.kind == KV_MANAGED_HSM) {
        return kv_vault_draft_set(&wish->draft, "access", "rbac", err);
    }
    KV_TRY(keyvault_flag(wish->properties, "enableRbacAuthorization", &wish->rbac, err));
    KV_TRY(keyvault_array(wish->properties, "accessPolicies", &wish->policies, err));
    is_rbac = wish->rbac.given ? wish->rbac.value : is_rbac;
    if (wish->is_whole && wish->policies == NULL && !is_rbac) {
        return keyvault_missing("accessPolicies", err);
    }
    KV_TRY(keyvault_policies_check(&wish->draft.vault, wish->policies,
                                   kv_identity_tenant(call->app->identity), err));
    return kv_vault_draft_set(&wish->draft, "access", is_rbac ? "rbac" : "policy", err);
}

static enum kv_code read_switches(const struct keyvault_wish *wish, struct kv_err *err)
{
    static const char *const names[] = { "enabledForDeployment", "enabledForDiskEncryption",
                                         "enabledForTemplateDeployment" };
    struct kv_maybe_bool flag;

    for (size_t i = 0; i < KV_COUNT(names); i++) {
        KV_TRY(keyvault_flag(wish->properties, names[i], &flag, err));
    }
    return KV_OK;
}

static enum kv_code read_properties(const struct arm_call *call, struct keyvault_wish *wish,
                                    struct kv_err *err)
{
    static const cJSON nothing = { .type = cJSON_Object };

    KV_TRY(keyvault_object(call->body, "properties", &wish->properties, err));
    if (wish->properties == NULL) {
        wish->properties = &nothing;
        return wish->is_whole ? keyvault_missing("properties", err) : KV_OK;
    }
    return KV_OK;
}

static enum kv_code read_location(const struct arm_call *call, struct keyvault_wish *wish,
                                  struct kv_err *err)
{
    char location[KV_RESOURCE_LOCATION_SIZE];

    if (!wish->is_whole) {
        return KV_OK;
    }
    KV_TRY(arm_take_location(cJSON_GetObjectItem(call->body, "location"), location, err));
    return keyvault_reword(kv_vault_draft_set(&wish->draft, "region", location, err), err);
}

/* The initial administrators of a managed HSM: object ids. */
static enum kv_code check_administrators(const struct keyvault_wish *wish, struct kv_err *err)
{
    const cJSON *ids = NULL, *id;
    int count = 0;

    KV_TRY(keyvault_array(wish->properties, "initialAdminObjectIds", &ids, err));
    cJSON_ArrayForEach (id, ids) {
        if (!cJSON_IsString(id) || !kv_uuid_is_valid(id->valuestring) || ++count > 64) {
            return keyvault_invalid("initialAdminObjectIds", err);
        }
    }
    return KV_OK;
}

enum kv_code keyvault_wish_read(const struct arm_call *call, struct keyvault_wish *ret_wish,
                                struct kv_err *err)
{
    ret_wish->is_whole = call->verb == KV_PUT;
    KV_TRY(begin_draft(call, &ret_wish->draft, err));
    KV_TRY(read_properties(call, ret_wish, err));
    KV_TRY(read_location(call, ret_wish, err));
    KV_TRY(read_mode(ret_wish, err));
    KV_TRY(read_tenant(call, ret_wish, err));
    KV_TRY(read_sku(call, ret_wish, err));
    if (ret_wish->is_recovery) { /* it comes back as it was, whatever else is said */
        return KV_OK;
    }
    KV_TRY(read_protection(ret_wish, err));
    KV_TRY(read_retention(ret_wish, err));
    KV_TRY(read_access(call, ret_wish, err));
    KV_TRY(read_switches(ret_wish, err));
    KV_TRY(check_administrators(ret_wish, err));
    return keyvault_network_read(ret_wish->properties, ret_wish->is_whole, &ret_wish->network, err);
}
