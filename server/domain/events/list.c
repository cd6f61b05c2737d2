/* SPDX-License-Identifier: Apache-2.0 */
/* Events, read and removed. */
#include "core.h"

#define OF_RECEIVER                                                                                \
    "EXISTS (SELECT 1 FROM event_hook h LEFT JOIN event_delivery d"                                \
    " ON d.event = e.number AND d.hook = h.id WHERE h.first < e.number AND coalesce(d.state, 0) "  \
    "= "
#define PASSES                                                                                     \
    " WHERE e.number > ?1 AND (?2 = 0 OR e.type = ?2)"                                             \
    " AND (?3 IS NULL OR e.vault = ?3 COLLATE NOCASE)"                                             \
    " AND (?4 IS NULL OR e.key = ?4 COLLATE NOCASE)"                                               \
    " AND (?5 IS NULL OR ?5 = CASE WHEN " OF_RECEIVER "0) THEN 0"                                  \
    " WHEN " OF_RECEIVER "2) THEN 2 ELSE 1 END)"

static struct kv_bind bind_text(const char *text)
{
    return text != NULL ? KV_B_TEXT(text) : KV_B_NULL;
}

static struct kv_bind bind_state(const struct kv_event_filter *filter)
{
    return filter->has_state ? KV_B_INT(filter->state) : KV_B_NULL;
}

enum kv_code kv_events_each(struct kv_events *events, const struct kv_event_filter *filter,
                            size_t limit, kv_event_visit_fn *visit, void *context,
                            struct kv_err *err)
{
    static const char sql[] =
        "SELECT " EVENT_COLUMNS " FROM event e" PASSES " ORDER BY e.number LIMIT ?6";
    kv_auto(kv_db_release) struct kv_db *db = NULL;
    kv_auto(kv_rows_close) struct kv_rows *rows = NULL;
    bool more;

    KV_TRY(kv_db_acquire(events->store, &db, err));
    KV_TRY(kv_db_begin_reading(db, err));
    KV_TRY(kv_db_query(db, sql,
                       KV_BINDS(KV_B_INT(filter->since), KV_B_INT(filter->type),
                                bind_text(filter->vault), bind_text(filter->key),
                                bind_state(filter), KV_B_INT(limit)),
                       &rows, err));
    KV_TRY(kv_rows_next(rows, &more, err));
    while (more) {
        struct kv_key_event event;

        event_read(rows, &event);
        KV_TRY(visit(context, db, &event, err));
        KV_TRY(kv_rows_next(rows, &more, err));
    }
    return KV_OK;
}

static enum kv_code read_number(struct kv_events *events, const char *sql, struct kv_binds binds,
                                int64_t *ret_number, struct kv_err *err)
{
    kv_auto(kv_db_release) struct kv_db *db = NULL;

    KV_TRY(kv_db_acquire(events->store, &db, err));
    return kv_db_count(db, sql, binds, ret_number, err);
}

enum kv_code kv_events_last(struct kv_events *events, int64_t *ret_number, struct kv_err *err)
{
    static const char sql[] = "SELECT seq FROM sqlite_sequence WHERE name = 'event'";

    return read_number(events, sql, KV_NO_BINDS, ret_number, err);
}

enum kv_code kv_events_count(struct kv_events *events, const struct kv_event_filter *filter,
                             int64_t *ret_count, struct kv_err *err)
{
    static const char sql[] = "SELECT count(*) FROM event e" PASSES;

    return read_number(events, sql,
                       KV_BINDS(KV_B_INT(filter->since), KV_B_INT(filter->type),
                                bind_text(filter->vault), bind_text(filter->key),
                                bind_state(filter)),
                       ret_count, err);
}

enum kv_code kv_events_forget(struct kv_events *events, const char *vault, struct kv_err *err)
{
    static const char sql[] = "DELETE FROM event WHERE ?1 IS NULL OR vault = ?1 COLLATE NOCASE";
    kv_auto(kv_db_release) struct kv_db *db = NULL;

    KV_TRY(kv_db_acquire(events->store, &db, err));
    KV_TRY(kv_db_begin(db, err));
    KV_TRY(kv_db_run(db, sql, KV_BINDS(bind_text(vault)), NULL, err));
    return kv_db_commit(db, err);
}
