/* SPDX-License-Identifier: Apache-2.0 */
/*
 * connection.h - one SQLite connection with its prepared statements, and what SQLite's codes mean.
 * Private to the store.
 */
#pragma once

#include <stdbool.h>

#include <sqlite3.h>

#define HASH_NONFATAL_OOM 1
#include <uthash.h>

#include "files.h"
#include "kv/store/store.h"
#include "turn.h"

/* A prepared statement, and its rows while it is being queried. */
struct kv_rows {
    const char *sql; /* a literal; its address is the key */
    sqlite3_stmt *statement;
    struct kv_db *db;
    bool open;
    UT_hash_handle hh;
};

struct kv_db {
    struct kv_store *store;    /* whose pool it belongs to */
    struct store_files *files; /* the store's, like the turn */
    struct store_turn *turn;
    const char *path; /* the database's */
    bool tells_path;  /* its errors are for the operator, not for clients */
    sqlite3 *sqlite;
    struct kv_rows *statements; /* by address of their SQL */
    unsigned open_rows;
    bool writing;       /* between begin and commit: it has the writer's turn */
    bool reading;       /* between begin_reading and end_reading */
    struct kv_db *next; /* idle connection; guarded by the store's pool mutex */
};

/* Opens the store's database, which exists, with all settings made; its errors name the path when
 * `tells_path`. */
enum kv_code kv_db_open(struct kv_store *store, struct store_files *files, struct store_turn *turn,
                        bool tells_path, struct kv_db **ret_db, struct kv_err *err) kv_must_check;
void kv_db_close(struct kv_db *db);
KV_DEFINE_CLEANUP(struct kv_db *, kv_db_close)

/* The last one to be closed must leave the log as it is: its frames do not belong in that
 * database. */
void kv_db_keep_log(struct kv_db *db);

/* Runs one or more statements without binds or rows. */
enum kv_code kv_db_execute(struct kv_db *db, const char *sql, struct kv_err *err) kv_must_check;

/* Raises SQLite's result `rc` of the last call on `db`. */
enum kv_code kv_db_fail(const struct kv_db *db, int rc, struct kv_err *err) kv_must_check;

/* Ends whatever transaction is open, undoing what it wrote. */
void kv_db_roll_back(struct kv_db *db);
