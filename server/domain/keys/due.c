/* SPDX-License-Identifier: Apache-2.0 */
/* What happens to keys without a request, because it is due: scheduled purges, and the ends of
 * pending phases. */
#include "kv/keys/due.h"

#include <stdint.h>
#include <stdio.h>

#include "core.h"
#include "deletion.h"
#include "rows.h"

#define BATCH 64 /* keys per transaction: other writers get their turn in between */

struct due_batch {
    int64_t id[BATCH];
    struct kv_key_label label[BATCH];
    size_t count;
};

/* The columns that read_label() reads. */
#define LABEL_COLUMNS "(SELECT v.name FROM vault v WHERE v.id = key.vault), name"

static void read_label(const struct kv_rows *rows, int column, struct kv_key_label *ret_label)
{
    snprintf(ret_label->vault, sizeof(ret_label->vault), "%s", kv_rows_text(rows, column));
    snprintf(ret_label->name, sizeof(ret_label->name), "%s", kv_rows_text(rows, column + 1));
}

/* A batch of keys that are due. */
static enum kv_code find_due(struct kv_db *db, kv_millis now, struct due_batch *ret_batch,
                             struct kv_err *err)
{
    static const char sql[] = "SELECT id, " LABEL_COLUMNS " FROM key"
                              " WHERE state > 0 AND ready <= ?1" /* so the index serves it */
                              " AND (state = 2 OR purge <= ?2) LIMIT ?3";
    kv_auto(kv_rows_close) struct kv_rows *rows = NULL;
    bool more;

    ret_batch->count = 0;
    KV_TRY(kv_db_query(db, sql, KV_BINDS(KV_B_INT(now), KV_B_INT(kv_seconds(now)), KV_B_INT(BATCH)),
                       &rows, err));
    KV_TRY(kv_rows_next(rows, &more, err));
    while (more && ret_batch->count < BATCH) {
        ret_batch->id[ret_batch->count] = kv_rows_int(rows, 0);
        read_label(rows, 1, &ret_batch->label[ret_batch->count++]);
        KV_TRY(kv_rows_next(rows, &more, err));
    }
    return KV_OK;
}

/* Most rounds find nothing, and then do not take the writer's turn. */
static enum kv_code purge_batch(struct kv_keys *keys, kv_millis now, struct due_batch *batch,
                                struct kv_err *err)
{
    kv_auto(kv_db_release) struct kv_db *db = NULL;

    KV_TRY(kv_db_acquire(keys->config.store, &db, err));
    KV_TRY(find_due(db, now, batch, err));
    if (batch->count == 0) {
        return KV_OK;
    }
    KV_TRY(kv_db_begin(db, err));
    KV_TRY(find_due(db, now, batch, err));
    for (size_t i = 0; i < batch->count; i++) {
        KV_TRY(key_remove(db, batch->id[i], err));
    }
    return kv_db_commit(db, err);
}

enum kv_code kv_keys_purge_due(struct kv_keys *keys, kv_millis now, kv_key_label_fn *visit,
                               void *context, struct kv_err *err)
{
    struct due_batch batch = { .count = BATCH };
    bool goes_on = true;

    while (batch.count > 0 && goes_on && !atomic_load(&keys->stop)) {
        KV_TRY(purge_batch(keys, now, &batch, err));
        for (size_t i = 0; i < batch.count; i++) { /* all of them: they are gone */
            goes_on = visit(context, &batch.label[i]) && goes_on;
        }
    }
    return KV_OK;
}

/* The one number that the statement returns; INT64_MAX for none. */
static enum kv_code find_time(struct kv_keys *keys, const char *sql, struct kv_binds binds,
                              kv_millis *ret_time, struct kv_err *err)
{
    kv_auto(kv_db_release) struct kv_db *db = NULL;
    kv_auto(kv_rows_close) struct kv_rows *rows = NULL;
    bool more;

    KV_TRY(kv_db_acquire(keys->config.store, &db, err));
    KV_TRY(kv_db_query(db, sql, binds, &rows, err));
    KV_TRY(kv_rows_next(rows, &more, err));
    *ret_time = more && !kv_rows_is_null(rows, 0) ? kv_rows_int(rows, 0) : INT64_MAX;
    return KV_OK;
}

enum kv_code kv_keys_next_purge(struct kv_keys *keys, kv_millis after, kv_millis *ret_due,
                                struct kv_err *err)
{
    static const char sql[] =
        "SELECT min(due) FROM (SELECT CASE state WHEN 1 THEN max(purge * 1000, ready)"
        " ELSE ready END AS due FROM key WHERE state > 0) WHERE due > ?";

    return find_time(keys, sql, KV_BINDS(KV_B_INT(after)), ret_due, err);
}

/* key.state while it is pending; a pending purge is ended by kv_keys_purge_due(). */
static const enum key_state pending_states[] = {
    [KV_PENDING_DELETION] = STATE_DELETED,
    [KV_PENDING_RECOVERY] = STATE_LIVE,
};

/* "ready > 0" is what the index has, and most keys were never pending. */
#define IS_PENDING "state = ?1 AND ready > 0 AND ready > ?2"

enum kv_code kv_keys_next_pending(struct kv_keys *keys, enum kv_pending pending, kv_millis after,
                                  kv_millis *ret_due, struct kv_err *err)
{
    static const char sql[] = "SELECT min(ready) FROM key WHERE " IS_PENDING;

    return find_time(keys, sql, KV_BINDS(KV_B_INT(pending_states[pending]), KV_B_INT(after)),
                     ret_due, err);
}

enum kv_code kv_keys_each_pending(struct kv_keys *keys, enum kv_pending pending, kv_millis after,
                                  kv_millis until, kv_key_label_fn *visit, void *context,
                                  struct kv_err *err)
{
    static const char sql[] =
        "SELECT " LABEL_COLUMNS " FROM key WHERE " IS_PENDING " AND ready <= ?3 ORDER BY ready";
    kv_auto(kv_db_release) struct kv_db *db = NULL;
    kv_auto(kv_rows_close) struct kv_rows *rows = NULL;
    bool more;

    KV_TRY(kv_db_acquire(keys->config.store, &db, err));
    KV_TRY(kv_db_query(
        db, sql, KV_BINDS(KV_B_INT(pending_states[pending]), KV_B_INT(after), KV_B_INT(until)),
        &rows, err));
    KV_TRY(kv_rows_next(rows, &more, err));
    while (more) {
        struct kv_key_label label;

        read_label(rows, 0, &label);
        if (!visit(context, &label)) {
            break;
        }
        KV_TRY(kv_rows_next(rows, &more, err));
    }
    return KV_OK;
}
