/* SPDX-License-Identifier: Apache-2.0 */
/* Who is in which group. */
#include "kv/identity/registry.h"

#include <string.h>

#include "kv/base/json.h"
#include "principals_core.h"

static enum kv_code hold_group(struct kv_principals *principals, struct kv_db *db, const char *name,
                               struct principals_row *ret_row, struct kv_err *err)
{
    KV_TRY(principals_resolve_living(principals, db, name, ret_row, err));
    if (ret_row->entry.type != KV_PRINCIPAL_GROUP) {
        return KV_FAIL(err, KV_CONFLICT, 0, "'%.128s' is no group.", name);
    }
    return KV_OK;
}

/* As the index will be: whoever the new member brings along is in more groups now, too. */
static enum kv_code check_bound(struct kv_db *db, struct kv_err *err)
{
    kv_auto(principals_index_free) struct principals_index *index = NULL;

    KV_TRY(principals_index_new(0, &index, err));
    KV_TRY(principals_index_read(db, index, err));
    if (principals_index_is_over(index)) {
        return KV_FAIL(err, KV_CONFLICT, 0, "Nobody can be in more than %d groups.",
                       KV_PRINCIPAL_GROUPS_MAX);
    }
    return KV_OK;
}

static enum kv_code check_room(struct kv_db *db, struct kv_err *err)
{
    int64_t count;

    KV_TRY(kv_db_count(db, "SELECT count(*) FROM principal_member", KV_NO_BINDS, &count, err));
    if (count >= PRINCIPALS_MEMBERS_MAX) {
        return KV_FAIL(err, KV_CONFLICT, 0, "All groups together have %d members at most.",
                       PRINCIPALS_MEMBERS_MAX);
    }
    return KV_OK;
}

enum kv_code kv_principal_add_member(struct kv_principals *principals, const char *group,
                                     const char *member, struct kv_err *err)
{
    static const char sql[] = "INSERT OR IGNORE INTO principal_member (belongs_to, member)"
                              " VALUES (?, ?)";
    kv_auto(kv_db_release) struct kv_db *db = NULL;
    struct principals_row whole, part;
    int64_t changes;

    KV_TRY(principals_begin(principals, &db, err));
    KV_TRY(hold_group(principals, db, group, &whole, err));
    KV_TRY(principals_resolve_living(principals, db, member, &part, err));
    KV_TRY(check_room(db, err));
    KV_TRY(kv_db_run(db, sql,
                     KV_BINDS(KV_B_TEXT(whole.entry.object_id), KV_B_TEXT(part.entry.object_id)),
                     &changes, err));
    if (changes > 0) {
        KV_TRY(check_bound(db, err));
    }
    return principals_commit(principals, db, err);
}

enum kv_code kv_principal_remove_member(struct kv_principals *principals, const char *group,
                                        const char *member, struct kv_err *err)
{
    static const char sql[] = "DELETE FROM principal_member WHERE belongs_to = ? AND member = ?";
    kv_auto(kv_db_release) struct kv_db *db = NULL;
    struct principals_row whole, part;
    int64_t changes;

    KV_TRY(principals_begin(principals, &db, err));
    KV_TRY(hold_group(principals, db, group, &whole, err));
    KV_TRY(principals_resolve(principals, db, member, &part, err));
    KV_TRY(kv_db_run(db, sql,
                     KV_BINDS(KV_B_TEXT(whole.entry.object_id), KV_B_TEXT(part.entry.object_id)),
                     &changes, err));
    if (changes == 0) {
        return KV_FAIL(err, KV_NOT_FOUND, 0, "'%.128s' is no member of '%.128s'.", member, group);
    }
    return principals_commit(principals, db, err);
}

enum kv_code kv_principal_members(struct kv_principals *principals, const char *group, cJSON *ids,
                                  struct kv_err *err)
{
    static const char sql[] =
        "SELECT member FROM principal_member WHERE belongs_to = ? ORDER BY id";
    kv_auto(kv_db_release) struct kv_db *db = NULL;
    kv_auto(kv_rows_close) struct kv_rows *rows = NULL;
    struct principals_row whole;
    bool more, ok = true;

    KV_TRY(kv_db_acquire(principals->store, &db, err));
    KV_TRY(hold_group(principals, db, group, &whole, err));
    KV_TRY(kv_db_query(db, sql, KV_BINDS(KV_B_TEXT(whole.entry.object_id)), &rows, err));
    KV_TRY(kv_rows_next(rows, &more, err));
    while (more) {
        kv_json_append_text(ids, kv_rows_text(rows, 0), &ok);
        KV_TRY(kv_rows_next(rows, &more, err));
    }
    return ok ? KV_OK : KV_OUT_OF_MEMORY(err);
}
