/* SPDX-License-Identifier: Apache-2.0 */
/* The settings of a new connection, and the translation of SQLite's codes. */
#include "connection.h"

#include <assert.h>
#include <stdlib.h>

#define BUSY_TIMEOUT_MS 5000 /* only another process can hold the file: writers here take turns */

static const char settings[] = "PRAGMA journal_mode = WAL;"
                               "PRAGMA synchronous = FULL;" /* an answered write is on the disk */
                               "PRAGMA foreign_keys = ON;"
                               "PRAGMA trusted_schema = OFF;"
                               "PRAGMA temp_store = MEMORY;"
                               "PRAGMA cache_size = -1024;" /* KiB */
                               "PRAGMA mmap_size = 0;";

static const struct {
    int name, value;
} limits[] = {
    { SQLITE_LIMIT_LENGTH, 16 * 1024 * 1024 }, /* bytes of a row */
    { SQLITE_LIMIT_SQL_LENGTH, 64 * 1024 },
    { SQLITE_LIMIT_VARIABLE_NUMBER, 64 },
    { SQLITE_LIMIT_ATTACHED, 0 },
    { SQLITE_LIMIT_WORKER_THREADS, 0 },
};

/* The SQLite results that are not plain KV_INTERNAL, or deserve a specific message. */
static const struct outcome {
    int result;
    enum kv_code code;
    const char *what;
} outcomes[] = {
    { SQLITE_FULL, KV_UNAVAILABLE, "cannot grow: the disk is full" },
    { SQLITE_IOERR, KV_UNAVAILABLE, "cannot be read or written: the disk reports errors" },
    { SQLITE_READONLY, KV_UNAVAILABLE, "cannot be written" },
    { SQLITE_PERM, KV_UNAVAILABLE, "cannot be opened" },
    { SQLITE_CANTOPEN, KV_UNAVAILABLE, "cannot be opened" },
    { SQLITE_BUSY, KV_UNAVAILABLE, "is held by another process" },
    { SQLITE_CORRUPT, KV_INTERNAL, "is damaged" },
    { SQLITE_NOTADB, KV_INTERNAL, "is not a database" },
};

static bool is_of_the_disk(int result)
{
    return result == SQLITE_IOERR || result == SQLITE_CORRUPT || result == SQLITE_NOTADB;
}

enum kv_code kv_db_fail(const struct kv_db *db, int rc, struct kv_err *err)
{
    unsigned long cause = (unsigned long) rc;
    const char *name = db->tells_path ? db->path : "the store";

    if (is_of_the_disk(rc & 0xff) && store_files_check(db->files, err) != KV_OK) {
        return KV_UNAVAILABLE; /* which is why */
    }
    for (size_t i = 0; i < KV_COUNT(outcomes); i++) {
        if (outcomes[i].result == (rc & 0xff)) {
            return KV_FAIL(err, outcomes[i].code, cause, "%s %s", name, outcomes[i].what);
        }
    }
    return KV_FAIL(err, KV_INTERNAL, cause, "%s: %s", name, sqlite3_errstr(rc));
}

enum kv_code kv_db_execute(struct kv_db *db, const char *sql, struct kv_err *err)
{
    int rc = sqlite3_exec(db->sqlite, sql, NULL, NULL, NULL);

    return rc == SQLITE_OK ? KV_OK : kv_db_fail(db, rc, err);
}

static void set_limits(sqlite3 *sqlite)
{
    for (size_t i = 0; i < KV_COUNT(limits); i++) {
        (void) sqlite3_limit(sqlite, limits[i].name, limits[i].value);
    }
    /* Options that are much older than the oldest SQLite that configure accepts. */
    (void) sqlite3_db_config(sqlite, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    (void) sqlite3_db_config(sqlite, SQLITE_DBCONFIG_DQS_DML, 0, NULL);
    (void) sqlite3_db_config(sqlite, SQLITE_DBCONFIG_DQS_DDL, 0, NULL);
    (void) sqlite3_busy_timeout(sqlite, BUSY_TIMEOUT_MS);
}

enum kv_code kv_db_open(struct kv_store *store, struct store_files *files, struct store_turn *turn,
                        bool tells_path, struct kv_db **ret_db, struct kv_err *err)
{
    const char *path = files->file[STORE_DATABASE].path;
    kv_auto(kv_db_close) struct kv_db *db = calloc(1, sizeof(*db));

    if (db == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    db->store = store;
    db->files = files;
    db->turn = turn;
    db->path = path;
    db->tells_path = tells_path;
    int rc =
        sqlite3_open_v2(path, &db->sqlite,
                        SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, NULL);
    if (rc != SQLITE_OK) {
        return kv_db_fail(db, rc, err);
    }
    set_limits(db->sqlite);
    KV_TRY(kv_db_execute(db, settings, err));
    *ret_db = kv_take(db);
    return KV_OK;
}

void kv_db_keep_log(struct kv_db *db)
{
    (void) sqlite3_db_config(db->sqlite, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
}

void kv_db_close(struct kv_db *db)
{
    struct kv_rows *rows, *next;

    if (db == NULL) {
        return;
    }
    HASH_ITER (hh, db->statements, rows, next) {
        HASH_DEL(db->statements, rows);
        (void) sqlite3_finalize(rows->statement); /* repeats an error already reported */
        free(rows);
    }
    int rc = sqlite3_close(db->sqlite);
    assert(rc == SQLITE_OK); /* every statement is in the table */
    (void) rc;
    free(db);
}
