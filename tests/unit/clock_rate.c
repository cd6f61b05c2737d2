/* SPDX-License-Identifier: Apache-2.0 */
/* A clock that runs faster than the system's. */
#include <unistd.h>

#include <criterion/criterion.h>

#include "kv/base/clock.h"

#define HOUR INT64_C(3600000)
#define LONG INT64_C(60000) /* a wait that must end early */
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
TestSuite(clock_rate, .init = setup, .fini = teardown, .timeout = 120);

static void scale(int64_t rate)
{
    cr_assert_eq(kv_clock_scale(clock_, rate, &err), KV_OK);
}

/* Whether the clock shows what it must if it began to run at that pace between the two. */
static void expect_between(kv_millis at, kv_millis before, kv_millis after, int64_t rate)
{
    kv_millis earliest = at + (kv_clock_real() - after) * rate;
    kv_millis now = kv_clock_now(clock_);
    kv_millis latest = at + (kv_clock_real() - before + 1) * rate;

    cr_expect_geq(now, earliest);
    cr_expect_leq(now, latest);
}

Test(clock_rate, refuses_to_stand_still_run_back_or_run_away)
{
    static const int64_t rates[] = { 0, -1, KV_CLOCK_RATE_MAX + 1, INT64_MIN, INT64_MAX };

    for (size_t i = 0; i < KV_COUNT(rates); i++) {
        cr_expect_eq(kv_clock_scale(clock_, rates[i], &err), KV_BAD_PARAMETER);
        cr_expect_eq(kv_clock_rate(clock_), 1);
    }
    cr_expect_str_eq(err.message, "rate is a whole number from 1 to 86400.");
}

Test(clock_rate, runs_on_faster_from_where_it_was)
{
    static const int64_t rates[] = { 60, KV_CLOCK_RATE_MAX, 7, 1 };

    for (size_t i = 0; i < KV_COUNT(rates); i++) {
        kv_clock_freeze(clock_, true);
        kv_millis at = kv_clock_now(clock_);
        scale(rates[i]);
        cr_expect_eq(kv_clock_now(clock_), at, "a frozen clock stays where it is");
        kv_millis before = kv_clock_real();
        kv_clock_freeze(clock_, false);
        kv_millis after = kv_clock_real();
        usleep(30000);
        expect_between(at, before, after, rates[i]);
        cr_expect_geq(kv_clock_now(clock_), at + 29 * rates[i]);
    }
}

Test(clock_rate, keeps_its_pace_when_it_is_shifted)
{
    kv_clock_freeze(clock_, true);
    scale(60);
    kv_millis at = kv_clock_now(clock_) + 5 * HOUR;
    kv_millis before = kv_clock_real();
    kv_clock_freeze(clock_, false);
    cr_assert_eq(kv_clock_shift(clock_, 5 * HOUR, &err), KV_OK);
    expect_between(at, before, kv_clock_real(), 60);
    cr_expect_eq(kv_clock_rate(clock_), 60);
}

Test(clock_rate, goes_back_to_the_pace_of_the_system)
{
    scale(KV_CLOCK_RATE_MAX);
    kv_clock_reset(clock_);
    cr_expect_eq(kv_clock_rate(clock_), 1);
    kv_millis before = kv_clock_real(), now = kv_clock_now(clock_), after = kv_clock_real();
    cr_expect(before <= now && now <= after);
}

Test(clock_rate, stops_at_the_end_of_the_year_9999)
{
    cr_assert_eq(kv_clock_shift(clock_, YEAR_9999_END - HOUR - kv_clock_now(clock_), &err), KV_OK);
    scale(KV_CLOCK_RATE_MAX);
    usleep(60000); /* an hour and a half */
    cr_expect_eq(kv_clock_now(clock_), YEAR_9999_END);
    scale(1);
    cr_expect_eq(kv_clock_now(clock_), YEAR_9999_END);
}

/* The first millisecond of the real clock at which the virtual one is there. */
Test(clock_rate, knows_how_long_a_time_is_off)
{
    kv_clock_freeze(clock_, true);
    scale(60);
    kv_millis now = kv_clock_now(clock_);
    cr_expect_eq(kv_clock_span(clock_, now + HOUR), INT64_MAX, "it stands");
    kv_clock_freeze(clock_, false);
    kv_millis span = kv_clock_span(clock_, now + HOUR);
    cr_expect(span > HOUR / 120 && span <= HOUR / 60, "%lld", (long long) span);
    span = kv_clock_span(clock_, kv_clock_now(clock_) + 59);
    cr_expect(span >= 0 && span <= 1, "rounded up, and never less than nothing");
    cr_expect_eq(kv_clock_span(clock_, now), 0);
    cr_expect_eq(kv_clock_span(clock_, YEAR_9999_END + 1), INT64_MAX);
}

Test(clock_rate, ends_a_wait_when_the_virtual_time_comes)
{
    scale(3600);
    kv_millis until = kv_clock_now(clock_) + HOUR / 10; /* a tenth of a second */
    kv_millis start = kv_clock_monotonic();
    kv_clock_wait(clock_, until, LONG);
    kv_millis waited = kv_clock_monotonic() - start;
    cr_expect_lt(waited, LONG / 2);
    cr_expect_geq(kv_clock_now(clock_), until, "a wait that ends too early makes its caller spin");
}

static void count(void *argument)
{
    ++*(int *) argument;
}

/* As every move does, or a wait for a far time would go on at the old pace. */
Test(clock_rate, tells_those_who_watch)
{
    int told = 0;
    struct kv_clock_watch watch = { .tell = count, .argument = &told };

    kv_clock_watch(clock_, &watch);
    scale(60);
    cr_expect_eq(told, 1);
    cr_expect_eq(kv_clock_scale(clock_, 0, &err), KV_BAD_PARAMETER);
    cr_expect_eq(told, 1);
    kv_clock_unwatch(clock_, &watch);
}

/* Token time is real: a day of a scaled clock costs a token a second. */
Test(clock_rate, ages_no_tokens)
{
    struct kv_token_time before = kv_clock_token_time(clock_);
    scale(KV_CLOCK_RATE_MAX);
    usleep(20000);
    struct kv_token_time after = kv_clock_token_time(clock_);
    cr_expect_eq(after.aged, before.aged);
    cr_expect_eq(after.epoch, before.epoch);
    cr_expect_lt(after.real - before.real, LONG);
}
