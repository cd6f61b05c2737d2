/* SPDX-License-Identifier: Apache-2.0 */
/* Files that are moved, removed or replaced below a running store. */
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <sqlite3.h>

#include "store.h"

TestSuite(store_files, .init = scratch_make, .fini = store_done, .timeout = 60);

#define LOST "the store's files were moved, removed or replaced while coffer was running"

#define CHANGED "the store's files were changed by another program while coffer was running"

static void check_refuses_as(const char *message, enum kv_code code)
{
    cr_expect_eq(code, KV_UNAVAILABLE);
    cr_expect_str_eq(err.message, message);
}

static void check_refuses(enum kv_code code)
{
    check_refuses_as(LOST, code);
}

/* Nothing is written, by a transaction or alone; what was committed is read. */
static void check_is_lost(void)
{
    kv_auto(kv_db_release) struct kv_db *db = acquire();

    check_refuses(kv_store_check(store, &err));
    check_refuses(kv_db_begin(db, &err));
    check_refuses(
        kv_db_run(db, "INSERT INTO key(id, name) VALUES(2, 'b')", KV_NO_BINDS, NULL, &err));
    cr_expect_eq(count_on(db), 1);
}

static void make_store(void)
{
    store_open(2);
    migrate(KEYS);
    insert(1, "a");
    cr_assert_eq(kv_store_check(store, &err), KV_OK, "%s", err.message);
}

static void copy_over(const char *path)
{
    kv_auto(kv_buf_done) struct kv_buf bytes;

    kv_buf_init(&bytes, 1024 * 1024);
    cr_assert_eq(kv_file_read(path, &bytes, &err), KV_OK);
    cr_assert_eq(kv_file_write(path, bytes.data, bytes.len, 0600, &err), KV_OK);
}

static void move_away(const char *path)
{
    cr_assert_eq(rename(path, "away"), 0);
}

static void remove_file(const char *path)
{
    cr_assert_eq(unlink(path), 0);
}

static const struct {
    void (*harm)(const char *path);
    const char *path;
} harms[] = {
    { remove_file, STORE_PATH },      { move_away, STORE_PATH },
    { copy_over, STORE_PATH },        { remove_file, STORE_PATH "-wal" },
    { copy_over, STORE_PATH "-wal" }, { remove_file, STORE_PATH "-shm" },
};

Test(store_files, that_are_not_the_ones_it_has_open_are_not_written_to)
{
    for (size_t i = 0; i < KV_COUNT(harms); i++) {
        make_store();
        harms[i].harm(harms[i].path);
        check_is_lost();
        store_close();
        scratch_remove();
        scratch_make();
    }
}

/* The answer to a commit that may be lost must not say that it lasts. */
Test(store_files, that_go_during_a_transaction_make_its_commit_fail)
{
    make_store();
    kv_auto(kv_db_release) struct kv_db *db = acquire();
    cr_assert_eq(kv_db_begin(db, &err), KV_OK);
    cr_assert_eq(kv_db_run(db, "INSERT INTO key(id, name) VALUES(2, 'b')", KV_NO_BINDS, NULL, &err),
                 KV_OK);
    remove_file(STORE_PATH);
    check_refuses(kv_db_commit(db, &err));
}

/* Another connection would read another file. */
Test(store_files, that_were_replaced_are_not_opened)
{
    struct kv_db *second = NULL;

    make_store();
    kv_auto(kv_db_release) struct kv_db *db = acquire();

    cr_assert_not_null(db);
    copy_over(STORE_PATH);
    check_refuses(kv_db_acquire(store, &second, &err));
    cr_assert_null(second);
    check_refuses(kv_db_acquire(store, &second, &err)); /* and the place is free again */
}

Test(store_files, that_come_back_are_used_again)
{
    make_store();
    move_away(STORE_PATH);
    check_is_lost();
    cr_assert_eq(rename("away", STORE_PATH), 0);
    cr_assert_eq(kv_store_check(store, &err), KV_OK, "%s", err.message);
    insert(2, "b");
    cr_assert_eq(count(), 2);
    store_close();
    store_open(1);
    cr_assert_eq(count(), 2, "it lasts");
}

/* Who holds a lock on the file, as another process sees it; 0: nobody. */
static pid_t find_holder(const char *path)
{
    struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
    int descriptor;
    pid_t child = fork();
    int status = 0;

    cr_assert_geq(child, 0);
    if (child == 0) {
        descriptor = open(path, O_RDWR);
        _exit(fcntl(descriptor, F_GETLK, &lock) == 0 && lock.l_pid == getppid() ? 1 : 0);
    }
    cr_assert_eq(waitpid(child, &status, 0), child);
    return WIFEXITED(status) && WEXITSTATUS(status) == 1 ? getpid() : 0;
}

