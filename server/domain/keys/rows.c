/* SPDX-License-Identifier: Apache-2.0 */
/* From rows of the store to structs of the domain: the state of a name at a given time, and
 * versions. */
#include "rows.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core.h"
#include "kv/base/clock.h"

static enum key_phase phase_of(const struct kv_rows *rows, kv_millis now)
{
    enum key_state state = (enum key_state) kv_rows_int(rows, 1);
    bool pending = now < kv_rows_int(rows, 2);
    bool due = kv_seconds(now) >= kv_rows_int(rows, 3);

    switch (state) {
    case STATE_LIVE:
        return pending ? PHASE_RECOVERING : PHASE_LIVE;
    case STATE_DELETED:
        if (pending) {
            return PHASE_DELETING;
        }
        return due ? PHASE_NONE : PHASE_DELETED;
    case STATE_PURGED:
        return pending ? PHASE_PURGING : PHASE_NONE;
    case STATE_ASIDE: /* it is looked up by no name */
        break;
    }
    return PHASE_NONE;
}

enum kv_code key_row_load(struct kv_db *db, const struct kv_scope *scope,
                          const struct name_fold *fold, struct key_row *ret_row, struct kv_err *err)
{
    static const char sql[] = "SELECT id, state, ready, purge, latest FROM key"
                              " WHERE vault = ? AND fold = ?";
    kv_auto(kv_rows_close) struct kv_rows *rows = NULL;
    struct key_row row = { .phase = PHASE_NONE };
    bool more;

    KV_TRY(kv_db_query(db, sql, KV_BINDS(KV_B_INT(scope->vault->id), KV_B_TEXT(fold->text)), &rows,
                       err));
    KV_TRY(kv_rows_next(rows, &more, err));
    if (more) {
        row.id = kv_rows_int(rows, 0);
        row.phase = phase_of(rows, scope->now);
        row.latest = kv_rows_int(rows, 4);
    }
    *ret_row = row;
    return KV_OK;
}

static struct kv_maybe_time read_time(const struct kv_rows *rows, int column)
{
    return (struct kv_maybe_time){
        .given = !kv_rows_is_null(rows, column),
        .value = kv_rows_int(rows, column),
    };
}

/* Copies a column of at most `max` bytes; we never write NULL or anything longer there. */
static bool read_bytes(const struct kv_rows *rows, enum key_column column, unsigned char *ret_bytes,
                       size_t max, size_t *ret_len)
{
    const void *bytes = kv_rows_bytes(rows, (int) column, ret_len);

    if (bytes == NULL || *ret_len > max) {
        return false;
    }
    memcpy(ret_bytes, bytes, *ret_len);
    return true;
}

static bool read_exactly(const struct kv_rows *rows, enum key_column column,
                         unsigned char *ret_bytes, size_t wanted)
{
    size_t len;

    return read_bytes(rows, column, ret_bytes, wanted, &len) && len == wanted;
}

static bool read_rsa(const struct kv_rows *rows, struct kv_material *material)
{
    return read_bytes(rows, COLUMN_MODULUS, material->modulus, sizeof(material->modulus),
                      &material->modulus_len)
           && read_bytes(rows, COLUMN_EXPONENT, material->exponent, sizeof(material->exponent),
                         &material->exponent_len);
}

static bool read_ec(const struct kv_rows *rows, struct kv_material *material)
{
    if (!kv_curve_find(kv_rows_text(rows, COLUMN_CURVE), &material->curve)) {
        return false;
    }

    size_t width = kv_curve_row(material->curve)->coordinate;

    return read_exactly(rows, COLUMN_POINT_X, material->x, width)
           && read_exactly(rows, COLUMN_POINT_Y, material->y, width);
}

static bool read_material(const struct kv_rows *rows, struct kv_key *key)
{
    struct kv_material *material = &key->material;

    if (!kv_kty_find(kv_rows_text(rows, COLUMN_KTY), &key->kty)
        || !read_exactly(rows, COLUMN_OBJECT, material->object, KV_OBJECT_LENGTH)) {
        return false;
    }
    material->family = kv_kty_row(key->kty)->family;
    material->bits = (unsigned) kv_rows_int(rows, COLUMN_BITS);
    switch (material->family) {
    case KV_FAMILY_RSA:
        return read_rsa(rows, material);
    case KV_FAMILY_EC:
        return read_ec(rows, material);
    case KV_FAMILY_OCT:
        return true;
    }
    return false;
}

static enum kv_code read_tags(const struct kv_rows *rows, struct kv_tags *ret_tags,
                              struct kv_err *err)
{
    size_t len;
    const char *packed = kv_rows_bytes(rows, COLUMN_TAGS, &len);

    return tags_copy(packed, len, ret_tags, err);
}

/* A copy of a text, or NULL as in the store. */
static enum kv_code read_text(const struct kv_rows *rows, enum key_column column, char **ret_text,
                              struct kv_err *err)
{
    char *text;

    if (kv_rows_is_null(rows, (int) column)) {
        return KV_OK;
    }
    text = strdup(kv_rows_text(rows, (int) column));
    if (text == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    *ret_text = text;
    return KV_OK;
}

static enum kv_code read_release(const struct kv_rows *rows, struct kv_release_terms *ret_terms,
                                 struct kv_err *err)
{
    ret_terms->exportable = kv_rows_int(rows, COLUMN_EXPORTABLE) != 0;
    ret_terms->immutable = kv_rows_int(rows, COLUMN_POLICY_IMMUTABLE) != 0;
    KV_TRY(read_text(rows, COLUMN_POLICY, &ret_terms->policy, err));
    return read_text(rows, COLUMN_POLICY_TYPE, &ret_terms->content_type, err);
}

enum kv_code key_read(const struct kv_rows *rows, struct kv_key *ret_key, struct kv_err *err)
{
    kv_auto(kv_key_done) struct kv_key key = { .version = "" };

