/* SPDX-License-Identifier: Apache-2.0 */
/* The keys of a vault from a saved state of the store, and what becomes of objects when store and token
 * are put back. */
#include "kv/keys/state.h"

#include "core.h"

#define OF_SAVED "key IN (SELECT id FROM saved.key WHERE vault = ?1)"

/* By how much the ids of keys and of versions are moved, so that none of them is taken. */
struct shift {
    int64_t keys, versions;
};

static enum kv_code find_shift(struct kv_db *db, struct shift *ret_shift, struct kv_err *err)
{
    static const char of_keys[] = "SELECT coalesce(max(id), 0) FROM main.key";
    static const char of_versions[] = "SELECT coalesce(max(id), 0) FROM main.version";

    KV_TRY(kv_db_count(db, of_keys, KV_NO_BINDS, &ret_shift->keys, err));
    return kv_db_count(db, of_versions, KV_NO_BINDS, &ret_shift->versions, err);
}

static enum kv_code bring_keys(struct kv_db *db, int64_t saved, int64_t vault,
                               const struct shift *shift, struct kv_err *err)
{
    static const char sql[] =
        "INSERT INTO main.key (id, vault, fold, name, state, ready, latest, deleted, purge,"
        " exportable, policy, policy_type, policy_immutable)"
        " SELECT id + ?2, ?3, fold, name, state, ready, latest + ?4, deleted, purge, exportable,"
        " policy, policy_type, policy_immutable FROM saved.key WHERE vault = ?1";

    return kv_db_run(db, sql,
                     KV_BINDS(KV_B_INT(saved), KV_B_INT(shift->keys), KV_B_INT(vault),
                              KV_B_INT(shift->versions)),
                     NULL, err);
}

static enum kv_code bring_versions(struct kv_db *db, int64_t saved, const struct shift *shift,
                                   struct kv_err *err)
{
    static const char sql[] =
        "INSERT INTO main.version (id, key, version, object, kty, ops, bits, modulus, exponent,"
        " enabled, not_before, expires, created, updated, tags, curve, x, y, members, external)"
        " SELECT id + ?3, key + ?2, version, object, kty, ops, bits, modulus, exponent, enabled,"
        " not_before, expires, created, updated, tags, curve, x, y, members, external"
        " FROM saved.version WHERE " OF_SAVED;

    return kv_db_run(db, sql,
                     KV_BINDS(KV_B_INT(saved), KV_B_INT(shift->keys), KV_B_INT(shift->versions)),
                     NULL, err);
}

static enum kv_code bring_policies(struct kv_db *db, int64_t saved, const struct shift *shift,
                                   struct kv_err *err)
{
    static const char sql[] =
        "INSERT INTO main.rotation_policy (key, expiry, after_create, before_expiry, notify,"
        " created, updated, due)"
        " SELECT key + ?2, expiry, after_create, before_expiry, notify, created, updated, due"
        " FROM saved.rotation_policy WHERE " OF_SAVED;

    return kv_db_run(db, sql, KV_BINDS(KV_B_INT(saved), KV_B_INT(shift->keys)), NULL, err);
}

/* What is told of their ends (notice.h), as far as it was told then. */
static enum kv_code bring_notices(struct kv_db *db, int64_t saved, const struct shift *shift,
                                  struct kv_err *err)
{
    static const char sql[] =
        "INSERT INTO main.key_notice (key, version, expires, near, given)"
        " SELECT key + ?2, version + ?3, expires, near, given FROM saved.key_notice"
        " WHERE " OF_SAVED;

    return kv_db_run(db, sql,
                     KV_BINDS(KV_B_INT(saved), KV_B_INT(shift->keys), KV_B_INT(shift->versions)),
                     NULL, err);
}

/* The external key manager is everybody's: what it has stays. */
static enum kv_code bring_external(struct kv_db *db, int64_t saved, struct kv_err *err)
{
    static const char sql[] =
        "INSERT OR IGNORE INTO main.external_key (id, object, kty, bits, modulus, exponent)"
        " SELECT id, object, kty, bits, modulus, exponent FROM saved.external_key"
        " WHERE id IN (SELECT external FROM saved.version WHERE " OF_SAVED
        " AND external IS NOT NULL)";

    return kv_db_run(db, sql, KV_BINDS(KV_B_INT(saved)), NULL, err);
}

/* What was given up, and is somebody's again. */
static enum kv_code keep_owned(struct kv_db *db, struct kv_err *err)
{
    static const char sql[] = "DELETE FROM main.limbo WHERE object IN"
                              " (SELECT object FROM main.version UNION ALL"
                              " SELECT object FROM main.external_key)";

    return kv_db_run(db, sql, KV_NO_BINDS, NULL, err);
}

enum kv_code kv_keys_bring(void *keys, struct kv_db *db, int64_t saved, int64_t vault,
                           struct kv_err *err)
{
    struct shift shift = { 0, 0 };

    (void) keys; /* the same tables for all */
    KV_TRY(find_shift(db, &shift, err));
    KV_TRY(bring_keys(db, saved, vault, &shift, err));
    KV_TRY(bring_versions(db, saved, &shift, err));
    KV_TRY(bring_policies(db, saved, &shift, err));
    KV_TRY(bring_notices(db, saved, &shift, err));
    KV_TRY(bring_external(db, saved, err));
    return keep_owned(db, err);
}

void kv_keys_begin_exchange(struct kv_keys *keys)
{
    pthread_mutex_lock(&keys->tidying);
}

void kv_keys_end_exchange(struct kv_keys *keys)
{
    pthread_mutex_unlock(&keys->tidying);
}

/* What was in the pool then may have been taken since: nobody gets the same key again. */
enum kv_code kv_keys_end_intents(struct kv_keys *keys, struct kv_err *err)
{
    static const char sql[] = "UPDATE limbo SET doomed = 1";
    kv_auto(kv_db_release) struct kv_db *db = NULL;

    pool_clear(keys);
    intents_forget(keys);
    KV_TRY(kv_db_acquire(keys->config.store, &db, err));
    KV_TRY(kv_db_begin(db, err));
    KV_TRY(kv_db_run(db, sql, KV_NO_BINDS, NULL, err));
    KV_TRY(pool_doom_all(db, err));
    return kv_db_commit(db, err);
}

enum kv_code kv_keys_doom_unowned(struct kv_keys *keys, const unsigned char *objects, size_t count,
                                  struct kv_err *err)
{
    static const char sql[] = "INSERT OR IGNORE INTO limbo (object, doomed) SELECT ?1, 1"
                              " WHERE NOT EXISTS (SELECT 1 FROM version WHERE object = ?1)"
                              " AND NOT EXISTS (SELECT 1 FROM service_key WHERE object = ?1)"
                              " AND NOT EXISTS (SELECT 1 FROM external_key WHERE object = ?1)"
                              " AND NOT EXISTS (SELECT 1 FROM pooled WHERE object = ?1)";
    kv_auto(kv_db_release) struct kv_db *db = NULL;

    KV_TRY(kv_db_acquire(keys->config.store, &db, err));
    KV_TRY(kv_db_begin(db, err));
    for (size_t i = 0; i < count; i++) {
        const unsigned char *object = objects + i * KV_OBJECT_LENGTH;

        KV_TRY(kv_db_run(db, sql, KV_BINDS(KV_B_BYTES(object, KV_OBJECT_LENGTH)), NULL, err));
    }
    return kv_db_commit(db, err);
}
