/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A new version, wherever its material comes from: whether the name is free, the intent before the
 * token is touched, the commit after it.
 */
#include "version.h"

#include <stdio.h>

#include "core.h"
#include "deletion.h"
#include "intent.h"
#include "kv/events/events.h"
#include "kv/vaults/vaults.h"
#include "notice.h"
#include "release_terms.h"
#include "rotation/rotation_policy.h"

void version_choose(const struct kv_scope *scope, char ret_version[KV_VERSION_LENGTH + 1])
{
    if (scope->vault->kind == KV_MANAGED_HSM) {
        kv_version_random_hsm(ret_version);
    } else {
        kv_version_random(ret_version);
    }
}

void version_stamp(const struct kv_scope *scope, const struct kv_key_stamp *stamp,
                   struct key_draft *draft)
{
    if (stamp == NULL) {
        version_choose(scope, draft->version);
        draft->attributes.created = draft->attributes.updated = kv_seconds(scope->now);
        return;
    }
    (void) snprintf(draft->version, sizeof(draft->version), "%s", stamp->version);
    draft->attributes.created = stamp->created;
    draft->attributes.updated = stamp->updated;
}

enum kv_code version_check_row(const struct key_row *row, const char *name, struct kv_err *err)
{
    switch (row->phase) {
    case PHASE_NONE:
    case PHASE_LIVE:
        return KV_OK;
    case PHASE_DELETED:
        return KV_REFUSE(err, KV_TEXT_NAME_IS_DELETED, 0, name);
    case PHASE_DELETING:
    case PHASE_PURGING:
        return KV_REFUSE(err, KV_TEXT_NAME_IS_BEING_DELETED, 0, name);
    case PHASE_RECOVERING:
        return KV_REFUSE(err, KV_TEXT_NAME_IS_BEING_RECOVERED, 0, name);
    }
    return KV_OK;
}

enum kv_code version_check_name(const struct kv_scope *scope, const char *name, struct kv_err *err)
{
    kv_auto(kv_db_release) struct kv_db *db = NULL;
    struct name_fold fold;
    struct key_row row;

    KV_TRY(name_fold(name, &fold, err));
    KV_TRY(kv_db_acquire(scope->keys->config.store, &db, err));
    KV_TRY(key_row_load(db, scope, &fold, &row, err));
    return version_check_row(&row, name, err);
}

enum kv_code version_insert_key(struct kv_db *db, const struct kv_scope *scope,
                                const struct name_fold *fold, const char *name, int64_t *ret_id,
                                struct kv_err *err)
{
    static const char sql[] = "INSERT INTO key (vault, fold, name, state, ready)"
                              " VALUES (?, ?, ?, 0, 0)";

    KV_TRY(kv_vault_check(db, scope->vault->id,
                          err)); /* it may have been purged since the request came */
    KV_TRY(kv_db_run(db, sql,
                     KV_BINDS(KV_B_INT(scope->vault->id), KV_B_TEXT(fold->text), KV_B_TEXT(name)),
                     NULL, err));
    *ret_id = kv_db_last_id(db);
    return KV_OK;
}

/* It has an owner now, wherever it was until then. */
static enum kv_code settle(struct kv_db *db, const unsigned char *object, struct kv_err *err)
{
    bool was_pooled;

    KV_TRY(pool_settle(db, object, &was_pooled, err));
    return was_pooled ? KV_OK : intent_settle(db, object, err);
}

