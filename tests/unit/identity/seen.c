/* SPDX-License-Identifier: Apache-2.0 */
/* The memory of tokens: bounded, oldest out. */

#include "seen.h"

#include <string.h>

#include <criterion/criterion.h>

TestSuite(seen, .timeout = 120);

static void fill(size_t number, unsigned char digest[KV_DIGEST_LENGTH], struct kv_claims *claims)
{
    memset(digest, 0, KV_DIGEST_LENGTH);
    memcpy(digest, &number, sizeof(number));
    *claims = (struct kv_claims){ .expires = (kv_time) number };
}

Test(seen, forgets_the_oldest_and_only_that)
{
    kv_auto(kv_seen_free) struct kv_seen *seen = NULL;
    unsigned char digest[KV_DIGEST_LENGTH];
    struct kv_claims claims;
    unsigned edition;

    cr_assert_eq(kv_seen_new(&seen, NULL), KV_OK);
    for (size_t number = 0; number < 3 * KV_SEEN_MAX + 1; number++) {
        fill(number, digest, &claims);
        kv_seen_add(seen, digest, &claims, 0);
    }
    for (size_t number = 0; number < 3 * KV_SEEN_MAX + 1; number++) {
        bool is_young = number > 2 * KV_SEEN_MAX;
        fill(number, digest, &claims);
        cr_assert_eq(kv_seen_find(seen, digest, &claims, &edition), is_young, "%zu", number);
        cr_assert_eq(claims.expires, (kv_time) number);
    }
}

Test(seen, keeps_one_entry_of_a_token_added_twice)
{
    kv_auto(kv_seen_free) struct kv_seen *seen = NULL;
    unsigned char digest[KV_DIGEST_LENGTH];
    struct kv_claims claims;
    unsigned edition;

    cr_assert_eq(kv_seen_new(&seen, NULL), KV_OK);
    fill(0, digest, &claims);
    kv_seen_add(seen, digest, &claims, 0);
    for (size_t i = 0; i < 2 * KV_SEEN_MAX; i++) {
        fill(1, digest, &claims);
        kv_seen_add(seen, digest, &claims, 0);
    }
    fill(0, digest, &claims);
    cr_assert(kv_seen_find(seen, digest, &claims, &edition));
}

Test(seen, forgets_the_tokens_of_an_issuer_and_what_was_read_meanwhile)
{
    kv_auto(kv_seen_free) struct kv_seen *seen = NULL;
    unsigned char digest[KV_DIGEST_LENGTH];
    struct kv_claims claims;
    unsigned before = 0, edition = 0;

    cr_assert_eq(kv_seen_new(&seen, NULL), KV_OK);
    for (size_t number = 0; number < 4; number++) {
        fill(number, digest, &claims);
        claims.is_foreign = number > 0;
        claims.trusted = number % 2;
        kv_seen_add(seen, digest, &claims, 0);
    }
    fill(9, digest, &claims);
    cr_assert_not(kv_seen_find(seen, digest, &claims, &before));
    kv_seen_forget(seen, 1);
    kv_seen_add(seen, digest, &claims, before);
    cr_expect_not(kv_seen_find(seen, digest, &claims, &edition), "judged by keys of before");
    for (size_t number = 0; number < 4; number++) {
        fill(number, digest, &claims);
        cr_expect_eq(kv_seen_find(seen, digest, &claims, &edition), number % 2 == 0, "%zu", number);
    }
    fill(9, digest, &claims);
    kv_seen_add(seen, digest, &claims, edition);
    cr_expect(kv_seen_find(seen, digest, &claims, &edition));
}
