/* SPDX-License-Identifier: Apache-2.0 */
#include <signal.h>
#include <string.h>

#include <criterion/criterion.h>

#include "store.h"

static struct kv_db *db;

static void setup(void)
{
    scratch_make();
    store_open(2);
    migrate(KEYS);
    db = acquire();
}

static void teardown(void)
{
    kv_db_release(db);
    store_done();
}
TestSuite(store_query, .init = setup, .fini = teardown, .timeout = 60);

static void run(const char *sql, struct kv_binds binds)
{
    cr_assert_eq(kv_db_run(db, sql, binds, NULL, &err), KV_OK, "%s", err.message);
}

static struct kv_rows *query(const char *sql, struct kv_binds binds)
{
    struct kv_rows *rows = NULL;

    cr_assert_eq(kv_db_query(db, sql, binds, &rows, &err), KV_OK, "%s", err.message);
    return rows;
}

static bool next(struct kv_rows *rows)
{
    bool more = false;

    cr_assert_eq(kv_rows_next(rows, &more, &err), KV_OK, "%s", err.message);
    return more;
}

Test(store_query, aborts_on_a_missing_bind, .signal = SIGABRT)
{
    run("INSERT INTO key(id, name) VALUES(?, ?)", KV_BINDS(KV_B_INT(1)));
}

Test(store_query, aborts_on_a_second_statement, .signal = SIGABRT)
{
    run("DELETE FROM key; DELETE FROM use", KV_NO_BINDS);
}

Test(store_query, aborts_when_a_statement_is_queried_twice_at_once, .signal = SIGABRT)
{
    static const char sql[] = "SELECT 1";

    (void) query(sql, KV_NO_BINDS);
    (void) query(sql, KV_NO_BINDS);
}

Test(store_query, aborts_when_a_connection_is_released_with_open_rows, .signal = SIGABRT)
{
    (void) query("SELECT 1", KV_NO_BINDS);
    kv_db_release(db);
}

Test(store_query, aborts_on_a_write_outside_the_writers_turn, .signal = SIGABRT)
{
    (void) query("DELETE FROM key RETURNING id", KV_NO_BINDS);
}

Test(store_query, yields_no_row_when_there_is_none)
{
    kv_auto(kv_rows_close) struct kv_rows *rows =
        query("SELECT id FROM key WHERE id = ?", KV_BINDS(KV_B_INT(1)));

    cr_assert_not(next(rows));
}

static const int64_t numbers[] = { 0, -1, INT64_MIN, INT64_MAX, 4102444800 };

Test(store_query, gives_numbers_back)
{
    for (size_t i = 0; i < KV_COUNT(numbers); i++) {
        kv_auto(kv_rows_close) struct kv_rows *rows =
            query("SELECT ?", KV_BINDS(KV_B_INT(numbers[i])));
        cr_assert(next(rows));
        cr_assert_eq(kv_rows_int(rows, 0), numbers[i]);
        cr_assert_not(kv_rows_is_null(rows, 0));
        cr_assert_not(next(rows));
    }
}

Test(store_query, gives_texts_back)
{
    static const char *const texts[] = { "", "plain", "'; DROP TABLE key; --", "\xf0\x9f\x94\x91" };

    for (size_t i = 0; i < KV_COUNT(texts); i++) {
        kv_auto(kv_rows_close) struct kv_rows *rows =
            query("SELECT ?", KV_BINDS(KV_B_TEXT(texts[i])));
        cr_assert(next(rows));
        cr_assert_str_eq(kv_rows_text(rows, 0), texts[i]);
        cr_assert_not(kv_rows_is_null(rows, 0));
    }
}

Test(store_query, gives_bytes_back)
{
    static const char bytes[] = "a\0b\xff";
    size_t len = 0;
    kv_auto(kv_rows_close) struct kv_rows *rows =
        query("SELECT ?, ?", KV_BINDS(KV_B_BYTES(bytes, sizeof(bytes)), KV_B_BYTES(NULL, 0)));

    cr_assert(next(rows));
    const void *found = kv_rows_bytes(rows, 0, &len);
    cr_assert_eq(len, sizeof(bytes));
    cr_assert_eq(memcmp(found, bytes, len), 0);
    (void) kv_rows_bytes(rows, 1, &len);
    cr_assert_eq(len, 0);
    cr_assert_not(kv_rows_is_null(rows, 1), "no bytes are not NULL");
}

