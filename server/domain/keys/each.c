/* SPDX-License-Identifier: Apache-2.0 */
/* All that is in a vault, for whoever writes it down. */
#include "kv/keys/state.h"

#include "core.h"
#include "rows.h"

struct telling {
    kv_key_visit_fn *visit;
    void *context;
};

static enum kv_code tell(void *telling_, const struct kv_rows *row, struct kv_err *err)
{
    const struct telling *telling = telling_;
    kv_auto(kv_key_done) struct kv_key key = { .version = "" };

    KV_TRY(key_read(row, &key, err));
    return telling->visit(telling->context, &key, err);
}

enum kv_code kv_keys_exceed(struct kv_store *store, int64_t count, bool *ret_exceed,
                            struct kv_err *err)
{
    static const char table_sql[] = "SELECT count(*) FROM sqlite_schema WHERE name = 'version'";
    static const char sql[] = "SELECT EXISTS (SELECT 1 FROM version LIMIT 1 OFFSET ?)";
    kv_auto(kv_db_release) struct kv_db *db = NULL;
    int64_t found;

    KV_TRY(kv_db_acquire(store, &db, err));
    KV_TRY(kv_db_count(db, table_sql, KV_NO_BINDS, &found, err));
    if (found > 0) {
        KV_TRY(kv_db_count(db, sql, KV_BINDS(KV_B_INT(count)), &found, err));
    }
    *ret_exceed = found > 0;
    return KV_OK;
}

enum kv_code kv_keys_each_version(const struct kv_scope *scope, kv_key_visit_fn *visit,
                                  void *context, struct kv_err *err)
{
    static const char sql[] = "SELECT " KEY_COLUMNS " FROM key k JOIN version v ON v.key = k.id"
                              " WHERE k.vault = ?1 AND (k.state = 0 OR (k.state = 1"
                              " AND k.purge > ?2)) ORDER BY k.fold, v.id";
    struct telling telling = { visit, context };
    kv_auto(kv_db_release) struct kv_db *db = NULL;

    KV_TRY(kv_db_acquire(scope->keys->config.store, &db, err));
    return kv_db_each(db, sql,
                      KV_BINDS(KV_B_INT(scope->vault->id), KV_B_INT(kv_seconds(scope->now))), tell,
                      &telling, err);
}
