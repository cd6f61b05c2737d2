/* SPDX-License-Identifier: Apache-2.0 */
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "asleep.h"
#include "kv/base/clock.h"

#define HOUR INT64_C(3600000)
#define LONG INT64_C(60000) /* a wait that must end early; fails the test if it does not */
#define YEAR_9999_END INT64_C(253402300799999)

static struct kv_clock *clock_;
static struct kv_err err;

static void setup(void)
{
    cr_assert_eq(kv_clock_new(&clock_, &err), KV_OK);
}

static void teardown(void)
{
    kv_clock_free(clock_);
}
TestSuite(clock, .init = setup, .fini = teardown, .timeout = 120);

Test(clock, refuses_to_leave_1970_to_9999)
{
    static const kv_millis spans[] = {
        INT64_MIN,      INT64_MAX,    -100000 * 365 * 24 * HOUR, 10000 * 365 * 24 * HOUR,
        -YEAR_9999_END, YEAR_9999_END
    };

    for (size_t i = 0; i < KV_COUNT(spans); i++) {
        cr_assert_eq(kv_clock_shift(clock_, spans[i], &err), KV_BAD_PARAMETER);
        kv_millis difference = kv_clock_now(clock_) - kv_clock_real();
        cr_assert(difference > -HOUR && difference < HOUR, "a refused shift changes nothing");
    }
}

Test(clock, reaches_both_ends)
{
    kv_clock_freeze(clock_, true);
    cr_assert_eq(kv_clock_shift(clock_, -kv_clock_now(clock_), &err), KV_OK);
    cr_assert_eq(kv_clock_now(clock_), 0);
    cr_assert_eq(kv_clock_shift(clock_, -1, &err), KV_BAD_PARAMETER);
    cr_assert_eq(kv_clock_shift(clock_, YEAR_9999_END, &err), KV_OK);
    cr_assert_eq(kv_clock_now(clock_), YEAR_9999_END);
    cr_assert_eq(kv_clock_shift(clock_, 1, &err), KV_BAD_PARAMETER);
}

Test(clock, stops_at_the_end_of_the_year_9999)
{
    cr_assert_eq(kv_clock_shift(clock_, YEAR_9999_END - 20 - kv_clock_now(clock_), &err), KV_OK);
    usleep(40000);
    cr_assert_eq(kv_clock_now(clock_), YEAR_9999_END);
    cr_assert_eq(kv_seconds(kv_clock_now(clock_)), KV_TIME_MAX);
    cr_assert_eq(kv_clock_shift(clock_, -HOUR, &err), KV_OK);
    kv_millis now = kv_clock_now(clock_);
    cr_assert(now >= YEAR_9999_END - HOUR && now < YEAR_9999_END, "it runs again");
}

Test(clock, follows_the_system_at_first)
{
    kv_millis before = kv_clock_real(), now = kv_clock_now(clock_), after = kv_clock_real();

    cr_assert(before <= now && now <= after);
    cr_assert_not(kv_clock_is_frozen(clock_));
}

Test(clock, runs_on_from_where_it_was_shifted)
{
    kv_millis before = kv_clock_real();

    cr_assert_eq(kv_clock_shift(clock_, 5 * HOUR, &err), KV_OK);
    cr_assert_eq(kv_clock_shift(clock_, -2 * HOUR, &err), KV_OK);
    kv_millis now = kv_clock_now(clock_);
    cr_assert(now >= before + 3 * HOUR && now <= kv_clock_real() + 3 * HOUR);
}

Test(clock, stands_still_while_frozen_and_runs_on_from_there)
{
    kv_clock_freeze(clock_, true);
    kv_millis now = kv_clock_now(clock_);
    usleep(30000);
    kv_clock_freeze(clock_, true);
    cr_assert_eq(kv_clock_now(clock_), now);
    cr_assert(kv_clock_is_frozen(clock_));

    kv_clock_freeze(clock_, false);
    kv_millis thawed = kv_clock_now(clock_);
    cr_assert(thawed >= now && thawed < kv_clock_real(), "the time it stood is not made up for");
    usleep(20000);
    cr_assert_geq(kv_clock_now(clock_), thawed + 19);
}

Test(clock, is_shifted_while_frozen_by_exactly_the_span)
{
    kv_clock_freeze(clock_, true);
    kv_millis now = kv_clock_now(clock_);
    cr_assert_eq(kv_clock_shift(clock_, 7, &err), KV_OK);
    cr_assert_eq(kv_clock_now(clock_), now + 7);
}

Test(clock, stands_at_what_it_is_held_at_and_goes_on_underneath)
{
    kv_millis before = kv_clock_now(clock_);

    kv_clock_hold(clock_, before + 5 * HOUR);
    usleep(20000);
    cr_assert_eq(kv_clock_now(clock_), before + 5 * HOUR);
    kv_clock_let_go(clock_);
    cr_assert_geq(kv_clock_now(clock_), before + 19, "it ran meanwhile");
    cr_assert_lt(kv_clock_now(clock_), before + HOUR);
}

