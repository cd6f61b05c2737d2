/* SPDX-License-Identifier: Apache-2.0 */
/* The life of the table itself. */
#include "kv/vaults/vaults.h"

#include <assert.h>
#include <stdlib.h>

#include "private.h"

enum kv_code kv_vaults_new(struct kv_store *store, struct kv_vaults **ret_vaults,
                           struct kv_err *err)
{
    KV_TRY(vault_rows_migrate(store, err));

    struct kv_vaults *vaults = calloc(1, sizeof(*vaults));

    if (vaults == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    vaults->store = store;
    (void) pthread_mutex_init(&vaults->changes, NULL); /* cannot fail on Linux */
    (void) pthread_mutex_init(&vaults->lock, NULL);
    *ret_vaults = vaults;
    return KV_OK;
}

void kv_vaults_free(struct kv_vaults *vaults)
{
    if (vaults == NULL) {
        return;
    }
    vault_map_done(&vaults->map);
    free(vaults->drafts);
    (void) pthread_mutex_destroy(&vaults->lock);
    (void) pthread_mutex_destroy(&vaults->changes);
    free(vaults);
}

void kv_vaults_tell(struct kv_vaults *vaults, kv_vault_told_fn *told, void *context)
{
    vaults->told = told;
    vaults->told_context = context;
}

void kv_vaults_settle(struct kv_vaults *vaults, kv_vault_settle_fn *settle, void *context)
{
    vaults->settle = settle;
    vaults->settle_context = context;
}

void kv_vaults_note_access(struct kv_vaults *vaults, kv_vault_settle_fn *note, void *context)
{
    vaults->note_access = note;
    vaults->note_context = context;
}

void kv_vaults_add_tenant(struct kv_vaults *vaults, kv_vault_empty_fn *empty,
                          kv_vault_bring_fn *bring, void *context)
{
    assert(vaults->tenants < KV_VAULT_TENANTS_MAX);
    vaults->tenant[vaults->tenants++] = (struct tenant){ empty, bring, context };
}
