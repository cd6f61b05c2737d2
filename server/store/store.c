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
    pthread_rwlock_t place; /* lock.def: store.place; readers look at the files, the writer opens
                             * others */
    struct store_files files;
    unsigned limit; /* of connections */

    pthread_mutex_t pool_mutex; /* lock.def: store.pool; guards what follows */
    pthread_cond_t released;
    struct kv_db *idle;
    unsigned opened; /* idle, lent, or being opened */
    unsigned lent;   /* or being opened */
    bool is_paused;  /* by the next one */
    pthread_t pauser;
    bool has_no_files; /* they were closed, and opening others failed */
    bool is_new;       /* the file was empty when it was opened */

    struct store_turn turn;
};

bool kv_store_is_new(const struct kv_store *store)
{
    return store->is_new;
}

uint64_t kv_store_edition(const struct kv_store *store)
{
    return atomic_load(&store->turn.now_serving);
}

static void put_back(struct kv_store *store, struct kv_db *db)
{
    pthread_mutex_lock(&store->pool_mutex);
    db->next = store->idle;
    store->idle = db;
    store->lent--;
    pthread_cond_broadcast(&store->released); /* whoever pauses waits beside the others */
    pthread_mutex_unlock(&store->pool_mutex);
}

static bool is_shut_locked(const struct kv_store *store)
{
    return store->is_paused && !pthread_equal(store->pauser, pthread_self());
}

static bool has_room_locked(const struct kv_store *store)
{
    return store->idle != NULL || store->opened < store->limit;
}

/* False when it is `end`. */
static bool wait_until_locked(struct kv_store *store, kv_millis end)
{
    const struct timespec until = { .tv_sec = end / 1000, .tv_nsec = end % 1000 * 1000000 };

    return pthread_cond_clockwait(&store->released, &store->pool_mutex, CLOCK_MONOTONIC, &until)
           != ETIMEDOUT;
}

/* False when the pause lasts too long. */
static bool wait_for_resume_locked(struct kv_store *store)
{
    kv_millis end = kv_clock_monotonic() + KV_STORE_PAUSE_MAX;
    bool in_time = true;

    while (in_time && is_shut_locked(store)) {
        in_time = wait_until_locked(store, end);
    }
    return in_time || !is_shut_locked(store);
}

/* Others have connections for a moment each; only of a pause one cannot know how long it lasts. */
static enum kv_code wait_for_room_locked(struct kv_store *store, struct kv_err *err)
{
    while (is_shut_locked(store) || !has_room_locked(store)) {
        if (!wait_for_resume_locked(store)) {
            return KV_FAIL(err, KV_UNAVAILABLE, 0, "the state is being saved or put back");
        }
        if (!has_room_locked(store)) {
            pthread_cond_wait(&store->released, &store->pool_mutex);
        }
    }
    if (store->has_no_files && !store->is_paused) {
        return KV_FAIL(err, KV_UNAVAILABLE, 0, "the store has no file");
    }
    return KV_OK;
}

/* An idle connection, or NULL: the caller may open one more. */
static enum kv_code wait_for_connection(struct kv_store *store, struct kv_db **ret_db,
                                        struct kv_err *err)
{
    pthread_mutex_lock(&store->pool_mutex);
    enum kv_code code = wait_for_room_locked(store, err);
    struct kv_db *db = code == KV_OK ? store->idle : NULL;
    if (db != NULL) {
        store->idle = db->next;
    } else {
        store->opened += code == KV_OK;
    }
    store->lent += code == KV_OK;
    pthread_mutex_unlock(&store->pool_mutex);
    *ret_db = db;
    return code;
}

enum kv_code kv_store_check(struct kv_store *store, struct kv_err *err)
{
    pthread_rwlock_rdlock(&store->place);
    enum kv_code code = store_files_check(&store->files, err);
    pthread_rwlock_unlock(&store->place);
    return code;
}

static void forget_connection(struct kv_store *store)
{
    pthread_mutex_lock(&store->pool_mutex);
    store->opened--;
    store->lent--;
    pthread_cond_broadcast(&store->released);
    pthread_mutex_unlock(&store->pool_mutex);
}

/* The file may be exchanged before it is opened, or while it is. They are the files of a connection
 * that is lent, so nobody opens others meanwhile. */
static enum kv_code open_connection(struct kv_store *store, struct kv_db **ret_db,
                                    struct kv_err *err)
{
    kv_auto(kv_db_close) struct kv_db *db = NULL;

