/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kv/store/store.h - everything that lasts, in one SQLite file (WAL, synchronous=FULL).
 *
 * The store lends connections; a connection belongs to one thread until it is released, and an
 * open transaction is rolled back then. SQL text lives with its domain, prepared once per
 * connection (statements are cached by the address of their text: pass literals only). Readers
 * never wait for writers; writers take turns in order of arrival. Errors: KV_INTERNAL with SQLite's
 * extended code as cause, KV_UNAVAILABLE when the disk is full or the file cannot be written.
 * Errors of opening and migrating, which are for the operator, name the file; the others, which are
 * sent to clients, name no path.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kv/base/buf.h"
#include "kv/base/clock.h"
#include "kv/base/err.h"

struct kv_store; /* opaque, thread-safe */
struct kv_db;    /* a lent connection, one thread */
struct kv_rows;  /* the rows of one query, inside a lent connection */

/* A step of a domain's schema, run once and in order, each in its own transaction; all in one where none
 * was run yet. */
struct kv_migration {
    const char *sql; /* one or more statements; NULL ends the list */
    bool rebuilds;   /* a table that others refer to: foreign keys are checked at the end */
};

/*
 * Opens (or creates, mode 0600) the file with at most `connections` connections. A file that was
 * written by a newer coffer, or is not a database, is refused with a message that says so.
 */
enum kv_code kv_store_open(const char *path, unsigned connections, struct kv_store **ret_store,
                           struct kv_err *err) kv_must_check;
void kv_store_close(struct kv_store *store);
KV_DEFINE_CLEANUP(struct kv_store *, kv_store_close)

/* Whether kv_store_open() found no tables: nothing was ever kept in it. Of use until it is reopened. */
bool kv_store_is_new(const struct kv_store *store);

/*
 * Checks that the files are still the ones it has open, at the path it opened, and as they were
 * after the last write; KV_UNAVAILABLE if they were moved, removed or replaced, until they are
 * back, or truncated, overwritten or touched (their times count), until the next start. Then
 * nothing is written (what is not under that name is lost to the next start) and no further
 * connection is opened, which would read another file; what was committed before can still be read
 * as far as it is there. Another process that writes using SQLite's own locks does no harm. Takes
 * some system calls; also done before each write and before and after each commit. Thread-safe.
 */
enum kv_code kv_store_check(struct kv_store *store, struct kv_err *err) kv_must_check;

/*
 * Pauses the store, so that its files can be saved or replaced while the process runs.
 * kv_store_pause() waits at most `patience` ms until every lent connection has been returned. From
 * then on only the calling thread, which must not hold a connection itself, can acquire one; the
 * others wait in kv_db_acquire() for up to KV_STORE_PAUSE_MAX ms and then get KV_UNAVAILABLE. If
 * patience runs out first, the caller gets KV_UNAVAILABLE and nothing has changed.
 * kv_store_resume(), on the same thread, lets everybody continue.
 */
#define KV_STORE_PAUSE_MAX 10000
enum kv_code kv_store_pause(struct kv_store *store, kv_millis patience,
                            struct kv_err *err) kv_must_check;
void kv_store_resume(struct kv_store *store);

/*
 * While the store is paused: closes the files, calls `exchange`, which may replace or copy them
 * (everything is in the database by then, there is no log), and opens what is there afterwards;
 * kv_store_edition() changes. KV_INTERNAL for a file that kv_store_open() would refuse. After a
 * failure the store cannot be used until another call succeeds.
 */
typedef enum kv_code kv_store_exchange_fn(void *context, struct kv_err *err);
enum kv_code kv_store_reopen(struct kv_store *store, kv_store_exchange_fn *exchange, void *context,
                             struct kv_err *err) kv_must_check;

/* Migrates the tables of `domain` to the end of `steps`; refuses a schema beyond that. */
enum kv_code kv_store_migrate(struct kv_store *store, const char *domain,
                              const struct kv_migration *steps, struct kv_err *err) kv_must_check;

/* Appends what form the tables have: each domain and how many steps it has taken, "keys 9, vault 1". */
enum kv_code kv_store_describe_form(struct kv_store *store, struct kv_buf *buf,
                                    struct kv_err *err) kv_must_check;

/* Waits for a free connection, and while the store is paused. */
enum kv_code kv_db_acquire(struct kv_store *store, struct kv_db **ret_db,
                           struct kv_err *err) kv_must_check;
void kv_db_release(struct kv_db *db);
KV_DEFINE_CLEANUP(struct kv_db *, kv_db_release)

