/* SPDX-License-Identifier: Apache-2.0 */
/* The agenda has a row for each kind of thing that falls due by the clock. Here are the rows for
 * vaults and keys to be purged, and for keys whose pending phases end. */
#include <stdint.h>

#include "kv/base/log.h"
#include "kv/keys/due.h"
#include "serve.h"

struct telling {
    struct kv_agenda_report *report;
    const struct kv_trip *trip;
};

static bool tell(void *context, const struct kv_key_label *label)
{
    struct telling *telling = context;

    kv_agenda_note(telling->report, label->vault, label->name, NULL);
    return !kv_trip_is_over(telling->trip);
}

/* Anything overdue when the trip begins is due then. */
static enum kv_code next_purge(void *keys, const struct kv_trip *trip, kv_millis after,
                               kv_millis *ret_due, struct kv_err *err)
{
    bool is_first = after < trip->from;
    kv_millis due;

    KV_TRY(kv_keys_next_purge(keys, is_first ? INT64_MIN : after, &due, err));
    *ret_due = due < trip->from ? trip->from : due;
    return KV_OK;
}

static enum kv_code purge(void *keys, const struct kv_trip *trip, kv_millis at,
                          struct kv_agenda_report *report, struct kv_err *err)
{
    struct telling telling = { .report = report, .trip = trip };

    return kv_keys_purge_due(keys, at, tell, &telling, err);
}

/* Phases that were over when the trip began are old news: they are not reported. */
static enum kv_code next_pending(void *keys, enum kv_pending pending, const struct kv_trip *trip,
                                 kv_millis after, kv_millis *ret_due, struct kv_err *err)
{
    return kv_keys_next_pending(keys, pending, after < trip->from ? trip->from : after, ret_due,
                                err);
}

/* For one reading of the clock: phases end at milliseconds, and the agenda stops at each. */
static enum kv_code end_pending(void *keys, enum kv_pending pending, const struct kv_trip *trip,
                                kv_millis at, struct kv_agenda_report *report, struct kv_err *err)
{
    struct telling telling = { .report = report, .trip = trip };

    return kv_keys_each_pending(keys, pending, at - 1, at, tell, &telling, err);
}

static enum kv_code next_deletion(void *keys, const struct kv_trip *trip, kv_millis after,
                                  kv_millis *ret_due, struct kv_err *err)
{
    return next_pending(keys, KV_PENDING_DELETION, trip, after, ret_due, err);
}

static enum kv_code end_deletions(void *keys, const struct kv_trip *trip, kv_millis at,
                                  struct kv_agenda_report *report, struct kv_err *err)
{
    return end_pending(keys, KV_PENDING_DELETION, trip, at, report, err);
}

static enum kv_code next_recovery(void *keys, const struct kv_trip *trip, kv_millis after,
                                  kv_millis *ret_due, struct kv_err *err)
{
    return next_pending(keys, KV_PENDING_RECOVERY, trip, after, ret_due, err);
}

static enum kv_code end_recoveries(void *keys, const struct kv_trip *trip, kv_millis at,
                                   struct kv_agenda_report *report, struct kv_err *err)
{
    return end_pending(keys, KV_PENDING_RECOVERY, trip, at, report, err);
}

static const struct {
    const char *name;
    kv_agenda_next_fn *next;
    kv_agenda_run_fn *run;
} rows[] = {
    { "deletion", next_deletion, end_deletions },
    { "recovery", next_recovery, end_recoveries },
    { "purge", next_purge, purge },
};

static void add_keys(struct kv_agenda *agenda, struct kv_keys *keys)
{
    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        kv_agenda_add(agenda, &(struct kv_agenda_row){
                                  .name = rows[i].name,
                                  .pace = KV_PACE_QUICK,
                                  .scope_word = "vault",
                                  .subject_word = "key",
                                  .context = keys,
                                  .next = rows[i].next,
                                  .run = rows[i].run,
                              });
    }
}

static enum kv_code next_vault_purge(void *vaults, const struct kv_trip *trip, kv_millis after,
                                     kv_millis *ret_due, struct kv_err *err)
{
    bool is_first = after < trip->from;
    kv_millis due = kv_vaults_next_purge(vaults, is_first ? INT64_MIN : after);

    (void) err; /* the table is in memory */
    *ret_due = due < trip->from ? trip->from : due;
    return KV_OK;
}

static bool tell_vault(void *context, const struct kv_vault *vault)
{
    struct telling *telling = context;

    kv_log(KV_LOG_INFO, "vault_purged", KV_LOG_TEXT_FIELD("vault", vault->name));
    kv_agenda_note(telling->report, vault->name, NULL, NULL);
    return !kv_trip_is_over(telling->trip);
}

static enum kv_code purge_vaults(void *vaults, const struct kv_trip *trip, kv_millis at,
                                 struct kv_agenda_report *report, struct kv_err *err)
{
    struct telling telling = { .report = report, .trip = trip };

    return kv_vaults_purge_due(vaults, kv_seconds(at), tell_vault, &telling, err);
}

static void add_vaults(struct kv_agenda *agenda, struct kv_vaults *vaults)
{
    kv_agenda_add(agenda, &(struct kv_agenda_row){
                              .name = "vault purge",
                              .pace = KV_PACE_QUICK,
                              .scope_word = "vault",
                              .subject_word = "key",
                              .context = vaults,
                              .next = next_vault_purge,
                              .run = purge_vaults,
                          });
}

/* Rows that are due at the same time run in this order. */
enum kv_code due_open(struct kv_clock *clock, struct kv_vaults *vaults, struct kv_keys *keys,
                      struct rotator *rotator, struct kv_agenda **ret_agenda, struct kv_err *err)
{
    KV_TRY(kv_agenda_new(clock, ret_agenda, err));
    add_vaults(*ret_agenda, vaults);
    add_keys(*ret_agenda, keys);
    rotator_add(rotator, *ret_agenda);
    return KV_OK;
}
