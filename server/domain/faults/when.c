/* SPDX-License-Identifier: Apache-2.0 */
#include "when.h"

#include "chance.h"

#define SPENT_BITS 32 /* of `spending`: the lower half; above it the number of the window */
#define SPENT_MAX ((UINT64_C(1) << SPENT_BITS) - 1)
#define STREAM_OF_WHEN 0

static enum kv_code read_quota(const cJSON *value, const char *name, void *target,
                               struct kv_err *err)
{
    static const struct fault_member members[] = {
        { "limit", fault_read_number, offsetof(struct fault_quota, limit) },
        { "window", fault_read_span, offsetof(struct fault_quota, window) },
    };
    struct fault_quota *quota = target;

    KV_TRY(fault_read_object(value, name, members, KV_COUNT(members), quota, err));
    if (quota->window == 0 || quota->limit == 0 || quota->limit > SPENT_MAX) {
        return KV_FAIL(
            err, KV_BAD_PARAMETER, 0,
            "'%s' needs a 'limit', from 1, and a 'window': so many requests pass in each "
            "window, and the rule acts on the others.",
            name);
    }
    return KV_OK;
}

enum kv_code fault_read_when(const cJSON *value, const char *name, void *target, struct kv_err *err)
{
    static const struct fault_member members[] = {
        { "skip", fault_read_number, offsetof(struct fault_when, skip) },
        { "times", fault_read_count, offsetof(struct fault_when, times) },
        { "every", fault_read_count, offsetof(struct fault_when, every) },
        { "probability", fault_read_share, offsetof(struct fault_when, probability) },
        { "seed", fault_read_number, offsetof(struct fault_when, seed) },
        { "from", fault_read_date, offsetof(struct fault_when, from) },
        { "until", fault_read_date, offsetof(struct fault_when, until) },
        { "for", fault_read_span, offsetof(struct fault_when, span) },
        { "quota", read_quota, offsetof(struct fault_when, quota) },
    };

    return fault_read_object(value, name, members, KV_COUNT(members), target, err);
}

enum kv_code fault_when_check(struct fault_when *when, kv_millis now, struct kv_err *err)
{
    kv_millis start = when->from != 0 ? when->from : now;

    if (when->span != 0 && when->until != 0) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0,
                       "'when.until' and 'when.for' both say when it ends: give one of them.");
    }
    if (when->span != 0) {
        when->until = start + when->span;
    }
    if (when->until != 0 && when->until <= start) {
        return KV_FAIL(
            err, KV_BAD_PARAMETER, 0,
            "'when' ends before it begins, by coffer's clock: the rule would never act.");
    }
    return KV_OK;
}

bool fault_when_is_due(const struct fault_when *when, kv_millis now)
{
    return now >= when->from && (when->until == 0 || now < when->until);
}

bool fault_when_is_of_clock(const struct fault_when *when)
{
    return when->skip == 0 && when->every == 0 && when->times == 0 && when->probability == 0
           && when->seed == 0 && when->quota.limit == 0;
}

/* Windows follow one another from the time when the rule was made. A clock that was set back stays
 * in the first. */
static bool exceeds_quota(const struct fault_quota *quota, struct fault_counts *counts,
                          kv_millis made, kv_millis now)
{
    uint64_t number = now > made ? (uint64_t) ((now - made) / quota->window) & SPENT_MAX : 0;
    uint64_t old = atomic_load(&counts->spending);
    uint64_t spent;

    do {
        spent = old >> SPENT_BITS == number ? old & SPENT_MAX : 0;
        if (spent >= quota->limit) {
            return true;
        }
    } while (
        !atomic_compare_exchange_weak(&counts->spending, &old, number << SPENT_BITS | (spent + 1)));
    return false;
}

/* Whether it is the turn of the request with that ticket. */
static bool is_chosen(const struct fault_when *when, uint64_t ticket)
{
    uint64_t every = when->every > 0 ? when->every : 1;

    if (ticket < when->skip || (ticket - when->skip + 1) % every != 0) {
        return false;
    }
    return when->probability == 0
           || fault_chance(when->seed, STREAM_OF_WHEN, ticket) < when->probability;
}

/* Takes one of `times`; false when they are used up. */
static bool take_hit(const struct fault_when *when, struct fault_counts *counts)
{
    uint64_t hits = atomic_load(&counts->hits);

    do {
        if (when->times != 0 && hits >= when->times) {
            return false;
        }
    } while (!atomic_compare_exchange_weak(&counts->hits, &hits, hits + 1));
    return true;
}

bool fault_when_takes(const struct fault_when *when, struct fault_counts *counts, kv_millis made,
                      kv_millis now, uint64_t *ret_ticket)
{
    if (!fault_when_is_due(when, now)) {
        return false;
    }
    *ret_ticket = atomic_fetch_add(&counts->seen, 1);
    if (!is_chosen(when, *ret_ticket)) {
        return false;
    }
    if (when->quota.limit != 0 && !exceeds_quota(&when->quota, counts, made, now)) {
        return false;
    }
    return take_hit(when, counts);
}
