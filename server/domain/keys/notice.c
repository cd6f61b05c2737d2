/* SPDX-License-Identifier: Apache-2.0 */
/* Events of keys: new versions, and those that expire. */
#include "notice.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "core.h"
#include "kv/events/events.h"
#include "kv/keys/notice.h"

#define BATCH 64 /* keys per transaction: other writers get their turn in between */
#define NEAR_DAYS 30

/* --- planning --- */

static const char remove_plan[] = "DELETE FROM key_notice WHERE key = ?";

/* The exp of the latest version; not given: it has none. */
static enum kv_code load_expiry(struct kv_db *db, int64_t key_id, int64_t *ret_version,
                                struct kv_maybe_time *ret_expires, struct kv_err *err)
{
    static const char sql[] = "SELECT v.id, v.expires FROM key k JOIN version v ON v.id = k.latest"
                              " WHERE k.id = ?";
    kv_auto(kv_rows_close) struct kv_rows *rows = NULL;
    bool more;

    KV_TRY(kv_db_query(db, sql, KV_BINDS(KV_B_INT(key_id)), &rows, err));
    KV_TRY(kv_rows_next(rows, &more, err));
    *ret_version = more ? kv_rows_int(rows, 0) : 0;
    *ret_expires = (struct kv_maybe_time){
        .given = more && !kv_rows_is_null(rows, 1),
        .value = more ? kv_rows_int(rows, 1) : 0,
    };
    return KV_OK;
}

static kv_millis find_near(const struct kv_duration *before, kv_time expires)
{
    kv_time near = kv_duration_is_given(before) ? kv_duration_before(before, expires)
                                                : expires - NEAR_DAYS * KV_DAY;

    return near * 1000;
}

enum kv_code notice_plan(struct kv_db *db, int64_t key_id, const struct kv_duration *before,
                         struct kv_err *err)
{
    static const char sql[] =
        "INSERT INTO key_notice (key, version, expires, near, given) VALUES (?1, ?2, ?3, ?4, 0)"
        " ON CONFLICT (key) DO UPDATE SET near = ?4, version = ?2, expires = ?3, given ="
        " CASE WHEN version = ?2 AND expires = ?3 THEN given ELSE 0 END";
    struct kv_maybe_time expires;
    int64_t version;

    KV_TRY(load_expiry(db, key_id, &version, &expires, err));
    if (!expires.given) {
        return kv_db_run(db, remove_plan, KV_BINDS(KV_B_INT(key_id)), NULL, err);
    }
    return kv_db_run(db, sql,
                     KV_BINDS(KV_B_INT(key_id), KV_B_INT(version), KV_B_INT(expires.value * 1000),
                              KV_B_INT(find_near(before, expires.value))),
                     NULL, err);
}

/* --- writing --- */

static struct kv_event_date date_of(struct kv_maybe_time time)
{
    return (struct kv_event_date){ .given = time.given, .value = time.value };
}

enum kv_code notice_of_version(struct kv_db *db, const struct kv_scope *scope,
                               const struct kv_key *key, struct kv_err *err)
{
    struct kv_key_event event = {
        .type = KV_EVENT_NEW_VERSION,
        .at = scope->now,
        .not_before = date_of(key->attributes.not_before),
        .expires = date_of(key->attributes.expires),
    };

    if (scope->vault->kind == KV_MANAGED_HSM) {
        return KV_OK;
    }
    memcpy(event.vault, scope->vault->name, sizeof(event.vault));
    memcpy(event.group, scope->vault->group, sizeof(event.group));
    memcpy(event.key, key->name, sizeof(event.key));
    memcpy(event.version, key->version, sizeof(event.version));
    return kv_events_write(scope->keys->config.events, db, &event, err);
}

/* --- giving --- */

struct notice_batch {
    int64_t key[BATCH];
    struct kv_key_event event[BATCH];
    size_t count;
};

#define OF_LIVE                                                                                    \
    " FROM key_notice n JOIN key k ON k.id = n.key AND k.state = 0"                                \
    " JOIN vault t ON t.id = k.vault AND t.kind = 0 AND t.deleted = 0"                             \
    " JOIN version v ON v.id = n.version"
#define FOUND "k.id, t.name, k.name, v.version, v.not_before, v.expires, t.resource_group" OF_LIVE

static const struct {
    enum kv_event_type type;
    const char *next;  /* ?1 now, ?2 after */
    const char *found; /* ?1 now, ?2 how many */
    const char *given;
} rows_of[] = {
    [KV_NOTICE_NEAR_EXPIRY] = { KV_EVENT_NEAR_EXPIRY,
                                "SELECT min(n.near)" OF_LIVE
                                " WHERE n.given = 0 AND n.expires > ?1 AND n.near > ?2",
                                "SELECT " FOUND
                                " WHERE n.given = 0 AND n.near <= ?1 AND n.expires > ?1"
                                " ORDER BY n.near, k.id LIMIT ?2",
                                "UPDATE key_notice SET given = 1 WHERE key = ?" },
    [KV_NOTICE_EXPIRED] = { KV_EVENT_EXPIRED,
                            "SELECT min(n.expires)" OF_LIVE " WHERE n.given < 2 AND n.expires > ?2"
                            " AND ?1 = ?1",
                            "SELECT " FOUND " WHERE n.given < 2 AND n.expires <= ?1"
                            " ORDER BY n.expires, k.id LIMIT ?2",
                            "UPDATE key_notice SET given = 2 WHERE key = ?" },
};

