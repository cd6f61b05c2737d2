/* SPDX-License-Identifier: Apache-2.0 */
/* Rotating a key, on request and by its policy: contract §6.8, §10.3. */
#include "kv/keys/rotation.h"

#include <stdio.h>

#include "../core.h"
#include "../create.h"
#include "../external.h"
#include "../version.h"

/*
 * The contract is silent on a key whose latest version is disabled. The policy belongs to the key,
 * not to that version, so it is rotated as any other; the new version is enabled, as a rotation on
 * request makes it (contract §19 row 13).
 */
#define ROTATES_DISABLED 1

static enum kv_code load_latest(const struct kv_scope *scope, const char *name,
                                struct kv_key *ret_latest, struct kv_err *err)
{
    kv_auto(kv_db_release) struct kv_db *db = NULL;
    enum kv_code code;
    int64_t id;

    KV_TRY(kv_db_acquire(scope->keys->config.store, &db, err));
    code = key_find(db, scope, name, NULL, ret_latest, &id, err);
    if (code == KV_KEY_NOT_FOUND) {
        return KV_REFUSE(err, KV_TEXT_KEY_TO_ROTATE_NOT_FOUND, 0, name, scope->authority);
    }
    return code;
}

/* What generates a key of the same kind. */
static struct kv_key_spec spec_like(const struct kv_key *key)
{
    const struct kv_material *material = &key->material;
    struct kv_key_spec spec = {
        .family = material->family,
        .bits = material->bits,
        .curve = material->curve,
        .exportable = key->release.exportable,
    };

    for (size_t i = 0; i < material->exponent_len; i++) {
        spec.public_exponent = spec.public_exponent << 8 | material->exponent[i];
    }
    return spec;
}

enum kv_code kv_key_rotate_check(const struct kv_scope *scope, const char *name, struct kv_err *err)
{
    kv_auto(kv_key_done) struct kv_key latest = { .version = "" };

    KV_TRY(load_latest(scope, name, &latest, err));
    KV_TRY(external_refuse(&latest, "rotated", err));

    const struct kv_key_spec spec = spec_like(&latest);

    return kv_custody_check(scope->keys->config.custody, &spec, err);
}

/* contract §19 row 13: tags are carried over, nbf is not, and the new version is always enabled */
static void describe_successor(const struct kv_scope *scope, const struct kv_key *latest,
                               struct key_draft *ret_draft)
{
    kv_time now = kv_seconds(scope->now);

    version_choose(scope, ret_draft->version);
    ret_draft->kty = latest->kty;
    ret_draft->ops = latest->ops;
    ret_draft->attributes =
        (struct kv_attributes){ .enabled = true, .created = now, .updated = now };
    ret_draft->tags = &latest->tags;
}

static enum kv_code rotate(const struct kv_scope *scope, const char *name, struct kv_key *ret_key,
                           struct kv_err *err)
{
    kv_auto(kv_key_done) struct kv_key latest = { .version = "" };
    struct key_draft draft = { .version = "" };

    KV_TRY(load_latest(scope, name, &latest, err));
    KV_TRY(external_refuse(&latest, "rotated", err));

    const struct kv_key_spec spec = spec_like(&latest);

    describe_successor(scope, &latest, &draft);
    return version_succeed(scope, name, &latest, &draft, &spec, ret_key, err);
}

enum kv_code kv_key_rotate(const struct kv_scope *scope, const char *name, struct kv_key *ret_key,
                           struct kv_err *err)
{
    KV_TRY(rotate(scope, name, ret_key, err));
    atomic_fetch_add(&scope->keys->rotations_requested, 1);
    return KV_OK;
}

static enum kv_code query_rotations(struct kv_db *db, kv_millis now, struct kv_rows **ret_rows,
                                    struct kv_err *err)
{
    static const char sql[] = "SELECT k.id, k.vault, k.name, p.due, p.expiry,"
                              " p.after_create, p.before_expiry FROM rotation_policy p"
                              " JOIN key k ON k.id = p.key JOIN version v ON v.id = k.latest"
                              " WHERE p.due IS NOT NULL AND k.state = 0 AND k.ready <= ?1"
                              " AND (v.enabled OR ?2) ORDER BY p.due";

    return kv_db_query(db, sql, KV_BINDS(KV_B_INT(now), KV_B_INT(ROTATES_DISABLED)), ret_rows, err);
}

/* A damaged row counts as missing: that is reported where the row is needed. */
static struct kv_duration read_duration(const struct kv_rows *rows, int column)
{
    struct kv_duration duration;

    return kv_duration_parse(kv_rows_text(rows, column), &duration) ? duration
                                                                    : (struct kv_duration){ 0 };
}

static void read_rotation(const struct kv_rows *rows, struct kv_rotation *ret_rotation)
{
    struct kv_rotation *rotation = ret_rotation;

    rotation->key = kv_rows_int(rows, 0);
    rotation->vault = kv_rows_int(rows, 1);
    snprintf(rotation->name, sizeof(rotation->name), "%s", kv_rows_text(rows, 2));
    rotation->due = kv_rows_int(rows, 3) * 1000;
    rotation->expiry = read_duration(rows, 4);
    rotation->trigger.after_create = read_duration(rows, 5);
    rotation->trigger.before_expiry = read_duration(rows, 6);
}

enum kv_code kv_rotation_each(struct kv_keys *keys, kv_millis now, kv_rotation_visit_fn *visit,
                              void *context, struct kv_err *err)
{
    kv_auto(kv_db_release) struct kv_db *db = NULL;
    kv_auto(kv_rows_close) struct kv_rows *rows = NULL;
    bool more = true;

    KV_TRY(kv_db_acquire(keys->config.store, &db, err));
    KV_TRY(query_rotations(db, now, &rows, err));
    KV_TRY(kv_rows_next(rows, &more, err));
    while (more) {
        struct kv_rotation rotation;

        read_rotation(rows, &rotation);
        if (!visit(context, &rotation)) {
            break;
        }
        KV_TRY(kv_rows_next(rows, &more, err));
    }
    return KV_OK;
}

struct search {
    int64_t key;
    kv_millis now;
    bool is_due;
};

static bool look_for_key(void *context, const struct kv_rotation *rotation)
{
    struct search *search = context;

    search->is_due = rotation->key == search->key && rotation->due <= search->now;
    return !search->is_due && rotation->due <= search->now;
}

enum kv_code kv_rotation_run(const struct kv_scope *scope, const struct kv_rotation *rotation,
                             bool *ret_rotated, struct kv_key *ret_key, struct kv_err *err)
{
    struct kv_keys *keys = scope->keys;
    struct search search = { .key = rotation->key, .now = scope->now };
    enum kv_code code = kv_rotation_each(keys, scope->now, look_for_key, &search, err);

    if (code == KV_OK && search.is_due) {
        code = rotate(scope, rotation->name, ret_key, err);
    }
    if (code != KV_OK && code != KV_KEY_NOT_FOUND) { /* deleted in between: nothing more to do */
        atomic_fetch_add(&keys->rotations_failed, 1);
        return code;
    }
    *ret_rotated = search.is_due && code == KV_OK;
    atomic_fetch_add(&keys->rotations_automatic, *ret_rotated);
    return KV_OK;
}

struct kv_rotation_counts kv_rotation_count(const struct kv_keys *keys)
{
    return (struct kv_rotation_counts){
        .requested = atomic_load(&keys->rotations_requested),
        .automatic = atomic_load(&keys->rotations_automatic),
        .failed = atomic_load(&keys->rotations_failed),
    };
}
