/* SPDX-License-Identifier: Apache-2.0 */
/* Propagation: with a delay of a minute, both ways. */
#include <string.h>

#include "fixture.h"

#define MINUTE INT64_C(60000)

TestSuite(access_delay, .init = access_setup_slow, .fini = access_teardown, .timeout = 60);

static bool may(const struct kv_vault *vault, enum kv_permission permission, kv_millis at)
{
    return ask_at(vault, permission, "k", at) == KV_OK;
}

Test(access_delay, holds_up_an_assignment_and_its_end)
{
    const char *name = grant(rbac, ENCRYPTION_USER, NULL, NULL);

    cr_expect_not(may(rbac, KV_PERMISSION_KEYS_GET, NOW));
    cr_expect_not(may(rbac, KV_PERMISSION_KEYS_GET, NOW + MINUTE - 1));
    cr_expect(may(rbac, KV_PERMISSION_KEYS_GET, NOW + MINUTE));
    cr_assert_eq(withdraw(rbac, name, NOW + 5 * MINUTE), KV_OK);
    cr_expect(may(rbac, KV_PERMISSION_KEYS_GET, NOW + 6 * MINUTE - 1));
    cr_expect_not(may(rbac, KV_PERMISSION_KEYS_GET, NOW + 6 * MINUTE));
    cr_assert_eq(withdraw(rbac, name, NOW + 50 * MINUTE), KV_OK, "again");
    cr_expect_not(may(rbac, KV_PERMISSION_KEYS_GET, NOW + 6 * MINUTE), "it keeps its end");
}

Test(access_delay, holds_up_a_deny_assignment_too)
{
    grant(rbac, ENCRYPTION_USER, NULL, NULL);
    access_restart(MINUTE); /* it is through */
    cr_assert_eq(try_deny(rbac, ENCRYPTION_USER, NULL, NULL), KV_OK);
    cr_expect(may(rbac, KV_PERMISSION_KEYS_GET, NOW + MINUTE - 1));
    cr_expect_not(may(rbac, KV_PERMISSION_KEYS_GET, NOW + MINUTE));
}

Test(access_delay, lets_the_former_policy_count_until_the_new_one_does)
{
    cr_assert_eq(permit("", "get", NOW), KV_OK);
    cr_assert_eq(permit("", "wrapKey", NOW + 5 * MINUTE), KV_OK);
    cr_expect(may(policy, KV_PERMISSION_KEYS_GET, NOW + 6 * MINUTE - 1));
    cr_expect_not(may(policy, KV_PERMISSION_KEYS_WRAP, NOW + 6 * MINUTE - 1));
    cr_expect_not(may(policy, KV_PERMISSION_KEYS_GET, NOW + 6 * MINUTE));
    cr_expect(may(policy, KV_PERMISSION_KEYS_WRAP, NOW + 6 * MINUTE));
    cr_assert_eq(
        kv_access_remove_policy(access_of_all, policy, SOMEBODY, "", NOW + 9 * MINUTE, &err),
        KV_OK);
    cr_expect(may(policy, KV_PERMISSION_KEYS_WRAP, NOW + 10 * MINUTE - 1));
    cr_expect_eq(ask_at(policy, KV_PERMISSION_KEYS_WRAP, "k", NOW + 10 * MINUTE), KV_ACCESS_DENIED);
    cr_expect_eq(
        kv_access_remove_policy(access_of_all, policy, SOMEBODY, "", NOW + 9 * MINUTE, &err),
        KV_NOT_FOUND, "it was withdrawn already");
}

Test(access_delay, lets_a_grant_be_made_again_while_it_ends)
{
    const char *name = grant(rbac, ENCRYPTION_USER, NULL, NULL);

    cr_assert_eq(withdraw(rbac, name, NOW), KV_OK);
    grant(rbac, ENCRYPTION_USER, NULL, NULL);
    cr_expect(may(rbac, KV_PERMISSION_KEYS_GET, NOW + MINUTE));
}

Test(access_delay, has_what_has_ended_removed_in_time)
{
    const char *name = grant(rbac, ENCRYPTION_USER, NULL, NULL);
    kv_auto(kv_assignment_list_done) struct kv_assignment_list list = { .count = 0 };
    kv_millis due;
    int64_t count;

    cr_assert_eq(permit("", "get", NOW), KV_OK);
    cr_assert_eq(kv_access_next_end(access_of_all, INT64_MIN, &due, &err), KV_OK);
    cr_expect_eq(due, INT64_MAX);
    cr_assert_eq(withdraw(rbac, name, NOW + MINUTE), KV_OK);
    cr_assert_eq(permit("", "list", NOW), KV_OK);
    cr_assert_eq(kv_access_next_end(access_of_all, INT64_MIN, &due, &err), KV_OK);
    cr_expect_eq(due, NOW + MINUTE);
    cr_assert_eq(kv_access_next_end(access_of_all, due, &due, &err), KV_OK);
    cr_expect_eq(due, NOW + 2 * MINUTE);
    cr_assert_eq(kv_access_next_end(access_of_all, due, &due, &err), KV_OK);
    cr_expect_eq(due, INT64_MAX);
    cr_assert_eq(kv_access_remove_ended(access_of_all, NOW + 2 * MINUTE, &count, &err), KV_OK);
    cr_expect_eq(count, 2);
    cr_assert_eq(kv_access_assignments(access_of_all, rbac, &list, &err), KV_OK);
    cr_expect_eq(list.count, 0);
}

/* The clock is the system's again: what was withdrawn must not come back. */
Test(access_delay, is_over_after_a_restart)
{
    const char *name = grant(rbac, "Key Vault Crypto Officer", NULL, NULL);

    cr_assert_eq(withdraw(rbac, name, NOW), KV_OK);
    grant(rbac, "Key Vault Reader", NULL, NULL);
    access_restart(MINUTE);
    cr_expect(may(rbac, KV_PERMISSION_KEYS_GET, NOW - 100 * MINUTE));
    cr_expect_not(may(rbac, KV_PERMISSION_KEYS_CREATE, NOW + MINUTE / 2));
}
