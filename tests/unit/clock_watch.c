/* SPDX-License-Identifier: Apache-2.0 */
/* The clock for those who wait in a way of their own. */
#include <criterion/criterion.h>

#include "kv/base/clock.h"

#define HOUR INT64_C(3600000)
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
TestSuite(clock_watch, .init = setup, .fini = teardown, .timeout = 120);

/* Counts how often it was told. */
static void count_moves(void *argument)
{
    ++*(int *) argument;
}

Test(clock_watch, tells_those_who_watch_of_each_move)
{
    int first = 0, second = 0;
    struct kv_clock_watch one = { .tell = count_moves, .argument = &first };
    struct kv_clock_watch two = { .tell = count_moves, .argument = &second };

    kv_clock_watch(clock_, &one);
    kv_clock_watch(clock_, &two);
    cr_assert_eq(kv_clock_shift(clock_, HOUR, &err), KV_OK);
    kv_clock_freeze(clock_, true);
    cr_assert_eq(kv_clock_shift(clock_, INT64_MAX, &err), KV_BAD_PARAMETER);
    cr_expect_eq(first, 2, "a refused shift moves nothing");
    kv_clock_unwatch(clock_, &one);
    kv_clock_freeze(clock_, false);
    kv_clock_reset(clock_);
    cr_expect_eq(first, 2);
    cr_expect_eq(second, 4);
    kv_clock_unwatch(clock_, &two);
}

Test(clock_watch, knows_how_long_a_time_is_off)
{
    kv_millis now = kv_clock_now(clock_);

    cr_expect_eq(kv_clock_span(clock_, now), 0);
    cr_expect_eq(kv_clock_span(clock_, 0), 0);
    kv_millis span = kv_clock_span(clock_, now + HOUR);
    cr_expect(span > HOUR / 2 && span <= HOUR);
    cr_expect_eq(kv_clock_span(clock_, YEAR_9999_END + 1), INT64_MAX, "it never comes");
    kv_clock_freeze(clock_, true);
    cr_expect_eq(kv_clock_span(clock_, kv_clock_now(clock_)), 0);
    cr_expect_eq(kv_clock_span(clock_, now + HOUR), INT64_MAX, "it stands still");
}
