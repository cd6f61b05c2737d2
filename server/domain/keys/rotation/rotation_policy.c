/* SPDX-License-Identifier: Apache-2.0 */
/* Rotation policies in the store, and what follows from them: exp and the time of a rotation. */
#include "rotation_policy.h"

#include <stdio.h>
#include <string.h>

#include "../core.h"
#include "../notice.h"
#include "../rows.h"
#include "kv/keys/rotation.h"

#define POLICY_COLUMNS "p.expiry, p.after_create, p.before_expiry, p.notify, p.created, p.updated"

static enum kv_code read_column(const struct kv_rows *rows, int column,
                                struct kv_duration *ret_duration, struct kv_err *err)
{
    const char *text = kv_rows_text(rows, column);

    if (text[0] != '\0' && !kv_duration_parse(text, ret_duration)) {
        return KV_FAIL(err, KV_INTERNAL, 0, "a stored duration is damaged: %.40s", text);
    }
    return KV_OK;
}

/* From POLICY_COLUMNS. */
static enum kv_code read_policy(const struct kv_rows *rows, struct kv_rotation_policy *ret_policy,
                                struct kv_err *err)
{
    struct kv_rotation_policy policy = {
        .stored = true,
        .created = kv_rows_int(rows, 4),
        .updated = kv_rows_int(rows, 5),
    };

    KV_TRY(read_column(rows, 0, &policy.expiry, err));
    KV_TRY(read_column(rows, 1, &policy.rotate.after_create, err));
    KV_TRY(read_column(rows, 2, &policy.rotate.before_expiry, err));
    KV_TRY(read_column(rows, 3, &policy.notify.before_expiry, err));
    *ret_policy = policy;
    return KV_OK;
}

static const struct kv_rotation_policy_args nothing = { .count = 0 };

/* Of a key, by its row: stored, or the default. `name` is left empty. */
static enum kv_code load_stored(struct kv_db *db, int64_t key_id,
                                struct kv_rotation_policy *ret_policy, struct kv_err *err)
{
    static const char sql[] = "SELECT " POLICY_COLUMNS " FROM rotation_policy p WHERE p.key = ?";
    kv_auto(kv_rows_close) struct kv_rows *rows = NULL;
    bool more;

    KV_TRY(kv_db_query(db, sql, KV_BINDS(KV_B_INT(key_id)), &rows, err));
    KV_TRY(kv_rows_next(rows, &more, err));
    return more ? read_policy(rows, ret_policy, err)
                : kv_rotation_policy_read(&nothing, ret_policy, err);
}

/* An expiry after the last representable year would not be a date: such a version gets none. */
enum kv_code rotation_stamp(struct kv_db *db, int64_t key_id, struct kv_attributes *attributes,
                            struct kv_err *err)
{
    struct kv_rotation_policy policy;

    if (attributes->expires.given) {
        return KV_OK;
    }
    KV_TRY(load_stored(db, key_id, &policy, err));
    if (kv_duration_is_given(&policy.expiry)) {
        kv_time expires = kv_duration_after(&policy.expiry, attributes->created);

        attributes->expires =
            (struct kv_maybe_time){ .given = expires <= KV_TIME_MAX, .value = expires };
    }
    return KV_OK;
}

/*
 * The rules hold a policy's spans against each other with months of 30 days, and the calendar has
 * longer ones: a version that expires by its policy keeps the margin from its creation all the same.
 * Without it, a version could be due when it is made, and so could the one that replaces it.
 */
static kv_time find_due_before(const struct kv_rotation_policy *policy, kv_time created,
                               kv_time expires)
{
    kv_time due = kv_duration_before(&policy->rotate.before_expiry, expires);
    bool is_by_policy = expires == kv_duration_after(&policy->expiry, created);
    kv_time first = created + KV_ROTATION_MARGIN;

    return is_by_policy && due < first ? first : due;
}

/* When to rotate a version; never, if there is no Rotate action or no exp that it counts from. */
static struct kv_maybe_time find_due(const struct kv_rotation_policy *policy, kv_time created,
                                     struct kv_maybe_time expires)
{
    const struct kv_trigger *rotate = &policy->rotate;

    if (kv_duration_is_given(&rotate->after_create)) {
        return (struct kv_maybe_time){ true, kv_duration_after(&rotate->after_create, created) };
    }
    if (kv_duration_is_given(&rotate->before_expiry) && expires.given) {
        return (struct kv_maybe_time){ true, find_due_before(policy, created, expires.value) };
    }
    return (struct kv_maybe_time){ .given = false };
}

