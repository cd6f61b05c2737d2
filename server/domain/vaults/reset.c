/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Resetting to what the options say, in one transaction. Requests that hold a vault meanwhile find
 * it purged: its replacement has another id.
 */
#include <string.h>

#include "private.h"

#define PATIENCE_MS 5000 /* with users of the store; each takes milliseconds */

/* The draft of that name; NULL: no option names it. */
static const struct kv_vault_draft *find_draft(const struct kv_vaults *vaults, const char *name)
{
    for (size_t i = 0; i < vaults->draft_count; i++) {
        if (strcmp(vaults->drafts[i].vault.name, name) == 0) {
            return &vaults->drafts[i];
        }
    }
    return NULL;
}

static enum kv_code settle(struct kv_vaults *vaults, struct kv_db *db, const struct kv_vault *vault,
                           struct kv_err *err)
{
    return vaults->settle != NULL ? vaults->settle(vaults->settle_context, db, vault, err) : KV_OK;
}

static enum kv_code insert(struct kv_vaults *vaults, struct kv_db *db, const struct kv_vault *like,
                           kv_time now, struct vault_map *map, int64_t *ret_id, struct kv_err *err)
{
    kv_auto(kv_vault_release) const struct kv_vault *snapshot = NULL;
    struct kv_vault vault = *like;

    vault.made = vault.changed = now;
    vault.deleted = vault.purge = 0;
    vault.read_only = false;
    KV_TRY(vault_row_insert(db, &vault, err));
    KV_TRY(settle(vaults, db, &vault, err));
    KV_TRY(vault_snapshot(&vault, &snapshot, err));
    KV_TRY(vault_map_add(map, snapshot, err));
    *ret_id = vault.id;
    return KV_OK;
}

static enum kv_code make_anew(struct kv_vaults *vaults, struct kv_db *db, kv_time now,
                              struct vault_map *map, int64_t *ret_first, struct kv_err *err)
{
    KV_TRY(vault_empty(vaults, db, KV_VAULTS_ALL, err));
    KV_TRY(vault_rows_delete_all(db, err));
    for (size_t i = 0; i < vaults->draft_count; i++) {
        int64_t id = 0;

        KV_TRY(insert(vaults, db, &vaults->drafts[i].vault, now, map, &id, err));
        *ret_first = i == 0 ? id : *ret_first;
    }
    return KV_OK;
}

/* The others stay as they are. */
static enum kv_code keep_others(struct kv_vaults *vaults, const struct kv_vault *but,
                                struct vault_map *map, struct kv_err *err)
{
    kv_auto(kv_vault_list_done) struct kv_vault_list list = { .vault = NULL };

    KV_TRY(kv_vaults_list(vaults, &list, err));
    for (size_t i = 0; i < list.count; i++) {
        if (list.vault[i]->id != but->id) {
            KV_TRY(vault_map_add(map, list.vault[i], err));
        }
    }
    return KV_OK;
}

static enum kv_code replace(struct kv_vaults *vaults, struct kv_db *db,
                            const struct kv_vault *vault, kv_time now, struct vault_map *map,
                            int64_t *ret_first, struct kv_err *err)
{
    const struct kv_vault_draft *draft = find_draft(vaults, vault->name);
    int64_t id = 0;

    KV_TRY(keep_others(vaults, vault, map, err));
    KV_TRY(vault_empty(vaults, db, vault->id, err));
    KV_TRY(vault_row_delete(db, vault->id, err));
    KV_TRY(insert(vaults, db, draft != NULL ? &draft->vault : vault, now, map, &id, err));
    *ret_first = vaults->first == vault->id ? id : vaults->first;
    return KV_OK;
}

/* The vault of that name, live or deleted. */
static enum kv_code find(struct kv_vaults *vaults, const char *name,
                         const struct kv_vault **ret_vault, struct kv_err *err)
{
    struct entry *entry = vault_entry_find(vaults, name);

    if (entry == NULL) {
        return KV_FAIL(err, KV_VAULT_NOT_FOUND, 0, "There is no vault named '%.64s'.", name);
    }
    *ret_vault = vault_entry_hold(vaults, entry);
    return KV_OK;
}

/* While the store stands still: nobody reads what is there now by what was there before. */
static enum kv_code put_back(struct kv_vaults *vaults, const struct kv_vault *vault, kv_time now,
                             struct kv_err *err)
{
    kv_auto(vault_map_done) struct vault_map map = { .living = 0 };
    kv_auto(kv_db_release) struct kv_db *db = NULL;
    int64_t first = 0;

    KV_TRY(kv_db_acquire(vaults->store, &db, err));
    KV_TRY(kv_db_begin(db, err));
    KV_TRY(vault != NULL ? replace(vaults, db, vault, now, &map, &first, err)
                         : make_anew(vaults, db, now, &map, &first, err));
    KV_TRY(kv_db_commit(db, err));
    vault_table_replace(vaults, &map, first);
    return KV_OK;
}

enum kv_code kv_vaults_reset(struct kv_vaults *vaults, const char *name, kv_time now,
                             struct kv_err *err)
{
    kv_auto(end_turn) pthread_mutex_t *turn kv_unused = take_turn(vaults);
    kv_auto(kv_vault_release) const struct kv_vault *vault = NULL;

    if (name != NULL) {
        KV_TRY(find(vaults, name, &vault, err));
    }
    KV_TRY(kv_store_pause(vaults->store, PATIENCE_MS, err));
    enum kv_code code = put_back(vaults, vault, now, err);
    kv_store_resume(vaults->store);
    return code;
}
