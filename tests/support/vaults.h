/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vaults.h - a table of vaults for tests that have no daemon.
 */
#pragma once

#include "kv/base/err.h"
#include "kv/vaults/vaults.h"

/* Opens a table with the vaults of these SPECs in a store that has none yet. */
static inline enum kv_code vaults_of_specs(struct kv_store *store, const char *const *specs,
                                           size_t count, struct kv_vaults **ret_vaults,
                                           struct kv_err *err)
{
    struct kv_vault_draft drafts[8];

    for (size_t i = 0; i < count; i++) {
        KV_TRY(kv_vault_parse(specs[i], &drafts[i], err));
    }
    KV_TRY(kv_vaults_new(store, ret_vaults, err));
    return kv_vaults_open(*ret_vaults, drafts, count, 0, err);
}
