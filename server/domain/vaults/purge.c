/* SPDX-License-Identifier: Apache-2.0 */
/* How vaults go, with all that is in them: one by hand, or those whose time has come. */
#include "private.h"

#define BATCH 64 /* vaults a transaction: others get their turn in between */

struct batch {
    const struct kv_vault *vault[BATCH]; /* held */
    size_t count;
};

static void batch_done(struct batch *batch)
{
    for (size_t i = 0; i < batch->count; i++) {
        kv_vault_release(batch->vault[i]);
    }
}
KV_DEFINE_CLEANUP_VALUE(struct batch, batch_done)

enum kv_code vault_empty(const struct kv_vaults *vaults, struct kv_db *db, int64_t id,
                         struct kv_err *err)
{
    for (size_t i = 0; i < vaults->tenants; i++) {
        KV_TRY(vaults->tenant[i].empty(vaults->tenant[i].context, db, id, err));
    }
    return KV_OK;
}

/* The vaults of these places go in one transaction. */
static enum kv_code purge_rows(struct kv_vaults *vaults, const struct kv_vault *const *vault,
                               size_t count, struct kv_err *err)
{
    kv_auto(kv_db_release) struct kv_db *db = NULL;

    KV_TRY(kv_db_acquire(vaults->store, &db, err));
    KV_TRY(kv_db_begin(db, err));
    for (size_t i = 0; i < count; i++) {
        KV_TRY(vault_empty(vaults, db, vault[i]->id, err));
        KV_TRY(vault_row_delete(db, vault[i]->id, err));
    }
    return kv_db_commit(db, err);
}

enum kv_code vault_entry_purge(struct kv_vaults *vaults, struct entry *entry, struct kv_err *err)
{
    kv_auto(kv_vault_release) const struct kv_vault *vault = vault_entry_hold(vaults, entry);

    KV_TRY(purge_rows(vaults, &vault, 1, err));
    vault_entry_remove(vaults, entry);
    return KV_OK;
}

static enum kv_code purge_batch(struct kv_vaults *vaults, kv_time now, struct batch *batch,
                                struct kv_err *err)
{
    kv_auto(end_turn) pthread_mutex_t *turn kv_unused = take_turn(vaults);
    struct entry *entry[BATCH];

    batch->count = vault_entries_due(vaults, now, entry, BATCH);
    for (size_t i = 0; i < batch->count; i++) {
        batch->vault[i] = vault_entry_hold(vaults, entry[i]);
    }
    if (batch->count > 0) {
        KV_TRY(purge_rows(vaults, batch->vault, batch->count, err));
    }
    for (size_t i = 0; i < batch->count; i++) {
        vault_entry_remove(vaults, entry[i]);
    }
    return KV_OK;
}

/* All of them are told of: they are gone. */
static bool tell(const struct batch *batch, kv_vault_visit_fn *visit, void *context)
{
    bool goes_on = true;

    for (size_t i = 0; i < batch->count; i++) {
        goes_on = visit(context, batch->vault[i]) && goes_on;
    }
    return goes_on;
}

enum kv_code kv_vaults_purge_due(struct kv_vaults *vaults, kv_time now, kv_vault_visit_fn *visit,
                                 void *context, struct kv_err *err)
{
    bool goes_on = true;

    while (goes_on) {
        kv_auto(batch_done) struct batch batch = { .count = 0 };

        KV_TRY(purge_batch(vaults, now, &batch, err));
        goes_on = tell(&batch, visit, context) && batch.count == BATCH;
    }
    return KV_OK;
}
