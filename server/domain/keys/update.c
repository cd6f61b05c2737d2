/* SPDX-License-Identifier: Apache-2.0 */
/* Changing what may be changed of a version: contract §6.4. */
#include "core.h"
#include "kv/base/clock.h"
#include "release_terms.h"
#include "rotation/rotation_policy.h"
#include "rows.h"

/* Its manager does nothing else (contract §6.12). */
static enum kv_code check_external_ops(const struct kv_key *key, struct kv_err *err)
{
    for (size_t i = 0; key->external != NULL && i < key->ops.count; i++) {
        if (key->ops.op[i] != KV_OP_WRAP && key->ops.op[i] != KV_OP_UNWRAP) {
            return KV_FAIL(err, KV_BAD_PARAMETER, 0,
                           "Unsupported key operation(s): \"%s\". Supported values are "
                           "\"wrapKey\", \"unwrapKey\".",
                           kv_key_op_row(key->ops.op[i])->name);
        }
    }
    return KV_OK;
}

/* Omitted members keep their value; given ones replace it, tags as a whole. */
static enum kv_code apply(const struct kv_scope *scope, const struct kv_key_update_args *args,
                          struct kv_key *key, struct kv_err *err)
{
    if (args->ops.given) {
        KV_TRY(key_ops_choose(scope, key->material.family, &args->ops, &key->ops, err));
        KV_TRY(check_external_ops(key, err));
    }
    if (args->enabled_given) {
        key->attributes.enabled = args->enabled;
    }
    if (args->not_before.given) {
        key->attributes.not_before = args->not_before;
    }
    if (args->expires.given) {
        key->attributes.expires = args->expires;
    }
    return KV_OK;
}

/* contract §6.4, §9.2: what may be changed about releasing, and where */
static enum kv_code change_release(struct kv_db *db, const struct kv_scope *scope,
                                   const char *version, const struct kv_release_args *args,
                                   const struct kv_key *key, struct kv_err *err)
{
    static const char sql[] = "SELECT id FROM key WHERE vault = ? AND name = ?";
    struct release_draft terms = release_terms(args, key->release.exportable);
    kv_auto(kv_rows_close) struct kv_rows *rows = NULL;
    int64_t id;
    bool more;

    if (args->exportable_given && args->exportable != key->release.exportable) {
        return KV_REFUSE(err, KV_TEXT_EXPORTABLE_STATE_STAYS, 0);
    }
    if (args->policy == NULL) {
        return KV_OK;
    }
    if (version != NULL) {
        return KV_REFUSE(err, KV_TEXT_POLICY_OF_A_VERSION, 0);
    }
    KV_TRY(release_check(scope, args, key->kty, &key->ops, key, &terms.exportable, err));
    KV_TRY(kv_db_query(db, sql, KV_BINDS(KV_B_INT(scope->vault->id), KV_B_TEXT(key->name)), &rows,
                       err));
    KV_TRY(kv_rows_next(rows, &more, err));
    id = kv_rows_int(rows, 0);
    kv_rows_close(kv_take(rows));
    return release_save(db, id, &terms, err);
}

static enum kv_code save(struct kv_db *db, int64_t id, const struct kv_key *key,
                         const struct kv_tags *tags, kv_time now, struct kv_err *err)
{
    static const char sql[] = "UPDATE version SET ops = ?, enabled = ?, not_before = ?,"
                              " expires = ?, tags = ?, updated = ? WHERE id = ?";
    char ops[KEY_OPS_TEXT_SIZE];

    key_ops_render(&key->ops, ops);
    return kv_db_run(db, sql,
                     KV_BINDS(KV_B_TEXT(ops), KV_B_INT(key->attributes.enabled),
                              key_bind_time(key->attributes.not_before),
                              key_bind_time(key->attributes.expires),
                              KV_B_BYTES(tags->packed, tags->len), KV_B_INT(now), KV_B_INT(id)),
                     NULL, err);
}

enum kv_code kv_key_update(const struct kv_scope *scope, const char *name, const char *version,
                           const struct kv_key_update_args *args, struct kv_key *ret_key,
                           struct kv_err *err)
{
    kv_auto(kv_db_release) struct kv_db *db = NULL;
    kv_auto(kv_key_done) struct kv_key before = { .version = "" };
    kv_auto(kv_key_done) struct kv_key after = { .version = "" };
    int64_t id;

    KV_TRY(kv_db_acquire(scope->keys->config.store, &db, err));
    KV_TRY(kv_db_begin(db, err));
    KV_TRY(key_find(db, scope, name, version, &before, &id, err));
    KV_TRY(apply(scope, args, &before, err));
    KV_TRY(change_release(db, scope, version, &args->release, &before, err));
    KV_TRY(save(db, id, &before, args->tags != NULL ? args->tags : &before.tags,
                kv_seconds(scope->now), err));
    KV_TRY(rotation_schedule(db, id, err)); /* by its exp, if it is the latest */
    KV_TRY(key_load(db, id, &after, err));
    KV_TRY(kv_db_commit(db, err));
    *ret_key = key_take(&after);
    return KV_OK;
}