Test(clock, is_shifted_from_underneath_when_it_is_held)
{
    kv_clock_freeze(clock_, true);
    kv_millis before = kv_clock_now(clock_);
    kv_clock_hold(clock_, before + 3 * HOUR);
    cr_assert_eq(kv_clock_check_shift(clock_, YEAR_9999_END - before + 1, &err), KV_BAD_PARAMETER);
    cr_assert_eq(kv_clock_shift(clock_, 5 * HOUR, &err), KV_OK);
    cr_assert_eq(kv_clock_now(clock_), before + 5 * HOUR, "and held no more");
}

Test(clock, goes_back_to_the_system)
{
    cr_assert_eq(kv_clock_shift(clock_, 5 * HOUR, &err), KV_OK);
    kv_clock_freeze(clock_, true);
    kv_clock_reset(clock_);
    cr_assert_not(kv_clock_is_frozen(clock_));
    kv_millis before = kv_clock_real(), now = kv_clock_now(clock_);
    cr_assert(now >= before && now < before + HOUR);
}

Test(clock, leaves_real_and_monotonic_time_alone)
{
    kv_millis real = kv_clock_real(), monotonic = kv_clock_monotonic();

    cr_assert_eq(kv_clock_shift(clock_, 5 * HOUR, &err), KV_OK);
    cr_assert_lt(kv_clock_real() - real, HOUR);
    cr_assert_lt(kv_clock_monotonic() - monotonic, HOUR);
    int64_t micros = kv_clock_monotonic_us();
    cr_assert_leq(micros / 1000, kv_clock_monotonic());
}

/* How long a wait took. */
static kv_millis timed_wait(kv_millis until, kv_millis patience)
{
    kv_millis before = kv_clock_monotonic();

    kv_clock_wait(clock_, until, patience);
    return kv_clock_monotonic() - before;
}

Test(clock, does_not_wait_for_what_has_passed)
{
    cr_assert_lt(timed_wait(kv_clock_now(clock_), LONG), LONG);
    cr_assert_lt(timed_wait(INT64_MIN, LONG), LONG);
    cr_assert_lt(timed_wait(INT64_MAX, 0), LONG);
    cr_assert_lt(timed_wait(INT64_MAX, -5), LONG);
}

Test(clock, waits_until_the_virtual_time_comes)
{
    cr_assert_eq(kv_clock_shift(clock_, 5 * HOUR, &err), KV_OK);
    kv_millis until = kv_clock_now(clock_) + 60;
    kv_millis waited = timed_wait(until, LONG);
    cr_assert_lt(waited, LONG);
    cr_assert_geq(kv_clock_now(clock_), until);
}

Test(clock, waits_no_longer_than_patience)
{
    kv_millis waited = timed_wait(kv_clock_now(clock_) + HOUR, 40);

    cr_assert(waited >= 39 && waited < LONG);
}

Test(clock, waits_for_patience_alone_while_frozen)
{
    kv_clock_freeze(clock_, true);
    kv_millis waited = timed_wait(kv_clock_now(clock_) + 1, 60);
    cr_assert(waited >= 59 && waited < LONG);
}

Test(clock, keeps_a_wake_that_comes_before_the_wait)
{
    kv_clock_wake(clock_);
    cr_assert_lt(timed_wait(INT64_MAX, LONG), LONG);
}

Test(clock, wakes_once_for_any_number_of_wakes)
{
    kv_clock_wake(clock_);
    kv_clock_wake(clock_);
    cr_assert_lt(timed_wait(INT64_MAX, LONG), LONG);
    cr_assert_geq(timed_wait(INT64_MAX, 40), 39);
}

static void shift(void)
{
    cr_assert_eq(kv_clock_shift(clock_, 1, &err), KV_OK);
}

static void freeze(void)
{
    kv_clock_freeze(clock_, true);
}

static void let_go(void)
{
    kv_clock_let_go(clock_);
}

static void thaw(void)
{
    kv_clock_freeze(clock_, false);
}

static void reset(void)
{
    kv_clock_reset(clock_);
}

static void wake(void)
{
    kv_clock_wake(clock_);
}

struct waiter {
    pthread_t thread;
    atomic_int id;
    kv_millis waited;
};

static void *wait_long(void *context)
{
    struct waiter *waiter = context;

    asleep_soon(&waiter->id);
    waiter->waited = timed_wait(INT64_MAX, LONG);
    return NULL;
}

static void start_waiting(struct waiter *waiter)
{
    *waiter = (struct waiter){ .waited = 0 };
    cr_assert_eq(pthread_create(&waiter->thread, NULL, wait_long, waiter), 0);
    await_sleep(&waiter->id);
}

Test(clock, ends_every_wait_when_it_is_moved_or_woken)
{
    static void (*const moves[])(void) = { shift, freeze, let_go, thaw, reset, wake };

    for (size_t i = 0; i < KV_COUNT(moves); i++) {
        struct waiter waiter[2];
        for (size_t j = 0; j < KV_COUNT(waiter); j++) {
            start_waiting(&waiter[j]);
        }
        moves[i]();
        for (size_t j = 0; j < KV_COUNT(waiter); j++) {
            cr_assert_eq(pthread_join(waiter[j].thread, NULL), 0);
            cr_assert_lt(waiter[j].waited, LONG, "move %zu, thread %zu", i, j);
        }
    }
}