/* The new version expires as rotation_stamp() says. */
kv_millis kv_rotation_due_again(const struct kv_rotation *rotation, kv_millis when)
{
    const struct kv_rotation_policy policy = {
        .expiry = rotation->expiry,
        .rotate = rotation->trigger,
    };
    struct kv_maybe_time expires = { .given = kv_duration_is_given(&policy.expiry) };

    if (expires.given) {
        expires.value = kv_duration_after(&policy.expiry, kv_seconds(when));
        expires.given = expires.value <= KV_TIME_MAX;
    }

    struct kv_maybe_time due = find_due(&policy, kv_seconds(when), expires);

    return due.given ? due.value * 1000 : INT64_MAX;
}

/* Loads what the rotation of this version's key depends on; no row: no policy. */
static enum kv_code load_due(struct kv_db *db, int64_t version_id, int64_t *ret_key_id,
                             struct kv_maybe_time *ret_due, struct kv_err *err)
{
    static const char sql[] = "SELECT " POLICY_COLUMNS ", p.key, v.created, v.expires"
                              " FROM version one JOIN key k ON k.id = one.key"
                              " JOIN version v ON v.id = k.latest"
                              " JOIN rotation_policy p ON p.key = k.id WHERE one.id = ?";
    kv_auto(kv_rows_close) struct kv_rows *rows = NULL;
    struct kv_rotation_policy policy;
    bool more;

    KV_TRY(kv_db_query(db, sql, KV_BINDS(KV_B_INT(version_id)), &rows, err));
    KV_TRY(kv_rows_next(rows, &more, err));
    *ret_key_id = more ? kv_rows_int(rows, 6) : 0;
    if (more) {
        const struct kv_maybe_time expires = {
            .given = !kv_rows_is_null(rows, 8),
            .value = kv_rows_int(rows, 8),
        };

        KV_TRY(read_policy(rows, &policy, err));
        *ret_due = find_due(&policy, kv_rows_int(rows, 7), expires);
    }
    return KV_OK;
}

/* By the Notify action of the policy. */
static enum kv_code plan_notices(struct kv_db *db, int64_t version_id, struct kv_err *err)
{
    static const char sql[] = "SELECT key FROM version WHERE id = ?";
    struct kv_rotation_policy policy;
    int64_t key_id;

    KV_TRY(kv_db_count(db, sql, KV_BINDS(KV_B_INT(version_id)), &key_id, err));
    KV_TRY(load_stored(db, key_id, &policy, err));
    return notice_plan(db, key_id, &policy.notify.before_expiry, err);
}

enum kv_code rotation_schedule(struct kv_db *db, int64_t version_id, struct kv_err *err)
{
    static const char sql[] = "UPDATE rotation_policy SET due = ? WHERE key = ?";
    struct kv_maybe_time due = { .given = false };
    int64_t key_id;

    KV_TRY(plan_notices(db, version_id, err));
    KV_TRY(load_due(db, version_id, &key_id, &due, err));
    if (key_id == 0) {
        return KV_OK;
    }
    return kv_db_run(db, sql, KV_BINDS(key_bind_time(due), KV_B_INT(key_id)), NULL, err);
}

static enum kv_code load_name(struct kv_db *db, int64_t key_id, char ret_name[KV_KEY_NAME_MAX + 1],
                              struct kv_err *err)
{
    static const char sql[] = "SELECT name FROM key WHERE id = ?";
    kv_auto(kv_rows_close) struct kv_rows *rows = NULL;
    bool more;

    KV_TRY(kv_db_query(db, sql, KV_BINDS(KV_B_INT(key_id)), &rows, err));
    KV_TRY(kv_rows_next(rows, &more, err));
    if (!more) {
        return KV_FAIL(err, KV_INTERNAL, 0, "the store lacks key row %lld", (long long) key_id);
    }
    snprintf(ret_name, KV_KEY_NAME_MAX + 1, "%s", kv_rows_text(rows, 0));
    return KV_OK;
}

/* The policy of a Managed HSM's key may lack what every vault's has: by a backup it becomes one. */
static enum kv_code complete(const struct kv_scope *scope, struct kv_rotation_policy *policy,
                             struct kv_err *err)
{
    struct kv_rotation_policy fallback;

