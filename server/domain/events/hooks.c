/* SPDX-License-Identifier: Apache-2.0 */
/* Receivers: how far each has got, and what became of each event there. */
#include <stdio.h>

#include "core.h"

static const char *const state_names[] = {
    [KV_DELIVERY_PENDING] = "pending",
    [KV_DELIVERY_DONE] = "delivered",
    [KV_DELIVERY_DROPPED] = "dropped",
};

const char *kv_delivery_state_name(enum kv_delivery_state state)
{
    return state_names[state];
}

static enum kv_code add_hook(struct kv_db *db, const char *id, struct kv_err *err)
{
    static const char sql[] =
        "INSERT OR IGNORE INTO event_hook (id, first, reached)"
        " SELECT ?1, last, last FROM (SELECT coalesce((SELECT seq FROM sqlite_sequence"
        " WHERE name = 'event'), 0) AS last)";

    return kv_db_run(db, sql, KV_BINDS(KV_B_TEXT(id)), NULL, err);
}

/* Their ids are never "". */
static enum kv_code drop_others(struct kv_db *db, const char *const *ids, size_t count,
                                struct kv_err *err)
{
    static const char sql[] =
        "DELETE FROM event_hook WHERE id NOT IN (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
    struct kv_bind binds[KV_EVENT_HOOKS_MAX];

    _Static_assert(KV_EVENT_HOOKS_MAX == 9, "each has a place in the statement");

    for (size_t i = 0; i < KV_EVENT_HOOKS_MAX; i++) {
        binds[i] = KV_B_TEXT(i < count ? ids[i] : "");
    }
    return kv_db_run(db, sql, (struct kv_binds){ binds, KV_EVENT_HOOKS_MAX }, NULL, err);
}

enum kv_code kv_events_subscribe(struct kv_events *events, const char *const *ids, size_t count,
                                 struct kv_err *err)
{
    kv_auto(kv_db_release) struct kv_db *db = NULL;

    KV_TRY(kv_db_acquire(events->store, &db, err));
    KV_TRY(kv_db_begin(db, err));
    KV_TRY(drop_others(db, ids, count, err));
    for (size_t i = 0; i < count; i++) {
        KV_TRY(add_hook(db, ids[i], err));
    }
    return kv_db_commit(db, err);
}

/* d.state, d.attempts, d.status, d.at, d.error from that column on. */
static void read_delivery(const struct kv_rows *rows, int column, struct kv_delivery *ret_delivery)
{
    *ret_delivery = (struct kv_delivery){
        .state = (enum kv_delivery_state) kv_rows_int(rows, column),
        .attempts = kv_rows_int(rows, column + 1),
        .status = kv_rows_int(rows, column + 2),
        .at = kv_rows_int(rows, column + 3),
    };
    (void) snprintf(ret_delivery->error, sizeof(ret_delivery->error), "%s",
                    kv_rows_text(rows, column + 4));
}

static enum kv_code read_pending(struct kv_db *db, const char *hook, struct kv_key_event *ret_event,
                                 struct kv_delivery *ret_delivery, struct kv_err *err)
{
    static const char sql[] =
        "SELECT " EVENT_COLUMNS ", d.state, d.attempts, d.status, d.at, d.error"
        " FROM event_hook h JOIN event e ON e.number > h.reached"
        " LEFT JOIN event_delivery d ON d.event = e.number AND d.hook = h.id"
        " WHERE h.id = ? ORDER BY e.number LIMIT 1";
    kv_auto(kv_rows_close) struct kv_rows *rows = NULL;
    bool more;

    KV_TRY(kv_db_query(db, sql, KV_BINDS(KV_B_TEXT(hook)), &rows, err));
    KV_TRY(kv_rows_next(rows, &more, err));
    ret_event->number = 0;
    if (more) {
        event_read(rows, ret_event);
        read_delivery(rows, EVENT_COLUMN_COUNT, ret_delivery);
    }
    return KV_OK;
}

/* A store that was put in the place of ours may never have heard of it. */
static enum kv_code ensure_hook(struct kv_db *db, const char *id, struct kv_err *err)
{
    static const char sql[] = "SELECT count(*) FROM event_hook WHERE id = ?";
    int64_t count;

    KV_TRY(kv_db_count(db, sql, KV_BINDS(KV_B_TEXT(id)), &count, err));
    if (count > 0) {
        return KV_OK;
    }
    KV_TRY(kv_db_begin(db, err));
    KV_TRY(add_hook(db, id, err));
    return kv_db_commit(db, err);
}

enum kv_code kv_events_pending(struct kv_events *events, const char *hook,
                               struct kv_key_event *ret_event, struct kv_delivery *ret_delivery,
                               struct kv_err *err)
{
    kv_auto(kv_db_release) struct kv_db *db = NULL;

