/* SPDX-License-Identifier: Apache-2.0 */
/* The pool of connections, and how to recognise a file of ours. */
#include "kv/store/store.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "connection.h"
#include "files.h"
#include "turn.h"

#define APPLICATION_ID 0x636f6672 /* "cofr" in the file's header: a database of ours */
#define FORMAT 1                  /* of what initialise() creates; its user_version */

struct kv_store {
    struct store_files files;
    unsigned limit; /* of connections */

    pthread_mutex_t pool_mutex; /* lock.def: store.pool */
    pthread_cond_t released;
    struct kv_db *idle; /* guarded by pool_mutex */
    unsigned opened;    /* guarded by pool_mutex; idle, lent, or being opened */

    struct store_turn turn;
};

uint64_t kv_store_edition(const struct kv_store *store)
{
    return atomic_load(&store->turn.now_serving);
}

static void put_back(struct kv_store *store, struct kv_db *db)
{
    pthread_mutex_lock(&store->pool_mutex);
    db->next = store->idle;
    store->idle = db;
    pthread_cond_signal(&store->released);
    pthread_mutex_unlock(&store->pool_mutex);
}

/* An idle connection, or NULL: the caller may open one more. */
static struct kv_db *wait_for_connection(struct kv_store *store)
{
    pthread_mutex_lock(&store->pool_mutex);
    while (store->idle == NULL && store->opened == store->limit) {
        pthread_cond_wait(&store->released, &store->pool_mutex);
    }
    struct kv_db *db = store->idle;
    if (db != NULL) {
        store->idle = db->next;
    } else {
        store->opened++;
    }
    pthread_mutex_unlock(&store->pool_mutex);
    return db;
}

enum kv_code kv_store_check(struct kv_store *store, struct kv_err *err)
{
    return store_files_check(&store->files, err);
}

static void forget_connection(struct kv_store *store)
{
    pthread_mutex_lock(&store->pool_mutex);
    store->opened--;
    pthread_cond_signal(&store->released);
    pthread_mutex_unlock(&store->pool_mutex);
}

/* The file may be swapped before it is opened, or while it is open. */
static enum kv_code open_connection(struct kv_store *store, struct kv_db **ret_db,
                                    struct kv_err *err)
{
    kv_auto(kv_db_close) struct kv_db *db = NULL;

    KV_TRY(kv_store_check(store, err));
    KV_TRY(kv_db_open(store, &store->files, &store->turn, !store->files.open, &db, err));
    KV_TRY(kv_store_check(store, err));
    *ret_db = kv_take(db);
    return KV_OK;
}

enum kv_code kv_db_acquire(struct kv_store *store, struct kv_db **ret_db, struct kv_err *err)
{
    struct kv_db *db = wait_for_connection(store);

    if (db == NULL) {
        enum kv_code code = open_connection(store, &db, err);
        if (code != KV_OK) {
            forget_connection(store);
            return code;
        }
    }
    *ret_db = db;
    return KV_OK;
}

void kv_db_release(struct kv_db *db)
{
    if (db != NULL) {
        assert(db->open_rows == 0); /* they would belong to an old state of the file */
        kv_db_roll_back(db);
        put_back(db->store, db);
    }
}

/* SQLite would create the file with the mode the umask allows, and the files beside it with the
 * same. */
static enum kv_code make_file(const char *path, struct kv_err *err)
{
    int descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    int reason = errno;

    if (descriptor >= 0) {
        (void) close(descriptor);
        return KV_OK;
    }
    if (reason == EEXIST) {
        return KV_OK;
    }
    return KV_FAIL(err, KV_UNAVAILABLE, (unsigned long) reason, "cannot make %s: %s", path,
                   strerrordesc_np(reason));
}

struct identity {
    bool empty;
    int64_t application, format;
};

static enum kv_code load_identity(struct kv_db *db, struct identity *ret_identity,
                                  struct kv_err *err)
{
    static const char sql[] = "SELECT (SELECT count(*) = 0 FROM sqlite_schema),"
                              "(SELECT application_id FROM pragma_application_id),"
                              "(SELECT user_version FROM pragma_user_version)";
    kv_auto(kv_rows_close) struct kv_rows *rows = NULL;
    bool more = false;

    KV_TRY(kv_db_query(db, sql, KV_NO_BINDS, &rows, err));
    KV_TRY(kv_rows_next(rows, &more, err));
    *ret_identity = (struct identity){ .empty = kv_rows_int(rows, 0) != 0,
                                       .application = kv_rows_int(rows, 1),
                                       .format = kv_rows_int(rows, 2) };
    return KV_OK;
}

/* Makes the tables of an empty file; refuses a file that is not ours or of a later format. */
static enum kv_code initialise(struct kv_db *db, struct kv_err *err)
{
    static const char tables[] = "CREATE TABLE schema(domain TEXT PRIMARY KEY,"
                                 " version INTEGER NOT NULL) STRICT, WITHOUT ROWID;"
                                 "PRAGMA application_id = " KV_STRINGIFY(
                                     APPLICATION_ID) ";"
                                                     "PRAGMA user_version = " KV_STRINGIFY(FORMAT);
    struct identity identity;

    KV_TRY(kv_db_begin(db, err));
    KV_TRY(load_identity(db, &identity, err));
    if (identity.empty) {
        KV_TRY(kv_db_execute(db, tables, err));
        return kv_db_commit(db, err);
    }
    if (identity.application != APPLICATION_ID) {
        return KV_FAIL(err, KV_INTERNAL, 0, "%s is a database of another program", db->path);
    }
    if (identity.format > FORMAT) {
        return KV_FAIL(err, KV_INTERNAL, 0, "%s was written by a newer coffer", db->path);
    }
    return KV_OK;
}

static enum kv_code prepare_file(struct kv_store *store, struct kv_err *err)
{
    kv_auto(kv_db_release) struct kv_db *db = NULL;

    KV_TRY(make_file(store->files.file[STORE_DATABASE].path, err));
    KV_TRY(kv_db_acquire(store, &db, err));
    KV_TRY(initialise(db, err));
    db->tells_path = false;
    return store_files_watch(&store->files, err);
}

enum kv_code kv_store_open(const char *path, unsigned connections, struct kv_store **ret_store,
                           struct kv_err *err)
{
    kv_auto(kv_store_close) struct kv_store *store = calloc(1, sizeof(*store));

    assert(connections > 0);
    if (store == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    (void) pthread_mutex_init(&store->pool_mutex, NULL); /* these cannot fail on Linux */
    (void) pthread_cond_init(&store->released, NULL);
    store_turn_init(&store->turn);
    store->limit = connections;
    KV_TRY(store_files_name(&store->files, path, err));
    KV_TRY(prepare_file(store, err));
    *ret_store = kv_take(store);
    return KV_OK;
}

void kv_store_close(struct kv_store *store)
{
    if (store == NULL) {
        return;
    }
    bool is_sound = kv_store_check(store, NULL) == KV_OK;
    while (store->idle != NULL) {
        struct kv_db *db = store->idle;
        store->idle = db->next;
        store->opened--;
        if (!is_sound) {
            kv_db_keep_log(db);
        }
        kv_db_close(db);
    }
    assert(store->opened == 0); /* every connection has been released */
    store_turn_done(&store->turn);
    (void) pthread_cond_destroy(&store->released);
    (void) pthread_mutex_destroy(&store->pool_mutex);
    store_files_done(&store->files);
    free(store);
}
