/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <criterion/criterion.h>
#include <sqlite3.h>

#include "store.h"

TestSuite(store, .init = scratch_make, .fini = store_done, .timeout = 60);

static void refuses(const char *path, enum kv_code code, const char *message)
{
    struct kv_store *none = NULL;

    cr_assert_eq(kv_store_open(path, 2, &none, &err), code, "%s", err.message);
    cr_assert_str_eq(err.message, message);
    cr_assert_null(none);
}

static void make_with_sqlite(const char *path, const char *sql)
{
    sqlite3 *sqlite = NULL;

    cr_assert_eq(sqlite3_open(path, &sqlite), SQLITE_OK);
    cr_assert_eq(sqlite3_exec(sqlite, sql, NULL, NULL, NULL), SQLITE_OK);
    cr_assert_eq(sqlite3_close(sqlite), SQLITE_OK);
}

Test(store, refuses_a_file_that_is_no_database)
{
    static const size_t lengths[] = { 2, 100, 512, 10000 };
    char garbage[10000];

    memset(garbage, 'g', sizeof(garbage));
    for (size_t i = 0; i < KV_COUNT(lengths); i++) {
        cr_assert_eq(kv_file_write("garbage", garbage, lengths[i], 0600, &err), KV_OK);
        refuses("garbage", KV_INTERNAL, "garbage is not a database");
        cr_assert_eq(err.cause, SQLITE_NOTADB);
    }
}

Test(store, refuses_a_database_of_another_program)
{
    make_with_sqlite("other.db", "CREATE TABLE t(a)");
    refuses("other.db", KV_INTERNAL, "other.db is a database of another program");
}

Test(store, refuses_a_format_it_does_not_know)
{
    store_open(1);
    store_close();
    make_with_sqlite(STORE_PATH, "PRAGMA user_version = 2");
    refuses(STORE_PATH, KV_INTERNAL, STORE_PATH " was written by a newer coffer");
}

Test(store, refuses_a_file_that_cannot_be_made_or_opened)
{
    refuses("none/x.db", KV_UNAVAILABLE, "cannot make none/x.db: No such file or directory");
    cr_assert_eq(err.cause, ENOENT);
    cr_assert_eq(kv_folder_make("folder", 0700, &err), KV_OK);
    refuses("folder", KV_UNAVAILABLE, "folder cannot be opened");
}

Test(store, names_a_damaged_file)
{
    static const char garbage[4096] = "garbage";

    store_open(1);
    migrate(KEYS);
    for (int64_t id = 1; id <= 200; id++) {
        insert(id, "a name that takes some room, so that there are pages to damage");
    }
    store_close();
    FILE *file = fopen(STORE_PATH, "r+");
    cr_assert_not_null(file);
    for (long page = 1; page < 6; page++) {
        cr_assert_eq(fseek(file, page * 4096, SEEK_SET), 0);
        cr_assert_eq(fwrite(garbage, sizeof(garbage), 1, file), 1);
    }
    cr_assert_eq(fclose(file), 0);

    struct kv_store *damaged = NULL;
    enum kv_code code = kv_store_open(STORE_PATH, 1, &damaged, &err);
    code = code == KV_OK ? kv_store_migrate(damaged, "keys", KEYS, &err) : code;
    kv_store_close(damaged);
    cr_assert_eq(code, KV_INTERNAL);
    cr_assert_eq(err.cause & 0xff, SQLITE_CORRUPT);
    cr_assert_str_eq(err.message, STORE_PATH " is damaged");
}

