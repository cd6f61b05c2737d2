/* SPDX-License-Identifier: Apache-2.0 */
/* Reading the index of principals: all that are registered, as they were at one moment. */
#include <stdio.h>
#include <string.h>

#include "principals_core.h"

static void copy(const struct kv_rows *rows, int column, char *ret_text, size_t size)
{
    (void) snprintf(ret_text, size, "%s", kv_rows_text(rows, column)); /* no stored one is longer */
}

void principals_row_read(const struct kv_rows *rows, struct principals_row *ret_row)
{
    struct kv_principal_entry *entry = &ret_row->entry;

    *ret_row = (struct principals_row){
        .id = kv_rows_int(rows, 0),
        .is_former = kv_rows_is_null(rows, 1),
        .entry = {
            .type = (enum kv_principal_type) kv_rows_int(rows, 2),
            .state = (enum kv_principal_state) kv_rows_int(rows, 3),
            .registered = kv_rows_int(rows, 4) != 0,
            .trusted_service = kv_rows_int(rows, 10) != 0,
            .revoked = kv_rows_int(rows, 11),
        },
    };
    copy(rows, 1, entry->name, sizeof(entry->name));
    copy(rows, 5, entry->object_id, sizeof(entry->object_id));
    copy(rows, 6, entry->client_id, sizeof(entry->client_id));
    copy(rows, 7, entry->tenant, sizeof(entry->tenant));
    copy(rows, 8, entry->resource, sizeof(entry->resource));
    copy(rows, 9, entry->upn, sizeof(entry->upn));
}

static enum kv_code add_principal(void *index, const struct kv_rows *rows, struct kv_err *err)
{
    struct principals_row row;

    principals_row_read(rows, &row);
    return principals_index_add(index, &row.entry, row.is_former, err);
}

static enum kv_code add_member(void *index, const struct kv_rows *rows, struct kv_err *err)
{
    return principals_index_add_member(index, kv_rows_text(rows, 0), kv_rows_text(rows, 1), err);
}

static const struct {
    const char *sql;
    kv_row_fn *add;
} parts[] = {
    { "SELECT " PRINCIPALS_COLUMNS " FROM principal ORDER BY id", add_principal },
    { "SELECT belongs_to, member FROM principal_member ORDER BY id", add_member },
};

enum kv_code principals_index_read(struct kv_db *db, struct principals_index *index,
                                   struct kv_err *err)
{
    for (size_t i = 0; i < KV_COUNT(parts); i++) {
        KV_TRY(kv_db_each(db, parts[i].sql, KV_NO_BINDS, parts[i].add, index, err));
    }
    return KV_OK;
}

static enum kv_code read_all(struct kv_principals *principals, struct principals_index *index,
                             struct kv_err *err)
{
    kv_auto(kv_db_release) struct kv_db *db = NULL;

    KV_TRY(kv_db_acquire(principals->store, &db, err));
    KV_TRY(kv_db_begin_reading(db, err));
    return principals_index_read(db, index, err);
}

/* Whether the index knows all that was committed before `edition` was asked for. */
static bool is_current_locked(const struct kv_principals *principals, uint64_t edition)
{
    return principals->index != NULL && principals_index_edition(principals->index) >= edition;
}

static bool is_current(struct kv_principals *principals, uint64_t edition)
{
    pthread_rwlock_rdlock(&principals->lock);
    bool current = is_current_locked(principals, edition);
    pthread_rwlock_unlock(&principals->lock);
    return current;
}

static void swap(struct kv_principals *principals, struct principals_index *index)
{
    pthread_rwlock_wrlock(&principals->lock);
    struct principals_index *former = principals->index;
    principals->index = index;
    pthread_rwlock_unlock(&principals->lock);
    principals_index_free(former);
}

static enum kv_code read_anew_locked(struct kv_principals *principals, uint64_t wanted,
                                     struct kv_err *err)
{
    kv_auto(principals_index_free) struct principals_index *index = NULL;

    if (is_current(principals, wanted)) { /* somebody else has read it meanwhile */
        return KV_OK;
    }
    KV_TRY(principals_index_new(atomic_load(&principals->edition), &index, err));
    KV_TRY(read_all(principals, index, err));
    swap(principals, kv_take(index));
    return KV_OK;
}

static enum kv_code read_anew(struct kv_principals *principals, uint64_t wanted, struct kv_err *err)
{
    struct kv_err why = { .code = KV_OK };

    pthread_mutex_lock(&principals->reading);
    enum kv_code code = read_anew_locked(principals, wanted, &why);
    pthread_mutex_unlock(&principals->reading);
    return code == KV_OK ? KV_OK
                         : KV_FAIL(err, KV_UNAVAILABLE, why.cause,
                                   "Who callers are cannot be read at the moment.");
}

static bool try_lock(struct kv_principals *principals, uint64_t edition)
{
    pthread_rwlock_rdlock(&principals->lock);
    if (is_current_locked(principals, edition)) {
        return true;
    }
    pthread_rwlock_unlock(&principals->lock);
    return false;
}

enum kv_code principals_lock(struct kv_principals *principals, struct kv_err *err)
{
    const uint64_t edition = atomic_load(&principals->edition);

    while (!try_lock(principals, edition)) { /* once: no index is older than one before it */
        KV_TRY(read_anew(principals, edition, err));
    }
    return KV_OK;
}

enum kv_code kv_principals_refresh(struct kv_principals *principals, struct kv_err *err)
{
    return read_anew(principals, atomic_load(&principals->edition), err);
}
