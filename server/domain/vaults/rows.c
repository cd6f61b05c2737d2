/* SPDX-License-Identifier: Apache-2.0 */
/* Vaults in the store. */
#include <string.h>

#include "private.h"

/* Ids are never reused: remains of a purged vault never become a later one's. */
static const struct kv_migration migrations[] = {
    { "CREATE TABLE vault ("
      "  id INTEGER PRIMARY KEY AUTOINCREMENT,"
      "  name TEXT NOT NULL UNIQUE,"
      "  kind INTEGER," /* these are NULL for a vault of an older store, known only by name */
      "  sku INTEGER,"
      "  access INTEGER,"
      "  retention INTEGER," /* days */
      "  purge_protection INTEGER,"
      "  made INTEGER," /* s */
      "  changed INTEGER,"
      "  deleted INTEGER NOT NULL DEFAULT 0,"
      "  purge INTEGER NOT NULL DEFAULT 0"
      ");" },
    /* the region has failed over: no changes */
    { "ALTER TABLE vault ADD COLUMN read_only INTEGER NOT NULL DEFAULT 0;" },
    /* where the resource manager has it */
    { "ALTER TABLE vault ADD COLUMN resource_group TEXT NOT NULL DEFAULT '" KV_GROUP "';"
      "ALTER TABLE vault ADD COLUMN region TEXT NOT NULL DEFAULT '" KV_REGION "';" },
    { NULL },
};

#define COLUMNS                                                                                    \
    "id, name, kind, sku, access, retention, purge_protection, made, changed, deleted, purge,"     \
    " read_only, resource_group, region"

enum kv_code vault_rows_migrate(struct kv_store *store, struct kv_err *err)
{
    return kv_store_migrate(store, "vaults", migrations, err);
}

static bool is_between(int64_t number, int64_t low, int64_t high)
{
    return number >= low && number <= high;
}

static bool is_date(int64_t seconds)
{
    return is_between(seconds, 0, KV_TIME_MAX);
}

/* A name as it would be stored, and nothing behind it. */
static bool read_name(const struct kv_rows *rows, char ret_name[KV_VAULT_NAME_MAX + 1])
{
    struct kv_vault_draft draft;
    size_t len;
    const char *name = kv_rows_bytes(rows, 1, &len);

    if (name == NULL || kv_vault_draft_begin(&draft, name, len, NULL) != KV_OK
        || strncmp(draft.vault.name, name, len) != 0) {
        return false;
    }
    memcpy(ret_name, draft.vault.name, sizeof(draft.vault.name));
    return true;
}

/* By the rules that it was given by. */
static bool read_place(const struct kv_rows *rows, struct kv_vault *vault)
{
    struct kv_vault_draft draft = { .given = 0 };
    const char *group = kv_rows_text(rows, 12), *region = kv_rows_text(rows, 13);

    if (kv_vault_draft_set(&draft, "group", group, NULL) != KV_OK
        || kv_vault_draft_set(&draft, "region", region, NULL) != KV_OK) {
        return false;
    }
    memcpy(vault->group, draft.vault.group, sizeof(vault->group));
    memcpy(vault->region, draft.vault.region, sizeof(vault->region));
    return true;
}

/* What a hand or a damaged disk may have put there must not get any further. */
static bool is_sound(const struct kv_rows *rows)
{
    bool is_deleted = kv_rows_int(rows, 9) != 0;

    return is_between(kv_rows_int(rows, 2), KV_VAULT, KV_MANAGED_HSM)
           && is_between(kv_rows_int(rows, 3), KV_SKU_STANDARD, KV_SKU_PREMIUM)
           && is_between(kv_rows_int(rows, 4), KV_ACCESS_OPEN, KV_ACCESS_RBAC)
           && is_between(kv_rows_int(rows, 5), KV_RETENTION_MIN, KV_RETENTION_MAX)
           && is_between(kv_rows_int(rows, 6), 0, 1) && is_date(kv_rows_int(rows, 7))
           && is_date(kv_rows_int(rows, 8)) && is_date(kv_rows_int(rows, 9))
           && is_date(kv_rows_int(rows, 10)) && is_deleted == (kv_rows_int(rows, 10) != 0)
           && is_between(kv_rows_int(rows, 11), 0, 1);
}

static enum kv_code read_row(const struct kv_rows *rows, struct kv_vault *ret_vault,
                             struct kv_err *err)
{
    *ret_vault = (struct kv_vault){
        .id = kv_rows_int(rows, 0),
        .kind = (enum kv_vault_kind) kv_rows_int(rows, 2),
        .sku = (enum kv_sku) kv_rows_int(rows, 3),
        .access = (enum kv_access_mode) kv_rows_int(rows, 4),
        .retention_days = (unsigned) kv_rows_int(rows, 5),
        .purge_protection = kv_rows_int(rows, 6) != 0,
        .made = kv_rows_int(rows, 7),
        .changed = kv_rows_int(rows, 8),
        .deleted = kv_rows_int(rows, 9),
        .purge = kv_rows_int(rows, 10),
        .read_only = kv_rows_int(rows, 11) != 0,
    };
    if (!is_sound(rows) || !read_name(rows, ret_vault->name) || !read_place(rows, ret_vault)) {
        return KV_FAIL(err, KV_INTERNAL, 0,
                       "the store is damaged: its vault %lld has a name or a setting that no vault "
                       "can have",
                       (long long) ret_vault->id);
    }
    return KV_OK;
}

