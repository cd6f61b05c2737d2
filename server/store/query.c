/* SPDX-License-Identifier: Apache-2.0 */
/* Transactions, statements and rows on one lent connection. */
#include <assert.h>
#include <stdlib.h>

#include "connection.h"

static enum kv_code prepare(struct kv_db *db, const char *sql, struct kv_rows **ret_rows,
                            struct kv_err *err)
{
    struct kv_rows *rows = calloc(1, sizeof(*rows));
    const char *tail = "";

    if (rows == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    rows->sql = sql;
    rows->db = db;
    int rc =
        sqlite3_prepare_v3(db->sqlite, sql, -1, SQLITE_PREPARE_PERSISTENT, &rows->statement, &tail);
    if (rc != SQLITE_OK) {
        free(rows);
        return kv_db_fail(db, rc, err);
    }
    assert(*tail == '\0'); /* a second statement would never run */
    HASH_ADD_PTR(db->statements, sql, rows);
    if (rows->hh.tbl == NULL) {
        (void) sqlite3_finalize(rows->statement);
        free(rows);
        return KV_OUT_OF_MEMORY(err);
    }
    *ret_rows = rows;
    return KV_OK;
}

static int bind_one(sqlite3_stmt *statement, int index, const struct kv_bind *bind)
{
    switch (bind->type) {
    case KV_BIND_NULL:
        return sqlite3_bind_null(statement, index);
    case KV_BIND_INT:
        return sqlite3_bind_int64(statement, index, bind->number);
    case KV_BIND_TEXT:
        return sqlite3_bind_text(statement, index, bind->data, -1, SQLITE_STATIC);
    case KV_BIND_BYTES:
        /* a null pointer would make it NULL */
        return sqlite3_bind_blob64(statement, index, bind->data != NULL ? bind->data : "",
                                   bind->len, SQLITE_STATIC);
    }
    assert(!"a bind has a type");
    return SQLITE_MISUSE;
}

static enum kv_code bind_all(struct kv_rows *rows, struct kv_binds binds, struct kv_err *err)
{
    assert(binds.count == (size_t) sqlite3_bind_parameter_count(rows->statement));
    for (size_t i = 0; i < binds.count; i++) {
        int rc = bind_one(rows->statement, (int) i + 1, &binds.bind[i]);
        if (rc != SQLITE_OK) {
            return kv_db_fail(rows->db, rc, err);
        }
    }
    return KV_OK;
}

/* Clears the binds, too: they point to the caller's memory. */
static void rewind_statement(struct kv_rows *rows)
{
    (void) sqlite3_reset(rows->statement); /* repeats the error of the last step */
    (void) sqlite3_clear_bindings(rows->statement);
}

static enum kv_code start(struct kv_db *db, const char *sql, struct kv_binds binds,
                          struct kv_rows **ret_rows, struct kv_err *err)
{
    struct kv_rows *rows = NULL;

    HASH_FIND_PTR(db->statements, &sql, rows);
    if (rows == NULL) {
        KV_TRY(prepare(db, sql, &rows, err));
    }
    assert(!rows->open);
    enum kv_code code = bind_all(rows, binds, err);
    if (code != KV_OK) {
        rewind_statement(rows);
        return code;
    }
    rows->open = true;
    db->open_rows++;
    *ret_rows = rows;
    return KV_OK;
}

enum kv_code kv_db_query(struct kv_db *db, const char *sql, struct kv_binds binds,
                         struct kv_rows **ret_rows, struct kv_err *err)
{
    KV_TRY(store_files_use_index(db->files, err));
    KV_TRY(start(db, sql, binds, ret_rows, err));
    assert(db->writing || sqlite3_stmt_readonly((*ret_rows)->statement) != 0);
    return KV_OK;
}

void kv_rows_close(struct kv_rows *rows)
{
    if (rows != NULL) {
        rewind_statement(rows);
        rows->open = false;
        rows->db->open_rows--;
    }
}

enum kv_code kv_rows_next(struct kv_rows *rows, bool *ret_more, struct kv_err *err)
{
    assert(rows->open);
    int rc = sqlite3_step(rows->statement);