    snprintf(key.name, sizeof(key.name), "%s", kv_rows_text(rows, COLUMN_NAME));
    snprintf(key.version, sizeof(key.version), "%s", kv_rows_text(rows, COLUMN_VERSION));
    if (!read_material(rows, &key)) {
        return KV_FAIL(err, KV_INTERNAL, 0, "the stored key %s/%s is damaged", key.name,
                       key.version);
    }
    key_ops_parse(kv_rows_text(rows, COLUMN_OPS), &key.ops);
    key.attributes = (struct kv_attributes){
        .enabled = kv_rows_int(rows, COLUMN_ENABLED) != 0,
        .not_before = read_time(rows, COLUMN_NOT_BEFORE),
        .expires = read_time(rows, COLUMN_EXPIRES),
        .created = kv_rows_int(rows, COLUMN_CREATED),
        .updated = kv_rows_int(rows, COLUMN_UPDATED),
    };
    KV_TRY(read_tags(rows, &key.tags, err));
    KV_TRY(read_text(rows, COLUMN_MEMBERS, &key.members, err));
    KV_TRY(read_text(rows, COLUMN_EXTERNAL, &key.external, err));
    KV_TRY(read_release(rows, &key.release, err));
    key.deleted = kv_rows_int(rows, COLUMN_DELETED);
    key.scheduled_purge = kv_rows_int(rows, COLUMN_PURGE);
    *ret_key = key_take(&key);
    return KV_OK;
}

void kv_key_done(struct kv_key *key)
{
    kv_tags_done(&key->tags);
    free(key->members);
    free(key->external);
    free(key->release.policy);
    free(key->release.content_type);
    key->members = NULL;
    key->external = NULL;
    key->release = (struct kv_release_terms){ .policy = NULL };
}

enum kv_code key_load(struct kv_db *db, int64_t version_id, struct kv_key *ret_key,
                      struct kv_err *err)
{
    static const char sql[] = "SELECT " KEY_COLUMNS " FROM version v JOIN key k ON k.id = v.key"
                              " WHERE v.id = ?";
    kv_auto(kv_rows_close) struct kv_rows *rows = NULL;
    bool more;

    KV_TRY(kv_db_query(db, sql, KV_BINDS(KV_B_INT(version_id)), &rows, err));
    KV_TRY(kv_rows_next(rows, &more, err));
    if (!more) {
        return KV_FAIL(err, KV_INTERNAL, 0, "the store lacks version row %lld",
                       (long long) version_id);
    }
    return key_read(rows, ret_key, err);
}

enum kv_code fail_not_found(const struct kv_scope *scope, const char *name, const char *version,
                            struct kv_err *err)
{
    if (version != NULL) {
        return KV_REFUSE(err, KV_TEXT_VERSION_NOT_FOUND, 0, name, scope->authority, version);
    }
    return KV_REFUSE(err, KV_TEXT_KEY_NOT_FOUND, 0, name, scope->authority);
}

enum kv_code fail_deleted_not_found(const struct kv_scope *scope, const char *name,
                                    struct kv_err *err)
{
    return KV_REFUSE(err, KV_TEXT_DELETED_KEY_NOT_FOUND, 0, name, scope->authority);
}

/* Two statements, because the latest version is found through the key, any other by its name. */
static enum kv_code query_version(struct kv_db *db, const struct kv_scope *scope,
                                  const struct name_fold *fold, const char *version,
                                  struct kv_rows **ret_rows, struct kv_err *err)
{
    static const char latest[] = "SELECT " KEY_COLUMNS " FROM key k"
                                 " JOIN version v ON v.id = k.latest"
                                 " WHERE " KEY_IS_LIVE " AND k.fold = ?3";
    static const char named[] = "SELECT " KEY_COLUMNS " FROM key k"
                                " JOIN version v ON v.key = k.id AND v.version = lower(?4)"
                                " WHERE " KEY_IS_LIVE " AND k.fold = ?3";

    if (version == NULL) {
        return kv_db_query(
            db, latest,
            KV_BINDS(KV_B_INT(scope->vault->id), KV_B_INT(scope->now), KV_B_TEXT(fold->text)),
            ret_rows, err);
    }
    return kv_db_query(db, named,
                       KV_BINDS(KV_B_INT(scope->vault->id), KV_B_INT(scope->now),
                                KV_B_TEXT(fold->text), KV_B_TEXT(version)),
                       ret_rows, err);
}

enum kv_code key_find(struct kv_db *db, const struct kv_scope *scope, const char *name,
                      const char *version, struct kv_key *ret_key, int64_t *ret_id,
                      struct kv_err *err)
{
    kv_auto(kv_rows_close) struct kv_rows *rows = NULL;
    struct name_fold fold;
    bool more;

    KV_TRY(name_fold(name, &fold, err));
    KV_TRY(query_version(db, scope, &fold, version, &rows, err));
    KV_TRY(kv_rows_next(rows, &more, err));
    if (!more) {
        return fail_not_found(scope, name, version, err);
    }
    KV_TRY(key_read(rows, ret_key, err));
    *ret_id = kv_rows_int(rows, COLUMN_ID);
    return KV_OK;
}

kv_millis pending_until(const struct kv_scope *scope)
{
    kv_millis lag = scope->keys->config.deletion_lag;

    if (scope->vault->kind == KV_MANAGED_HSM) { /* contract §12: at once */
        return 0;
    }
    return lag > 0 ? scope->now + lag : 0;
}
