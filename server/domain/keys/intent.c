/* SPDX-License-Identifier: Apache-2.0 */
/* Objects that are about to be made. */
#include "intent.h"

#include <string.h>

#include "core.h"
#include "kv/custody/custody.h"

/* Runs a statement about one object for each of them. */
static enum kv_code run_for_each(struct kv_db *db, const char *sql, const unsigned char *objects,
                                 size_t count, struct kv_err *err)
{
    for (size_t i = 0; i < count; i++) {
        const unsigned char *object = objects + i * KV_OBJECT_LENGTH;

        KV_TRY(kv_db_run(db, sql, KV_BINDS(KV_B_BYTES(object, KV_OBJECT_LENGTH)), NULL, err));
    }
    return KV_OK;
}

/* All or none. */
static enum kv_code run_for_objects(struct kv_keys *keys, const char *sql,
                                    const unsigned char *objects, size_t count, struct kv_err *err)
{
    kv_auto(kv_db_release) struct kv_db *db = NULL;

    KV_TRY(kv_db_acquire(keys->config.store, &db, err));
    KV_TRY(kv_db_begin(db, err));
    KV_TRY(run_for_each(db, sql, objects, count, err));
    return kv_db_commit(db, err);
}

enum kv_code intent_write(struct kv_keys *keys, const unsigned char *objects, size_t count,
                          struct kv_err *err)
{
    static const char sql[] = "INSERT INTO limbo (object, doomed) VALUES (?, 0)";

    KV_TRY(kv_custody_check_room(keys->config.custody, err));
    return run_for_objects(keys, sql, objects, count, err);
}

static enum kv_code write_spares(struct kv_keys *keys, struct intents *intents, struct kv_err *err)
{
    for (size_t i = 0; i < INTENT_SPARES; i++) {
        KV_TRY(kv_custody_new_object(intents->spare[i], err));
    }
    KV_TRY(intent_write(keys, intents->spare[0], INTENT_SPARES, err));
    intents->count = INTENT_SPARES;
    return KV_OK;
}

static bool has_spare_locked(struct intents *intents)
{
    unsigned era = atomic_load(&intents->era);

    if (intents->era_of_spares != era) {
        intents->count = 0;
        intents->era_of_spares = era;
    }
    return intents->count > 0;
}

/* The mutex is held across the commit: those who find no spare wait for the same one. */
enum kv_code intent_take(struct kv_keys *keys, unsigned char ret_object[KV_OBJECT_LENGTH],
                         struct kv_err *err)
{
    struct intents *intents = &keys->intents;

    KV_TRY(kv_custody_check_room(keys->config.custody, err));
    pthread_mutex_lock(&intents->mutex);
    enum kv_code code = has_spare_locked(intents) ? KV_OK : write_spares(keys, intents, err);
    if (code == KV_OK) {
        memcpy(ret_object, intents->spare[--intents->count], KV_OBJECT_LENGTH);
    }
    pthread_mutex_unlock(&intents->mutex);
    return code;
}

void intents_forget(struct kv_keys *keys)
{
    atomic_fetch_add(&keys->intents.era, 1);
}

static const char GIVE_BACK[] = "DELETE FROM limbo WHERE object = ? AND doomed = 0";

enum kv_code intents_give_back(struct kv_keys *keys, struct kv_err *err)
{
    struct intents *intents = &keys->intents;

    pthread_mutex_lock(&intents->mutex);
    enum kv_code code =
        has_spare_locked(intents)
            ? run_for_objects(keys, GIVE_BACK, intents->spare[0], intents->count, err)
            : KV_OK;
    intents->count = 0;
    pthread_mutex_unlock(&intents->mutex);
    return code;
}

/* The spare ones may be gone in the same way, so they are given back by the same commit. */
static enum kv_code doom_locked(struct kv_keys *keys, const unsigned char *objects, size_t count,
                                struct kv_err *err)
{
    /* the row is gone when the store was put back to an earlier state meanwhile */
    static const char sql[] = "INSERT INTO limbo (object, doomed) VALUES (?, 1)"
                              " ON CONFLICT (object) DO UPDATE SET doomed = 1";
    kv_auto(kv_db_release) struct kv_db *db = NULL;
    struct intents *intents = &keys->intents;

    KV_TRY(kv_db_acquire(keys->config.store, &db, err));
    KV_TRY(kv_db_begin(db, err));
    KV_TRY(run_for_each(db, sql, objects, count, err));
    if (has_spare_locked(intents)) {
        KV_TRY(run_for_each(db, GIVE_BACK, intents->spare[0], intents->count, err));
    }
    return kv_db_commit(db, err);
}

enum kv_code intent_doom(struct kv_keys *keys, const unsigned char *objects, size_t count,
                         struct kv_err *err)
{
    pthread_mutex_lock(&keys->intents.mutex);
    enum kv_code code = doom_locked(keys, objects, count, err);
    keys->intents.count = 0;
    pthread_mutex_unlock(&keys->intents.mutex);
    return code;
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