    if (rc != SQLITE_ROW && rc != SQLITE_DONE) {
        return kv_db_fail(rows->db, rc, err);
    }
    *ret_more = rc == SQLITE_ROW;
    return KV_OK;
}

int kv_rows_columns(const struct kv_rows *rows)
{
    return sqlite3_column_count(rows->statement);
}

bool kv_rows_is_null(const struct kv_rows *rows, int column)
{
    return sqlite3_column_type(rows->statement, column) == SQLITE_NULL;
}

int64_t kv_rows_int(const struct kv_rows *rows, int column)
{
    return sqlite3_column_int64(rows->statement, column);
}

const char *kv_rows_text(const struct kv_rows *rows, int column)
{
    const char *text = (const char *) sqlite3_column_text(rows->statement, column);

    return text != NULL ? text : "";
}

const void *kv_rows_bytes(const struct kv_rows *rows, int column, size_t *ret_len)
{
    const void *bytes = sqlite3_column_blob(rows->statement, column);

    *ret_len = (size_t) sqlite3_column_bytes(rows->statement, column);
    return bytes;
}

enum kv_code kv_db_each(struct kv_db *db, const char *sql, struct kv_binds binds, kv_row_fn *visit,
                        void *context, struct kv_err *err)
{
    kv_auto(kv_rows_close) struct kv_rows *rows = NULL;
    bool more;

    KV_TRY(kv_db_query(db, sql, binds, &rows, err));
    KV_TRY(kv_rows_next(rows, &more, err));
    while (more) {
        KV_TRY(visit(context, rows, err));
        KV_TRY(kv_rows_next(rows, &more, err));
    }
    return KV_OK;
}

enum kv_code kv_db_count(struct kv_db *db, const char *sql, struct kv_binds binds,
                         int64_t *ret_count, struct kv_err *err)
{
    kv_auto(kv_rows_close) struct kv_rows *rows = NULL;
    bool more;

    KV_TRY(kv_db_query(db, sql, binds, &rows, err));
    KV_TRY(kv_rows_next(rows, &more, err));
    *ret_count = more ? kv_rows_int(rows, 0) : 0;
    return KV_OK;
}

/* Steps a statement that yields no rows to its end. */
static enum kv_code finish(struct kv_rows *rows, struct kv_err *err)
{
    bool more = false;
    enum kv_code code = kv_rows_next(rows, &more, err);

    assert(!more);
    return code;
}

/* The same for a write that is its own transaction, in the writer's turn. */
static enum kv_code finish_alone(struct kv_rows *rows, struct kv_err *err)
{
    struct kv_db *db = rows->db;

    assert(!db->reading);
    store_turn_take(db->turn);
    enum kv_code code = store_files_enter(db->files, err);
    if (code == KV_OK) {
        code = finish(rows, err);
        enum kv_code after = store_files_leave(db->files, code == KV_OK ? err : NULL);
        code = code == KV_OK ? after : code;
    }
    store_turn_give(db->turn);
    return code;
}

enum kv_code kv_db_run(struct kv_db *db, const char *sql, struct kv_binds binds,
                       int64_t *ret_changes, struct kv_err *err)
{
    kv_auto(kv_rows_close) struct kv_rows *rows = NULL;

    if (db->writing && sqlite3_get_autocommit(db->sqlite) != 0) {
        return KV_FAIL(err, KV_INTERNAL, 0, "the transaction was undone by an earlier error");
    }
    KV_TRY(store_files_use_index(db->files, err));
    KV_TRY(start(db, sql, binds, &rows, err));
    bool alone = !db->writing && sqlite3_stmt_readonly(rows->statement) == 0;
    enum kv_code code = alone ? finish_alone(rows, err) : finish(rows, err);
    if (code == KV_OK && ret_changes != NULL) {
        *ret_changes = sqlite3_changes64(db->sqlite);
    }
    return code;
}

int64_t kv_db_last_id(const struct kv_db *db)
{
    return sqlite3_last_insert_rowid(db->sqlite);
}

static enum kv_code control(struct kv_db *db, const char *sql, struct kv_err *err)
{
    kv_auto(kv_rows_close) struct kv_rows *rows = NULL;

    KV_TRY(start(db, sql, KV_NO_BINDS, &rows, err));
    return finish(rows, err);
}

enum kv_code kv_db_begin(struct kv_db *db, struct kv_err *err)
{
    assert(!db->writing && !db->reading);
    store_turn_take(db->turn);
    enum kv_code code = store_files_enter(db->files, err);
    if (code == KV_OK) {
        code = control(db, "BEGIN IMMEDIATE", err);
    }
    if (code != KV_OK) {
        KV_IGNORE(store_files_leave(db->files, NULL)); /* it wrote nothing */
        store_turn_give(db->turn);
        return code;
    }
    db->writing = true;
    return KV_OK;
}

void kv_db_roll_back(struct kv_db *db)
{
    if (sqlite3_get_autocommit(db->sqlite) == 0) {
        (void) control(db, "ROLLBACK", NULL); /* on errors SQLite has undone it by itself */
    }
    if (db->writing) {
        KV_IGNORE(store_files_leave(db->files, NULL)); /* what may be lost is undone */
        store_turn_give(db->turn);
    }
    db->writing = false;
    db->reading = false;
}

enum kv_code kv_db_commit(struct kv_db *db, struct kv_err *err)
{
    assert(db->writing);
    enum kv_code code = store_files_verify(db->files, err);
    if (code == KV_OK) {
        store_files_make_room(db->files);
        code = control(db, "COMMIT", err);
    }
    if (code == KV_OK) { /* written, but where? */
        code = store_files_leave(db->files, err);
    }
    kv_db_roll_back(db); /* nothing is left to undo after success */
    return code;
}

enum kv_code kv_db_begin_reading(struct kv_db *db, struct kv_err *err)
{
    assert(!db->writing && !db->reading);
    KV_TRY(store_files_use_index(db->files, err));
    KV_TRY(control(db, "BEGIN", err));
    db->reading = true;
    return KV_OK;
}

void kv_db_end_reading(struct kv_db *db)
{
    assert(db->reading);
    kv_db_roll_back(db);
}
