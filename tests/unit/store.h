/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store.h - a store in a scratch folder for the tests of store.c, store_query.c and
 * store_turns.c.
 */
#pragma once

#include <string.h>

#include <criterion/criterion.h>

#include "kv/store/store.h"
#include "scratch.h"

#define STORE_PATH "test.db"

static struct kv_store *store;
static struct kv_err err;

/* A table to write to; the second step is there to be counted. */
static const struct kv_migration KEYS[] = {
    { .sql = "CREATE TABLE key(id INTEGER PRIMARY KEY, name TEXT NOT NULL, value BLOB) STRICT;"
             "CREATE TABLE use(key INTEGER NOT NULL REFERENCES key(id)) STRICT" },
    { .sql = "CREATE INDEX key_by_name ON key(name)" },
    { .sql = NULL },
};

static inline void store_open(unsigned connections)
{
    cr_assert_eq(kv_store_open(STORE_PATH, connections, &store, &err), KV_OK, "%s", err.message);
}

static inline void store_close(void)
{
    kv_store_close(store);
    store = NULL;
}

static inline void store_done(void)
{
    store_close();
    scratch_remove();
}

static inline void migrate(const struct kv_migration *steps)
{
    cr_assert_eq(kv_store_migrate(store, "keys", steps, &err), KV_OK, "%s", err.message);
}

static inline struct kv_db *acquire(void)
{
    struct kv_db *db = NULL;

    cr_assert_eq(kv_db_acquire(store, &db, &err), KV_OK, "%s", err.message);
    return db;
}

/* One row, in a transaction of its own. */
static inline void insert(int64_t id, const char *name)
{
    struct kv_db *db = acquire();

    cr_assert_eq(kv_db_run(db, "INSERT INTO key(id, name) VALUES(?, ?)",
                           KV_BINDS(KV_B_INT(id), KV_B_TEXT(name)), NULL, &err),
                 KV_OK, "%s", err.message);
    kv_db_release(db);
}

static inline int64_t count_on(struct kv_db *db)
{
    kv_auto(kv_rows_close) struct kv_rows *rows = NULL;
    bool more = false;

    cr_assert_eq(kv_db_query(db, "SELECT count(*) FROM key", KV_NO_BINDS, &rows, &err), KV_OK, "%s",
                 err.message);
    cr_assert_eq(kv_rows_next(rows, &more, &err), KV_OK);
    return kv_rows_int(rows, 0);
}

static inline int64_t count(void)
{
    struct kv_db *db = acquire();
    int64_t found = count_on(db);

    kv_db_release(db);
    return found;
}