enum kv_code kv_keys_next_notice(struct kv_keys *keys, enum kv_key_notice notice, kv_millis now,
                                 kv_millis after, kv_millis *ret_due, struct kv_err *err)
{
    kv_auto(kv_db_release) struct kv_db *db = NULL;
    kv_auto(kv_rows_close) struct kv_rows *rows = NULL;
    bool more;

    KV_TRY(kv_db_acquire(keys->config.store, &db, err));
    KV_TRY(kv_db_query(db, rows_of[notice].next, KV_BINDS(KV_B_INT(now), KV_B_INT(after)), &rows,
                       err));
    KV_TRY(kv_rows_next(rows, &more, err));
    *ret_due = more && !kv_rows_is_null(rows, 0) ? kv_rows_int(rows, 0) : INT64_MAX;
    return KV_OK;
}

static void read_found(const struct kv_rows *rows, struct kv_key_event *event)
{
    (void) snprintf(event->vault, sizeof(event->vault), "%s", kv_rows_text(rows, 1));
    (void) snprintf(event->key, sizeof(event->key), "%s", kv_rows_text(rows, 2));
    (void) snprintf(event->version, sizeof(event->version), "%s", kv_rows_text(rows, 3));
    (void) snprintf(event->group, sizeof(event->group), "%s", kv_rows_text(rows, 6));
    event->not_before = (struct kv_event_date){ !kv_rows_is_null(rows, 4), kv_rows_int(rows, 4) };
    event->expires = (struct kv_event_date){ !kv_rows_is_null(rows, 5), kv_rows_int(rows, 5) };
}

static enum kv_code find_batch(struct kv_db *db, enum kv_key_notice notice, kv_millis now,
                               struct notice_batch *batch, struct kv_err *err)
{
    kv_auto(kv_rows_close) struct kv_rows *rows = NULL;
    bool more;

    batch->count = 0;
    KV_TRY(kv_db_query(db, rows_of[notice].found, KV_BINDS(KV_B_INT(now), KV_B_INT(BATCH)), &rows,
                       err));
    KV_TRY(kv_rows_next(rows, &more, err));
    while (more && batch->count < BATCH) {
        struct kv_key_event *event = &batch->event[batch->count];

        *event = (struct kv_key_event){ .type = rows_of[notice].type, .at = now };
        read_found(rows, event);
        batch->key[batch->count++] = kv_rows_int(rows, 0);
        KV_TRY(kv_rows_next(rows, &more, err));
    }
    return KV_OK;
}

/* Most rounds find nothing, and then do not take the writer's turn. */
static enum kv_code give_batch(struct kv_keys *keys, enum kv_key_notice notice, kv_millis now,
                               struct notice_batch *batch, struct kv_err *err)
{
    kv_auto(kv_db_release) struct kv_db *db = NULL;

    KV_TRY(kv_db_acquire(keys->config.store, &db, err));
    KV_TRY(find_batch(db, notice, now, batch, err));
    if (batch->count == 0) {
        return KV_OK;
    }
    KV_TRY(kv_db_begin(db, err));
    KV_TRY(find_batch(db, notice, now, batch, err));
    for (size_t i = 0; i < batch->count; i++) {
        KV_TRY(kv_events_write(keys->config.events, db, &batch->event[i], err));
        KV_TRY(kv_db_run(db, rows_of[notice].given, KV_BINDS(KV_B_INT(batch->key[i])), NULL, err));
    }
    KV_TRY(kv_db_commit(db, err));
    kv_events_tell(keys->config.events);
    return KV_OK;
}

static bool tell(const struct kv_key_event *event, kv_key_label_fn *visit, void *context)
{
    struct kv_key_label label;

    memcpy(label.vault, event->vault, sizeof(label.vault));
    memcpy(label.name, event->key, sizeof(label.name));
    return visit(context, &label);
}

enum kv_code kv_keys_give_notices(struct kv_keys *keys, enum kv_key_notice notice, kv_millis now,
                                  kv_key_label_fn *visit, void *context, struct kv_err *err)
{
    struct notice_batch batch = { .count = BATCH };
    bool goes_on = true;

    while (batch.count > 0 && goes_on && !atomic_load(&keys->stop)) {
        KV_TRY(give_batch(keys, notice, now, &batch, err));
        for (size_t i = 0; i < batch.count; i++) {
            goes_on = tell(&batch.event[i], visit, context) && goes_on;
        }
    }
    return KV_OK;
}
