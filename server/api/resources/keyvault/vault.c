/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Vaults and managed HSMs: making, changing, recovering, deleting, listing (control-plane.md §1.1 to
 * §1.4, §1.6). The settings are the vault's own; tags, and what nobody else asks for, are the envelope's.
 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "kv/access/grants.h"
#include "private.h"

static enum kv_code refuse_taken(const char *name, struct kv_err *err)
{
    return KV_FAIL(err, KV_VAULT_ALREADY_EXISTS, 0,
                   "The vault name '%s' is already in use. Vault names are globaly unique so it is "
                   "possible that the name is already taken. If you are sure that the vault name "
                   "was not taken then it is possible that a vault with the same name was recently "
                   "deleted but not purged after being placed in a recoverable state. If the vault "
                   "is in a recoverable state then the vault will need to be purged before reusing "
                   "the name.",
                   name);
}

static enum kv_code refuse_deleted(struct kv_err *err)
{
    return KV_FAIL(err, KV_VAULT_IS_DELETED, 0,
                   "A vault with the same name already exists in deleted state. You need to either "
                   "recover or purge existing key vault. Follow this link "
                   "https://go.microsoft.com/fwlink/?linkid=2149745 for more information on soft "
                   "delete.");
}

/* What has the name, living or deleted; NULL: nothing. */
static enum kv_code find_named(const struct arm_call *call, const char *name,
                               const struct kv_vault **ret_vault, struct kv_err *err)
{
    struct kv_err why = { .code = KV_OK };
    enum kv_code code =
        kv_vaults_get(call->app->vaults, name, kv_seconds(call->now), ret_vault, &why);

    if (code == KV_VAULT_NOT_FOUND) {
        *ret_vault = NULL;
        return KV_OK;
    }
    if (code != KV_OK && err != NULL) {
        *err = why;
    }
    return code;
}

static bool is_alike(const struct kv_vault *vault, const struct kv_vault *wanted)
{
    return vault->kind == wanted->kind && strcasecmp(vault->group, wanted->group) == 0;
}

/* The name is this vault's, in this place. */
static enum kv_code check_place(const struct arm_call *call, const struct keyvault_wish *wish,
                                const struct kv_vault *vault, struct kv_err *err)
{
    const struct kv_vault *wanted = &wish->draft.vault;

    if (!is_alike(vault, wanted)) {
        return refuse_taken(call->id->leaf, err);
    }
    if (wish->is_whole && strcmp(vault->region, wanted->region) != 0) {
        return KV_FAIL(err, KV_ARM_INVALID_LOCATION, 0,
                       "The resource '%s' already exists in location '%s' in resource group '%s'. "
                       "A resource with the same name cannot be created in location '%s'. Please "
                       "select a new resource name.",
                       call->id->leaf, vault->region, vault->group, wanted->region);
    }
    return KV_OK;
}

/* Whether the wish can be granted where `vault`, or with NULL nothing, has the name. */
static enum kv_code check_state(const struct arm_call *call, const struct keyvault_wish *wish,
                                const struct kv_vault *vault, struct kv_err *err)
{
    if (vault == NULL) {
        return wish->is_recovery ? KV_FAIL(err, KV_DELETED_VAULT_NOT_FOUND, 0,
                                           "The deleted vault '%s' does not exist", call->id->leaf)
                                 : KV_OK;
    }
    if (vault->deleted != 0 && !wish->is_recovery) { /* §1.4: which of the two is inferred */
        return strcmp(vault->region, wish->draft.vault.region) == 0
                   ? refuse_deleted(err)
                   : refuse_taken(call->id->leaf, err);
    }
    KV_TRY(check_place(call, wish, vault, err));
    if (wish->retention.given && wish->retention.value != vault->retention_days) {
        return KV_FAIL(err, KV_ARM_BAD_REQUEST, 0,
                       "The property \"softDeleteRetentionInDays\" has been set already and it "
                       "can't be modified.");
    }
    return KV_OK;
}

/* The service itself has no ETags for vaults; what a client sends nevertheless is kept to. */
static enum kv_code check_precondition(const struct arm_call *call, const struct kv_vault *vault,
                                       struct kv_err *err)
{
    bool is_there = vault != NULL && vault->deleted == 0;
    kv_auto(kv_resource_done) struct kv_resource envelope = { .id = NULL };
    int64_t before;
    bool holds;

