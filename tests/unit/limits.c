/* SPDX-License-Identifier: Apache-2.0 */
/* The arithmetic of the limits, by a clock in the test's hand. */
#include "kv/limits/limits.h"

#include <criterion/criterion.h>

#include "kv/base/base.h"

#define NOW ((kv_millis) 1700000000000)

static struct kv_limits *limits;

static void setup(void)
{
    cr_assert_eq(kv_limits_new(KV_LIMITS_BUDGET, &limits, NULL), KV_OK);
}

static void teardown(void)
{
    kv_limits_free(limits);
}

TestSuite(limits, .init = setup, .fini = teardown, .timeout = 60);

static const struct kv_transaction plain = { .kty = NULL };
static const struct kv_transaction small_hsm = { .kty = "RSA-HSM", .bits = 2048 };
static const struct kv_transaction large_hsm = { .kty = "RSA-HSM", .bits = 4096 };
static const struct kv_transaction new_hsm = { .kty = "EC-HSM", .makes_key = true };

/* How many such transactions the vault takes before it refuses one, at most `most`. */
static unsigned count(int64_t vault, const struct kv_transaction *transaction, kv_millis now,
                      unsigned most)
{
    unsigned taken = 0;

    while (taken < most && kv_limits_take(limits, vault, transaction, now, NULL) == KV_OK) {
        taken++;
    }
    return taken;
}

Test(limits, refuse_in_the_words_of_the_service)
{
    struct kv_err err;

    cr_assert_eq(count(0, &new_hsm, NOW, 100), 10);
    cr_assert_eq(kv_limits_take(limits, 0, &new_hsm, NOW, &err), KV_THROTTLED);
    cr_expect_eq(err.code, KV_THROTTLED);
    cr_expect_str_eq(err.message, "Request was not processed because too many requests were "
                                  "received. Reason: VaultRequestTypeLimitReached");
}

/* contract §13, the table; each alone has the whole budget */
Test(limits, are_those_of_the_table)
{
    static const struct {
        struct kv_transaction transaction;
        unsigned limit;
    } rows[] = {
        { { "RSA-HSM", 2048, true }, 10 },    { { "RSA-HSM", 3072, true }, 10 },
        { { "RSA-HSM", 4096, true }, 10 },    { { "EC-HSM", 256, true }, 10 },
        { { "RSA", 2048, true }, 20 },        { { "RSA", 3072, true }, 20 },
        { { "RSA", 4096, true }, 20 },        { { "EC", 521, true }, 20 },
        { { "RSA-HSM", 2048, false }, 2000 }, { { "RSA-HSM", 3072, false }, 500 },
        { { "RSA-HSM", 4096, false }, 250 },  { { "EC-HSM", 256, false }, 2000 },
        { { "RSA", 2048, false }, 4000 },     { { "RSA", 3072, false }, 1000 },
        { { "RSA", 4096, false }, 500 },      { { "EC", 384, false }, 4000 },
        { { NULL, 0, false }, 4000 },         { { NULL, 0, true }, 4000 },
        { { "rsa", 2048, false }, 4000 },     { { "RSA", 1024, false }, 4000 },
    };

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        cr_expect_eq(count(0, &rows[i].transaction, NOW + (kv_millis) i * KV_LIMITS_WINDOW, 5000),
                     rows[i].limit, "row %zu", i);
    }
}

/* the example that the documentation of the limits gives for its weights */
Test(limits, are_enforced_on_the_weighted_sum)
{
    cr_expect_eq(kv_limits_cost(&large_hsm), 8 * kv_limits_cost(&small_hsm));
    cr_expect_eq(count(0, &large_hsm, NOW, 248), 248);
    cr_expect_eq(count(0, &small_hsm, NOW, 100), 16);
    cr_expect_eq(count(0, &plain, NOW, 100), 0);
}

Test(limits, count_nothing_for_a_refused_transaction)
{
    cr_assert_eq(count(0, &new_hsm, NOW, 9), 9);
    cr_assert_eq(count(0, &plain, NOW, 100), 100);
    cr_expect_eq(count(0, &new_hsm, NOW, 1), 0, "300 of 4000 are left, it wants 400");
    cr_expect_eq(count(0, &plain, NOW, 1000), 300);
}

