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

    cr_assert_eq(kv_seen_new(&seen, NULL), KV_OK);
    for (size_t number = 0; number < 3 * KV_SEEN_MAX + 1; number++) {
        fill(number, digest, &claims);
        kv_seen_add(seen, digest, &claims);
    }
    for (size_t number = 0; number < 3 * KV_SEEN_MAX + 1; number++) {
        bool is_young = number > 2 * KV_SEEN_MAX;
        fill(number, digest, &claims);
        cr_assert_eq(kv_seen_find(seen, digest, &claims), is_young, "%zu", number);
        cr_assert_eq(claims.expires, (kv_time) number);
    }
}

Test(seen, keeps_one_entry_of_a_token_added_twice)
{
    kv_auto(kv_seen_free) struct kv_seen *seen = NULL;
    unsigned char digest[KV_DIGEST_LENGTH];
    struct kv_claims claims;

    cr_assert_eq(kv_seen_new(&seen, NULL), KV_OK);
    fill(0, digest, &claims);
    kv_seen_add(seen, digest, &claims);
    for (size_t i = 0; i < 2 * KV_SEEN_MAX; i++) {
        fill(1, digest, &claims);
        kv_seen_add(seen, digest, &claims);
    }
    fill(0, digest, &claims);
    cr_assert(kv_seen_find(seen, digest, &claims));
}
