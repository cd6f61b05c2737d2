/* SPDX-License-Identifier: Apache-2.0 */
/* Keys as they were before a failure was acted out on them. */
#include "kv/keys/keeping.h"

#include "core.h"
#include "kv/base/json.h"
#include "rows.h"

#define OF(member) "json_extract(?1, '$." member "')"

static enum kv_code append_row(struct kv_db *db, int64_t version, enum kv_keeping keeping,
                               struct kv_buf *text, struct kv_err *err)
{
    static const char sql[] =
        "SELECT json_object('keeping', ?2, 'vault', k.vault, 'key', k.id, 'name', k.name,"
        " 'fold', k.fold, 'state', k.state, 'ready', k.ready, 'deleted', k.deleted,"
        " 'purge', k.purge, 'latest', k.latest, 'due', p.due,"
        " 'newest', (SELECT max(id) FROM version WHERE key = k.id),"
        " 'row', v.id, 'version', v.version, 'ops', v.ops, 'enabled', v.enabled,"
        " 'not_before', v.not_before, 'expires', v.expires, 'updated', v.updated)"
        " FROM version v JOIN key k ON k.id = v.key LEFT JOIN rotation_policy p ON p.key = k.id"
        " WHERE v.id = ?1";
    kv_auto(kv_rows_close) struct kv_rows *rows = NULL;
    bool more;

    KV_TRY(kv_db_query(db, sql, KV_BINDS(KV_B_INT(version), KV_B_INT(keeping)), &rows, err));
    KV_TRY(kv_rows_next(rows, &more, err));
    return kv_buf_printf(text, err, "%s", more ? kv_rows_text(rows, 0) : "{}");
}

enum kv_code kv_key_keep(const struct kv_scope *scope, const char *name, const char *version,
                         enum kv_keeping keeping, struct kv_buf *text, struct kv_err *err)
{
    kv_auto(kv_db_release) struct kv_db *db = NULL;
    kv_auto(kv_key_done) struct kv_key key = { .version = "" };
    int64_t id;

    KV_TRY(kv_db_acquire(scope->keys->config.store, &db, err));
    KV_TRY(kv_db_begin_reading(db, err));
    KV_TRY(key_find(db, scope, name, version, &key, &id, err));
    return append_row(db, id, keeping, text, err);
}

/* clang-format off */

/* The key that is meant, by the id of its row, which after a purge may be another one's. */
#define KEY_OF "id = " OF("key") " AND vault = " OF("vault") " AND name = " OF("name")
#define IS_KEPT(keeping) OF("keeping") " = " #keeping
_Static_assert(KV_KEEP_VERSION == 0 && KV_KEEP_STATE == 1 && KV_KEEP_LATEST == 2,
               "the statements below have the numbers");

#define NEWER                                                                                      \
    "key = " OF("key") " AND id > " OF("newest")                                                   \
    " AND EXISTS (SELECT 1 FROM key WHERE " KEY_OF ") AND " IS_KEPT(2)

/* In this order: the latest version is set before newer ones go. */
static const char *const putting_back[] = {
    "UPDATE version SET ops = " OF("ops") ", enabled = " OF("enabled") ","
    " not_before = " OF("not_before") ", expires = " OF("expires") ", updated = " OF("updated")
    " WHERE id = " OF("row") " AND version = " OF("version") " AND " OF("keeping") " IN (0, 2)",
    "UPDATE key SET fold = " OF("fold") ", state = " OF("state") ", ready = " OF("ready") ","
    " deleted = " OF("deleted") ", purge = " OF("purge") " WHERE " KEY_OF " AND " IS_KEPT(1),
    "UPDATE key SET latest = " OF("latest") " WHERE " KEY_OF " AND " IS_KEPT(2),
    "INSERT INTO limbo (object, doomed) SELECT object, 1 FROM version WHERE " NEWER
    " AND external IS NULL",
    "DELETE FROM version WHERE " NEWER,
    "UPDATE rotation_policy SET due = " OF("due") " WHERE key = " OF("key")
    " AND EXISTS (SELECT 1 FROM key WHERE " KEY_OF " AND latest = " OF("latest") ")",
};

static const char others_of_name[] =
    "SELECT count(*) FROM key WHERE vault = " OF("vault")
    " AND fold = " OF("fold") " AND id != " OF("key") " AND " IS_KEPT(1)
    " AND EXISTS (SELECT 1 FROM key WHERE " KEY_OF ")";
/* clang-format on */

static enum kv_code check_name_is_free(struct kv_db *db, const char *kept, struct kv_err *err)
{
    int64_t count;

    KV_TRY(kv_db_count(db, others_of_name, KV_BINDS(KV_B_TEXT(kept)), &count, err));
    if (count > 0) {
        return KV_FAIL(err, KV_CONFLICT, 0,
                       "Another key was made under the name of the one that was purged: delete and "
                       "purge it first.");
    }
    return KV_OK;
}

enum kv_code kv_key_put_back(struct kv_keys *keys, const char *kept, struct kv_err *err)
{
    kv_auto(kv_db_release) struct kv_db *db = NULL;

    KV_TRY(kv_db_acquire(keys->config.store, &db, err));
    KV_TRY(kv_db_begin(db, err));
    KV_TRY(check_name_is_free(db, kept, err));
    for (size_t i = 0; i < KV_COUNT(putting_back); i++) {
        KV_TRY(kv_db_run(db, putting_back[i], KV_BINDS(KV_B_TEXT(kept)), NULL, err));
    }
    return kv_db_commit(db, err);
}

enum kv_code kv_key_set_aside(const struct kv_scope *scope, const char *name, struct kv_err *err)
{
    /* No name folds to one that begins with a control character. */
    static const char sql[] = "UPDATE key SET state = ?, fold = char(1) || id WHERE id = ?";
    kv_auto(kv_db_release) struct kv_db *db = NULL;
    struct name_fold fold;
    struct key_row row;

    KV_TRY(name_fold(name, &fold, err));
    KV_TRY(kv_db_acquire(scope->keys->config.store, &db, err));
    KV_TRY(kv_db_begin(db, err));
    KV_TRY(key_row_load(db, scope, &fold, &row, err));
    if (row.phase != PHASE_LIVE) {
        return fail_not_found(scope, name, NULL, err);
    }
    KV_TRY(kv_db_run(db, sql, KV_BINDS(KV_B_INT(STATE_ASIDE), KV_B_INT(row.id)), NULL, err));
    return kv_db_commit(db, err);
}
