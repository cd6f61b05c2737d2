/* SPDX-License-Identifier: Apache-2.0 */
/* Files that are moved, removed or replaced below a running store. */
#include <fcntl.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "store.h"

TestSuite(store_files, .init = scratch_make, .fini = store_done, .timeout = 60);

#define LOST "the store's files were moved, removed or replaced while coffer was running"

static void check_refuses(enum kv_code code)
{
    cr_expect_eq(code, KV_UNAVAILABLE);
    cr_expect_str_eq(err.message, LOST);
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
