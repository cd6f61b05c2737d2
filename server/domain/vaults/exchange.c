/* SPDX-License-Identifier: Apache-2.0 */
/* The store's files are exchanged for those of another time: all vaults are as they were then, or one
 * is brought from there. */
#include <string.h>

#include "private.h"

enum kv_code kv_vaults_begin_exchange(struct kv_vaults *vaults, struct kv_err *err)
{
    static const char sql[] = "SELECT seq FROM sqlite_sequence WHERE name = 'vault'";
    kv_auto(kv_db_release) struct kv_db *db = NULL;

    pthread_mutex_lock(&vaults->changes);
    enum kv_code code = kv_db_acquire(vaults->store, &db, err);
    if (code == KV_OK) {
        code = kv_db_count(db, sql, KV_NO_BINDS, &vaults->ids, err);
    }
    if (code != KV_OK) {
        pthread_mutex_unlock(&vaults->changes);
    }
    return code;
}

void kv_vaults_end_exchange(struct kv_vaults *vaults)
{
    pthread_mutex_unlock(&vaults->changes);
}

/* An id that was given away since is not given to another vault: requests may still hold it. */
static enum kv_code keep_ids(const struct kv_vaults *vaults, struct kv_db *db, struct kv_err *err)
{
    static const char sql[] = "UPDATE sqlite_sequence SET seq = max(seq, ?) WHERE name = 'vault'";

    KV_TRY(kv_db_begin(db, err));
    KV_TRY(kv_db_run(db, sql, KV_BINDS(KV_B_INT(vaults->ids)), NULL, err));
    return kv_db_commit(db, err);
}

struct reading {
    const struct kv_vaults *vaults;
    struct vault_map *map;
    int64_t first;
};

static bool is_first(const struct kv_vaults *vaults, const struct kv_vault *vault)
{
    return vaults->draft_count > 0 && strcmp(vaults->drafts[0].vault.name, vault->name) == 0;
}

static enum kv_code add_row(void *reading_, const struct kv_vault *vault, struct kv_err *err)
{
    struct reading *reading = reading_;
    kv_auto(kv_vault_release) const struct kv_vault *snapshot = NULL;

    KV_TRY(vault_snapshot(vault, &snapshot, err));
    KV_TRY(vault_map_add(reading->map, snapshot, err));
    reading->first = is_first(reading->vaults, vault) ? vault->id : reading->first;
    return KV_OK;
}

enum kv_code kv_vaults_read_anew(struct kv_vaults *vaults, struct kv_err *err)
{
    kv_auto(vault_map_done) struct vault_map map = { .living = 0 };
    kv_auto(kv_db_release) struct kv_db *db = NULL;
    struct reading reading = { vaults, &map, 0 };

    KV_TRY(kv_db_acquire(vaults->store, &db, err));
    KV_TRY(keep_ids(vaults, db, err));
    KV_TRY(vault_rows_each(db, add_row, &reading, err));
    vault_table_replace(vaults, &map, reading.first);
    return KV_OK;
}

/* --- one vault --- */

static enum kv_code find_saved(struct kv_db *db, const char *name, int64_t *ret_id,
                               struct kv_err *err)
{
    static const char sql[] = "SELECT id FROM saved.vault WHERE name = ? AND kind IS NOT NULL";

    KV_TRY(kv_db_count(db, sql, KV_BINDS(KV_B_TEXT(name)), ret_id, err));
    if (*ret_id == 0) {
        return KV_FAIL(err, KV_NOT_FOUND, 0, "The snapshot has no vault named '%.64s'.", name);
    }
    return KV_OK;
}

/* It keeps its id, so that requests under way go on with it as it is now. */
static enum kv_code update_saved(struct kv_db *db, int64_t saved, int64_t id, struct kv_err *err)
{
    static const char sql[] =
        "UPDATE main.vault SET (kind, sku, access, retention, purge_protection, made, changed,"
        " deleted, purge, read_only, resource_group, region) = (SELECT kind, sku, access, "
        "retention,"
        " purge_protection, made, changed, deleted, purge, read_only, resource_group, region"
        " FROM saved.vault WHERE id = ?1) WHERE id = ?2";

    return kv_db_run(db, sql, KV_BINDS(KV_B_INT(saved), KV_B_INT(id)), NULL, err);
}

