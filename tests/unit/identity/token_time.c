/* SPDX-License-Identifier: Apache-2.0 */
/* Tokens by token time (clock.h): what ages them, what does not, and what a restart makes of them. */

#include "fixture.h"

#include <string.h>

#include <criterion/criterion.h>

#define DAY (INT64_C(86400) * 1000)
#define TOO_EARLY "[TokenNotYetValid] " INVALID
#define EXPIRED "[TokenExpired] " INVALID

TestSuite(token_time, .init = set_up, .fini = tear_down, .timeout = 120);

static struct kv_token issued(void)
{
    struct kv_token token;

    cr_assert_eq(issue_token(OTHER_AUDIENCE, &token), KV_OK, "%s", err.message);
    return token;
}

static void expect_good(const struct kv_token *token, kv_time now)
{
    cr_expect_eq(verify(token->text, now), KV_OK, "%s", err.message);
}

Test(token_time, ends_a_token_that_is_aged)
{
    kv_auto(kv_token_done) struct kv_token token = issued();

    token_time.aged = DAY;
    expect_refusal(token.text, NOW, EXPIRED);
    token_time.aged = DAY - 1000;
    expect_good(&token, NOW);
    expect_refusal(token.text, NOW + 1, EXPIRED);
}

Test(token_time, holds_a_token_back_that_is_made_younger)
{
    kv_auto(kv_token_done) struct kv_token token = issued();

    token_time.aged = -1000;
    expect_refusal(token.text, NOW, TOO_EARLY);
    expect_good(&token, NOW + 1);
}

/* The dates that clients see are the real clock's, however tokens were aged before. */
Test(token_time, gives_a_new_token_its_whole_real_life)
{
    static const kv_millis rows[] = { 90 * DAY, -90 * DAY, KV_CLOCK_END, -KV_CLOCK_END };

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        token_time.aged = rows[i];
        kv_auto(kv_token_done) struct kv_token token = issued();

        cr_expect_eq(token.not_before, NOW);
        cr_expect_eq(token.expires, NOW + KV_TOKEN_LIFETIME);
        expect_good(&token, NOW);
        expect_good(&token, NOW + KV_TOKEN_LIFETIME - 1);
        expect_refusal(token.text, NOW + KV_TOKEN_LIFETIME, EXPIRED);
        expect_refusal(token.text, NOW - 1, TOO_EARLY);
    }
}

Test(token_time, ages_a_token_by_what_comes_after_it)
{
    token_time.aged = 90 * DAY;
    kv_auto(kv_token_done) struct kv_token token = issued();

    token_time.aged += DAY / 2;
    expect_good(&token, NOW + KV_TOKEN_LIFETIME / 2 - 1);
    expect_refusal(token.text, NOW + KV_TOKEN_LIFETIME / 2, EXPIRED);
}

/* Another epoch: after a restart, or a reset. */
Test(token_time, begins_anew_with_every_epoch)
{
    token_time.aged = 90 * DAY;
    kv_auto(kv_token_done) struct kv_token aged = issued();

    token_time.aged = 0;
    kv_auto(kv_token_done) struct kv_token plain = issued();

    token_time.epoch++;
    const struct kv_token *const tokens[] = { &aged, &plain };
    for (size_t i = 0; i < KV_COUNT(tokens); i++) {
        token_time.aged = 0;
        expect_good(tokens[i], NOW);
        expect_good(tokens[i], NOW + KV_TOKEN_LIFETIME - 1);
        expect_refusal(tokens[i]->text, NOW + KV_TOKEN_LIFETIME, EXPIRED);
        token_time.aged = DAY;
        expect_refusal(tokens[i]->text, NOW, EXPIRED);
    }
}