enum kv_code version_insert(struct kv_db *db, int64_t key_id, const struct key_draft *draft,
                            const struct kv_material *material, int64_t *ret_id, struct kv_err *err)
{
    static const char sql[] =
        "INSERT INTO version (key, version, object, kty, ops, bits, modulus, exponent, curve, x, y,"
        " enabled, not_before, expires, created, updated, tags, members, external)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
    static const struct kv_tags untagged;
    const struct kv_tags *tags = draft->tags != NULL ? draft->tags : &untagged;
    const struct kv_curve_row none = { .name = NULL };
    const struct kv_curve_row *curve =
        material->curve == KV_CURVE_NONE ? &none : kv_curve_row(material->curve);
    char ops[KEY_OPS_TEXT_SIZE];

    key_ops_render(&draft->ops, ops);
    KV_TRY(kv_db_run(
        db, sql,
        KV_BINDS(KV_B_INT(key_id), KV_B_TEXT(draft->version),
                 KV_B_BYTES(material->object, KV_OBJECT_LENGTH),
                 KV_B_TEXT(kv_kty_row(draft->kty)->name), KV_B_TEXT(ops), KV_B_INT(material->bits),
                 KV_B_BYTES(material->modulus, material->modulus_len),
                 KV_B_BYTES(material->exponent, material->exponent_len), KV_B_TEXT(curve->name),
                 KV_B_BYTES(material->x, curve->coordinate),
                 KV_B_BYTES(material->y, curve->coordinate), KV_B_INT(draft->attributes.enabled),
                 key_bind_time(draft->attributes.not_before),
                 key_bind_time(draft->attributes.expires), KV_B_INT(draft->attributes.created),
                 KV_B_INT(draft->attributes.updated), KV_B_BYTES(tags->packed, tags->len),
                 KV_B_TEXT(draft->members), KV_B_TEXT(draft->external)),
        NULL, err));
    *ret_id = kv_db_last_id(db);
    return settle(db, material->object, err);
}

enum kv_code version_make_latest(struct kv_db *db, int64_t key_id, int64_t version_id,
                                 struct kv_err *err)
{
    static const char sql[] = "UPDATE key SET latest = ? WHERE id = ?";

    return kv_db_run(db, sql, KV_BINDS(KV_B_INT(version_id), KV_B_INT(key_id)), NULL, err);
}

static enum kv_code has_version(struct kv_db *db, int64_t key_id, const char *version,
                                bool *ret_has, struct kv_err *err)
{
    static const char sql[] = "SELECT 1 FROM version WHERE key = ? AND version = ?";
    kv_auto(kv_rows_close) struct kv_rows *rows = NULL;

    KV_TRY(kv_db_query(db, sql, KV_BINDS(KV_B_INT(key_id), KV_B_TEXT(version)), &rows, err));
    return kv_rows_next(rows, ret_has, err);
}

/* Material takes seconds: the key may have been deleted meanwhile, and its name taken by a new
 * one. */
static enum kv_code check_row(struct kv_db *db, const struct kv_scope *scope,
                              const struct key_row *row, const char *name,
                              const struct kv_key *predecessor, const struct key_draft *draft,
                              struct kv_err *err)
{
    bool has;

    if (draft->only_first && row->phase == PHASE_LIVE) {
        return KV_FAIL(err, KV_CONFLICT, 0, "There is a key named '%.127s' already.", name);
    }
    if (predecessor == NULL) {
        return version_check_row(row, name, err);
    }
    KV_TRY(has_version(db, row->id, predecessor->version, &has, err));
    if (row->phase != PHASE_LIVE || !has) {
        return KV_REFUSE(err, KV_TEXT_KEY_TO_ROTATE_NOT_FOUND, 0, name, scope->authority);
    }
    return KV_OK;
}

/* The commit that makes the version real. */
static enum kv_code store_version(const struct kv_scope *scope, const char *name,
                                  const struct kv_key *predecessor, const struct key_draft *draft,
                                  const struct kv_material *material, struct kv_key *ret_key,
                                  struct kv_err *err)
{
    kv_auto(kv_db_release) struct kv_db *db = NULL;
    struct key_draft stamped = *draft;
    struct name_fold fold;
    struct key_row row;
    int64_t version_id;

    KV_TRY(name_fold(name, &fold, err));
    KV_TRY(kv_db_acquire(scope->keys->config.store, &db, err));
    KV_TRY(kv_db_begin(db, err));
    KV_TRY(key_row_load(db, scope, &fold, &row, err));
    KV_TRY(check_row(db, scope, &row, name, predecessor, draft, err));
    if (row.phase == PHASE_NONE) {
        KV_TRY(key_remove(db, row.id, err));
        KV_TRY(version_insert_key(db, scope, &fold, name, &row.id, err));
    }
    KV_TRY(release_save(db, row.id, &draft->release, err));
    KV_TRY(rotation_stamp(db, row.id, &stamped.attributes, err));
    KV_TRY(version_insert(db, row.id, &stamped, material, &version_id, err));
    KV_TRY(version_make_latest(db, row.id, version_id, err));
    KV_TRY(rotation_schedule(db, version_id, err));

    kv_auto(kv_key_done) struct kv_key stored = { .version = "" };