static enum kv_code insert_saved(struct kv_db *db, int64_t saved, int64_t *ret_id,
                                 struct kv_err *err)
{
    static const char sql[] =
        "INSERT INTO main.vault (name, kind, sku, access, retention, purge_protection, made,"
        " changed, deleted, purge, read_only, resource_group, region)"
        " SELECT name, kind, sku, access, retention, purge_protection, made, changed, deleted,"
        " purge, read_only, resource_group, region FROM saved.vault WHERE id = ?";

    KV_TRY(kv_db_run(db, sql, KV_BINDS(KV_B_INT(saved)), NULL, err));
    *ret_id = kv_db_last_id(db);
    return KV_OK;
}

/* `present`: the one that has the name now; NULL: none. */
static enum kv_code bring_row(struct kv_vaults *vaults, struct kv_db *db, int64_t saved,
                              const struct kv_vault *present, int64_t *ret_id, struct kv_err *err)
{
    if (present == NULL) {
        return insert_saved(db, saved, ret_id, err);
    }
    *ret_id = present->id;
    KV_TRY(vault_empty(vaults, db, present->id, err));
    return update_saved(db, saved, present->id, err);
}

static enum kv_code bring_contents(const struct kv_vaults *vaults, struct kv_db *db, int64_t saved,
                                   int64_t vault, struct kv_err *err)
{
    for (size_t i = 0; i < vaults->tenants; i++) {
        if (vaults->tenant[i].bring != NULL) {
            KV_TRY(vaults->tenant[i].bring(vaults->tenant[i].context, db, saved, vault, err));
        }
    }
    return KV_OK;
}

static enum kv_code keep_others(struct kv_vaults *vaults, const struct kv_vault *but,
                                struct vault_map *map, struct kv_err *err)
{
    kv_auto(kv_vault_list_done) struct kv_vault_list list = { .vault = NULL };

    KV_TRY(kv_vaults_list(vaults, &list, err));
    if (but == NULL && list.count >= KV_VAULTS_MAX) {
        return KV_FAIL(err, KV_CONFLICT, 0, "There are %d vaults, and no more can be made.",
                       KV_VAULTS_MAX);
    }
    for (size_t i = 0; i < list.count; i++) {
        if (but == NULL || list.vault[i]->id != but->id) {
            KV_TRY(vault_map_add(map, list.vault[i], err));
        }
    }
    return KV_OK;
}

static enum kv_code bring_rows(struct kv_vaults *vaults, struct kv_db *db, const char *name,
                               struct reading *reading, struct kv_err *err)
{
    struct entry *entry = vault_entry_find(vaults, name);
    kv_auto(kv_vault_release) const struct kv_vault *present =
        entry != NULL ? vault_entry_hold(vaults, entry) : NULL;
    struct kv_vault vault;
    int64_t saved = 0, id = 0;
    bool found;

    KV_TRY(find_saved(db, name, &saved, err));
    KV_TRY(keep_others(vaults, present, reading->map, err));
    KV_TRY(bring_row(vaults, db, saved, present, &id, err));
    KV_TRY(bring_contents(vaults, db, saved, id, err));
    KV_TRY(vault_row_load(db, name, &vault, &found, err));
    reading->first = vaults->first;
    return add_row(reading, &vault, err);
}

enum kv_code kv_vaults_bring(struct kv_vaults *vaults, const char *database, const char *name,
                             struct kv_err *err)
{
    kv_auto(vault_map_done) struct vault_map map = { .living = 0 };
    struct reading reading = { vaults, &map, 0 };
    kv_auto(kv_db_release) struct kv_db *db = NULL;
    struct kv_vault_draft draft; /* for the name, in lower case */

    KV_TRY(kv_vault_draft_begin(&draft, name, strlen(name), err));
    KV_TRY(kv_db_acquire(vaults->store, &db, err));
    KV_TRY(kv_db_attach(db, database, err));

    kv_auto(kv_db_detach) kv_unused struct kv_db *attached = db;

    KV_TRY(kv_db_begin(db, err));
    KV_TRY(bring_rows(vaults, db, draft.vault.name, &reading, err));
    KV_TRY(kv_db_commit(db, err));
    vault_table_replace(vaults, &map, reading.first);
    return KV_OK;
}