/* SQLite's locks go with the first descriptor of the file that a process closes. */
Test(store_files, that_are_watched_stay_locked)
{
    make_store();
    kv_auto(kv_db_release) struct kv_db *db = acquire();
    cr_assert_eq(kv_db_begin(db, &err), KV_OK);
    cr_assert_eq(kv_store_check(store, &err), KV_OK);
    cr_assert_eq(find_holder(STORE_PATH), getpid());
    cr_assert_eq(find_holder(STORE_PATH "-shm"), getpid());
}

static void cut(const char *path, off_t size)
{
    cr_assert_eq(truncate(path, size), 0);
}

static void cut_to_nothing(const char *path)
{
    cut(path, 0);
}

static void cut_to_a_page(const char *path)
{
    cut(path, 4096);
}

static void cut_amid_a_header(const char *path)
{
    cut(path, 20);
}

static void overwrite(const char *path, off_t offset, size_t len)
{
    static const char zeros[8192];
    int descriptor = open(path, O_WRONLY);

    cr_assert_geq(descriptor, 0);
    cr_assert_eq(pwrite(descriptor, zeros, len, offset), (ssize_t) len);
    close(descriptor);
}

static void overwrite_start(const char *path)
{
    overwrite(path, 0, 8192);
}

/* With what it has there already: only its time tells. */
static void overwrite_reserve(const char *path)
{
    nanosleep(&(struct timespec){ .tv_nsec = 20000000 },
              NULL); /* clocks of file systems are slow */
    overwrite(path, 72, 20);
}

static void overwrite_salt(const char *path)
{
    overwrite(path, 16, 8);
}

static void cut_last_frame(const char *path)
{
    struct stat status;

    cr_assert_eq(stat(path, &status), 0);
    cut(path, status.st_size - 100);
}

/* The same file, as `cp old.db coffer.db` leaves it. */
static const struct {
    void (*harm)(const char *path);
    const char *path;
} changes[] = {
    { cut_to_nothing, STORE_PATH },
    { cut_amid_a_header, STORE_PATH },
    { cut_to_a_page, STORE_PATH },
    { overwrite_start, STORE_PATH },
    { overwrite_reserve, STORE_PATH },
    { cut_to_nothing, STORE_PATH "-wal" },
    { cut_amid_a_header, STORE_PATH "-wal" },
    { cut_last_frame, STORE_PATH "-wal" },
    { overwrite_salt, STORE_PATH "-wal" },
    { cut_to_nothing, STORE_PATH "-shm" },
    { cut_to_a_page, STORE_PATH "-shm" },
};

/* Its tables are in the database, and the last row in the log. */
static void make_settled_store(void)
{
    make_store();
    store_close();
    store_open(2);
    insert(2, "b");
}

static void check_refuses_writes(void)
{
    kv_auto(kv_db_release) struct kv_db *db = acquire();

    check_refuses_as(CHANGED, kv_store_check(store, &err));
    check_refuses_as(CHANGED, kv_db_begin(db, &err));
    check_refuses_as(CHANGED, kv_db_run(db, "INSERT INTO key(id, name) VALUES(3, 'c')", KV_NO_BINDS,
                                        NULL, &err));
}

Test(store_files, that_were_changed_in_place_are_not_written_to)
{
    for (size_t i = 0; i < KV_COUNT(changes); i++) {
        make_settled_store();
        changes[i].harm(changes[i].path);
        check_refuses_writes();
        store_close();
        scratch_remove();
        scratch_make();
    }
}

Test(store_files, that_are_changed_during_a_transaction_make_its_commit_fail)
{
    for (size_t i = 0; i < KV_COUNT(changes); i++) {
        make_settled_store();
        struct kv_db *db = acquire();
        cr_assert_eq(kv_db_begin(db, &err), KV_OK);
        cr_assert_eq(
            kv_db_run(db, "INSERT INTO key(id, name) VALUES(3, 'c')", KV_NO_BINDS, NULL, &err),
            KV_OK);
        changes[i].harm(changes[i].path);
        check_refuses_as(CHANGED, kv_db_commit(db, &err));
        kv_db_release(db);
        store_close();
        scratch_remove();
        scratch_make();
    }
}

