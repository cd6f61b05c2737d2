/* SPDX-License-Identifier: Apache-2.0 */
/* The agenda: whoever has something due by the clock is one of its rows. Here are those of vaults
 * and keys that are purged, of keys whose pending phases end, and of grants with a delay. */
#include <stdint.h>

#include "kv/access/firewall.h"
#include "kv/access/grants.h"
#include "kv/base/log.h"
#include "kv/consumer/consumer.h"
#include "kv/keys/due.h"
#include "kv/keys/notice.h"
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

/* Anything overdue when the trip begins is due then, so the search starts at the beginning of time
 * and what it finds is moved to where the trip begins. */
static kv_millis look_from(const struct kv_trip *trip, kv_millis after)
{
    return after < trip->from ? INT64_MIN : after;
}

static kv_millis due_on(const struct kv_trip *trip, kv_millis due)
{
    return due < trip->from ? trip->from : due;
}

static enum kv_code next_purge(void *keys, const struct kv_trip *trip, kv_millis after,
                               kv_millis *ret_due, struct kv_err *err)
{
    kv_millis due;

    KV_TRY(kv_keys_next_purge(keys, look_from(trip, after), &due, err));
    *ret_due = due_on(trip, due);
    return KV_OK;
}

static enum kv_code purge(void *keys, const struct kv_trip *trip, kv_millis at,
                          struct kv_agenda_report *report, struct kv_err *err)
{
    struct telling telling = { .report = report, .trip = trip };

    return kv_keys_purge_due(keys, at, tell, &telling, err);
}

/* What was over when the trip began has been over for long: nobody is told of that. */
static enum kv_code next_pending(void *keys, enum kv_pending pending, const struct kv_trip *trip,
                                 kv_millis after, kv_millis *ret_due, struct kv_err *err)
{
    return kv_keys_next_pending(keys, pending, after < trip->from ? trip->from : after, ret_due,
                                err);
}

/* Of one reading: phases end in milliseconds, and the agenda stops at each. */
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