    KV_TRY(arm_precondition(call, &before, err));
    if (is_there) {
        KV_TRY(keyvault_envelope(call, vault, &envelope, err));
    }
    holds = before == KV_RESOURCE_ANY || (before == KV_RESOURCE_ABSENT && !is_there)
            || (before == KV_RESOURCE_THERE && is_there)
            || (before > 0 && before == envelope.edition);
    return holds ? KV_OK
                 : KV_FAIL(err, KV_PRECONDITION_FAILED, 0,
                           "The resource '%s' is not as If-Match or If-None-Match says.",
                           call->id->leaf);
}

/* ---- making and changing -------------------------------------------------------------------------- */

/* The local administrators of a new managed HSM, which has no others. */
static enum kv_code assign_administrators(const struct arm_call *call, const struct kv_vault *vault,
                                          const struct keyvault_wish *wish, struct kv_err *err)
{
    const cJSON *id;

    cJSON_ArrayForEach (id, cJSON_GetObjectItem(wish->properties, "initialAdminObjectIds")) {
        const struct kv_assignment_draft draft = {
            .vault = vault,
            .principal = id->valuestring,
            .role = "Managed HSM Administrator",
            .scope = "/",
        };
        struct kv_assignment assignment;
        enum kv_code code =
            kv_access_assign(call->app->access, &draft, call->now, &assignment, err);

        if (code != KV_OK && code != KV_ROLE_ASSIGNMENT_EXISTS) {
            return keyvault_reword(code, err);
        }
    }
    return KV_OK;
}

static enum kv_code apply_access(const struct arm_call *call, const struct keyvault_wish *wish,
                                 const struct kv_vault *vault, struct kv_resource *envelope,
                                 struct kv_err *err)
{
    KV_TRY(keyvault_network_apply(call, vault, &wish->network, err));
    if (vault->kind == KV_MANAGED_HSM) {
        return assign_administrators(call, vault, wish, err);
    }
    return wish->policies != NULL
               ? keyvault_policies_apply(call, vault, wish->policies, envelope, err)
               : KV_OK;
}

/* A name that somebody took meanwhile is taken. */
static enum kv_code make(const struct arm_call *call, const struct keyvault_wish *wish,
                         bool *ret_is_new, const struct kv_vault **ret_vault, struct kv_err *err)
{
    kv_auto(kv_vault_release) const struct kv_vault *other = NULL;
    enum kv_code code = kv_vaults_make(call->app->vaults, &wish->draft, kv_seconds(call->now),
                                       ret_is_new, ret_vault, err);

    if (code != KV_CONFLICT) {
        return keyvault_reword(code, err);
    }
    KV_TRY(find_named(call, wish->draft.vault.name, &other, NULL));
    return other != NULL ? refuse_taken(call->id->leaf, err) : code;
}

/* Of the settings those that are said, and can change. */
static enum kv_code change(const struct arm_call *call, const struct keyvault_wish *wish,
                           const struct kv_vault *vault, const struct kv_vault **ret_vault,
                           struct kv_err *err)
{
    const struct kv_vault *wanted = &wish->draft.vault;
    struct kv_vault_draft draft = wish->draft;

    draft.given &= 1U << KV_SETTING_SKU | 1U << KV_SETTING_PURGE_PROTECTION
                   | (wish->rbac.given ? 1U << KV_SETTING_ACCESS : 0);
    bool is_so = (!(draft.given & 1U << KV_SETTING_SKU) || wanted->sku == vault->sku)
                 && (!wish->rbac.given || wanted->access == vault->access)
                 && (!wanted->purge_protection || vault->purge_protection);
    if (is_so) {
        *ret_vault = kv_vault_hold(vault);
        return KV_OK;
    }
    return keyvault_reword(
        kv_vaults_change(call->app->vaults, &draft, kv_seconds(call->now), ret_vault, err), err);
}

static enum kv_code answer(struct arm_call *call, const struct kv_vault *vault, unsigned status,
                           struct arm_reply *reply, struct kv_err *err)
{
    kv_auto(kv_resource_done) struct kv_resource envelope = { .id = NULL };

    KV_TRY(keyvault_envelope(call, vault, &envelope, err));
    KV_TRY(keyvault_render(call, vault, &envelope, &reply->body, err));
    reply->status = (int) status;
    return call->verb == KV_GET ? KV_OK : arm_delayed(call, &envelope, reply, err);
}

/* Policies and firewall come before the mode that goes by them. */
static enum kv_code settle(struct arm_call *call, const struct keyvault_wish *wish,
                           const struct kv_vault *vault, bool is_new, struct arm_reply *reply,
                           struct kv_err *err)
{
    kv_auto(kv_resource_done) struct kv_resource envelope = { .id = NULL };
    kv_auto(kv_vault_release) const struct kv_vault *changed = NULL;

