/* SPDX-License-Identifier: Apache-2.0 */
/* Objects that are about to be made. */
#include "intent.h"

#include "core.h"

/* Runs a statement about one object for each of them, all or none. */
static enum kv_code run_for_objects(struct kv_keys *keys, const char *sql,
                                    const unsigned char *objects, size_t count, struct kv_err *err)
{
    kv_auto(kv_db_release) struct kv_db *db = NULL;

    KV_TRY(kv_db_acquire(keys->config.store, &db, err));
    KV_TRY(kv_db_begin(db, err));
    for (size_t i = 0; i < count; i++) {
        const unsigned char *object = objects + i * KV_OBJECT_LENGTH;

        KV_TRY(kv_db_run(db, sql, KV_BINDS(KV_B_BYTES(object, KV_OBJECT_LENGTH)), NULL, err));
    }
    return kv_db_commit(db, err);
}

enum kv_code intent_write(struct kv_keys *keys, const unsigned char *objects, size_t count,
                          struct kv_err *err)
{
    static const char sql[] = "INSERT INTO limbo (object, doomed) VALUES (?, 0)";

    return run_for_objects(keys, sql, objects, count, err);
}

enum kv_code intent_doom(struct kv_keys *keys, const unsigned char *objects, size_t count,
                         struct kv_err *err)
{
    /* the row is gone when the store was put back to an earlier state meanwhile */
    static const char sql[] = "INSERT INTO limbo (object, doomed) VALUES (?, 1)"
                              " ON CONFLICT (object) DO UPDATE SET doomed = 1";

    return run_for_objects(keys, sql, objects, count, err);
}

enum kv_code intent_settle(struct kv_db *db, const unsigned char *object, struct kv_err *err)
{
    static const char sql[] = "DELETE FROM limbo WHERE object = ? AND doomed = 0";
    int64_t settled;

    KV_TRY(kv_db_run(db, sql, KV_BINDS(KV_B_BYTES(object, KV_OBJECT_LENGTH)), &settled, err));
    if (settled != 1) {
        return KV_FAIL(err, KV_UNAVAILABLE, 0,
                       "The store was put back to an earlier state while the key was being made.");
    }
    return KV_OK;
}