enum kv_code vault_row_insert(struct kv_db *db, struct kv_vault *vault, struct kv_err *err)
{
    static const char sql[] =
        "INSERT INTO vault (name, kind, sku, access, retention, purge_protection, made, changed,"
        " resource_group, region) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)"
        " ON CONFLICT (name) DO UPDATE SET kind = ?2, sku = ?3, access = ?4, retention = ?5,"
        " purge_protection = ?6, made = ?7, changed = ?8, resource_group = ?9, region = ?10"
        " WHERE kind IS NULL RETURNING id";
    kv_auto(kv_rows_close) struct kv_rows *rows = NULL;
    bool found;

    KV_TRY(kv_db_query(db, sql,
                       KV_BINDS(KV_B_TEXT(vault->name), KV_B_INT(vault->kind), KV_B_INT(vault->sku),
                                KV_B_INT(vault->access), KV_B_INT(vault->retention_days),
                                KV_B_INT(vault->purge_protection), KV_B_INT(vault->made),
                                KV_B_INT(vault->changed), KV_B_TEXT(vault->group),
                                KV_B_TEXT(vault->region)),
                       &rows, err));
    KV_TRY(kv_rows_next(rows, &found, err));
    if (!found) {
        return KV_FAIL(err, KV_CONFLICT, 0, "There is a vault named '%s'.", vault->name);
    }
    vault->id = kv_rows_int(rows, 0);
    return kv_rows_next(rows, &found, err); /* to the end of the statement */
}

enum kv_code vault_row_update(struct kv_db *db, const struct kv_vault *vault, struct kv_err *err)
{
    static const char sql[] = "UPDATE vault SET sku = ?, access = ?, purge_protection = ?,"
                              " changed = ?, deleted = ?, purge = ?, read_only = ? WHERE id = ?";

    return kv_db_run(db, sql,
                     KV_BINDS(KV_B_INT(vault->sku), KV_B_INT(vault->access),
                              KV_B_INT(vault->purge_protection), KV_B_INT(vault->changed),
                              KV_B_INT(vault->deleted), KV_B_INT(vault->purge),
                              KV_B_INT(vault->read_only), KV_B_INT(vault->id)),
                     NULL, err);
}

enum kv_code vault_row_delete(struct kv_db *db, int64_t id, struct kv_err *err)
{
    static const char sql[] = "DELETE FROM vault WHERE id = ?";

    return kv_db_run(db, sql, KV_BINDS(KV_B_INT(id)), NULL, err);
}

enum kv_code vault_rows_delete_all(struct kv_db *db, struct kv_err *err)
{
    return kv_db_run(db, "DELETE FROM vault", KV_NO_BINDS, NULL, err);
}

enum kv_code vault_row_load(struct kv_db *db, const char *name, struct kv_vault *ret_vault,
                            bool *ret_found, struct kv_err *err)
{
    static const char sql[] = "SELECT " COLUMNS " FROM vault WHERE name = ? AND kind IS NOT NULL";
    kv_auto(kv_rows_close) struct kv_rows *rows = NULL;

    KV_TRY(kv_db_query(db, sql, KV_BINDS(KV_B_TEXT(name)), &rows, err));
    KV_TRY(kv_rows_next(rows, ret_found, err));
    return *ret_found ? read_row(rows, ret_vault, err) : KV_OK;
}

enum kv_code vault_rows_each(struct kv_db *db, vault_row_fn *visit, void *context,
                             struct kv_err *err)
{
    static const char sql[] = "SELECT " COLUMNS " FROM vault WHERE kind IS NOT NULL ORDER BY id";
    kv_auto(kv_rows_close) struct kv_rows *rows = NULL;
    struct kv_vault vault;
    bool more;

    KV_TRY(kv_db_query(db, sql, KV_NO_BINDS, &rows, err));
    KV_TRY(kv_rows_next(rows, &more, err));
    while (more) {
        KV_TRY(read_row(rows, &vault, err));
        KV_TRY(visit(context, &vault, err));
        KV_TRY(kv_rows_next(rows, &more, err));
    }
    return KV_OK;
}

enum kv_code kv_vault_check(struct kv_db *db, int64_t id, struct kv_err *err)
{
    static const char sql[] = "SELECT 1 FROM vault WHERE id = ?";
    kv_auto(kv_rows_close) struct kv_rows *rows = NULL;
    bool found;

    KV_TRY(kv_db_query(db, sql, KV_BINDS(KV_B_INT(id)), &rows, err));
    KV_TRY(kv_rows_next(rows, &found, err));
    if (!found) {
        return KV_FAIL(err, KV_VAULT_NOT_FOUND, 0, "The vault was purged.");
    }
    return KV_OK;
}
