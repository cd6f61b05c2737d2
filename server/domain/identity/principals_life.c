/* SPDX-License-Identifier: Apache-2.0 */
/* What becomes of principals: disabled, deleted, made anew, their sessions revoked. */
#include "kv/identity/registry.h"

#include <string.h>

#include "principals_core.h"

enum kv_code kv_principal_get(struct kv_principals *principals, const char *name,
                              struct kv_principal_entry *ret_entry, struct kv_err *err)
{
    kv_auto(kv_db_release) struct kv_db *db = NULL;
    struct principals_row row;

    KV_TRY(kv_db_acquire(principals->store, &db, err));
    KV_TRY(principals_resolve(principals, db, name, &row, err));
    if (row.id == 0 && principals->refuses_unknown) {
        return principals_fail_unknown(name, err);
    }
    *ret_entry = row.entry;
    return KV_OK;
}

static enum kv_code set_number(struct kv_db *db, const char *sql, int64_t number, int64_t id,
                               struct kv_err *err)
{
    return kv_db_run(db, sql, KV_BINDS(KV_B_INT(number), KV_B_INT(id)), NULL, err);
}

enum kv_code kv_principal_enable(struct kv_principals *principals, const char *name, bool enabled,
                                 struct kv_principal_entry *ret_entry, struct kv_err *err)
{
    kv_auto(kv_db_release) struct kv_db *db = NULL;
    struct principals_row row;

    KV_TRY(principals_begin(principals, &db, err));
    KV_TRY(principals_hold(principals, db, name, &row, err));
    row.entry.state = enabled ? KV_PRINCIPAL_ENABLED : KV_PRINCIPAL_DISABLED;
    KV_TRY(set_number(db, "UPDATE principal SET state = ? WHERE id = ?", row.entry.state, row.id,
                      err));
    KV_TRY(principals_commit(principals, db, err));
    *ret_entry = row.entry;
    return KV_OK;
}

enum kv_code kv_principal_revoke(struct kv_principals *principals, const char *name, kv_millis now,
                                 struct kv_principal_entry *ret_entry, struct kv_err *err)
{
    kv_auto(kv_db_release) struct kv_db *db = NULL;
    struct principals_row row;

    KV_TRY(principals_begin(principals, &db, err));
    KV_TRY(principals_hold(principals, db, name, &row, err));
    row.entry.revoked = now;
    KV_TRY(set_number(db, "UPDATE principal SET revoked = ? WHERE id = ?", now, row.id, err));
    KV_TRY(principals_commit(principals, db, err));
    *ret_entry = row.entry;
    return KV_OK;
}

/* The row stays, so that its ids are not made up again; what hangs on it goes. */
static enum kv_code bury(struct kv_db *db, const struct principals_row *row, struct kv_err *err)
{
    static const char *const of_row[] = {
        "DELETE FROM principal_credential WHERE principal = ?",
        "UPDATE principal SET state = 2 WHERE id = ?", /* KV_PRINCIPAL_DELETED */
    };
    static const char of_object[] =
        "DELETE FROM principal_member WHERE belongs_to = ?1 OR member = ?1";

    for (size_t i = 0; i < KV_COUNT(of_row); i++) {
        KV_TRY(kv_db_run(db, of_row[i], KV_BINDS(KV_B_INT(row->id)), NULL, err));
    }
    return kv_db_run(db, of_object, KV_BINDS(KV_B_TEXT(row->entry.object_id)), NULL, err);
}
_Static_assert(KV_PRINCIPAL_DELETED == 2, "the statement above has the number");

enum kv_code kv_principal_delete(struct kv_principals *principals, const char *name,
                                 struct kv_err *err)
{
    kv_auto(kv_db_release) struct kv_db *db = NULL;
    struct principals_row row;

    KV_TRY(principals_begin(principals, &db, err));
    KV_TRY(principals_hold(principals, db, name, &row, err));
    KV_TRY(bury(db, &row, err));
    return principals_commit(principals, db, err);
}

/* The row that has the name, or had it last; one that was made up is a row from now. */
static enum kv_code find_predecessor(struct kv_principals *principals, struct kv_db *db,
                                     const char *name, struct principals_row *row,
                                     struct kv_err *err)
{
    KV_TRY(principals_resolve(principals, db, name, row, err));
    return row->entry.state == KV_PRINCIPAL_DELETED && !row->is_former
               ? KV_OK
               : principals_hold(principals, db, name, row, err);
}

enum kv_code kv_principal_recreate(struct kv_principals *principals, const char *name,
                                   struct kv_principal_entry *ret_entry, struct kv_err *err)
{
    kv_auto(kv_db_release) struct kv_db *db = NULL;
    struct principals_row row;

    KV_TRY(principals_begin(principals, &db, err));
    KV_TRY(find_predecessor(principals, db, name, &row, err));
    KV_TRY(bury(db, &row, err));
    KV_TRY(kv_db_run(db, "UPDATE principal SET name = NULL WHERE id = ?",
                     KV_BINDS(KV_B_INT(row.id)), NULL, err));
    row.entry.state = KV_PRINCIPAL_ENABLED;
    row.entry.revoked = KV_PRINCIPAL_NOT_REVOKED;
    kv_uuid_random(row.entry.object_id);
    if (row.entry.client_id[0] != '\0') {
        kv_uuid_random(row.entry.client_id);
    }
    KV_TRY(principals_insert(db, &row.entry, &row.id, err));
    KV_TRY(principals_forget_oldest(db, err));
    KV_TRY(principals_commit(principals, db, err));
    *ret_entry = row.entry;
    return KV_OK;
}

enum kv_code kv_principals_each(struct kv_principals *principals, kv_principal_visit_fn *visit,
                                void *context, struct kv_err *err)
{
    static const char sql[] =
        "SELECT " PRINCIPALS_COLUMNS " FROM principal WHERE name IS NOT NULL ORDER BY id";
    kv_auto(kv_db_release) struct kv_db *db = NULL;
    kv_auto(kv_rows_close) struct kv_rows *rows = NULL;
    struct principals_row row;
    bool more;

    KV_TRY(kv_db_acquire(principals->store, &db, err));
    KV_TRY(kv_db_query(db, sql, KV_NO_BINDS, &rows, err));
    KV_TRY(kv_rows_next(rows, &more, err));
    while (more) {
        principals_row_read(rows, &row);
        KV_TRY(visit(&row.entry, context, err));
        KV_TRY(kv_rows_next(rows, &more, err));
    }
    return KV_OK;
}

static enum kv_code forget_all(struct kv_principals *principals, struct kv_err *err)
{
    static const char *const statements[] = {
        "DELETE FROM principal_member",
        "DELETE FROM principal_credential",
        "DELETE FROM principal",
    };
    kv_auto(kv_db_release) struct kv_db *db = NULL;

    KV_TRY(principals_begin(principals, &db, err));
    for (size_t i = 0; i < KV_COUNT(statements); i++) {
        KV_TRY(kv_db_run(db, statements[i], KV_NO_BINDS, NULL, err));
    }
    return principals_commit(principals, db, err);
}

enum kv_code kv_principals_reset(struct kv_principals *principals, kv_principals_fill_fn *fill,
                                 void *context, struct kv_err *err)
{
    enum kv_code code;

    principals->resetter = pthread_self();
    atomic_fetch_add(&principals->resets, 1);
    code = forget_all(principals, err);
    if (code == KV_OK && fill != NULL) {
        code = fill(context, err);
    }
    atomic_fetch_add(&principals->resets, 1);
    return code;
}
