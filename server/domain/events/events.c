/* SPDX-License-Identifier: Apache-2.0 */
/* The outbox: events are written into the transaction of what they tell of. */
#include "kv/events/events.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core.h"

#define TRIM_EVERY 64 /* events: how many more than KV_EVENTS_MAX there may be for a while */

/* `reached`: what a receiver has done with is not above it. AUTOINCREMENT: numbers are not used
 * again after the newest events were forgotten. */
static const struct kv_migration migrations[] = {
    { "CREATE TABLE event ("
      "  number INTEGER PRIMARY KEY AUTOINCREMENT,"
      "  id TEXT NOT NULL,"
      "  type INTEGER NOT NULL," /* enum kv_event_type */
      "  at INTEGER NOT NULL,"   /* ms, virtual */
      "  made INTEGER NOT NULL," /* ms, real */
      "  vault TEXT NOT NULL,"
      "  key TEXT NOT NULL,"
      "  version TEXT NOT NULL,"
      "  not_before INTEGER," /* s */
      "  expires INTEGER"
      ");"
      "CREATE TABLE event_hook ("
      "  id TEXT PRIMARY KEY,"
      "  first INTEGER NOT NULL," /* the newest event when it came: not for it */
      "  reached INTEGER NOT NULL,"
      "  delivered INTEGER NOT NULL DEFAULT 0,"
      "  dropped INTEGER NOT NULL DEFAULT 0"
      ") WITHOUT ROWID;"
      "CREATE TABLE event_delivery ("
      "  event INTEGER NOT NULL REFERENCES event (number) ON DELETE CASCADE,"
      "  hook TEXT NOT NULL REFERENCES event_hook (id) ON DELETE CASCADE,"
      "  state INTEGER NOT NULL," /* enum kv_delivery_state */
      "  attempts INTEGER NOT NULL,"
      "  status INTEGER NOT NULL,"
      "  at INTEGER NOT NULL," /* ms, real */
      "  error TEXT NOT NULL,"
      "  PRIMARY KEY (event, hook)"
      ") WITHOUT ROWID;"
      "CREATE INDEX event_delivery_hook ON event_delivery (hook);" },
    { "ALTER TABLE event ADD COLUMN resource_group TEXT NOT NULL DEFAULT '" KV_GROUP "';" },
    { NULL },
};

static const char prefix[] = "Microsoft.KeyVault.";

static const struct {
    enum kv_event_type type;
    const char *name;
} types[] = {
#define X(symbol, number, name, object) { KV_EVENT_##symbol, name },
#include "kv/events/type.def"
#undef X
};

const char *kv_event_type_name(enum kv_event_type type)
{
    for (size_t i = 0; i < KV_COUNT(types); i++) {
        if (types[i].type == type) {
            return types[i].name;
        }
    }
    return "";
}

enum kv_code kv_event_type_parse(const char *name, enum kv_event_type *ret_type, struct kv_err *err)
{
    for (size_t i = 0; i < KV_COUNT(types); i++) {
        if (strcasecmp(name, types[i].name) == 0
            || strcasecmp(name, types[i].name + strlen(prefix)) == 0) {
            *ret_type = types[i].type;
            return KV_OK;
        }
    }
    return KV_FAIL(err, KV_BAD_PARAMETER, 0,
                   "'%.63s' is no type of event: there are KeyNewVersionCreated, KeyNearExpiry, "
                   "KeyExpired and VaultAccessPolicyChanged.",
                   name);
}

enum kv_code kv_events_new(struct kv_store *store, void (*tell)(void *context), void *context,
                           struct kv_events **ret_events, struct kv_err *err)
{
    KV_TRY(kv_store_migrate(store, "events", migrations, err));

    struct kv_events *events = calloc(1, sizeof(*events));

    if (events == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    *events = (struct kv_events){ .store = store, .tell = tell, .context = context };
    *ret_events = events;
    return KV_OK;
}

void kv_events_free(struct kv_events *events)
{
    free(events);
}

void kv_events_tell(struct kv_events *events)
{
    if (events != NULL && events->tell != NULL) {
        events->tell(events->context);
    }
}

/* What a receiver has not got by then is lost to it. */
static enum kv_code trim(struct kv_db *db, int64_t last, struct kv_err *err)
{
    static const char count[] =
        "UPDATE event_hook SET reached = ?1, dropped = dropped"
        " + (SELECT count(*) FROM event WHERE number > event_hook.reached AND number <= ?1)"
        " WHERE reached < ?1";
    static const char remove[] = "DELETE FROM event WHERE number <= ?";
    const struct kv_bind end = KV_B_INT(last - KV_EVENTS_MAX);

    KV_TRY(kv_db_run(db, count, KV_BINDS(end), NULL, err));
    return kv_db_run(db, remove, KV_BINDS(end), NULL, err);
}

static struct kv_bind bind_date(struct kv_event_date date)
{
    return date.given ? KV_B_INT(date.value) : KV_B_NULL;
}

enum kv_code kv_events_write(struct kv_events *events, struct kv_db *db,
                             const struct kv_key_event *event, struct kv_err *err)
{
    static const char sql[] = "INSERT INTO event (id, type, at, made, vault, key, version,"
                              " not_before, expires, resource_group)"
                              " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
    const char *group;
    char id[KV_UUID_LENGTH + 1];
    int64_t number;

    if (events == NULL) {
        return KV_OK;
    }
    group = event->group[0] != '\0' ? event->group : KV_GROUP;
    kv_uuid_random(id);
    KV_TRY(kv_db_run(db, sql,
                     KV_BINDS(KV_B_TEXT(id), KV_B_INT(event->type), KV_B_INT(event->at),
                              KV_B_INT(kv_clock_real()), KV_B_TEXT(event->vault),
                              KV_B_TEXT(event->key), KV_B_TEXT(event->version),
                              bind_date(event->not_before), bind_date(event->expires),
                              KV_B_TEXT(group)),
                     NULL, err));
    number = kv_db_last_id(db);
    return number > KV_EVENTS_MAX && number % TRIM_EVERY == 0 ? trim(db, number, err) : KV_OK;
}

static struct kv_event_date read_date(const struct kv_rows *rows, int column)
{
    return (struct kv_event_date){ .given = !kv_rows_is_null(rows, column),
                                   .value = kv_rows_int(rows, column) };
}

void event_read(const struct kv_rows *rows, struct kv_key_event *ret_event)
{
    *ret_event = (struct kv_key_event){
        .number = kv_rows_int(rows, 0),
        .type = (enum kv_event_type) kv_rows_int(rows, 2),
        .at = kv_rows_int(rows, 3),
        .made = kv_rows_int(rows, 4),
        .not_before = read_date(rows, 8),
        .expires = read_date(rows, 9),
    };
    (void) snprintf(ret_event->id, sizeof(ret_event->id), "%s", kv_rows_text(rows, 1));
    (void) snprintf(ret_event->vault, sizeof(ret_event->vault), "%s", kv_rows_text(rows, 5));
    (void) snprintf(ret_event->key, sizeof(ret_event->key), "%s", kv_rows_text(rows, 6));
    (void) snprintf(ret_event->version, sizeof(ret_event->version), "%s", kv_rows_text(rows, 7));
    (void) snprintf(ret_event->group, sizeof(ret_event->group), "%s", kv_rows_text(rows, 10));
}
