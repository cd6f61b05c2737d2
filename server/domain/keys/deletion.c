/* SPDX-License-Identifier: Apache-2.0 */
/* Soft delete, recovery and purge: contract §6.6, §9.5. */
#include "deletion.h"

#include "core.h"
#include "kv/base/clock.h"
#include "kv/vaults/vaults.h"
#include "rows.h"

#define DAY_SECONDS 86400

static enum kv_code set_state(struct kv_db *db, const struct kv_scope *scope, int64_t id,
                              enum key_state state, kv_time deleted, kv_time purge,
                              struct kv_err *err)
{
    static const char sql[] = "UPDATE key SET state = ?, ready = ?, deleted = ?, purge = ?"
                              " WHERE id = ?";

    return kv_db_run(db, sql,
                     KV_BINDS(KV_B_INT(state), KV_B_INT(pending_until(scope)), KV_B_INT(deleted),
                              KV_B_INT(purge), KV_B_INT(id)),
                     NULL, err);
}

/* Begins a transaction and looks up the name in it. */
static enum kv_code begin_with_row(const struct kv_scope *scope, const char *name,
                                   struct kv_db **ret_db, struct key_row *ret_row,
                                   struct kv_err *err)
{
    struct name_fold fold;

    KV_TRY(name_fold(name, &fold, err));
    KV_TRY(kv_db_acquire(scope->keys->config.store, ret_db, err));
    KV_TRY(kv_db_begin(*ret_db, err));
    return key_row_load(*ret_db, scope, &fold, ret_row, err);
}

/* Loads the latest version after the change, and commits. */
static enum kv_code commit_with_key(struct kv_db *db, int64_t version_id, struct kv_key *ret_key,
                                    struct kv_err *err)
{
    kv_auto(kv_key_done) struct kv_key key = { .version = "" };

    KV_TRY(key_load(db, version_id, &key, err));
    KV_TRY(kv_db_commit(db, err));
    *ret_key = key_take(&key);
    return KV_OK;
}

enum kv_code kv_key_delete(const struct kv_scope *scope, const char *name, struct kv_key *ret_key,
                           struct kv_err *err)
{
    kv_auto(kv_db_release) struct kv_db *db = NULL;
    kv_time now = kv_seconds(scope->now);
    struct key_row row;

    KV_TRY(begin_with_row(scope, name, &db, &row, err));
    if (row.phase != PHASE_LIVE) {
        return fail_not_found(scope, name, NULL, err);
    }
    KV_TRY(set_state(db, scope, row.id, STATE_DELETED, now,
                     now + (kv_time) scope->vault->retention_days * DAY_SECONDS, err));
    return commit_with_key(db, row.latest, ret_key, err);
}

enum kv_code kv_key_get_deleted(const struct kv_scope *scope, const char *name,
                                struct kv_key *ret_key, struct kv_err *err)
{
    static const char sql[] = "SELECT " KEY_COLUMNS " FROM key k JOIN version v ON v.id = k.latest"
                              " WHERE " KEY_IS_DELETED " AND k.fold = ?4";
    kv_auto(kv_db_release) struct kv_db *db = NULL;
    kv_auto(kv_rows_close) struct kv_rows *rows = NULL;
    struct name_fold fold;
    bool more;

    KV_TRY(name_fold(name, &fold, err));
    KV_TRY(kv_db_acquire(scope->keys->config.store, &db, err));
    KV_TRY(kv_db_query(db, sql,
                       KV_BINDS(KV_B_INT(scope->vault->id), KV_B_INT(scope->now),
                                KV_B_INT(kv_seconds(scope->now)), KV_B_TEXT(fold.text)),
                       &rows, err));
    KV_TRY(kv_rows_next(rows, &more, err));
    if (!more) {
        return fail_deleted_not_found(scope, name, err);
    }
    return key_read(rows, ret_key, err);
}

/* A recovery that is still running is the conflict the service reports (contract §9.5). */
static enum kv_code fail_recovery_conflict(struct kv_db *db, const struct kv_scope *scope,
                                           int64_t version_id, struct kv_err *err)
{
    kv_auto(kv_key_done) struct kv_key key = { .version = "" };

    KV_TRY(key_load(db, version_id, &key, err));
    return KV_FAIL(
        err, KV_CONFLICT, 0,
        "There was a conflict while recovering the soft-deleted key "
        "'https://%s/keys/%s/%s'. This can happen when multiple operations are performed "
        "in parallel against the soft-deleted key. To avoid this error, perform "
        "operations against the soft-deleted key in a sequential manner.",
        scope->authority, key.name, key.version);
}

enum kv_code kv_key_recover(const struct kv_scope *scope, const char *name, struct kv_key *ret_key,
                            struct kv_err *err)
{
    kv_auto(kv_db_release) struct kv_db *db = NULL;
    struct key_row row;

