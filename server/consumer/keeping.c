/* SPDX-License-Identifier: Apache-2.0 */
/* Consumers in the store, over restarts. The DEK is there as the key wrapped it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core.h"
#include "kv/store/store.h"

static const struct kv_migration migrations[] = {
    { "CREATE TABLE consumer ("
      "  name TEXT PRIMARY KEY,"
      "  profile TEXT NOT NULL,"
      "  key TEXT NOT NULL,"
      "  identity TEXT NOT NULL,"
      "  login TEXT NOT NULL,"
      "  ca TEXT NOT NULL,"
      "  rules TEXT NOT NULL,"
      "  status INTEGER NOT NULL,"
      "  heals INTEGER NOT NULL,"
      "  state TEXT NOT NULL,"
      "  since INTEGER NOT NULL," /* ms, virtual, as the next two are */
      "  lost_since INTEGER NOT NULL,"
      "  heals_at INTEGER NOT NULL,"
      "  healthy INTEGER NOT NULL,"
      "  reason TEXT NOT NULL,"
      "  cause TEXT NOT NULL,"
      "  wrapped BLOB NOT NULL,"
      "  wrapped_by TEXT NOT NULL,"
      "  dek_check BLOB NOT NULL" /* the beginning of its SHA-256 */
      ") WITHOUT ROWID;"
      "CREATE TABLE consumer_history ("
      "  number INTEGER PRIMARY KEY,"
      "  consumer TEXT NOT NULL REFERENCES consumer (name) ON DELETE CASCADE,"
      "  at INTEGER NOT NULL,"
      "  state TEXT NOT NULL,"
      "  healthy INTEGER NOT NULL,"
      "  reason TEXT NOT NULL,"
      "  cause TEXT NOT NULL"
      ");"
      "CREATE INDEX consumer_history_consumer ON consumer_history (consumer);" },
    { "ALTER TABLE consumer ADD COLUMN looked_at INTEGER NOT NULL DEFAULT 0;" },
    { "ALTER TABLE consumer ADD COLUMN follow INTEGER NOT NULL DEFAULT -1;" }, /* ms, as settings */
    { NULL },
};

enum kv_code keeping_open(struct kv_store *store, struct kv_err *err)
{
    return kv_store_migrate(store, "consumers", migrations, err);
}

/* --- reading --- */

static void copy(char *text, size_t size, const struct kv_rows *row, int column)
{
    (void) snprintf(text, size, "%s", kv_rows_text(row, column));
}

static void copy_bytes(void *bytes, size_t size, size_t *ret_len, const struct kv_rows *row,
                       int column)
{
    size_t len = 0;
    const void *data = kv_rows_bytes(row, column, &len);

    *ret_len = len <= size ? len : 0;
    if (*ret_len > 0) {
        memcpy(bytes, data, *ret_len);
    }
}

static enum kv_code read_settings(const struct kv_rows *row, struct settings *settings,
                                  struct kv_err *err)
{
    settings->profile = profile_find(kv_rows_text(row, 1));
    settings->rules = rules_find(kv_rows_text(row, 6));
    if (settings->profile == NULL || settings->rules == NULL) {
        return KV_FAIL(err, KV_INTERNAL, 0, "the store has a consumer '%.63s' of an unknown kind",
                       kv_rows_text(row, 0));
    }
    KV_TRY(key_place_read(kv_rows_text(row, 2), &settings->key, err));
    copy(settings->identity, sizeof(settings->identity), row, 3);
    copy(settings->login, sizeof(settings->login), row, 4);
    copy(settings->ca, sizeof(settings->ca), row, 5);
    settings->status = (unsigned) kv_rows_int(row, 7);
    settings->heals = (int) kv_rows_int(row, 8);
    settings->follow = kv_rows_int(row, 20);
    return KV_OK;
}

static void read_standing(const struct kv_rows *row, struct standing *standing)
{
    if (!kv_consumer_state_find(kv_rows_text(row, 9), &standing->state)) {
        standing->state = KV_CONSUMER_STARTING;
    }
    standing->since = kv_rows_int(row, 10);
    standing->lost_since = kv_rows_int(row, 11);
    standing->heals_at = kv_rows_int(row, 12);
    standing->is_healthy = kv_rows_int(row, 13) != 0;
    copy(standing->reason, sizeof(standing->reason), row, 14);
    copy(standing->cause, sizeof(standing->cause), row, 15);
}