    if (scope->vault->kind == KV_VAULT && !kv_duration_is_given(&policy->notify.before_expiry)) {
        KV_TRY(kv_rotation_policy_read(&nothing, &fallback, err));
        policy->notify = fallback.notify;
    }
    return KV_OK;
}

/* Loads the policy of a live key, and which key that is. */
static enum kv_code load_policy(struct kv_db *db, const struct kv_scope *scope, const char *name,
                                struct key_row *ret_row, struct kv_rotation_policy *ret_policy,
                                struct kv_err *err)
{
    struct name_fold fold;

    KV_TRY(name_fold(name, &fold, err));
    KV_TRY(key_row_load(db, scope, &fold, ret_row, err));
    if (ret_row->phase != PHASE_LIVE) {
        return fail_not_found(scope, name, NULL, err);
    }
    KV_TRY(load_stored(db, ret_row->id, ret_policy, err));
    KV_TRY(complete(scope, ret_policy, err));
    return load_name(db, ret_row->id, ret_policy->name, err);
}

enum kv_code kv_rotation_policy_get(const struct kv_scope *scope, const char *name,
                                    struct kv_rotation_policy *ret_policy, struct kv_err *err)
{
    kv_auto(kv_db_release) struct kv_db *db = NULL;
    struct key_row row;

    KV_TRY(kv_db_acquire(scope->keys->config.store, &db, err));
    KV_TRY(kv_db_begin_reading(db, err));
    return load_policy(db, scope, name, &row, ret_policy, err);
}

static bool is_same_trigger(const struct kv_trigger *one, const struct kv_trigger *other)
{
    return strcmp(one->after_create.text, other->after_create.text) == 0
           && strcmp(one->before_expiry.text, other->before_expiry.text) == 0;
}

/* By the texts: P12M in place of P1Y is a change that a client sees. */
static bool is_same(const struct kv_rotation_policy *one, const struct kv_rotation_policy *other)
{
    return one->stored && other->stored && strcmp(one->expiry.text, other->expiry.text) == 0
           && is_same_trigger(&one->rotate, &other->rotate)
           && is_same_trigger(&one->notify, &other->notify);
}

static struct kv_bind bind_duration(const struct kv_duration *duration)
{
    return kv_duration_is_given(duration) ? KV_B_TEXT(duration->text) : KV_B_NULL;
}

/* Replaces the existing one. */
static enum kv_code save_policy(struct kv_db *db, int64_t key_id,
                                const struct kv_rotation_policy *policy, struct kv_err *err)
{
    static const char sql[] = "INSERT OR REPLACE INTO rotation_policy"
                              " (key, expiry, after_create, before_expiry, notify, created,"
                              " updated) VALUES (?, ?, ?, ?, ?, ?, ?)";

    return kv_db_run(db, sql,
                     KV_BINDS(KV_B_INT(key_id), bind_duration(&policy->expiry),
                              bind_duration(&policy->rotate.after_create),
                              bind_duration(&policy->rotate.before_expiry),
                              KV_B_TEXT(policy->notify.before_expiry.text),
                              KV_B_INT(policy->created), KV_B_INT(policy->updated)),
                     NULL, err);
}

enum kv_code kv_rotation_policy_set(const struct kv_scope *scope, const char *name,
                                    const struct kv_rotation_policy_args *args,
                                    struct kv_rotation_policy *ret_policy, struct kv_err *err)
{
    kv_auto(kv_db_release) struct kv_db *db = NULL;
    struct kv_rotation_policy present;
    struct kv_rotation_policy wanted;
    struct key_row row;

    KV_TRY(kv_db_acquire(scope->keys->config.store, &db, err));
    KV_TRY(kv_db_begin(db, err));
    KV_TRY(load_policy(db, scope, name, &row, &present, err));
    KV_TRY(kv_rotation_policy_read(args, &wanted, err));
    wanted.stored = true;
    wanted.updated = kv_seconds(scope->now);
    wanted.created = present.stored ? present.created : wanted.updated;
    memcpy(wanted.name, present.name, sizeof(wanted.name));
    if (is_same(&present, &wanted)) {
        *ret_policy = present;
        return KV_OK;
    }
    KV_TRY(save_policy(db, row.id, &wanted, err));
    KV_TRY(rotation_schedule(db, row.latest, err));
    KV_TRY(kv_db_commit(db, err));
    *ret_policy = wanted;
    return KV_OK;
}
