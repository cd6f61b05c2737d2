/* SPDX-License-Identifier: Apache-2.0 */
/* A store that stands still while its files are saved or others are put in their place. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "kv/base/buf.h"
#include "kv/base/files.h"
#include "store.h"

#define PATIENCE 5000

TestSuite(store_pause, .init = scratch_make, .fini = store_done, .timeout = 120);

static void open_with_row(void)
{
    store_open(4);
    migrate(KEYS);
    insert(1, "first");
}

struct user {
    pthread_t thread;
    atomic_bool is_done;
    enum kv_code code;
};

static void *use(void *context)
{
    struct user *user = context;
    kv_auto(kv_db_release) struct kv_db *db = NULL;
    struct kv_err own;

    user->code = kv_db_acquire(store, &db, &own);
    atomic_store(&user->is_done, true);
    return NULL;
}

static void begin_use(struct user *user)
{
    atomic_init(&user->is_done, false);
    cr_assert_eq(pthread_create(&user->thread, NULL, use, user), 0);
}

Test(store_pause, is_given_up_while_a_connection_is_lent)
{
    open_with_row();
    struct kv_db *db = acquire();
    cr_expect_eq(kv_store_pause(store, 20, &err), KV_UNAVAILABLE);
    cr_expect_str_eq(err.message, "the store is in use, for longer than 20 ms");
    cr_expect_eq(count_on(db), 1);
    struct user user;
    begin_use(&user);
    pthread_join(user.thread, NULL);
    cr_expect_eq(user.code, KV_OK, "nothing has changed");
    kv_db_release(db);
    cr_expect_eq(kv_store_pause(store, 20, &err), KV_OK);
    kv_store_resume(store);
}

Test(store_pause, has_others_wait_and_loses_none)
{
    struct user users[3];

    open_with_row();
    cr_assert_eq(kv_store_pause(store, PATIENCE, &err), KV_OK);
    for (size_t i = 0; i < KV_COUNT(users); i++) {
        begin_use(&users[i]);
    }
    (void) usleep(20000);
    for (size_t i = 0; i < KV_COUNT(users); i++) {
        cr_expect_not(atomic_load(&users[i].is_done));
    }
    insert(2, "by the one who paused it");
    kv_store_resume(store);
    for (size_t i = 0; i < KV_COUNT(users); i++) {
        pthread_join(users[i].thread, NULL);
        cr_expect_eq(users[i].code, KV_OK);
    }
    cr_expect_eq(count(), 2);
}

static void copy(const char *from, const char *to)
{
    kv_auto(kv_buf_done) struct kv_buf bytes;

    kv_buf_init(&bytes, 1024 * 1024);
    cr_assert_eq(kv_file_read(from, &bytes, &err), KV_OK, "%s", err.message);
    cr_assert_eq(kv_file_write(to, bytes.data, bytes.len, 0600, &err), KV_OK, "%s", err.message);
}

/* All is in the one file by then. */
static enum kv_code save(void *context, struct kv_err *ret_err)
{
    (void) context;
    (void) ret_err;
    cr_expect_neq(access(STORE_PATH "-wal", F_OK), 0);
    copy(STORE_PATH, "saved.db");
    return KV_OK;
}

static enum kv_code put_back(void *context, struct kv_err *ret_err)
{
    (void) ret_err;
    copy(context, "next.db");
    cr_assert_eq(rename("next.db", STORE_PATH), 0);
    return KV_OK;
}

static enum kv_code refuse(void *context, struct kv_err *ret_err)
{
    (void) context;
    return KV_FAIL(ret_err, KV_UNAVAILABLE, 0, "there is no room to save it");
}

static enum kv_code stand_still(kv_store_exchange_fn *exchange, void *context)
{
    cr_assert_eq(kv_store_pause(store, PATIENCE, &err), KV_OK);
    enum kv_code code = kv_store_reopen(store, exchange, context, &err);
    kv_store_resume(store);
    return code;
}

Test(store_pause, lets_a_state_be_saved_and_put_back)
{
    static char saved[] = "saved.db";

    open_with_row();
    cr_assert_eq(stand_still(save, NULL), KV_OK, "%s", err.message);
    insert(2, "second");
    cr_expect_eq(count(), 2);
    uint64_t edition = kv_store_edition(store);
    cr_assert_eq(stand_still(put_back, saved), KV_OK, "%s", err.message);
    cr_expect_neq(kv_store_edition(store), edition);
    cr_expect_eq(count(), 1);
    insert(3, "third");
    cr_expect_eq(kv_store_check(store, &err), KV_OK, "%s", err.message);
    store_close();
    store_open(1);
    cr_expect_eq(count(), 2);
}

Test(store_pause, goes_on_with_its_files_when_nothing_was_exchanged)
{
    open_with_row();
    cr_expect_eq(stand_still(refuse, NULL), KV_UNAVAILABLE);
    cr_expect_str_eq(err.message, "there is no room to save it");
    insert(2, "second");
    cr_expect_eq(count(), 2);
}

Test(store_pause, takes_no_file_that_is_no_store_of_ours)
{
    static char saved[] = "saved.db", foreign[] = "foreign.db";
    static const char nonsense[] = "this is no database, but it is long enough to look like one at "
                                   "first sight, perhaps, and perhaps not even that, who knows?";
    struct kv_db *db = NULL;

    open_with_row();
    cr_assert_eq(stand_still(save, NULL), KV_OK, "%s", err.message);
    cr_assert_eq(kv_file_write(foreign, nonsense, strlen(nonsense), 0600, &err), KV_OK);
    cr_expect_neq(stand_still(put_back, foreign), KV_OK);
    cr_expect_eq(kv_db_acquire(store, &db, &err), KV_UNAVAILABLE);
    cr_expect_str_eq(err.message, "the store has no file");
    cr_assert_eq(stand_still(put_back, saved), KV_OK, "%s", err.message);
    cr_expect_eq(count(), 1);
}