static void read_wrapped(const struct kv_rows *row, struct wrapped *wrapped)
{
    size_t len = 0;

    copy_bytes(wrapped->bytes, sizeof(wrapped->bytes), &wrapped->len, row, 16);
    copy(wrapped->by, sizeof(wrapped->by), row, 17);
    copy_bytes(wrapped->check, sizeof(wrapped->check), &len, row, 18);
}

/* What was served before a restart is served again once the DEK is unwrapped. */
static void settle(struct consumer *consumer, kv_millis now)
{
    struct standing *standing = &consumer->standing;
    const struct wrapped *wrapped = &consumer->wrapped;

    if (wrapped->by[0] == '\0' && wrapped->len == sizeof(consumer->dek)) {
        memcpy(consumer->dek, wrapped->bytes, sizeof(consumer->dek));
        consumer->has_dek = true;
    } else if (standing->state == KV_CONSUMER_ENCRYPTED) {
        standing_set(standing, KV_CONSUMER_STARTING, now);
    }
    standing->last_good = consumer->wrapped.len > 0 ? now : 0;
    consumer->told = standing->state;
    consumer->due = now;
    consumer->looked_at = consumer->looked_at < now ? consumer->looked_at : now; /* another clock */
}

static enum kv_code add_row(void *consumers_, const struct kv_rows *row, struct kv_err *err)
{
    struct kv_consumers *consumers = consumers_;
    struct consumer *consumer = calloc(1, sizeof(*consumer));
    enum kv_code code;

    if (consumer == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    copy(consumer->name, sizeof(consumer->name), row, 0);
    code = read_settings(row, &consumer->settings, err);
    read_standing(row, &consumer->standing);
    read_wrapped(row, &consumer->wrapped);
    consumer->looked_at = kv_rows_int(row, 19);
    settle(consumer, kv_clock_now(consumers->clock));
    pthread_mutex_lock(&consumers->mutex);
    if (code == KV_OK && consumers->count < KV_CONSUMERS_MAX) {
        consumers->consumer[consumers->count++] = kv_take(consumer);
    }
    pthread_mutex_unlock(&consumers->mutex);
    consumer_free(consumer);
    return code;
}

enum kv_code keeping_load(struct kv_consumers *consumers, struct kv_err *err)
{
    static const char sql[] =
        "SELECT name, profile, key, identity, login, ca, rules, status, heals, state, since,"
        " lost_since, heals_at, healthy, reason, cause, wrapped, wrapped_by, dek_check,"
        " looked_at, follow FROM consumer ORDER BY name";
    kv_auto(kv_db_release) struct kv_db *db = NULL;

    KV_TRY(kv_db_acquire(consumers->store, &db, err));
    return kv_db_each(db, sql, KV_NO_BINDS, add_row, consumers, err);
}

/* --- writing --- */

static enum kv_code save_row(struct kv_db *db, const struct consumer *consumer, struct kv_err *err)
{
    static const char sql[] =
        "INSERT INTO consumer (name, profile, key, identity, login, ca, rules, status, heals, "
        "state,"
        " since, lost_since, heals_at, healthy, reason, cause, wrapped, wrapped_by, dek_check,"
        " looked_at, follow)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (name) DO UPDATE SET profile = excluded.profile, key = excluded.key,"
        " identity = excluded.identity, login = excluded.login, ca = excluded.ca,"
        " rules = excluded.rules, status = excluded.status, heals = excluded.heals,"
        " state = excluded.state, since = excluded.since, lost_since = excluded.lost_since,"
        " heals_at = excluded.heals_at, healthy = excluded.healthy, reason = excluded.reason,"
        " cause = excluded.cause, wrapped = excluded.wrapped, wrapped_by = excluded.wrapped_by,"
        " dek_check = excluded.dek_check, looked_at = excluded.looked_at,"
        " follow = excluded.follow";
    const struct settings *settings = &consumer->settings;
    const struct standing *standing = &consumer->standing;
    const struct wrapped *wrapped = &consumer->wrapped;