Test(store_query, gives_null_back)
{
    const char *missing = NULL;
    size_t len = 4711;
    kv_auto(kv_rows_close) struct kv_rows *rows =
        query("SELECT ?, ?", KV_BINDS(KV_B_NULL, KV_B_TEXT(missing)));

    cr_assert(next(rows));
    cr_assert(kv_rows_is_null(rows, 0));
    cr_assert(kv_rows_is_null(rows, 1));
    cr_assert_str_eq(kv_rows_text(rows, 0), "");
    cr_assert_eq(kv_rows_int(rows, 0), 0);
    cr_assert_null(kv_rows_bytes(rows, 0, &len));
    cr_assert_eq(len, 0);
}

Test(store_query, walks_through_rows_in_order)
{
    for (int64_t id = 1; id <= 5; id++) {
        run("INSERT INTO key(id, name) VALUES(?, 'n')", KV_BINDS(KV_B_INT(id)));
    }
    kv_auto(kv_rows_close) struct kv_rows *rows =
        query("SELECT id FROM key ORDER BY id DESC", KV_NO_BINDS);
    for (int64_t id = 5; id >= 1; id--) {
        cr_assert(next(rows));
        cr_assert_eq(kv_rows_int(rows, 0), id);
    }
    cr_assert_not(next(rows));
}

Test(store_query, uses_a_statement_again_with_other_binds)
{
    static const char sql[] = "SELECT ?";

    for (int64_t i = 0; i < 3; i++) {
        kv_auto(kv_rows_close) struct kv_rows *rows = query(sql, KV_BINDS(KV_B_INT(i)));
        cr_assert(next(rows)); /* and is closed before its end */
        cr_assert_eq(kv_rows_int(rows, 0), i);
    }
}

Test(store_query, follows_a_change_of_the_schema)
{
    static const char sql[] = "SELECT * FROM key WHERE id = 1";
    static const struct kv_migration steps[] = {
        { "step 1, taken before" },
        { "step 2, taken before" },
        { "ALTER TABLE key ADD COLUMN more INTEGER DEFAULT 7" },
        { NULL },
    };

    run("INSERT INTO key(id, name) VALUES(1, 'n')", KV_NO_BINDS);
    struct kv_rows *rows = query(sql, KV_NO_BINDS);
    cr_assert(next(rows));
    kv_rows_close(rows);
    migrate(steps);
    rows = query(sql, KV_NO_BINDS);
    cr_assert(next(rows));
    cr_assert_eq(kv_rows_int(rows, 3), 7);
    kv_rows_close(rows);
}

Test(store_query, counts_changes_and_knows_the_last_id)
{
    int64_t changes = 0;

    run("INSERT INTO key(id, name) VALUES(41, 'a')", KV_NO_BINDS);
    run("INSERT INTO key(name) VALUES('a')", KV_NO_BINDS);
    cr_assert_eq(kv_db_last_id(db), 42);
    cr_assert_eq(kv_db_run(db, "UPDATE key SET name = 'b' WHERE name = ?", KV_BINDS(KV_B_TEXT("a")),
                           &changes, &err),
                 KV_OK);
    cr_assert_eq(changes, 2);
    cr_assert_eq(kv_db_run(db, "DELETE FROM key WHERE id = 7", KV_NO_BINDS, &changes, &err), KV_OK);
    cr_assert_eq(changes, 0);
}

Test(store_query, returns_rows_of_a_write_inside_a_transaction)
{
    run("INSERT INTO key(id, name) VALUES(1, 'a')", KV_NO_BINDS);
    cr_assert_eq(kv_db_begin(db, &err), KV_OK);
    struct kv_rows *rows = query("DELETE FROM key RETURNING name", KV_NO_BINDS);
    cr_assert(next(rows));
    cr_assert_str_eq(kv_rows_text(rows, 0), "a");
    cr_assert_not(next(rows));
    kv_rows_close(rows);
    cr_assert_eq(kv_db_commit(db, &err), KV_OK);
    cr_assert_eq(count_on(db), 0);
}