    KV_TRY(store_files_check(&store->files, err));
    KV_TRY(kv_db_open(store, &store->files, &store->turn, !store->files.open, &db, err));
    KV_TRY(store_files_check(&store->files, err));
    *ret_db = kv_take(db);
    return KV_OK;
}

enum kv_code kv_db_acquire(struct kv_store *store, struct kv_db **ret_db, struct kv_err *err)
{
    struct kv_db *db;

    KV_TRY(wait_for_connection(store, &db, err));
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
        db->store->is_new = true;
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
    (void) pthread_rwlock_init(&store->place, NULL);
    (void) pthread_cond_init(&store->released, NULL);
    store_turn_init(&store->turn);
    store->limit = connections;
    KV_TRY(store_files_name(&store->files, path, err));
    KV_TRY(prepare_file(store, err));
    *ret_store = kv_take(store);
    return KV_OK;
}

/* As the last one closes it, SQLite brings what is in the log into the database. */
static void close_idle(struct kv_store *store)
{
    bool is_sound = store_files_check(&store->files, NULL) == KV_OK;

    while (store->idle != NULL) {
        struct kv_db *db = store->idle;
        store->idle = db->next;
        store->opened--;
        if (!is_sound) {
            kv_db_keep_log(db);
        }
        kv_db_close(db);
    }
}

void kv_store_close(struct kv_store *store)
{
    if (store == NULL) {
        return;
    }
    close_idle(store);
    assert(store->opened == 0); /* every connection has been released */
    store_turn_done(&store->turn);
    (void) pthread_cond_destroy(&store->released);
    (void) pthread_mutex_destroy(&store->pool_mutex);
    (void) pthread_rwlock_destroy(&store->place);
    store_files_done(&store->files);
    free(store);
}

enum kv_code kv_store_pause(struct kv_store *store, kv_millis patience, struct kv_err *err)
{
    kv_millis end = kv_clock_monotonic() + patience;
    bool is_mine = false;
    bool in_time = true;

    pthread_mutex_lock(&store->pool_mutex);
    while (in_time && (!is_mine || store->lent > 0)) {
        if (!is_mine && !store->is_paused) {
            store->is_paused = is_mine = true;
            store->pauser = pthread_self();
        } else {
            in_time = wait_until_locked(store, end);
        }
    }
    if (!in_time && is_mine) {
        store->is_paused = false;
        pthread_cond_broadcast(&store->released);
    }
    pthread_mutex_unlock(&store->pool_mutex);
    return in_time ? KV_OK
                   : KV_FAIL(err, KV_UNAVAILABLE, 0, "the store is in use, for longer than %lld ms",
                             (long long) patience);
}

void kv_store_resume(struct kv_store *store)
{
    pthread_mutex_lock(&store->pool_mutex);
    assert(store->is_paused && pthread_equal(store->pauser, pthread_self()) && store->lent == 0);
    store->is_paused = false;
    pthread_cond_broadcast(&store->released);
    pthread_mutex_unlock(&store->pool_mutex);
}

/* What was looked up before holds no more. */
static void begin_edition(struct kv_store *store)
{
    store_turn_take(&store->turn);
    store_turn_give(&store->turn);
}

static enum kv_code open_others(struct kv_store *store, const char *path, struct kv_err *err)
{
    memset(&store->files, 0, sizeof(store->files));
    KV_TRY(store_files_name(&store->files, path, err));
    return prepare_file(store, err);
}

static enum kv_code exchange_files(struct kv_store *store, const char *path,
                                   kv_store_exchange_fn *exchange, void *context,
                                   struct kv_err *err)
{
    close_idle(store);
    store_files_done(&store->files);
    enum kv_code code = exchange(context, err);
    enum kv_code opened = open_others(store, path, code == KV_OK ? err : NULL);
    begin_edition(store);
    store->has_no_files = opened != KV_OK;
    return code != KV_OK ? code : opened;
}

enum kv_code kv_store_reopen(struct kv_store *store, kv_store_exchange_fn *exchange, void *context,
                             struct kv_err *err)
{
    char *path = strdup(store->files.file[STORE_DATABASE].path);

    assert(store->is_paused && pthread_equal(store->pauser, pthread_self()));
    if (path == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    pthread_rwlock_wrlock(&store->place);
    enum kv_code code = exchange_files(store, path, exchange, context, err);
    pthread_rwlock_unlock(&store->place);
    free(path);
    return code;
}