    KV_TRY(key_load(db, version_id, &stored, err));
    KV_TRY(notice_of_version(db, scope, &stored, err));
    KV_TRY(kv_db_commit(db, err));
    kv_events_tell(scope->keys->config.events);
    *ret_key = key_take(&stored);
    return KV_OK;
}

/* Intent, material, commit. */
static enum kv_code make_version(const struct kv_scope *scope, const char *name,
                                 const struct kv_key *predecessor, const struct key_draft *draft,
                                 make_material_fn *make, const void *context,
                                 struct kv_key *ret_key, struct kv_err *err)
{
    struct kv_keys *keys = scope->keys;
    struct kv_material material = { .bits = 0 };
    unsigned char object[KV_OBJECT_LENGTH];

    KV_TRY(intent_take(keys, object, err));

    enum kv_code code = make(keys, object, context, &material, err);

    if (code == KV_OK) {
        code = store_version(scope, name, predecessor, draft, &material, ret_key, err);
    }
    if (code != KV_OK) {
        KV_IGNORE(intent_doom(keys, object, 1, NULL)); /* else the next start's sweep finds it */
    }
    return code;
}

enum kv_code version_add(const struct kv_scope *scope, const char *name,
                         const struct key_draft *draft, make_material_fn *make, const void *context,
                         struct kv_key *ret_key, struct kv_err *err)
{
    KV_TRY(version_check_name(scope, name, err));
    return make_version(scope, name, NULL, draft, make, context, ret_key, err);
}

static enum kv_code generate(struct kv_keys *keys, const unsigned char object[KV_OBJECT_LENGTH],
                             const void *context, struct kv_material *ret_material,
                             struct kv_err *err)
{
    const struct kv_key_spec *spec = context;

    return kv_custody_generate(keys->config.custody, object, spec, ret_material, err);
}

/* One that could not be stored for want of its row, or of the store, is not tried again. */
static enum kv_code use_pooled(const struct kv_scope *scope, const char *name,
                               const struct kv_key *predecessor, const struct key_draft *draft,
                               struct pooled *pooled, struct kv_key *ret_key, struct kv_err *err)
{
    enum kv_code code =
        store_version(scope, name, predecessor, draft, &pooled->material, ret_key, err);

    if (code == KV_OK) {
        pool_spend(scope->keys, pooled);
    } else if (code == KV_UNAVAILABLE || code == KV_INTERNAL) {
        pool_drop(scope->keys, pooled);
    } else {
        pool_give_back(scope->keys, pooled);
    }
    return code;
}

static enum kv_code take_or_make(const struct kv_scope *scope, const char *name,
                                 const struct kv_key *predecessor, const struct key_draft *draft,
                                 const struct kv_key_spec *spec, struct kv_key *ret_key,
                                 struct kv_err *err)
{
    struct pooled *pooled = pool_take(scope->keys, spec);

    if (pooled != NULL) {
        return use_pooled(scope, name, predecessor, draft, pooled, ret_key, err);
    }
    pool_ask(scope->keys, spec);
    return make_version(scope, name, predecessor, draft, generate, spec, ret_key, err);
}

enum kv_code version_take(const struct kv_scope *scope, const char *name,
                          const struct key_draft *draft, const struct kv_key_spec *spec,
                          bool *ret_was, struct kv_key *ret_key, struct kv_err *err)
{
    KV_TRY(version_check_name(scope, name, err));

    struct pooled *pooled = pool_take(scope->keys, spec);

    *ret_was = pooled != NULL;
    return pooled == NULL ? KV_OK : use_pooled(scope, name, NULL, draft, pooled, ret_key, err);
}

enum kv_code version_generate(const struct kv_scope *scope, const char *name,
                              const struct key_draft *draft, const struct kv_key_spec *spec,
                              struct kv_key *ret_key, struct kv_err *err)
{
    KV_TRY(version_check_name(scope, name, err));
    return take_or_make(scope, name, NULL, draft, spec, ret_key, err);
}

enum kv_code version_succeed(const struct kv_scope *scope, const char *name,
                             const struct kv_key *predecessor, const struct key_draft *draft,
                             const struct kv_key_spec *spec, struct kv_key *ret_key,
                             struct kv_err *err)
{
    return take_or_make(scope, name, predecessor, draft, spec, ret_key, err);
}
