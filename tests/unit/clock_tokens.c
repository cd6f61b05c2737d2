/* SPDX-License-Identifier: Apache-2.0 */
/* Token time: what moves it, and what does not. */
#include <criterion/criterion.h>

#include "kv/base/clock.h"

#define HOUR INT64_C(3600000)

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
TestSuite(clock_tokens, .init = setup, .fini = teardown, .timeout = 120);

Test(clock_tokens, leaves_tokens_alone_however_it_is_moved)
{
    const struct kv_token_time before = kv_clock_token_time(clock_);

    cr_assert_eq(kv_clock_shift(clock_, 90 * 24 * HOUR, &err), KV_OK);
    kv_clock_freeze(clock_, true);
    kv_clock_hold(clock_, kv_clock_now(clock_) - HOUR);
    cr_assert_eq(kv_clock_shift(clock_, -365 * 24 * HOUR, &err), KV_OK);
    const struct kv_token_time after = kv_clock_token_time(clock_);
    cr_expect_eq(after.aged, 0);
    cr_expect_eq(after.epoch, before.epoch);
    cr_expect_geq(after.real, before.real);
    cr_expect_lt(after.real, before.real + HOUR);
}

Test(clock_tokens, ages_tokens_by_the_sum_of_what_it_was_told)
{
    static const struct {
        kv_millis span, aged;
    } rows[] = {
        { HOUR, HOUR },
        { -3 * HOUR, -2 * HOUR },
        { INT64_MAX, KV_CLOCK_END },
        { INT64_MAX, KV_CLOCK_END },
        { INT64_MIN, -KV_CLOCK_END },
        { INT64_MIN, -KV_CLOCK_END },
        { KV_CLOCK_END, 0 },
    };
    kv_millis now = kv_clock_now(clock_);

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        kv_clock_age_tokens(clock_, rows[i].span);
        cr_expect_eq(kv_clock_token_time(clock_).aged, rows[i].aged, "row %zu", i);
    }
    cr_expect_lt(kv_clock_now(clock_), now + HOUR, "nothing else is moved");
}

Test(clock_tokens, begins_an_epoch_of_tokens_with_every_reset)
{
    kv_millis epochs[4];

    for (size_t i = 0; i < KV_COUNT(epochs); i++) {
        kv_clock_age_tokens(clock_, HOUR);
        epochs[i] = kv_clock_token_time(clock_).epoch;
        kv_clock_reset(clock_);
        cr_expect_eq(kv_clock_token_time(clock_).aged, 0);
        cr_expect_gt(kv_clock_token_time(clock_).epoch, epochs[i]);
    }
}
