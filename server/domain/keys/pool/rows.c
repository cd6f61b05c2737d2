/* SPDX-License-Identifier: Apache-2.0 */
/* The table of the pool. */
#include <string.h>

#include "../core.h"
#include "../intent.h"
#include "pool.h"

enum kv_code pool_row_save(struct kv_keys *keys, const struct pooled *pooled, const char *form,
                           struct kv_err *err)
{
    static const char sql[] = "INSERT INTO pooled (object, kind, form, modulus, exponent, x, y)"
                              " VALUES (?, ?, ?, ?, ?, ?, ?)";
    const struct kv_material *material = &pooled->material;
    const size_t width =
        material->curve == KV_CURVE_NONE ? 0 : kv_curve_row(material->curve)->coordinate;
    kv_auto(kv_db_release) struct kv_db *db = NULL;

    KV_TRY(kv_db_acquire(keys->config.store, &db, err));
    KV_TRY(kv_db_begin(db, err));
    KV_TRY(intent_settle(db, material->object, err));
    KV_TRY(kv_db_run(db, sql,
                     KV_BINDS(KV_B_BYTES(material->object, KV_OBJECT_LENGTH),
                              KV_B_TEXT(kv_pool_kind_name(pooled->kind)), KV_B_TEXT(form),
                              KV_B_BYTES(material->modulus, material->modulus_len),
                              KV_B_BYTES(material->exponent, material->exponent_len),
                              KV_B_BYTES(material->x, width), KV_B_BYTES(material->y, width)),
                     NULL, err));
    return kv_db_commit(db, err);
}

enum kv_code pool_row_doom(struct kv_keys *keys, const unsigned char *object, struct kv_err *err)
{
    static const char of_limbo[] = "INSERT OR IGNORE INTO limbo (object, doomed)"
                                   " SELECT object, 1 FROM pooled WHERE object = ?";
    static const char of_pool[] = "DELETE FROM pooled WHERE object = ?";
    kv_auto(kv_db_release) struct kv_db *db = NULL;
    const struct kv_bind bind = KV_B_BYTES(object, KV_OBJECT_LENGTH);

    KV_TRY(kv_db_acquire(keys->config.store, &db, err));
    KV_TRY(kv_db_begin(db, err));
    KV_TRY(kv_db_run(db, of_limbo, KV_BINDS(bind), NULL, err));
    KV_TRY(kv_db_run(db, of_pool, KV_BINDS(bind), NULL, err));
    return kv_db_commit(db, err);
}

enum kv_code pool_settle(struct kv_db *db, const unsigned char *object, bool *ret_was,
                         struct kv_err *err)
{
    static const char sql[] = "DELETE FROM pooled WHERE object = ?";
    int64_t count;

    KV_TRY(kv_db_run(db, sql, KV_BINDS(KV_B_BYTES(object, KV_OBJECT_LENGTH)), &count, err));
    *ret_was = count == 1;
    return KV_OK;
}

enum kv_code pool_doom_all(struct kv_db *db, struct kv_err *err)
{
    static const char of_limbo[] = "INSERT OR IGNORE INTO limbo (object, doomed)"
                                   " SELECT object, 1 FROM pooled";
    static const char of_pool[] = "DELETE FROM pooled";

    KV_TRY(kv_db_run(db, of_limbo, KV_NO_BINDS, NULL, err));
    return kv_db_run(db, of_pool, KV_NO_BINDS, NULL, err);
}

/* --- reading --- */

enum { AT_OBJECT, AT_KIND, AT_FORM, AT_MODULUS, AT_EXPONENT, AT_X, AT_Y };

static bool copy(const struct kv_rows *rows, int column, void *ret_bytes, size_t max,
                 size_t *ret_len)
{
    const void *bytes = kv_rows_bytes(rows, column, ret_len);

    if (*ret_len > max) {
        return false;
    }
    if (*ret_len > 0) {
        memcpy(ret_bytes, bytes, *ret_len);
    }
    return true;
}

static bool read_kind(const char *name, enum kv_pool_kind *ret_kind)
{
    for (enum kv_pool_kind kind = 0; kind < KV_POOL_KINDS; kind++) {
        if (strcmp(kv_pool_kind_name(kind), name) == 0) {
            *ret_kind = kind;
            return true;
        }
    }
    return false;
}

/* Whether the lengths are those of the kind. */
static bool is_whole(const struct kv_material *material, size_t x_len, size_t y_len)
{
    if (material->family == KV_FAMILY_RSA) {
        return material->modulus_len == material->bits / 8 && material->exponent_len > 0;
    }
    const size_t width = kv_curve_row(material->curve)->coordinate;

    return x_len == width && y_len == width;
}

static bool read_material(const struct kv_rows *rows, struct kv_material *material)
{
    size_t x_len, y_len;

    return copy(rows, AT_MODULUS, material->modulus, KV_MODULUS_MAX, &material->modulus_len)
           && copy(rows, AT_EXPONENT, material->exponent, KV_EXPONENT_MAX, &material->exponent_len)
           && copy(rows, AT_X, material->x, KV_COORDINATE_MAX, &x_len)
           && copy(rows, AT_Y, material->y, KV_COORDINATE_MAX, &y_len)
           && is_whole(material, x_len, y_len);
}

/* False for a row that names no object. */
static bool read_row(const struct kv_rows *rows, struct pooled *ret_pooled)
{
    struct pooled pooled = { .kind = KV_POOL_KINDS };
    size_t len;

    if (!copy(rows, AT_OBJECT, pooled.material.object, KV_OBJECT_LENGTH, &len)
        || len != KV_OBJECT_LENGTH) {
        return false;
    }
    if (read_kind(kv_rows_text(rows, AT_KIND), &pooled.kind)) {
        const struct kv_key_spec spec = pool_spec(pooled.kind);

        pooled.material.family = spec.family;
        pooled.material.bits = spec.bits;
        pooled.material.curve = spec.curve;
        if (!read_material(rows, &pooled.material)) {
            pooled.kind = KV_POOL_KINDS;
        }
    }
    *ret_pooled = pooled;
    return true;
}

enum kv_code pool_rows_each(struct kv_keys *keys, pool_visit_fn *visit, void *context,
                            struct kv_err *err)
{
    static const char sql[] = "SELECT object, kind, form, modulus, exponent, x, y FROM pooled";
    kv_auto(kv_db_release) struct kv_db *db = NULL;
    kv_auto(kv_rows_close) struct kv_rows *rows = NULL;
    bool more;

    KV_TRY(kv_db_acquire(keys->config.store, &db, err));
    KV_TRY(kv_db_query(db, sql, KV_NO_BINDS, &rows, err));
    KV_TRY(kv_rows_next(rows, &more, err));
    while (more) {
        struct pooled pooled;

        if (read_row(rows, &pooled)) {
            KV_TRY(visit(context, &pooled, kv_rows_text(rows, AT_FORM), err));
        }
        KV_TRY(kv_rows_next(rows, &more, err));
    }
    return KV_OK;
}