/* Its index is mapped into memory: to touch what is not there any more ends the process. */
Test(store_files, that_were_cut_below_a_reader_are_not_touched)
{
    kv_auto(kv_rows_close) struct kv_rows *rows = NULL;

    make_settled_store();
    kv_auto(kv_db_release) struct kv_db *db = acquire();
    cut_to_nothing(STORE_PATH "-shm");
    check_refuses_as(CHANGED,
                     kv_db_query(db, "SELECT count(*) FROM key", KV_NO_BINDS, &rows, &err));
    check_refuses_as(CHANGED, kv_db_begin_reading(db, &err));
}

/* Checkpoints, which write to the database and begin the log anew, are ours. */
Test(store_files, that_only_the_store_changes_are_sound)
{
    kv_auto(kv_db_release) struct kv_db *db = NULL;
    static const char bytes[40000];

    make_settled_store();
    db = acquire();
    for (int64_t id = 3; id < 400; id++) {
        cr_assert_eq(kv_db_run(db, "INSERT INTO key(id, name, value) VALUES(?, 'x', ?)",
                               KV_BINDS(KV_B_INT(id), KV_B_BYTES(bytes, sizeof(bytes))), NULL,
                               &err),
                     KV_OK, "%s", err.message);
        cr_assert_eq(kv_store_check(store, &err), KV_OK, "%s", err.message);
    }
}

static void write_with_sqlite(const char *sql)
{
    sqlite3 *sqlite = NULL;

    cr_assert_eq(sqlite3_open(STORE_PATH, &sqlite), SQLITE_OK);
    cr_assert_eq(sqlite3_exec(sqlite, sql, NULL, NULL, NULL), SQLITE_OK, "%s",
                 sqlite3_errmsg(sqlite));
    cr_assert_eq(sqlite3_close(sqlite), SQLITE_OK);
}

Test(store_files, that_another_process_writes_by_the_same_locks_are_sound)
{
    make_settled_store();
    write_with_sqlite("INSERT INTO key(id, name) VALUES(10, 'x')");
    insert(3, "c");
    write_with_sqlite("INSERT INTO key(id, name) VALUES(11, 'x'); PRAGMA wal_checkpoint");
    insert(4, "d");
    write_with_sqlite("PRAGMA wal_checkpoint(TRUNCATE)");
    insert(5, "e");
    cr_expect_eq(count(), 7);
}

static off_t size_of(const char *path)
{
    struct stat status;

    cr_assert_eq(stat(path, &status), 0);
    return status.st_size;
}

static void insert_in_transaction(int64_t id)
{
    kv_auto(kv_db_release) struct kv_db *db = acquire();

    cr_assert_eq(kv_db_begin(db, &err), KV_OK, "%s", err.message);
    cr_assert_eq(kv_db_run(db, "INSERT INTO key(id, name) VALUES(?, 'x')", KV_BINDS(KV_B_INT(id)),
                           NULL, &err),
                 KV_OK, "%s", err.message);
    cr_assert_eq(kv_db_commit(db, &err), KV_OK, "%s", err.message);
}

/* Commits that find room in it do not make it longer, and it has a bound: SQLite begins it anew. */
Test(store_files, that_are_written_to_have_room_in_the_log)
{
    make_store();
    insert_in_transaction(2);
    const off_t size = size_of(STORE_PATH "-wal");
    cr_assert_gt(size, 500 * 1024);
    for (int64_t id = 3; id < 23; id++) {
        insert_in_transaction(id);
    }
    cr_assert_eq(size_of(STORE_PATH "-wal"), size);
    for (int64_t id = 23; id < 1200; id++) {
        insert_in_transaction(id);
    }
    cr_assert_leq(size_of(STORE_PATH "-wal"), 5 * 1024 * 1024);
}

/* As after a kill: another process finds the log with its room, and reads to the last commit. */
Test(store_files, that_are_read_after_a_kill_have_all_that_was_committed)
{
    pid_t child;
    int status = 0;

    make_store();
    store_close();
    child = fork();
    cr_assert_geq(child, 0);
    if (child == 0) {
        store_open(1);
        insert_in_transaction(2);
        insert_in_transaction(3);
        _exit(size_of(STORE_PATH "-wal") > 500 * 1024 ? 0 : 1);
    }
    cr_assert_eq(waitpid(child, &status, 0), child);
    cr_assert_eq(status, 0);
    cr_assert_eq(unlink(STORE_PATH "-shm"), 0, "the index is made from the log again");
    store_open(1);
    cr_assert_eq(count(), 3);
}