    KV_TRY(kv_db_acquire(events->store, &db, err));
    KV_TRY(read_pending(db, hook, ret_event, ret_delivery, err));
    return ret_event->number != 0 ? KV_OK : ensure_hook(db, hook, err);
}

/* The event may have been forgotten meanwhile: then there is nothing to note it at. */
static enum kv_code note(struct kv_db *db, const char *hook, int64_t number,
                         const struct kv_delivery *delivery, struct kv_err *err)
{
    static const char sql[] = "INSERT OR REPLACE INTO event_delivery"
                              " (event, hook, state, attempts, status, at, error)"
                              " SELECT number, ?2, ?3, ?4, ?5, ?6, ?7 FROM event WHERE number = ?1";

    return kv_db_run(db, sql,
                     KV_BINDS(KV_B_INT(number), KV_B_TEXT(hook), KV_B_INT(delivery->state),
                              KV_B_INT(delivery->attempts), KV_B_INT(delivery->status),
                              KV_B_INT(delivery->at), KV_B_TEXT(delivery->error)),
                     NULL, err);
}

static enum kv_code go_on(struct kv_db *db, const char *hook, int64_t number,
                          enum kv_delivery_state state, struct kv_err *err)
{
    static const char sql[] = "UPDATE event_hook SET reached = max(reached, ?2),"
                              " delivered = delivered + ?3, dropped = dropped + ?4 WHERE id = ?1";

    return kv_db_run(db, sql,
                     KV_BINDS(KV_B_TEXT(hook), KV_B_INT(number),
                              KV_B_INT(state == KV_DELIVERY_DONE),
                              KV_B_INT(state == KV_DELIVERY_DROPPED)),
                     NULL, err);
}

enum kv_code kv_events_settle(struct kv_events *events, const char *hook, int64_t number,
                              const struct kv_delivery *delivery, struct kv_err *err)
{
    kv_auto(kv_db_release) struct kv_db *db = NULL;

    KV_TRY(kv_db_acquire(events->store, &db, err));
    KV_TRY(kv_db_begin(db, err));
    KV_TRY(note(db, hook, number, delivery, err));
    if (delivery->state != KV_DELIVERY_PENDING) {
        KV_TRY(go_on(db, hook, number, delivery->state, err));
    }
    KV_TRY(kv_db_commit(db, err));
    kv_events_tell(events);
    return KV_OK;
}

enum kv_code kv_events_delivery(struct kv_db *db, const char *hook, int64_t number,
                                struct kv_delivery *ret_delivery, bool *ret_is_known,
                                struct kv_err *err)
{
    static const char sql[] =
        "SELECT d.state, d.attempts, d.status, d.at, d.error FROM event_hook h"
        " LEFT JOIN event_delivery d ON d.hook = h.id AND d.event = ?2"
        " WHERE h.id = ?1 AND h.first < ?2";
    kv_auto(kv_rows_close) struct kv_rows *rows = NULL;

    KV_TRY(kv_db_query(db, sql, KV_BINDS(KV_B_TEXT(hook), KV_B_INT(number)), &rows, err));
    KV_TRY(kv_rows_next(rows, ret_is_known, err));
    if (*ret_is_known) {
        read_delivery(rows, 0, ret_delivery);
    }
    return KV_OK;
}

enum kv_code kv_events_dropped(struct kv_events *events, const char *hook, int64_t *ret_count,
                               struct kv_err *err)
{
    static const char sql[] = "SELECT dropped FROM event_hook WHERE id = ?";
    kv_auto(kv_db_release) struct kv_db *db = NULL;

    KV_TRY(kv_db_acquire(events->store, &db, err));
    return kv_db_count(db, sql, KV_BINDS(KV_B_TEXT(hook)), ret_count, err);
}

enum kv_code kv_events_counts(struct kv_events *events, const char *hook,
                              struct kv_hook_counts *ret_counts, struct kv_err *err)
{
    static const char sql[] = "SELECT (SELECT count(*) FROM event WHERE number > h.reached),"
                              " h.delivered, h.dropped FROM event_hook h WHERE h.id = ?";
    kv_auto(kv_db_release) struct kv_db *db = NULL;
    kv_auto(kv_rows_close) struct kv_rows *rows = NULL;
    bool more;

    KV_TRY(kv_db_acquire(events->store, &db, err));
    KV_TRY(kv_db_query(db, sql, KV_BINDS(KV_B_TEXT(hook)), &rows, err));
    KV_TRY(kv_rows_next(rows, &more, err));
    *ret_counts = (struct kv_hook_counts){
        .pending = more ? kv_rows_int(rows, 0) : 0,
        .delivered = more ? kv_rows_int(rows, 1) : 0,
        .dropped = more ? kv_rows_int(rows, 2) : 0,
    };
    return KV_OK;
}
