/* SPDX-License-Identifier: Apache-2.0 */
/* All access policies of a vault at once. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fixture.h"

TestSuite(access_policies, .init = access_setup, .fini = access_teardown, .timeout = 60);

static enum kv_code set_at(const struct kv_policy *policies, size_t count, kv_millis now)
{
    return kv_access_set_policies(access_of_all, policy, policies, count, now, &err);
}

static size_t count_at(const char *principal, const char *words)
{
    kv_auto(kv_policy_list_done) struct kv_policy_list list = { .policy = NULL };
    size_t count = 0;

    cr_assert_eq(kv_access_policies(access_of_all, policy, &list, &err), KV_OK);
    for (size_t i = 0; i < list.count; i++) {
        count += strcmp(list.policy[i].principal, principal) == 0
                 && strcmp(list.policy[i].words, words) == 0;
    }
    return count;
}

Test(access_policies, are_refused_together_and_nothing_is_changed)
{
    static const struct kv_policy words[] = { { .principal = SOMEBODY_ELSE, .words = "list" },
                                              { .principal = SOMEBODY, .words = "cook" } };
    static const struct kv_policy ids[] = { { .principal = SOMEBODY_ELSE, .words = "list" },
                                            { .principal = "me", .words = "get" } };
    struct kv_policy *many = calloc(KV_ACCESS_POLICIES_MAX + 1, sizeof(*many));

    cr_assert_not_null(many);
    cr_assert_eq(permit("", "get", NOW), KV_OK, "%s", err.message);
    cr_expect_eq(set_at(words, KV_COUNT(words), NOW), KV_BAD_PARAMETER);
    cr_expect_eq(set_at(ids, KV_COUNT(ids), NOW), KV_BAD_PARAMETER);
    cr_expect_eq(set_at(many, KV_ACCESS_POLICIES_MAX + 1, NOW), KV_CONFLICT);
    cr_expect_eq(kv_access_set_policies(access_of_all, pool, words, 1, NOW, &err),
                 KV_BAD_PARAMETER);
    cr_expect(may_get(policy, "k"));
    cr_expect_eq(count_at(SOMEBODY_ELSE, "list"), 0);
    free(many);
}

Test(access_policies, are_those_that_were_sent_and_no_others)
{
    static const struct kv_policy first[] = {
        { .principal = SOMEBODY, .words = "list" },
        { .principal = SOMEBODY_ELSE, .words = "get" },
        { .principal = SOMEBODY, .words = "Get list" }, /* the last one counts */
    };

    cr_assert_eq(permit(APP, "get", NOW), KV_OK, "%s", err.message);
    cr_assert_eq(set_at(first, KV_COUNT(first), NOW), KV_OK, "%s", err.message);
    cr_expect_eq(count_at(SOMEBODY, "get list"), 1);
    cr_expect_eq(count_at(SOMEBODY, "list"), 0);
    cr_expect_eq(count_at(SOMEBODY, "get"), 0, "that with the application went");
    cr_expect_eq(count_at(SOMEBODY_ELSE, "get"), 1);
    cr_expect(may_get(policy, "k"));
    cr_assert_eq(set_at(NULL, 0, NOW), KV_OK, "%s", err.message);
    cr_expect_not(may_get(policy, "k"));
    cr_expect_eq(count_at(SOMEBODY_ELSE, "get"), 0);
}

Test(access_policies, of_a_vault_can_be_1024_and_change_at_once)
{
    struct kv_policy *many = calloc(KV_ACCESS_POLICIES_MAX, sizeof(*many));

    cr_assert_not_null(many);
    for (unsigned i = 0; i < KV_ACCESS_POLICIES_MAX; i++) {
        snprintf(many[i].principal, sizeof(many[i].principal), "%08x-0000-4000-8000-000000000000",
                 i);
        snprintf(many[i].words, sizeof(many[i].words), "get");
    }
    snprintf(many[7].principal, sizeof(many[7].principal), "%s", SOMEBODY);
    cr_assert_eq(set_at(many, KV_ACCESS_POLICIES_MAX, NOW), KV_OK, "%s", err.message);
    cr_expect(may_get(policy, "k"));
    cr_expect_eq(permit(APP, "get", NOW), KV_CONFLICT, "no more");
    snprintf(many[7].words, sizeof(many[7].words), "list");
    cr_assert_eq(set_at(many, KV_ACCESS_POLICIES_MAX, NOW), KV_OK, "%s", err.message);
    cr_expect_not(may_get(policy, "k"));
    free(many);
}

TestSuite(access_policies_slow, .init = access_setup_slow, .fini = access_teardown, .timeout = 60);

/* What stays as it is does not take its time once more; what goes counts until its end. */
Test(access_policies_slow, that_stay_count_without_a_break)
{
    static const struct kv_policy one[] = { { .principal = SOMEBODY, .words = "get" } };
    static const struct kv_policy less[] = { { .principal = SOMEBODY, .words = "list" } };
    const kv_millis later = NOW + 60000;

    cr_assert_eq(set_at(one, 1, NOW), KV_OK, "%s", err.message);
    cr_expect_neq(ask_at(policy, KV_PERMISSION_KEYS_GET, "k", later - 1), KV_OK);
    cr_expect_eq(ask_at(policy, KV_PERMISSION_KEYS_GET, "k", later), KV_OK);
    cr_assert_eq(set_at(one, 1, later), KV_OK, "%s", err.message);
    cr_expect_eq(ask_at(policy, KV_PERMISSION_KEYS_GET, "k", later), KV_OK);
    cr_expect_eq(count_at(SOMEBODY, "get"), 1);
    cr_assert_eq(set_at(less, 1, later), KV_OK, "%s", err.message);
    cr_expect_eq(ask_at(policy, KV_PERMISSION_KEYS_GET, "k", later + 59999), KV_OK);
    cr_expect_neq(ask_at(policy, KV_PERMISSION_KEYS_GET, "k", later + 60000), KV_OK);
}