/* A connection that is not the store's stands for another process; the wait is 5 seconds. */
Test(store, waits_for_another_process_but_not_forever)
{
    sqlite3 *other = NULL;

    store_open(1);
    migrate(KEYS);
    cr_assert_eq(sqlite3_open(STORE_PATH, &other), SQLITE_OK);
    cr_assert_eq(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    struct kv_db *db = acquire();
    cr_assert_eq(kv_db_begin(db, &err), KV_UNAVAILABLE);
    cr_assert_str_eq(err.message, "the store is held by another process");
    cr_assert_eq(count_on(db), 0, "reading goes on");

    cr_assert_eq(sqlite3_exec(other, "ROLLBACK", NULL, NULL, NULL), SQLITE_OK);
    cr_assert_eq(sqlite3_close(other), SQLITE_OK);
    cr_assert_eq(kv_db_begin(db, &err), KV_OK);
    kv_db_release(db);
}

static mode_t mode_of(const char *path)
{
    struct stat status;

    cr_assert_eq(stat(path, &status), 0, "%s", path);
    return status.st_mode & 07777;
}

Test(store, keeps_its_files_to_the_user)
{
    umask(0);
    store_open(1);
    migrate(KEYS);
    cr_assert_eq(mode_of(STORE_PATH), 0600);
    cr_assert_eq(mode_of(STORE_PATH "-wal"), 0600);
    cr_assert_eq(mode_of(STORE_PATH "-shm"), 0600);
}

Test(store, keeps_what_was_written_when_it_is_opened_again)
{
    for (int64_t id = 1; id <= 3; id++) {
        store_open(2);
        migrate(KEYS);
        insert(id, "kept");
        cr_assert_eq(count(), id);
        store_close();
    }
}

Test(store, closes_into_one_file)
{
    store_open(2);
    migrate(KEYS);
    insert(1, "a");
    store_close();
    cr_assert_not(kv_file_exists(STORE_PATH "-wal"));
    cr_assert_not(kv_file_exists(STORE_PATH "-shm"));
}

/* Both processes end without closing anything, as after kill -9. */
Test(store, keeps_a_commit_and_forgets_the_rest_when_killed)
{
    pid_t child = fork();
    int status = 0;

    cr_assert_geq(child, 0);
    if (child == 0) {
        store_open(1);
        migrate(KEYS);
        insert(1, "committed");
        struct kv_db *db = acquire();
        cr_assert_eq(kv_db_begin(db, &err), KV_OK);
        cr_assert_eq(
            kv_db_run(db, "INSERT INTO key(id, name) VALUES(2, 'lost')", KV_NO_BINDS, NULL, &err),
            KV_OK);
        raise(SIGKILL);
    }
    cr_assert_eq(waitpid(child, &status, 0), child);
    cr_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    store_open(1);
    cr_assert_eq(count(), 1);
}

Test(store, refuses_a_schema_beyond_its_steps)
{
    store_open(1);
    migrate(KEYS);
    cr_assert_eq(
        kv_store_migrate(store, "keys", (struct kv_migration[]){ KEYS[0], { NULL } }, &err),
        KV_INTERNAL);
    cr_assert_str_eq(err.message, STORE_PATH " was written by a newer coffer");
}

Test(store, undoes_all_steps_of_a_new_domain_if_one_fails)
{
    static const struct kv_migration broken[] = {
        { "CREATE TABLE one(a INTEGER) STRICT" },
        { "INSERT INTO nowhere VALUES(1)" },
        { NULL },
    };
    static const struct kv_migration mended[] = {
        { "CREATE TABLE one(a INTEGER, b INTEGER) STRICT" },
        { "ALTER TABLE one ADD COLUMN c INTEGER" },
        { NULL },
    };

    store_open(1);
    cr_assert_eq(kv_store_migrate(store, "odd", broken, &err), KV_INTERNAL);
    cr_assert_eq(kv_store_migrate(store, "odd", mended, &err), KV_OK, "%s", err.message);
    kv_auto(kv_db_release) struct kv_db *db = acquire();
    cr_assert_eq(kv_db_run(db, "INSERT INTO one VALUES(1, 2, 3)", KV_NO_BINDS, NULL, &err), KV_OK);
}

Test(store, undoes_a_step_that_fails_and_keeps_those_before)
{
    static const struct kv_migration first[] = { { "CREATE TABLE zero(a INTEGER) STRICT" },
                                                 { NULL } };
    static const struct kv_migration broken[] = {
        { "CREATE TABLE zero(a INTEGER) STRICT" },
        { "CREATE TABLE one(a INTEGER) STRICT" },
        { "CREATE TABLE two(a INTEGER) STRICT; INSERT INTO nowhere VALUES(1)" },
        { NULL },
    };
    static const struct kv_migration mended[] = {
        { "CREATE TABLE zero(a INTEGER) STRICT" },
        { "CREATE TABLE never(a INTEGER) STRICT" },
        { "CREATE TABLE two(a INTEGER) STRICT" },
        { NULL },
    };

    store_open(1);
    cr_assert_eq(kv_store_migrate(store, "odd", first, &err), KV_OK);
    cr_assert_eq(kv_store_migrate(store, "odd", broken, &err), KV_INTERNAL);
    cr_assert_eq(kv_store_migrate(store, "odd", mended, &err), KV_OK, "%s", err.message);
    kv_auto(kv_db_release) struct kv_db *db = acquire();
    cr_assert_eq(kv_db_run(db, "INSERT INTO one VALUES(1)", KV_NO_BINDS, NULL, &err), KV_OK);
    cr_assert_eq(kv_db_run(db, "INSERT INTO never VALUES(1)", KV_NO_BINDS, NULL, &err),
                 KV_INTERNAL);
}

Test(store, is_new_until_it_was_closed_once)
{
    store_open(1);
    cr_expect(kv_store_is_new(store));
    store_close();
    store_open(1);
    cr_expect_not(kv_store_is_new(store));
}

Test(store, counts_steps_for_every_domain)
{
    static const struct kv_migration other[] = { { "CREATE TABLE other(a INTEGER) STRICT" },
                                                 { NULL } };

    store_open(1);
    migrate(KEYS);
    cr_assert_eq(kv_store_migrate(store, "other", other, &err), KV_OK);
    cr_assert_eq(kv_store_migrate(store, "other", other, &err), KV_OK);
    migrate(KEYS);
}

Test(store, lends_a_connection_again_without_its_transaction)
{
    store_open(1);
    migrate(KEYS);
    struct kv_db *db = acquire();
    cr_assert_eq(kv_db_begin(db, &err), KV_OK);
    cr_assert_eq(kv_db_run(db, "INSERT INTO key(id, name) VALUES(1, 'a')", KV_NO_BINDS, NULL, &err),
                 KV_OK);
    kv_db_release(db);
    cr_assert_eq(count(), 0);
    insert(1, "the writer's turn was given back");
}

Test(store, refuses_what_the_schema_forbids)
{
    int64_t changes = 4711;

    store_open(1);
    migrate(KEYS);
    insert(1, "a");
    kv_auto(kv_db_release) struct kv_db *db = acquire();
    cr_assert_eq(
        kv_db_run(db, "INSERT INTO key(id, name) VALUES(1, 'b')", KV_NO_BINDS, &changes, &err),
        KV_INTERNAL);
    cr_assert_eq(err.cause, SQLITE_CONSTRAINT_PRIMARYKEY);
    cr_assert_str_eq(err.message, "the store: constraint failed");
    cr_assert_eq(changes, 4711);
    cr_assert_eq(kv_db_run(db, "INSERT INTO use(key) VALUES(2)", KV_NO_BINDS, NULL, &err),
                 KV_INTERNAL);
    cr_assert_eq(err.cause, SQLITE_CONSTRAINT_FOREIGNKEY);
}

Test(store, refuses_wrong_sql)
{
    struct kv_rows *rows = NULL;

    store_open(1);
    kv_auto(kv_db_release) struct kv_db *db = acquire();
    cr_assert_eq(kv_db_query(db, "SELECT nothing FROM nowhere", KV_NO_BINDS, &rows, &err),
                 KV_INTERNAL);
    cr_assert_eq(err.cause, SQLITE_ERROR);
    cr_assert_eq(kv_db_query(db, "SELECT \"no text\"", KV_NO_BINDS, &rows, &err), KV_INTERNAL,
                 "double quotes are names");
    cr_assert_null(rows);
}

Test(store, refuses_values_that_are_too_large)
{
    static const char large[20 * 1024 * 1024];
    struct kv_rows *rows = NULL;

    store_open(1);
    kv_auto(kv_db_release) struct kv_db *db = acquire();
    cr_assert_eq(
        kv_db_query(db, "SELECT ?", KV_BINDS(KV_B_BYTES(large, sizeof(large))), &rows, &err),
        KV_INTERNAL);
    cr_assert_eq(err.cause, SQLITE_TOOBIG);
    cr_assert_null(rows);
}

static void limit_pages(struct kv_db *db)
{
    kv_auto(kv_rows_close) struct kv_rows *rows = NULL;
    bool more = false;

    cr_assert_eq(kv_db_query(db, "PRAGMA max_page_count = 12", KV_NO_BINDS, &rows, &err), KV_OK);
    cr_assert_eq(kv_rows_next(rows, &more, &err), KV_OK);
}

Test(store, says_that_the_disk_is_full_and_goes_on)
{
    static const char large[100000];

    store_open(1);
    migrate(KEYS);
    struct kv_db *db = acquire();
    limit_pages(db);
    cr_assert_eq(kv_db_begin(db, &err), KV_OK);
    cr_assert_eq(kv_db_run(db, "INSERT INTO key(id, name, value) VALUES(1, 'a', ?)",
                           KV_BINDS(KV_B_BYTES(large, sizeof(large))), NULL, &err),
                 KV_UNAVAILABLE);
    cr_assert_eq(err.cause, SQLITE_FULL);
    cr_assert_str_eq(err.message, "the store cannot grow: the disk is full");
    kv_db_release(db);
    insert(1, "small");
    cr_assert_eq(count(), 1);
}

/* SQLite ends a transaction by itself after some errors; a write after that must not last. */
Test(store, writes_nothing_more_in_a_transaction_that_was_undone)
{
    store_open(1);
    migrate(KEYS);
    kv_auto(kv_db_release) struct kv_db *db = acquire();
    cr_assert_eq(kv_db_begin(db, &err), KV_OK);
    cr_assert_eq(
        kv_db_run(db, "INSERT OR ROLLBACK INTO key(id) VALUES(1)", KV_NO_BINDS, NULL, &err),
        KV_INTERNAL);
    cr_assert_eq(kv_db_run(db, "INSERT INTO key(id, name) VALUES(2, 'b')", KV_NO_BINDS, NULL, &err),
                 KV_INTERNAL);
    cr_assert_eq(kv_db_commit(db, &err), KV_INTERNAL);
    cr_assert_eq(kv_db_begin(db, &err), KV_OK);
    cr_assert_eq(kv_db_commit(db, &err), KV_OK);
}
