/* SPDX-License-Identifier: Apache-2.0 */
/*
 * agenda.h - an agenda for a test, whose rows have a list of times, and write down what the clock
 * showed when they ran.
 *
 * Each test is a process of its own, so these globals are one test's.
 */
#pragma once

#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <criterion/criterion.h>

#include "kv/base/agenda.h"

#define START INT64_C(1700000000000)
#define LONG INT64_C(60000)
#define TIMES_MAX 8
#define FOREVER 1000 /* a row's times, when it has no list: each this much later */

struct row {
    const char *name;
    kv_millis time[TIMES_MAX]; /* after START; 0: done */
    bool is_endless, is_stubborn, asks_in_vain, fails, stops;
    size_t notes; /* of each run */
    kv_millis adds_to_other;
    struct row *other;
    atomic_int runs;
};

static struct kv_clock *clock_;
static struct kv_agenda *agenda;
static struct kv_travel_log travel;
static struct kv_err err;
static char diary[512]; /* "a100 b200 ": what ran, and when */

static inline void setup(void)
{
    cr_assert_eq(kv_clock_new(&clock_, &err), KV_OK);
    kv_clock_freeze(clock_, true);
    cr_assert_eq(kv_clock_shift(clock_, START - kv_clock_now(clock_), &err), KV_OK);
    cr_assert_eq(kv_agenda_new(clock_, &agenda, &err), KV_OK);
    kv_travel_log_init(&travel);
}

static inline void teardown(void)
{
    kv_travel_log_done(&travel);
    kv_agenda_free(agenda);
    kv_clock_free(clock_);
}

static inline enum kv_code next(void *context, const struct kv_trip *trip, kv_millis after,
                                kv_millis *ret_due, struct kv_err *ret_err)
{
    const struct row *row = context;
    kv_millis first = INT64_MAX;

    if (row->asks_in_vain) {
        return KV_FAIL(ret_err, KV_UNAVAILABLE, 0, "nobody knows");
    }
    for (size_t i = 0; i < TIMES_MAX && !row->is_endless; i++) {
        kv_millis due = row->time[i] == 0 ? INT64_MAX : START + row->time[i];
        due = due < trip->from ? trip->from : due;
        first = due > after && due < first ? due : first;
    }
    *ret_due = row->is_stubborn ? trip->from : row->is_endless ? after + FOREVER : first;
    return KV_OK;
}

static inline void add_time(struct row *row, kv_millis time)
{
    size_t i = 0;

    while (row->time[i] != 0) {
        i++;
    }
    row->time[i] = time;
}

static inline enum kv_code run(void *context, const struct kv_trip *trip, kv_millis at,
                               struct kv_agenda_report *report, struct kv_err *ret_err)
{
    struct row *row = context;
    size_t len = strlen(diary);

    (void) trip;
    cr_assert_eq(kv_clock_now(clock_), at);
    atomic_fetch_add(&row->runs, 1);
    (void) snprintf(diary + len, sizeof(diary) - len, "%s%lld ", row->name,
                    (long long) (at - START));
    if (row->stops) {
        kv_agenda_stop(agenda);
    }
    if (row->fails) {
        return KV_FAIL(ret_err, KV_UNAVAILABLE, 0, "%s is away", row->name);
    }
    for (size_t i = 0; i < TIMES_MAX; i++) {
        row->time[i] = START + row->time[i] <= at ? 0 : row->time[i];
    }
    if (row->other != NULL) {
        add_time(row->other, row->adds_to_other);
    }
    for (size_t i = 0; i < row->notes; i++) {
        kv_agenda_note(report, "dev", row->name, NULL);
    }
    return KV_OK;
}

static inline void add_at_pace(struct row *row, enum kv_pace pace)
{
    kv_agenda_add(agenda, &(struct kv_agenda_row){
                              .name = row->name,
                              .pace = pace,
                              .scope_word = "vault",
                              .subject_word = "key",
                              .context = row,
                              .next = next,
                              .run = run,
                          });
}

static inline void add(struct row *row)
{
    add_at_pace(row, KV_PACE_QUICK);
}

static inline enum kv_code go(kv_millis span, kv_millis patience)
{
    kv_auto(kv_agenda_release) struct kv_agenda *turn = agenda;

    kv_agenda_acquire(agenda);
    return kv_agenda_travel(turn, span, patience, &travel, &err);
}

static inline void expect(const char *ran, kv_millis now)
{
    cr_expect_str_eq(diary, ran);
    cr_expect_eq(kv_clock_now(clock_), START + now, "%lld",
                 (long long) (kv_clock_now(clock_) - START));
}
