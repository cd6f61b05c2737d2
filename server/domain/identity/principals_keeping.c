/* SPDX-License-Identifier: Apache-2.0 */
/* Principals as they were before they were lost. */
#include "kv/identity/keeping.h"

#include "core.h"
#include "kv/identity/registry.h"
#include "principals_core.h"

#define OF(member) "json_extract(?1, '$." member "')"
#define IN_ROW(member) "json_extract(r.value, '$." member "')"

_Static_assert(KV_CREDENTIAL_SECRET == 0, "the statements below have the number");

/* The ends are kept as texts: they are beyond what numbers of JSON hold. */
enum kv_code kv_principal_keep(struct kv_principals *principals, const char *name,
                               struct kv_buf *text, struct kv_err *err)
{
    static const char sql[] =
        "SELECT json_object('row', ?1, 'object_id', ?2, 'state', ?3, 'secrets',"
        " (SELECT json_group_array(json_object('id', id, 'expires', CAST(expires AS TEXT)))"
        " FROM principal_credential WHERE principal = ?1 AND kind = 0))";
    kv_auto(kv_db_release) struct kv_db *db = NULL;
    kv_auto(kv_rows_close) struct kv_rows *rows = NULL;
    struct principals_row row;
    bool more;

    KV_TRY(kv_db_acquire(principals->store, &db, err));
    KV_TRY(principals_resolve_living(principals, db, name, &row, err));
    KV_TRY(kv_db_query(
        db, sql,
        KV_BINDS(KV_B_INT(row.id), KV_B_TEXT(row.entry.object_id), KV_B_INT(row.entry.state)),
        &rows, err));
    KV_TRY(kv_rows_next(rows, &more, err));
    return kv_buf_printf(text, err, "%s", more ? kv_rows_text(rows, 0) : "{}");
}

static enum kv_code set_state(struct kv_db *db, int64_t id, enum kv_principal_state state,
                              struct kv_err *err)
{
    static const char sql[] = "UPDATE principal SET state = ? WHERE id = ?";

    return kv_db_run(db, sql, KV_BINDS(KV_B_INT(state), KV_B_INT(id)), NULL, err);
}

static enum kv_code expire_secrets(struct kv_db *db, int64_t id, const char *name, kv_time now,
                                   struct kv_err *err)
{
    static const char sql[] = "UPDATE principal_credential SET expires = ?"
                              " WHERE principal = ? AND kind = 0 AND expires > ?";
    int64_t changes;

    KV_TRY(kv_db_run(db, sql, KV_BINDS(KV_B_INT(now - 1), KV_B_INT(id), KV_B_INT(now)), &changes,
                     err));
    if (changes == 0) {
        return KV_FAIL(err, KV_CONFLICT, 0,
                       "The identity '%.128s' has no secret that could expire.", name);
    }
    return KV_OK;
}

static enum kv_code lose(struct kv_db *db, int64_t id, const char *name,
                         enum kv_principal_loss loss, kv_time now, struct kv_err *err)
{
    switch (loss) {
    case KV_LOSS_DELETED:
        return set_state(db, id, KV_PRINCIPAL_DELETED, err);
    case KV_LOSS_DISABLED:
        return set_state(db, id, KV_PRINCIPAL_DISABLED, err);
    case KV_LOSS_SECRETS_EXPIRED:
        break;
    }
    return expire_secrets(db, id, name, now, err);
}

enum kv_code kv_principal_lose(struct kv_principals *principals, const char *name,
                               enum kv_principal_loss loss, kv_time now, struct kv_err *err)
{
    kv_auto(kv_db_release) struct kv_db *db = NULL;
    struct principals_row row;

    KV_TRY(principals_begin(principals, &db, err));
    KV_TRY(principals_hold(principals, db, name, &row, err));
    KV_TRY(lose(db, row.id, name, loss, now, err));
    return principals_commit(principals, db, err);
}

/* clang-format off */
#define END_OF_SECRET                                                                              \
    "SELECT CAST(" IN_ROW("expires") " AS INTEGER) FROM json_each(?1, '$.secrets') r"              \
    " WHERE " IN_ROW("id") " = principal_credential.id"

static const char *const putting_back[] = {
    "UPDATE principal SET state = " OF("state")
    " WHERE object_id = " OF("object_id") " AND name IS NOT NULL",
    "UPDATE principal_credential SET expires = (" END_OF_SECRET ")"
    " WHERE principal = " OF("row") " AND EXISTS (" END_OF_SECRET ")",
    "DELETE FROM principal WHERE " OF("row") " = 0 AND object_id = " OF("object_id")
    " AND registered = 0"
    " AND NOT EXISTS (SELECT 1 FROM principal_credential c WHERE c.principal = principal.id)",
};
/* clang-format on */

enum kv_code kv_principal_put_back(struct kv_principals *principals, const char *kept,
                                   struct kv_err *err)
{
    kv_auto(kv_db_release) struct kv_db *db = NULL;

    KV_TRY(principals_begin(principals, &db, err));
    for (size_t i = 0; i < KV_COUNT(putting_back); i++) {
        KV_TRY(kv_db_run(db, putting_back[i], KV_BINDS(KV_B_TEXT(kept)), NULL, err));
    }
    return principals_commit(principals, db, err);
}