    KV_TRY(begin_with_row(scope, name, &db, &row, err));
    if (row.phase == PHASE_RECOVERING) {
        return fail_recovery_conflict(db, scope, row.latest, err);
    }
    if (row.phase != PHASE_DELETED) {
        return KV_REFUSE(err, KV_TEXT_KEY_TO_RECOVER_NOT_FOUND, 0, name, scope->authority);
    }
    KV_TRY(set_state(db, scope, row.id, STATE_LIVE, 0, 0, err));
    return commit_with_key(db, row.latest, ret_key, err);
}

/* Removes everything a key has; the objects of its versions go to limbo, where the next tidying
 * destroys them. */
static enum kv_code remove_contents(struct kv_db *db, int64_t key_id, struct kv_err *err)
{
    static const char doom[] = "INSERT INTO limbo (object, doomed)"
                               " SELECT object, 1 FROM version WHERE key = ?"
                               " AND external IS NULL";
    static const char versions[] = "DELETE FROM version WHERE key = ?";
    static const char policy[] = "DELETE FROM rotation_policy WHERE key = ?";

    KV_TRY(kv_db_run(db, policy, KV_BINDS(KV_B_INT(key_id)), NULL, err));
    KV_TRY(kv_db_run(db, doom, KV_BINDS(KV_B_INT(key_id)), NULL, err));
    return kv_db_run(db, versions, KV_BINDS(KV_B_INT(key_id)), NULL, err);
}

enum kv_code key_remove(struct kv_db *db, int64_t key_id, struct kv_err *err)
{
    static const char sql[] = "DELETE FROM key WHERE id = ?";

    KV_TRY(remove_contents(db, key_id, err));
    return kv_db_run(db, sql, KV_BINDS(KV_B_INT(key_id)), NULL, err);
}

/* contract §9.3 */
enum kv_code kv_key_check_purge(const struct kv_scope *scope, struct kv_err *err)
{
    if (!scope->vault->purge_protection) {
        return KV_OK;
    }
    return KV_FAIL(err, KV_PURGE_PROTECTED, 0,
                   "Operation \"purge\" is not allowed because purge protection is enabled for "
                   "this vault. Key Vault service will automatically purge it after the retention "
                   "period has passed.\r\nVault: %s;location=%s",
                   scope->vault->name, scope->vault->region);
}

static enum kv_code check_purge(const struct kv_scope *scope, const struct key_row *row,
                                const char *name, struct kv_err *err)
{
    switch (row->phase) {
    case PHASE_NONE:
    case PHASE_LIVE:
    case PHASE_RECOVERING:
    case PHASE_PURGING:
        return fail_deleted_not_found(scope, name, err);
    case PHASE_DELETING: /* clients that purge right after DELETE loop on this answer */
        return KV_REFUSE(err, KV_TEXT_KEY_IS_BEING_DELETED, 0);
    case PHASE_DELETED:
        break;
    }
    return kv_key_check_purge(scope, err);
}

/* With a deletion lag the name stays taken for a while, although its versions are gone (contract
 * §6.6). */
static enum kv_code purge_row(struct kv_db *db, const struct kv_scope *scope, int64_t id,
                              struct kv_err *err)
{
    if (pending_until(scope) == 0) {
        return key_remove(db, id, err);
    }
    KV_TRY(remove_contents(db, id, err));
    return set_state(db, scope, id, STATE_PURGED, 0, 0, err);
}

enum kv_code kv_key_purge(const struct kv_scope *scope, const char *name, struct kv_err *err)
{
    kv_auto(kv_db_release) struct kv_db *db = NULL;
    struct key_row row;

    KV_TRY(begin_with_row(scope, name, &db, &row, err));
    KV_TRY(check_purge(scope, &row, name, err));
    KV_TRY(purge_row(db, scope, row.id, err));
    return kv_db_commit(db, err);
}

/* Each statement in a form for one vault and for all of them; external keys belong to no vault. */
#define OF_VAULT "key IN (SELECT id FROM key WHERE vault = ?)"
#define DOOM "INSERT INTO limbo (object, doomed) SELECT object, 1 FROM "
static const struct {
    const char *one, *all; /* NULL: nothing */
} emptying[] = {
    { "DELETE FROM rotation_policy WHERE " OF_VAULT, "DELETE FROM rotation_policy" },
    { DOOM "version WHERE " OF_VAULT " AND external IS NULL",
      DOOM "version WHERE external IS NULL" },
    { "DELETE FROM version WHERE " OF_VAULT, "DELETE FROM version" },
    { "DELETE FROM key WHERE vault = ?", "DELETE FROM key" },
    { NULL, DOOM "external_key" },
    { NULL, "DELETE FROM external_key" },
};

enum kv_code kv_keys_empty(void *keys, struct kv_db *db, int64_t vault, struct kv_err *err)
{
    const struct kv_binds binds = KV_BINDS(KV_B_INT(vault));

    (void) keys; /* the same tables for all */
    for (size_t i = 0; i < KV_COUNT(emptying); i++) {
        if (vault == KV_VAULTS_ALL) {
            KV_TRY(kv_db_run(db, emptying[i].all, KV_NO_BINDS, NULL, err));
        } else if (emptying[i].one != NULL) {
            KV_TRY(kv_db_run(db, emptying[i].one, binds, NULL, err));
        }
    }
    return KV_OK;
}