/* A writing transaction: begin waits for the writer's turn, commit is durable when it returns. */
enum kv_code kv_db_begin(struct kv_db *db, struct kv_err *err) kv_must_check;
enum kv_code kv_db_commit(struct kv_db *db, struct kv_err *err) kv_must_check;

/*
 * Attaches the database at `path` as `saved`, to copy rows from it; outside a transaction. Detaching
 * rolls back what was not committed; do so before the connection is released, and only once attached.
 */
enum kv_code kv_db_attach(struct kv_db *db, const char *path, struct kv_err *err) kv_must_check;
void kv_db_detach(struct kv_db *db);
KV_DEFINE_CLEANUP(struct kv_db *, kv_db_detach)

/*
 * A reading transaction: all queries until kv_db_release() or kv_db_end_reading() see the store
 * as it was at the first of them.
 */
enum kv_code kv_db_begin_reading(struct kv_db *db, struct kv_err *err) kv_must_check;
void kv_db_end_reading(struct kv_db *db);

/* A number that changes with every commit, before the commit returns: data read after asking for
 * the edition is current for as long as the edition stays the same. */
uint64_t kv_store_edition(const struct kv_store *store);

/* One value bound to a ? of the SQL, in order. Texts and bytes are borrowed until the call ends
 * (run) or the rows are closed (query). */
enum kv_bind_type { KV_BIND_NULL, KV_BIND_INT, KV_BIND_TEXT, KV_BIND_BYTES };
struct kv_bind {
    enum kv_bind_type type;
    int64_t number;
    const void *data;
    size_t len;
};
#define KV_B_NULL ((struct kv_bind){ .type = KV_BIND_NULL })
#define KV_B_INT(n) ((struct kv_bind){ .type = KV_BIND_INT, .number = (int64_t) (n) })
#define KV_B_TEXT(t) ((struct kv_bind){ .type = KV_BIND_TEXT, .data = (t) })
#define KV_B_BYTES(p, n) ((struct kv_bind){ .type = KV_BIND_BYTES, .data = (p), .len = (n) })

/* A list of binds for the calls below: KV_BINDS(KV_B_TEXT(name), KV_B_INT(now)), or KV_NO_BINDS. */
struct kv_binds {
    const struct kv_bind *bind;
    size_t count;
};
#define KV_BINDS(...)                                                                              \
    ((struct kv_binds){ (const struct kv_bind[]){ __VA_ARGS__ },                                   \
                        sizeof((const struct kv_bind[]){ __VA_ARGS__ })                            \
                            / sizeof(struct kv_bind) })
#define KV_NO_BINDS ((struct kv_binds){ NULL, 0 })

/* Runs a statement that yields no rows; returns how many it changed (NULL is fine). */
enum kv_code kv_db_run(struct kv_db *db, const char *sql, struct kv_binds binds,
                       int64_t *ret_changes, struct kv_err *err) kv_must_check;

/* The rowid of this connection's last insert. */
int64_t kv_db_last_id(const struct kv_db *db);

/* Starts a query; close the rows before the same SQL is used again on this connection. */
enum kv_code kv_db_query(struct kv_db *db, const char *sql, struct kv_binds binds,
                         struct kv_rows **ret_rows, struct kv_err *err) kv_must_check;
void kv_rows_close(struct kv_rows *rows);
KV_DEFINE_CLEANUP(struct kv_rows *, kv_rows_close)

/* Advances to the next row; *ret_more is false after the last. */
enum kv_code kv_rows_next(struct kv_rows *rows, bool *ret_more, struct kv_err *err) kv_must_check;

/* Columns of the current row, from 0; texts and bytes are borrowed until the next step. */
int kv_rows_columns(const struct kv_rows *rows); /* how many there are */
bool kv_rows_is_null(const struct kv_rows *rows, int column);
int64_t kv_rows_int(const struct kv_rows *rows, int column);
const char *kv_rows_text(const struct kv_rows *rows, int column); /* "" for NULL */
const void *kv_rows_bytes(const struct kv_rows *rows, int column, size_t *ret_len);

/* Calls `visit` for each row of a query, in their order, until one of these calls fails. */
typedef enum kv_code kv_row_fn(void *context, const struct kv_rows *row, struct kv_err *err);
enum kv_code kv_db_each(struct kv_db *db, const char *sql, struct kv_binds binds, kv_row_fn *visit,
                        void *context, struct kv_err *err) kv_must_check;

/* The number in the first column of the first row; 0 when there is no row. */
enum kv_code kv_db_count(struct kv_db *db, const char *sql, struct kv_binds binds,
                         int64_t *ret_count, struct kv_err *err) kv_must_check;
