/* SPDX-License-Identifier: Apache-2.0 */
#include <pthread.h>
#include <stdatomic.h>

#include <criterion/criterion.h>

#include "asleep.h"
#include "store.h"

#define THREADS 8
#define ROUNDS 25

TestSuite(store_turns, .init = scratch_make, .fini = store_done, .timeout = 120);

struct borrower {
    pthread_t thread;
    atomic_int id;
    atomic_bool lent;
};

static void *borrow(void *context)
{
    struct borrower *borrower = context;

    asleep_soon(&borrower->id);
    struct kv_db *db = acquire();
    atomic_store(&borrower->lent, true);
    kv_db_release(db);
    return NULL;
}

Test(store_turns, lend_no_more_connections_than_there_are)
{
    struct borrower borrower = { .lent = false };

    store_open(2);
    struct kv_db *first = acquire(), *second = acquire();
    cr_assert_neq(first, second);
    cr_assert_eq(pthread_create(&borrower.thread, NULL, borrow, &borrower), 0);
    await_sleep(&borrower.id);
    cr_assert_not(atomic_load(&borrower.lent));
    kv_db_release(second);
    cr_assert_eq(pthread_join(borrower.thread, NULL), 0);
    cr_assert(atomic_load(&borrower.lent));
    kv_db_release(first);
}

Test(store_turns, let_readers_read_while_one_writes)
{
    store_open(2);
    migrate(KEYS);
    insert(1, "a");
    struct kv_db *writer = acquire(), *reader = acquire();
    cr_assert_eq(kv_db_begin(writer, &err), KV_OK);
    cr_assert_eq(kv_db_run(writer, "DELETE FROM key", KV_NO_BINDS, NULL, &err), KV_OK);
    cr_assert_eq(count_on(reader), 1);
    cr_assert_eq(kv_db_commit(writer, &err), KV_OK);
    cr_assert_eq(count_on(reader), 0);
    kv_db_release(reader);
    kv_db_release(writer);
}

Test(store_turns, show_a_reading_transaction_one_state)
{
    store_open(2);
    migrate(KEYS);
    struct kv_db *reader = acquire();
    cr_assert_eq(kv_db_begin_reading(reader, &err), KV_OK);
    cr_assert_eq(count_on(reader), 0);
    insert(1, "a");
    cr_assert_eq(count_on(reader), 0);
    kv_db_end_reading(reader);
    cr_assert_eq(count_on(reader), 1);
    cr_assert_eq(kv_db_begin_reading(reader, &err), KV_OK);
    kv_db_release(reader); /* ends it too */
}

Test(store_turns, give_the_store_another_edition_with_every_commit)
{
    store_open(2);
    migrate(KEYS);
    uint64_t before = kv_store_edition(store);
    insert(1, "a");
    uint64_t alone = kv_store_edition(store);
    cr_assert_neq(alone, before);
    cr_assert_eq(count(), 1);
    cr_assert_eq(kv_store_edition(store), alone, "nothing was written");

    struct kv_db *db = acquire();
    cr_assert_eq(kv_db_begin(db, &err), KV_OK);
    cr_assert_eq(kv_db_run(db, "DELETE FROM key", KV_NO_BINDS, NULL, &err), KV_OK);
    cr_assert_eq(kv_store_edition(store), alone, "nobody else sees it yet");
    cr_assert_eq(kv_db_commit(db, &err), KV_OK);
    cr_assert_neq(kv_store_edition(store), alone);
    kv_db_release(db);
}

struct writer {
    pthread_t thread;
    atomic_int id;
    struct kv_db *db;
    int64_t number;
    bool alone; /* a statement outside a transaction waits for its turn too */
};

static void *write_in_turn(void *context)
{
    struct writer *writer = context;
    struct kv_err own;

    asleep_soon(&writer->id);
    if (!writer->alone) {
        cr_assert_eq(kv_db_begin(writer->db, &own), KV_OK);
    }
    cr_assert_eq(kv_db_run(writer->db, "INSERT INTO turn(number) VALUES(?)",
                           KV_BINDS(KV_B_INT(writer->number)), NULL, &own),
                 KV_OK);
    if (!writer->alone) {
        cr_assert_eq(kv_db_commit(writer->db, &own), KV_OK);
    }
    kv_db_release(writer->db);
    return NULL;
}

