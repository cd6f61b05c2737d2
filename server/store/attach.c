/* SPDX-License-Identifier: Apache-2.0 */
/* A second database beside the store's, to copy rows from. No connection has one for long. */
#include "connection.h"

static int step_once(sqlite3_stmt *statement, const char *path)
{
    int rc = sqlite3_bind_text(statement, 1, path, -1, SQLITE_STATIC);

    if (rc == SQLITE_OK) {
        rc = sqlite3_step(statement);
    }
    int finalized = sqlite3_finalize(statement);
    return rc == SQLITE_DONE ? finalized : rc;
}

enum kv_code kv_db_attach(struct kv_db *db, const char *path, struct kv_err *err)
{
    static const char sql[] = "ATTACH DATABASE ? AS saved";
    sqlite3_stmt *statement = NULL;

    (void) sqlite3_limit(db->sqlite, SQLITE_LIMIT_ATTACHED, 1);
    int rc = sqlite3_prepare_v2(db->sqlite, sql, -1, &statement, NULL);
    if (rc == SQLITE_OK) {
        rc = step_once(statement, path);
    }
    if (rc != SQLITE_OK) {
        (void) sqlite3_limit(db->sqlite, SQLITE_LIMIT_ATTACHED, 0);
        return kv_db_fail(db, rc, err);
    }
    return KV_OK;
}

void kv_db_detach(struct kv_db *db)
{
    if (db == NULL) {
        return;
    }
    kv_db_roll_back(db);
    (void) sqlite3_exec(db->sqlite, "DETACH DATABASE saved", NULL, NULL, NULL);
    (void) sqlite3_limit(db->sqlite, SQLITE_LIMIT_ATTACHED, 0);
}