    KV_TRY(keyvault_keep(call, wish, vault, is_new, &envelope, err));
    KV_TRY(apply_access(call, wish, vault, &envelope, err));
    KV_TRY(change(call, wish, vault, &changed, err));
    KV_TRY(keyvault_store(call, &envelope, is_new, err));
    kv_clock_wake(call->app->clock);                    /* what was granted may count later */
    bool is_made = is_new && changed->kind == KV_VAULT; /* a managed HSM is never "created" */

    return answer(call, changed, is_made ? 201 : 200, reply, err);
}

/* Everything is as it was; only the date of the last change moves (§1.3). */
static enum kv_code recover(struct arm_call *call, const struct kv_vault *vault,
                            struct arm_reply *reply, struct kv_err *err)
{
    kv_auto(kv_vault_release) const struct kv_vault *recovered = NULL;
    kv_auto(kv_resource_done) struct kv_resource envelope = { .id = NULL };

    if (vault->deleted == 0) {
        return answer(call, vault, 200, reply, err);
    }
    KV_TRY(
        kv_vaults_recover(call->app->vaults, vault->name, kv_seconds(call->now), &recovered, err));
    kv_clock_wake(call->app->clock); /* rotations that waited */
    KV_TRY(keyvault_envelope(call, recovered, &envelope, err));
    KV_TRY(keyvault_store(call, &envelope, false, err));
    return answer(call, recovered, 200, reply, err);
}

enum kv_code keyvault_put(struct arm_call *call, struct arm_reply *reply, struct kv_err *err)
{
    kv_auto(keyvault_wish_done) struct keyvault_wish wish = { .is_whole = true };
    kv_auto(kv_vault_release) const struct kv_vault *vault = NULL;
    bool is_new = false;

    KV_TRY(keyvault_wish_read(call, &wish, err));
    KV_TRY(find_named(call, wish.draft.vault.name, &vault, err));
    KV_TRY(check_precondition(call, vault, err));
    KV_TRY(check_state(call, &wish, vault, err));
    if (wish.is_recovery) {
        return recover(call, vault, reply, err);
    }
    if (vault == NULL) {
        KV_TRY(make(call, &wish, &is_new, &vault, err));
    }
    return settle(call, &wish, vault, is_new, reply, err);
}

enum kv_code keyvault_check(struct arm_call *call, struct arm_reply *reply, struct kv_err *err)
{
    kv_auto(keyvault_wish_done) struct keyvault_wish wish = { .is_whole = true };
    kv_auto(kv_vault_release) const struct kv_vault *vault = NULL;

    (void) reply;
    KV_TRY(keyvault_wish_read(call, &wish, err));
    KV_TRY(find_named(call, wish.draft.vault.name, &vault, err));
    return check_state(call, &wish, vault, err);
}

enum kv_code keyvault_patch(struct arm_call *call, struct arm_reply *reply, struct kv_err *err)
{
    kv_auto(keyvault_wish_done) struct keyvault_wish wish = { .is_whole = false };
    kv_auto(kv_vault_release) const struct kv_vault *vault = keyvault_find(call);

    if (vault == NULL) {
        return arm_refuse_missing(call, err);
    }
    KV_TRY(keyvault_wish_read(call, &wish, err));
    KV_TRY(check_precondition(call, vault, err));
    KV_TRY(check_state(call, &wish, vault, err));
    return settle(call, &wish, vault, false, reply, err);
}

enum kv_code keyvault_get(struct arm_call *call, struct arm_reply *reply, struct kv_err *err)
{
    kv_auto(kv_vault_release) const struct kv_vault *vault = keyvault_find(call);

    return vault != NULL ? answer(call, vault, 200, reply, err) : arm_refuse_missing(call, err);
}

enum kv_code keyvault_delete(struct arm_call *call, struct arm_reply *reply, struct kv_err *err)
{
    kv_auto(kv_vault_release) const struct kv_vault *vault = keyvault_find(call);
    kv_auto(kv_vault_release) const struct kv_vault *deleted = NULL;
    enum kv_code code;

    reply->status = 204;
    if (vault == NULL) {
        return KV_OK;
    }
    KV_TRY(check_precondition(call, vault, err));
    code = kv_vaults_delete(call->app->vaults, vault->name, kv_seconds(call->now), &deleted, err);
    if (code == KV_CONFLICT || code == KV_VAULT_NOT_FOUND) { /* somebody was faster */
        return KV_OK;
    }
    kv_clock_wake(call->app->clock);
    reply->status = 200;
    return code;
}