Test(clock, ends_a_wait_once_by_one_wake)
{
    struct waiter waiter;

    start_waiting(&waiter);
    kv_clock_wake(clock_);
    cr_assert_eq(pthread_join(waiter.thread, NULL), 0);
    cr_assert_geq(timed_wait(INT64_MAX, 40), 39, "the wake was used up");
}

Test(clock, rounds_seconds_down)
{
    cr_assert_eq(kv_seconds(0), 0);
    cr_assert_eq(kv_seconds(999), 0);
    cr_assert_eq(kv_seconds(1000), 1);
    cr_assert_eq(kv_seconds(-1), -1);
    cr_assert_eq(kv_seconds(-1000), -1);
    cr_assert_eq(kv_seconds(-1001), -2);
}

static const struct {
    kv_millis time;
    const char *http, *iso;
} dates[] = {
    { 0, "Thu, 01 Jan 1970 00:00:00 GMT", "1970-01-01T00:00:00.000Z" },
    { 1700574086123, "Tue, 21 Nov 2023 13:41:26 GMT", "2023-11-21T13:41:26.123Z" },
    { 951827696007, "Tue, 29 Feb 2000 12:34:56 GMT", "2000-02-29T12:34:56.007Z" },
    { 4107542400000, "Mon, 01 Mar 2100 00:00:00 GMT", "2100-03-01T00:00:00.000Z" },
    { YEAR_9999_END, "Fri, 31 Dec 9999 23:59:59 GMT", "9999-12-31T23:59:59.999Z" },
};

Test(clock, renders_dates)
{
    char http[KV_HTTP_DATE_SIZE], iso[KV_ISO_DATE_SIZE];

    for (size_t i = 0; i < KV_COUNT(dates); i++) {
        kv_time_render_http(kv_seconds(dates[i].time), http);
        kv_time_render_iso(dates[i].time, iso);
        cr_assert_str_eq(http, dates[i].http);
        cr_assert_str_eq(iso, dates[i].iso);
    }
}

Test(clock, reads_the_dates_it_renders)
{
    for (size_t i = 0; i < KV_COUNT(dates); i++) {
        kv_millis time = -1;

        cr_expect(kv_time_parse_iso(dates[i].iso, &time), "%s", dates[i].iso);
        cr_expect_eq(time, dates[i].time, "%s", dates[i].iso);
    }
}

Test(clock, reads_dates_in_every_form)
{
    static const struct {
        const char *text;
        kv_millis time;
    } rows[] = {
        { "1970-01-02", 86400000 },
        { "2000-02-29", 951782400000 },
        { "1970-01-01T00:00:01Z", 1000 },
        { "1970-01-01T00:00:01.5Z", 1500 },
        { "1970-01-01T00:00:01.123999999Z", 1123 },
        { "1970-01-01T01:00:00+01:00", 0 },
        { "1970-01-01T00:00:00-00:30", 1800000 },
        { "1970-01-01T00:00:00+01:00", -3600000 },
    };

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        kv_millis time = -1;

        cr_expect(kv_time_parse_iso(rows[i].text, &time), "%s", rows[i].text);
        cr_expect_eq(time, rows[i].time, "%s", rows[i].text);
    }
}

Test(clock, reads_no_date_where_there_is_none)
{
    static const char *const rows[] = {
        "",
        "2026",
        "2026-1-1",
        "2026-02-30",
        "2023-02-29",
        "2026-13-01",
        "2026-00-01",
        " 2026-01-01",
        "2026-01-01 ",
        "2026-01-01T",
        "2026-01-01T00:00Z",
        "2026-01-01T00:00:00",
        "2026-01-01T24:00:00Z",
        "2026-01-01T00:60:00Z",
        "2026-01-01t00:00:00Z",
        "2026-01-01 00:00:00Z",
        "2026-01-01T00:00:00 Z",
        "2026-01-01T00:00:00.Z",
        "2026-01-01T00:00:00.1234567890Z",
        "2026-01-01T00:00:00,5Z",
        "2026-01-01T00:00:00Zulu",
        "2026-01-01T00:00:00+",
        "2026-01-01T00:00:00+25:00",
        "2026-01-01T00:00:00+01:60",
        "+2026-01-01",
        "12026-01-01",
        "2026-01-01T00:00:00.500",
        "2026-01-01T00:00:00\xc3\xa4",
    };

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        kv_millis time = -1;

        cr_expect_not(kv_time_parse_iso(rows[i], &time), "%s", rows[i]);
        cr_expect_eq(time, -1, "%s", rows[i]);
    }
}

Test(clock, renders_the_nearest_date_for_what_has_none)
{
    char http[KV_HTTP_DATE_SIZE];

    kv_time_render_http(INT64_MIN, http);
    cr_assert_str_eq(http, dates[0].http);
    kv_time_render_http(INT64_MAX, http);
    cr_assert_str_eq(http, dates[KV_COUNT(dates) - 1].http);
}