Test(limits, begin_anew_ten_seconds_after_the_first_transaction)
{
    cr_assert_eq(count(0, &plain, NOW + 1, 1), 1);
    cr_assert_eq(count(0, &plain, NOW + 9000, 5000), 3999);
    cr_expect_eq(count(0, &plain, NOW + KV_LIMITS_WINDOW, 1), 0);
    cr_expect_eq(count(0, &plain, NOW + KV_LIMITS_WINDOW + 1, 5000), 4000);
    cr_expect_eq(count(0, &plain, NOW + 2 * KV_LIMITS_WINDOW, 1), 0);
}

Test(limits, begin_anew_when_the_clock_was_set_back)
{
    cr_assert_eq(count(0, &plain, NOW, 5000), 4000);
    cr_expect_eq(count(0, &plain, NOW - 1, 5000), 4000);
}

Test(limits, are_a_vaults_own)
{
    cr_assert_eq(count(0, &plain, NOW, 5000), 4000);
    cr_expect_eq(count(1, &plain, NOW, 5000), 4000);
}

/* contract §13: before 2022 the numbers were halves */
Test(limits, are_as_large_as_their_budget)
{
    kv_limits_free(limits);
    cr_assert_eq(kv_limits_new(KV_LIMITS_BUDGET / 2, &limits, NULL), KV_OK);
    cr_expect_eq(count(0, &new_hsm, NOW, 100), 5);
    cr_expect_eq(count(1, &small_hsm, NOW, 5000), 1000);
    cr_expect_eq(count(2, &large_hsm, NOW, 5000), 125);
    cr_expect_eq(count(3, &plain, NOW, 5000), 2000);
    cr_expect_eq(count(4, &plain, NOW, 5000), 2000);
    cr_expect_eq(count(5, &plain, NOW, 5000), 0, "five vaults are the subscription's");
}

/* contract §13: all vaults together may take five times what one may */
Test(limits, are_five_vaults_for_the_subscription)
{
    for (size_t vault = 0; vault < 5; vault++) {
        cr_assert_eq(count(vault, &plain, NOW, 5000), 4000, "vault %zu", vault);
    }
    cr_expect_eq(count(5, &plain, NOW, 1), 0);
    cr_expect_eq(count(6, &plain, NOW + KV_LIMITS_WINDOW - 1, 1), 0);
    cr_expect_eq(count(6, &plain, NOW + KV_LIMITS_WINDOW, 5000), 4000);
}

Test(limits, of_the_subscription_are_a_weighted_sum_too)
{
    for (size_t vault = 0; vault < 5; vault++) {
        cr_assert_eq(count(vault, &new_hsm, NOW, 9), 9, "vault %zu", vault);
    }
    cr_expect_eq(count(5, &new_hsm, NOW, 100), 5, "50 of them at most, 45 are made");
    cr_expect_eq(count(6, &large_hsm, NOW, 1), 0);
}

Test(limits, take_nothing_from_a_vault_whose_subscription_refuses)
{
    for (size_t vault = 0; vault < 4; vault++) {
        cr_assert_eq(count(vault, &plain, NOW, 5000), 4000, "vault %zu", vault);
    }
    cr_assert_eq(count(4, &plain, NOW, 3601), 3601);
    cr_expect_eq(count(5, &new_hsm, NOW + 1, 1), 0, "399 of the subscription are left");
    cr_expect_eq(count(5, &plain, NOW + 1, 1000), 399);
    cr_expect_eq(count(5, &plain, NOW + KV_LIMITS_WINDOW, 5000), 3601,
                 "its own window began with the 399");
}

/* What a vault refuses is no burden to the others. */
Test(limits, take_nothing_from_a_subscription_whose_vault_refuses)
{
    cr_assert_eq(count(0, &plain, NOW, 3601), 3601);
    for (size_t i = 0; i < 100; i++) {
        cr_assert_eq(count(0, &new_hsm, NOW, 1), 0);
    }
    for (size_t vault = 1; vault < 5; vault++) {
        cr_assert_eq(count(vault, &plain, NOW, 5000), 4000, "vault %zu", vault);
    }
    cr_expect_eq(count(5, &plain, NOW, 5000), 399);
}

Test(limits, of_the_subscription_begin_anew_when_the_clock_was_set_back)
{
    for (size_t vault = 0; vault < 5; vault++) {
        cr_assert_eq(count(vault, &plain, NOW, 5000), 4000, "vault %zu", vault);
    }
    cr_expect_eq(count(5, &plain, NOW - 1, 5000), 4000);
}
