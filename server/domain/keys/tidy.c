/* SPDX-License-Identifier: Apache-2.0 */
/* Destroying objects without an owner; counting what there is. */
#include "kv/keys/state.h"

#include <string.h>

#include "core.h"
#include "deletion.h"

#define BATCH 64 /* objects a round */

struct object_batch {
    unsigned char object[BATCH][KV_OBJECT_LENGTH];
    size_t count;
};

static enum kv_code read_objects(struct kv_db *db, const char *sql, struct object_batch *ret_batch,
                                 struct kv_err *err)
{
    kv_auto(kv_rows_close) struct kv_rows *rows = NULL;
    bool more;

    ret_batch->count = 0;
    KV_TRY(kv_db_query(db, sql, KV_BINDS(KV_B_INT(BATCH)), &rows, err));
    KV_TRY(kv_rows_next(rows, &more, err));
    while (more && ret_batch->count < BATCH) {
        size_t len;
        const void *object = kv_rows_bytes(rows, 0, &len);

        if (object == NULL || len != KV_OBJECT_LENGTH) {
            return KV_FAIL(err, KV_INTERNAL, 0, "the store holds an object id of %zu bytes", len);
        }
        memcpy(ret_batch->object[ret_batch->count++], object, KV_OBJECT_LENGTH);
        KV_TRY(kv_rows_next(rows, &more, err));
    }
    return KV_OK;
}

static enum kv_code forget_object(struct kv_keys *keys, const unsigned char *object,
                                  struct kv_err *err)
{
    static const char sql[] = "DELETE FROM limbo WHERE object = ?";
    kv_auto(kv_db_release) struct kv_db *db = NULL;

    KV_TRY(kv_db_acquire(keys->config.store, &db, err));
    KV_TRY(kv_db_begin(db, err));
    KV_TRY(kv_db_run(db, sql, KV_BINDS(KV_B_BYTES(object, KV_OBJECT_LENGTH)), NULL, err));
    return kv_db_commit(db, err);
}

static bool is_to_stop(const struct kv_keys *keys)
{
    return atomic_load(&keys->stop)
           || (keys->config.is_to_stop != NULL && keys->config.is_to_stop());
}

static enum kv_code is_given_up(struct kv_keys *keys, const unsigned char *object, bool *ret_is,
                                struct kv_err *err)
{
    static const char sql[] = "SELECT count(*) FROM limbo WHERE object = ?";
    kv_auto(kv_db_release) struct kv_db *db = NULL;
    int64_t count = 0;

    KV_TRY(kv_db_acquire(keys->config.store, &db, err));
    KV_TRY(kv_db_count(db, sql, KV_BINDS(KV_B_BYTES(object, KV_OBJECT_LENGTH)), &count, err));
    *ret_is = count > 0;
    return KV_OK;
}

/* A state of before, in which a key has it, may have been put back since it was read. */
static enum kv_code destroy_locked(struct kv_keys *keys, const unsigned char *object,
                                   struct kv_err *err)
{
    bool is = false;

    KV_TRY(is_given_up(keys, object, &is, err));
    if (!is) {
        return KV_OK;
    }
    KV_TRY(kv_custody_destroy(keys->config.custody, object, err));
    return forget_object(keys, object, err);
}

static enum kv_code destroy(struct kv_keys *keys, const unsigned char *object, struct kv_err *err)
{
    pthread_mutex_lock(&keys->tidying);
    enum kv_code code = destroy_locked(keys, object, err);
    pthread_mutex_unlock(&keys->tidying);
    return code;
}

/* Destroys the objects that a limbo statement returns, until it returns none; the row is deleted
 * last, so that a crash in between only makes us try again. */
static enum kv_code destroy_limbo(struct kv_keys *keys, const char *sql, size_t *ret_destroyed,
                                  struct kv_err *err)
{
    struct object_batch batch;

    *ret_destroyed = 0;
    do {
        kv_auto(kv_db_release) struct kv_db *db = NULL;

        KV_TRY(kv_db_acquire(keys->config.store, &db, err));
        KV_TRY(read_objects(db, sql, &batch, err));
        kv_db_release(kv_take(db)); /* not held across the token's calls */
        for (size_t i = 0; i < batch.count; i++) {
            if (is_to_stop(keys)) {
                return KV_OK; /* the rows stay: the next start goes on */
            }
            *ret_destroyed += kv_custody_has(keys->config.custody, batch.object[i]);
            KV_TRY(destroy(keys, batch.object[i], err));
        }
    } while (batch.count > 0);
    return KV_OK;
}

enum kv_code kv_keys_sweep(struct kv_keys *keys, size_t *ret_destroyed, struct kv_err *err)
{
    static const char sql[] = "SELECT object FROM limbo LIMIT ?";

    return destroy_limbo(keys, sql, ret_destroyed, err);
}

enum kv_code kv_keys_tidy(struct kv_keys *keys, struct kv_err *err)
{
    static const char sql[] = "SELECT object FROM limbo WHERE doomed = 1 LIMIT ?";
    size_t count;

    return destroy_limbo(keys, sql, &count, err);
}

void kv_keys_stop_tidying(struct kv_keys *keys)
{
    atomic_store(&keys->stop, true);
}

enum kv_code kv_keys_count(struct kv_keys *keys, struct kv_keys_census *ret_census,
                           struct kv_err *err)
{
    static const char sql[] = "SELECT (SELECT count(*) FROM key WHERE state = 0),"
                              " (SELECT count(*) FROM key WHERE state = 1),"
                              " (SELECT count(*) FROM version),"
                              " (SELECT count(*) FROM limbo WHERE doomed = 1)";
    kv_auto(kv_db_release) struct kv_db *db = NULL;
    kv_auto(kv_rows_close) struct kv_rows *rows = NULL;
    bool more;

    KV_TRY(kv_db_acquire(keys->config.store, &db, err));
    KV_TRY(kv_db_query(db, sql, KV_NO_BINDS, &rows, err));
    KV_TRY(kv_rows_next(rows, &more, err));
    *ret_census = (struct kv_keys_census){
        .keys = (size_t) kv_rows_int(rows, 0),
        .deleted_keys = (size_t) kv_rows_int(rows, 1),
        .versions = (size_t) kv_rows_int(rows, 2),
        .limbo = (size_t) kv_rows_int(rows, 3),
    };
    return KV_OK;
}

enum kv_code kv_keys_each_object(struct kv_keys *keys, kv_object_visit_fn *visit, void *context,
                                 struct kv_err *err)
{
    static const char sql[] = "SELECT object FROM version WHERE external IS NULL"
                              " UNION ALL SELECT object FROM service_key"
                              " UNION ALL SELECT object FROM external_key";
    kv_auto(kv_db_release) struct kv_db *db = NULL;
    kv_auto(kv_rows_close) struct kv_rows *rows = NULL;
    bool more = true;

    KV_TRY(kv_db_acquire(keys->config.store, &db, err));
    KV_TRY(kv_db_query(db, sql, KV_NO_BINDS, &rows, err));
    KV_TRY(kv_rows_next(rows, &more, err));
    while (more) {
        size_t len;
        const unsigned char *object = kv_rows_bytes(rows, 0, &len);

        if (len == KV_OBJECT_LENGTH && !visit(context, object)) {
            break;
        }
        KV_TRY(kv_rows_next(rows, &more, err));
    }
    return KV_OK;
}