static enum kv_code next_vault_purge(void *vaults, const struct kv_trip *trip, kv_millis after,
                                     kv_millis *ret_due, struct kv_err *err)
{
    (void) err; /* the table is in memory */
    *ret_due = due_on(trip, kv_vaults_next_purge(vaults, look_from(trip, after)));
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

static enum kv_code next_withdrawal(void *access, const struct kv_trip *trip, kv_millis after,
                                    kv_millis *ret_due, struct kv_err *err)
{
    kv_millis due;

    KV_TRY(kv_access_next_end(access, look_from(trip, after), &due, err));
    *ret_due = due_on(trip, due);
    return KV_OK;
}

static enum kv_code next_grant(void *access, const struct kv_trip *trip, kv_millis after,
                               kv_millis *ret_due, struct kv_err *err)
{
    return kv_access_next_begin(access, after < trip->from ? trip->from : after, ret_due, err);
}

/* It begins to count by itself: the checks go by the time of the request. */
static enum kv_code begin_grants(void *access, const struct kv_trip *trip, kv_millis at,
                                 struct kv_agenda_report *report, struct kv_err *err)
{
    int64_t count = 0;

    (void) trip;
    KV_TRY(kv_access_count_begun(access, at, &count, err));
    if (count > 0) {
        kv_agenda_note(report, NULL, NULL, NULL);
    }
    return KV_OK;
}

/* Nobody can tell whose it was from what is gone. */
static enum kv_code end_withdrawals(void *access, const struct kv_trip *trip, kv_millis at,
                                    struct kv_agenda_report *report, struct kv_err *err)
{
    int64_t count = 0;

    (void) trip;
    KV_TRY(kv_access_remove_ended(access, at, &count, err));
    if (count > 0) {
        kv_agenda_note(report, NULL, NULL, NULL);
    }
    return KV_OK;
}

/* What was due before the trip counts already. */
static enum kv_code next_firewall(void *access, const struct kv_trip *trip, kv_millis after,
                                  kv_millis *ret_due, struct kv_err *err)
{
    return kv_network_next(access, after < trip->from ? trip->from : after, ret_due, err);
}

static enum kv_code change_firewalls(void *access, const struct kv_trip *trip, kv_millis at,
                                     struct kv_agenda_report *report, struct kv_err *err)
{
    (void) trip;
    return kv_network_run(access, at, report, err);
}

/* What fell due while nothing ran is told of late: of each expiry somebody hears once. */
static enum kv_code next_notice(void *keys, enum kv_key_notice notice, const struct kv_trip *trip,
                                kv_millis after, kv_millis *ret_due, struct kv_err *err)
{
    kv_millis due;

    KV_TRY(kv_keys_next_notice(keys, notice, trip->from, look_from(trip, after), &due, err));
    *ret_due = due_on(trip, due);
    return KV_OK;
}

static enum kv_code give_notices(void *keys, enum kv_key_notice notice, const struct kv_trip *trip,
                                 kv_millis at, struct kv_agenda_report *report, struct kv_err *err)
{
    struct telling telling = { .report = report, .trip = trip };

    return kv_keys_give_notices(keys, notice, at, tell, &telling, err);
}

static enum kv_code next_near_expiry(void *keys, const struct kv_trip *trip, kv_millis after,
                                     kv_millis *ret_due, struct kv_err *err)
{
    return next_notice(keys, KV_NOTICE_NEAR_EXPIRY, trip, after, ret_due, err);
}

static enum kv_code tell_of_near_expiry(void *keys, const struct kv_trip *trip, kv_millis at,
                                        struct kv_agenda_report *report, struct kv_err *err)
{
    return give_notices(keys, KV_NOTICE_NEAR_EXPIRY, trip, at, report, err);
}

static enum kv_code next_expiry(void *keys, const struct kv_trip *trip, kv_millis after,
                                kv_millis *ret_due, struct kv_err *err)
{
    return next_notice(keys, KV_NOTICE_EXPIRED, trip, after, ret_due, err);
}

static enum kv_code tell_of_expiry(void *keys, const struct kv_trip *trip, kv_millis at,
                                   struct kv_agenda_report *report, struct kv_err *err)
{
    return give_notices(keys, KV_NOTICE_EXPIRED, trip, at, report, err);
}

/* Whose row it is. */
enum owner { OF_VAULTS, OF_ACCESS, OF_KEYS };

/* Rows that are due at the same time run in this order. */
static const struct {
    const char *name;
    enum owner owner;
    kv_agenda_next_fn *next;
    kv_agenda_run_fn *run;
} rows[] = {
    { "vault purge", OF_VAULTS, next_vault_purge, purge_vaults },
    { "access grant", OF_ACCESS, next_grant, begin_grants },
    { "access withdrawal", OF_ACCESS, next_withdrawal, end_withdrawals },
    { "firewall change", OF_ACCESS, next_firewall, change_firewalls },
    { "deletion", OF_KEYS, next_deletion, end_deletions },
    { "recovery", OF_KEYS, next_recovery, end_recoveries },
    { "purge", OF_KEYS, next_purge, purge },
    { "near expiry", OF_KEYS, next_near_expiry, tell_of_near_expiry },
    { "expiry", OF_KEYS, next_expiry, tell_of_expiry },
};

enum kv_code due_open(struct kv_clock *clock, const struct due *due, struct kv_agenda **ret_agenda,
                      struct kv_err *err)
{
    void *const contexts[] = {
        [OF_VAULTS] = due->vaults,
        [OF_ACCESS] = due->access,
        [OF_KEYS] = due->keys,
    };

    KV_TRY(kv_agenda_new(clock, ret_agenda, err));
    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        kv_agenda_add(*ret_agenda, &(struct kv_agenda_row){
                                       .name = rows[i].name,
                                       .pace = KV_PACE_QUICK,
                                       .scope_word = "vault",
                                       .subject_word = "key",
                                       .context = contexts[rows[i].owner],
                                       .next = rows[i].next,
                                       .run = rows[i].run,
                                   });
    }
    token_add_due(due->token, *ret_agenda);
    rotator_add(due->rotator, *ret_agenda);
    kv_consumers_add_due(due->consumers, *ret_agenda);
    return KV_OK;
}
