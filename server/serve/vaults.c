/* SPDX-License-Identifier: Apache-2.0 */
/* The vaults that the options name. */
#include "serve.h"

#include <stdio.h>
#include <string.h>

#include "kv/base/log.h"
#include "kv/keys/state.h"

static bool is_named_twice(const struct kv_vault_draft *drafts, size_t last)
{
    for (size_t i = 0; i < last; i++) {
        if (strcmp(drafts[i].vault.name, drafts[last].vault.name) == 0) {
            return true;
        }
    }
    return false;
}

enum kv_code vaults_read(const struct kv_options *options, struct vault_drafts *ret_drafts,
                         struct kv_err *err)
{
    struct kv_vault_draft *drafts = ret_drafts->draft;
    size_t count = kv_option_list_count(options, KV_OPTION_VAULT);

    if (count == 0 || count > KV_COUNT(ret_drafts->draft)) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "--vault: 1 to %zu vaults can be named",
                       KV_COUNT(ret_drafts->draft));
    }
    for (size_t i = 0; i < count; i++) {
        KV_TRY(kv_vault_parse(kv_option_list_item(options, KV_OPTION_VAULT, i), &drafts[i], err));
        if (is_named_twice(drafts, i)) {
            return KV_FAIL(err, KV_BAD_PARAMETER, 0, "--vault: %s is named twice",
                           drafts[i].vault.name);
        }
    }
    ret_drafts->count = count;
    return KV_OK;
}

enum kv_code vaults_read_public_url(const struct kv_options *options,
                                    const struct vault_drafts *drafts,
                                    struct kv_public_url *ret_url, struct kv_err *err)
{
    KV_TRY(kv_public_url_parse(kv_option_text(options, KV_OPTION_PUBLIC_URL), ret_url, err));
    if (ret_url->host[0] != '\0' && !ret_url->is_named && drafts->count > 1) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0,
                       "--public-url: for more than one vault it has to be https://*.%s%s",
                       ret_url->host, ret_url->port);
    }
    (void) snprintf(ret_url->owner, sizeof(ret_url->owner), "%s", drafts->draft[0].vault.name);
    return KV_OK;
}

static void log_deleted(struct kv_vaults *vaults, const struct vault_drafts *drafts, kv_time now)
{
    for (size_t i = 0; i < drafts->count; i++) {
        kv_auto(kv_vault_release) const struct kv_vault *vault = NULL;
        const char *name = drafts->draft[i].vault.name;

        if (kv_vaults_get(vaults, name, now, &vault, NULL) == KV_OK && vault->deleted != 0) {
            kv_log(KV_LOG_WARNING, "vault_is_deleted", KV_LOG_TEXT_FIELD("vault", name),
                   KV_LOG_TEXT_FIELD("reason", "it was deleted before: recover or purge it"));
        }
    }
}

enum kv_code vaults_open(struct kv_vaults *vaults, const struct vault_drafts *drafts, kv_time now,
                         struct kv_err *err)
{
    KV_TRY(kv_vaults_open(vaults, drafts->draft, drafts->count, now, err));
    log_deleted(vaults, drafts, now);
    return KV_OK;
}

enum kv_code vaults_find_named(struct kv_vaults *vaults, const struct vault_named *named,
                               const struct kv_vault **ret_vault, struct kv_err *err)
{
    kv_auto(kv_vault_release) const struct kv_vault *vault = NULL;
    struct kv_vault_draft draft; /* for the name, in lower case */

    *ret_vault = NULL;
    KV_TRY(kv_vault_draft_begin(&draft, named->name, named->len, err));
    if (named->only != NULL && strcmp(named->only, draft.vault.name) != 0) {
        return KV_OK;
    }
    KV_TRY(kv_vaults_get(vaults, draft.vault.name, named->now, &vault, err));
    if (vault->deleted == 0) {
        *ret_vault = kv_take(vault);
    }
    return KV_OK;
}

void vaults_let(struct kv_vaults *vaults, struct kv_keys *keys, struct kv_roles *roles,
                struct kv_access *access, struct kv_resources *resources)
{
    kv_vaults_add_tenant(vaults, kv_keys_empty, kv_keys_bring, keys);
    kv_vaults_add_tenant(vaults, kv_roles_empty, kv_roles_bring, roles);
    kv_vaults_add_tenant(vaults, kv_access_empty, kv_access_bring, access);
    kv_vaults_add_tenant(vaults, kv_resources_empty, kv_resources_bring, resources);
}