Test(store_turns, let_writers_write_in_the_order_they_came)
{
    static const struct kv_migration steps[] = {
        { "CREATE TABLE turn(place INTEGER PRIMARY KEY, number INTEGER) STRICT" }, { NULL }
    };
    struct writer writer[THREADS];
    kv_auto(kv_rows_close) struct kv_rows *rows = NULL;
    bool more = false;

    store_open(THREADS + 1);
    migrate(steps);
    struct kv_db *db = acquire();
    cr_assert_eq(kv_db_begin(db, &err), KV_OK);
    for (int64_t i = 0; i < THREADS; i++) {
        writer[i] = (struct writer){ .db = acquire(), .number = i, .alone = i % 2 == 0 };
        cr_assert_eq(pthread_create(&writer[i].thread, NULL, write_in_turn, &writer[i]), 0);
        await_sleep(&writer[i].id);
    }
    cr_assert_eq(kv_db_commit(db, &err), KV_OK);
    for (size_t i = 0; i < THREADS; i++) {
        cr_assert_eq(pthread_join(writer[i].thread, NULL), 0);
    }

    cr_assert_eq(
        kv_db_query(db, "SELECT number FROM turn ORDER BY place", KV_NO_BINDS, &rows, &err), KV_OK);
    for (int64_t i = 0; i < THREADS; i++) {
        cr_assert_eq(kv_rows_next(rows, &more, &err), KV_OK);
        cr_assert_eq(kv_rows_int(rows, 0), i);
    }
    kv_rows_close(kv_take(rows));
    kv_db_release(db);
}

/* Reads and writes a number; an increment is lost when two writers overlap. */
static void *increment(void *context)
{
    struct kv_err own;

    (void) context;
    for (int i = 0; i < ROUNDS; i++) {
        kv_auto(kv_db_release) struct kv_db *db = NULL;
        kv_auto(kv_rows_close) struct kv_rows *rows = NULL;
        bool more = false;
        cr_assert_eq(kv_db_acquire(store, &db, &own), KV_OK, "%s", own.message);
        cr_assert_eq(kv_db_begin(db, &own), KV_OK, "%s", own.message);
        cr_assert_eq(kv_db_query(db, "SELECT id FROM key", KV_NO_BINDS, &rows, &own), KV_OK);
        cr_assert_eq(kv_rows_next(rows, &more, &own), KV_OK);
        int64_t id = kv_rows_int(rows, 0);
        cr_assert_eq(kv_db_run(db, "UPDATE key SET id = ?", KV_BINDS(KV_B_INT(id + 1)), NULL, &own),
                     KV_OK, "%s", own.message);
        cr_assert_eq(kv_db_commit(db, &own), KV_OK, "%s", own.message);
    }
    return NULL;
}

Test(store_turns, keep_writers_apart)
{
    pthread_t thread[THREADS];

    store_open(3);
    migrate(KEYS);
    insert(0, "counter");
    for (size_t i = 0; i < THREADS; i++) {
        cr_assert_eq(pthread_create(&thread[i], NULL, increment, NULL), 0);
    }
    for (size_t i = 0; i < THREADS; i++) {
        cr_assert_eq(pthread_join(thread[i], NULL), 0);
    }
    kv_auto(kv_db_release) struct kv_db *db = acquire();
    kv_auto(kv_rows_close) struct kv_rows *rows = NULL;
    bool more = false;
    cr_assert_eq(kv_db_query(db, "SELECT id FROM key", KV_NO_BINDS, &rows, &err), KV_OK);
    cr_assert_eq(kv_rows_next(rows, &more, &err), KV_OK);
    cr_assert_eq(kv_rows_int(rows, 0), THREADS * ROUNDS);
}