    return kv_db_run(
        db, sql,
        KV_BINDS(
            KV_B_TEXT(consumer->name), KV_B_TEXT(settings->profile->name),
            KV_B_TEXT(settings->key.url), KV_B_TEXT(settings->identity), KV_B_TEXT(settings->login),
            KV_B_TEXT(settings->ca), KV_B_TEXT(settings->rules->name), KV_B_INT(settings->status),
            KV_B_INT(settings->heals), KV_B_TEXT(kv_consumer_state_name(standing->state)),
            KV_B_INT(standing->since), KV_B_INT(standing->lost_since), KV_B_INT(standing->heals_at),
            KV_B_INT(standing->is_healthy), KV_B_TEXT(standing->reason), KV_B_TEXT(standing->cause),
            KV_B_BYTES(wrapped->bytes, wrapped->len), KV_B_TEXT(wrapped->by),
            KV_B_BYTES(wrapped->check, sizeof(wrapped->check)), KV_B_INT(consumer->looked_at),
            KV_B_INT(settings->follow)),
        NULL, err);
}

static enum kv_code trim(struct kv_db *db, const char *name, struct kv_err *err)
{
    static const char sql[] = "DELETE FROM consumer_history WHERE consumer = ?1 AND number <="
                              " (SELECT number FROM consumer_history WHERE consumer = ?1"
                              "  ORDER BY number DESC LIMIT 1 OFFSET ?2)";

    return kv_db_run(db, sql, KV_BINDS(KV_B_TEXT(name), KV_B_INT(KV_CONSUMER_HISTORY_MAX)), NULL,
                     err);
}

static enum kv_code add_entry(struct kv_db *db, const struct consumer *consumer, kv_millis at,
                              struct kv_err *err)
{
    static const char sql[] = "INSERT INTO consumer_history (consumer, at, state, healthy, reason,"
                              " cause) VALUES (?, ?, ?, ?, ?, ?)";
    const struct standing *standing = &consumer->standing;

    KV_TRY(kv_db_run(db, sql,
                     KV_BINDS(KV_B_TEXT(consumer->name), KV_B_INT(at),
                              KV_B_TEXT(kv_consumer_state_name(standing->state)),
                              KV_B_INT(standing->is_healthy), KV_B_TEXT(standing->reason),
                              KV_B_TEXT(standing->cause)),
                     NULL, err));
    return trim(db, consumer->name, err);
}

enum kv_code keeping_save(struct kv_store *store, const struct consumer *consumer, kv_millis at,
                          struct kv_err *err)
{
    kv_auto(kv_db_release) struct kv_db *db = NULL;

    KV_TRY(kv_db_acquire(store, &db, err));
    KV_TRY(kv_db_begin(db, err));
    KV_TRY(save_row(db, consumer, err));
    if (at != 0) {
        KV_TRY(add_entry(db, consumer, at, err));
    }
    return kv_db_commit(db, err);
}

enum kv_code keeping_remove(struct kv_store *store, const char *name, struct kv_err *err)
{
    static const char sql[] = "DELETE FROM consumer WHERE name = ?1 OR ?1 IS NULL";
    kv_auto(kv_db_release) struct kv_db *db = NULL;

    KV_TRY(kv_db_acquire(store, &db, err));
    KV_TRY(kv_db_begin(db, err));
    KV_TRY(kv_db_run(db, sql, KV_BINDS(name != NULL ? KV_B_TEXT(name) : KV_B_NULL), NULL, err));
    return kv_db_commit(db, err);
}

/* --- history --- */

struct visit {
    entry_fn *visit;
    void *context;
};

static enum kv_code visit_entry(void *visit_, const struct kv_rows *row, struct kv_err *err)
{
    struct visit *visit = visit_;
    struct entry entry = { .at = kv_rows_int(row, 0), .is_healthy = kv_rows_int(row, 2) != 0 };

    if (!kv_consumer_state_find(kv_rows_text(row, 1), &entry.state)) {
        entry.state = KV_CONSUMER_STARTING;
    }
    copy(entry.reason, sizeof(entry.reason), row, 3);
    copy(entry.cause, sizeof(entry.cause), row, 4);
    return visit->visit(visit->context, &entry) ? KV_OK : KV_OUT_OF_MEMORY(err);
}

enum kv_code keeping_history(struct kv_store *store, const char *name, bool newest_first,
                             entry_fn *visit, void *context, struct kv_err *err)
{
    static const char oldest[] = "SELECT at, state, healthy, reason, cause FROM consumer_history"
                                 " WHERE consumer = ? ORDER BY number";
    static const char newest[] = "SELECT at, state, healthy, reason, cause FROM consumer_history"
                                 " WHERE consumer = ? ORDER BY number DESC";
    struct visit visiting = { visit, context };
    kv_auto(kv_db_release) struct kv_db *db = NULL;

    KV_TRY(kv_db_acquire(store, &db, err));
    return kv_db_each(db, newest_first ? newest : oldest, KV_BINDS(KV_B_TEXT(name)), visit_entry,
                      &visiting, err);
}
