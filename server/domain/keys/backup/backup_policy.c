/* SPDX-License-Identifier: Apache-2.0 */
/* The rotation policy on its way through a backup, as it stands in the store. */
#include <stdio.h>

#include "../core.h"
#include "../rows.h"
#include "backup.h"

enum kv_code backup_policy_load(const struct kv_scope *scope, const char *name,
                                struct backup_policy *ret_policy, struct kv_err *err)
{
    static const char sql[] = "SELECT expiry, after_create, before_expiry, notify, created, updated"
                              " FROM rotation_policy WHERE key = ?";
    kv_auto(kv_db_release) struct kv_db *db = NULL;
    kv_auto(kv_rows_close) struct kv_rows *rows = NULL;
    struct name_fold fold;
    struct key_row row;

    KV_TRY(name_fold(name, &fold, err));
    KV_TRY(kv_db_acquire(scope->keys->config.store, &db, err));
    KV_TRY(key_row_load(db, scope, &fold, &row, err));
    KV_TRY(kv_db_query(db, sql, KV_BINDS(KV_B_INT(row.id)), &rows, err));
    KV_TRY(kv_rows_next(rows, &ret_policy->given, err));
    for (int i = 0; ret_policy->given && i < (int) BACKUP_DURATIONS; i++) {
        snprintf(ret_policy->duration[i], BACKUP_DURATION_SIZE, "%s", kv_rows_text(rows, i));
    }
    if (ret_policy->given) {
        ret_policy->created = kv_rows_int(rows, BACKUP_DURATIONS);
        ret_policy->updated = kv_rows_int(rows, BACKUP_DURATIONS + 1);
    }
    return KV_OK;
}

static struct kv_bind bind_duration(const char *text)
{
    return text[0] != '\0' ? KV_B_TEXT(text) : KV_B_NULL;
}

enum kv_code backup_policy_save(struct kv_db *db, int64_t key_id,
                                const struct backup_policy *policy, struct kv_err *err)
{
    static const char sql[] =
        "INSERT INTO rotation_policy"
        " (key, expiry, after_create, before_expiry, notify, created, updated)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)";

    if (!policy->given) {
        return KV_OK;
    }
    return kv_db_run(db, sql,
                     KV_BINDS(KV_B_INT(key_id), bind_duration(policy->duration[BACKUP_EXPIRY]),
                              bind_duration(policy->duration[BACKUP_AFTER_CREATE]),
                              bind_duration(policy->duration[BACKUP_BEFORE_EXPIRY]),
                              KV_B_TEXT(policy->duration[BACKUP_NOTIFY]), KV_B_INT(policy->created),
                              KV_B_INT(policy->updated)),
                     NULL, err);
}
