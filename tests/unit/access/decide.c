/* SPDX-License-Identifier: Apache-2.0 */
/* Who may do what: modes, scopes, deny assignments, policies, and an index that cannot be read. */
#include <stdio.h>
#include <string.h>

#include "fixture.h"
#include "kv/base/json.h"

TestSuite(access_check, .init = access_setup, .fini = access_teardown, .timeout = 60);

static char subscription[KV_UUID_LENGTH + 1];

/* An id below the subscription, or of a scope above it. */
static const char *id(const char *head, const char *tail)
{
    static char text[512];

    kv_uuid_of("subscription", TENANT, subscription);
    (void) snprintf(text, sizeof(text), "%s%s%s", head, subscription, tail);
    return text;
}

#define GROUP "/resourceGroups/coffer"
#define VAULT GROUP "/providers/Microsoft.KeyVault/vaults/"
#define CALLER "appid=" APP ";oid=" SOMEBODY ";iss=https://sts.windows.net/" TENANT "/"

Test(access_check, denies_everything_where_nothing_was_granted)
{
    for (enum kv_permission p = KV_PERMISSION_NONE + 1; p < KV_PERMISSION_COUNT; p++) {
        cr_expect_eq(ask(pool, p, NULL), KV_ACCESS_DENIED, "%d", p);
        if (kv_permission_row(p)->vault_action != NULL) {
            cr_expect_eq(ask(rbac, p, "k"), KV_FORBIDDEN_BY_RBAC, "%d", p);
            cr_expect_eq(ask(policy, p, "k"), KV_ACCESS_DENIED, "%d", p);
        }
        cr_expect_eq(ask(open_vault, p, "k"), KV_OK, "%d", p);
    }
    cr_expect_eq(ask(rbac, KV_PERMISSION_NONE, NULL), KV_OK);
}

Test(access_check, FORBIDDEN_BY_RBAC_is_worded_as_the_service_words_it)
{
    static char wanted[2048];

    cr_assert_eq(ask(rbac, KV_PERMISSION_KEYS_GET, "Some-Key"), KV_FORBIDDEN_BY_RBAC);
    (void) snprintf(
        wanted, sizeof(wanted),
        "Caller is not authorized to perform action on resource.\r\n"
        "If role assignments, deny assignments or role definitions were changed recently, please "
        "observe propagation time.\r\n"
        "Caller: " CALLER "\r\n"
        "Action: 'Microsoft.KeyVault/vaults/keys/read'\r\n"
        "Resource: '%s/keys/Some-Key'\r\n"
        "Assignment: (not found)\r\n"
        "DenyAssignmentId: null\r\n"
        "DecisionReason: 'DeniedWithNoValidRBAC' \r\n"
        "Vault: rbac;location=eastus\r\n",
        id("/subscriptions/", "/resourcegroups/coffer/providers/microsoft.keyvault/vaults/rbac"));
    cr_expect_str_eq(err.message, wanted);

    cr_assert_eq(ask(rbac, KV_PERMISSION_KEYS_LIST, NULL), KV_FORBIDDEN_BY_RBAC);
    cr_expect_not_null(strstr(err.message, "/vaults/rbac'\r\n"), "a list ends at the vault");
}

Test(access_check, gives_members_what_their_group_has)
{
    asks_as_member = true;
    cr_expect_not(may_get(rbac, "k"));
    cr_expect_not(may_get(policy, "k"));
    cr_expect_not(may_get(pool, "k"));
    (void) grant(rbac, "Key Vault Reader", NULL, NULL);
    cr_expect_eq(permit("", "get", NOW), KV_OK, "%s", err.message);
    (void) grant(pool, "Managed HSM Crypto User", "/keys", NULL);
    cr_expect(may_get(rbac, "k"));
    cr_expect(may_get(policy, "k"));
    cr_expect(may_get(pool, "k"));
    cr_expect_eq(try_deny(rbac, "Key Vault Reader", NULL, NULL), KV_OK, "%s", err.message);
    cr_expect_not(may_get(rbac, "k"), "what denies the group denies its members");
}

Test(access_check, covers_what_is_below_the_scope_of_an_assignment)
{
    const struct {
        const char *scope, *key;
        bool key_a, key_b, next; /* of the vault; of the other vault */
    } rows[] = {
        { NULL, NULL, true, true, false },
        { "vault", NULL, true, true, false },
        { "key", "A", true, false, false },
        { NULL, "a", true, false, false },
        { "group", NULL, true, true, true },
        { "subscription", NULL, true, true, true },
        { "/", NULL, true, true, true },
        { "/PROVIDERS/microsoft.management/MANAGEMENTGROUPS/" TENANT, NULL, true, true, true },
    };

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        const char *name = grant(rbac, ENCRYPTION_USER, rows[i].scope, rows[i].key);

        cr_expect_eq(may_get(rbac, "a"), rows[i].key_a, "row %zu", i);
        cr_expect_eq(may_get(rbac, "b"), rows[i].key_b, "row %zu", i);
        cr_expect_eq(may_get(rbac, NULL), rows[i].key_b, "row %zu", i);
        cr_expect_eq(may_get(other, "a"), rows[i].next, "row %zu", i);
        cr_assert_eq(withdraw(rbac, name, NOW), KV_OK, "%s", err.message);
        cr_expect_not(may_get(rbac, "a"), "row %zu", i);
    }
}

Test(access_check, knows_ids_of_scopes_in_any_case)
{
    static const struct {
        const char *head, *tail;
        bool key_b, next;
    } rows[] = {
        { "/subscriptions/", "", true, true },
        { "/SUBSCRIPTIONS/", "/", true, true },
        { "/subscriptions/", GROUP, true, true },
        { "/subscriptions/", "/RESOURCEGROUPS/Coffer/", true, true },
        { "/subscriptions/", VAULT "rbac", true, false },
        { "/subscriptions/", VAULT "RBAC", true, false },
        { "/subscriptions/", VAULT "rbac/keys/A", false, false },
    };

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        const char *name = grant(rbac, ENCRYPTION_USER, id(rows[i].head, rows[i].tail), NULL);

        cr_expect(may_get(rbac, "a"), "row %zu", i);
        cr_expect_eq(may_get(rbac, "b"), rows[i].key_b, "row %zu", i);
        cr_expect_eq(may_get(other, "a"), rows[i].next, "row %zu", i);
        cr_assert_eq(withdraw(rbac, name, NOW), KV_OK, "%s", err.message);
    }
}

Test(access_check, tells_the_assignment_that_decides)
{
    char first[KV_UUID_LENGTH + 1], second[KV_UUID_LENGTH + 1];

    memcpy(first, grant(rbac, "Key Vault Reader", NULL, NULL), sizeof(first));
    memcpy(second, grant(rbac, ENCRYPTION_USER, "key", "k"), sizeof(second));
    cr_assert_eq(ask(rbac, KV_PERMISSION_KEYS_GET, "k"), KV_OK);
    cr_expect_str_eq(assignment, first);
    cr_assert_eq(ask(rbac, KV_PERMISSION_KEYS_WRAP, "k"), KV_OK);
    cr_expect_str_eq(assignment, second);
    cr_assert_eq(ask(open_vault, KV_PERMISSION_KEYS_WRAP, "k"), KV_OK);
    cr_expect_str_eq(assignment, "");
}

Test(access_check, lets_a_deny_assignment_win_wherever_it_is)
{
    const struct {
        const char *scope, *key;
        bool key_a, key_b;
    } rows[] = {
        { "vault", NULL, false, false },
        { "key", "a", false, true },
        { "group", NULL, false, false },
        { "/", NULL, false, false },
    };
    char wanted[128];

    grant(rbac, "Key Vault Administrator", "key", "a");
    grant(rbac, "Key Vault Administrator", "group", NULL);
    grant(rbac, "Key Vault Administrator", "vault", NULL);
    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        cr_assert_eq(try_deny(rbac, ENCRYPTION_USER, rows[i].scope, rows[i].key), KV_OK);
        cr_expect_eq(may_get(rbac, "b"), rows[i].key_b, "row %zu", i);
        cr_expect_eq(may_get(rbac, "a"), rows[i].key_a, "row %zu", i);
        (void) snprintf(wanted, sizeof(wanted), "DenyAssignmentId: '%s'\r\n", assignment);
        cr_expect_eq(ask(rbac, KV_PERMISSION_KEYS_DELETE, "a"), KV_OK, "it denies what it names");

        kv_auto(kv_assignment_list_done) struct kv_assignment_list list = { .count = 0 };

        cr_assert_eq(kv_access_assignments(access_of_all, rbac, &list, &err), KV_OK);
        cr_assert_eq(list.count, 4);
        cr_expect(list.assignment[3].deny);
        cr_assert_eq(ask(rbac, KV_PERMISSION_KEYS_GET, "a"), KV_FORBIDDEN_BY_RBAC);
        cr_expect_not_null(strstr(err.message, list.assignment[3].name));
        cr_assert_eq(withdraw(rbac, list.assignment[3].name, NOW), KV_OK);
        cr_expect(may_get(rbac, "a"));
    }
}

Test(access_check, lets_policies_count_in_their_mode_alone)
{
    static const char words[] = "get";
    struct kv_policy wanted = { .principal = SOMEBODY, .words = "all" }, stored;

    cr_assert_eq(kv_access_set_policy(access_of_all, rbac, &wanted, NOW, &stored, &err), KV_OK);
    cr_expect_not(may_get(rbac, "k"));
    grant(policy, "Key Vault Administrator", NULL, NULL);
    cr_expect_not(may_get(policy, "k"));
    cr_expect_eq(err.code, KV_ACCESS_DENIED, "an assignment is no entry");
    cr_assert_eq(permit("", words, NOW), KV_OK);
    cr_expect(may_get(policy, "k"));
}

Test(access_check, ACCESS_DENIED_without_a_policy_FORBIDDEN_BY_POLICY_with_one)
{
    static const char text[] =
        "The user, group or application '" CALLER
        "' does not have keys unwrapKey permission on key vault 'policy;location=eastus'. For help "
        "resolving this issue, please see https://go.microsoft.com/fwlink/?linkid=2125287";

    cr_expect_eq(ask(policy, KV_PERMISSION_KEYS_UNWRAP, "k"), KV_ACCESS_DENIED);
    cr_expect_str_eq(err.message, text);
    cr_assert_eq(permit("", "get wrapkey", NOW), KV_OK);
    cr_expect_eq(ask(policy, KV_PERMISSION_KEYS_UNWRAP, "k"), KV_FORBIDDEN_BY_POLICY);
    cr_expect_str_eq(err.message, text);
    cr_expect_eq(ask(policy, KV_PERMISSION_KEYS_WRAP, "k"), KV_OK);
    cr_expect_eq(ask(policy, KV_PERMISSION_DELETED_KEYS_GET, "k"), KV_OK);
    cr_expect_eq(ask(policy, KV_PERMISSION_KEYS_LIST, NULL), KV_FORBIDDEN_BY_POLICY);
}

Test(access_check, permits_by_all_everything_but_to_purge)
{
    cr_assert_eq(permit("", "ALL", NOW), KV_OK);
    for (enum kv_permission p = KV_PERMISSION_NONE + 1; p < KV_PERMISSION_COUNT; p++) {
        if (kv_permission_row(p)->policy != NULL) {
            cr_expect_eq(ask(policy, p, "k") == KV_OK, p != KV_PERMISSION_DELETED_KEYS_PURGE, "%s",
                         kv_permission_row(p)->policy);
        }
    }
    cr_assert_eq(permit("", "all purge", NOW), KV_OK);
    cr_expect_eq(ask(policy, KV_PERMISSION_DELETED_KEYS_PURGE, "k"), KV_OK);
}

Test(access_check, wants_the_application_of_a_compound_identity)
{
    cr_assert_eq(permit("c0ffee00-0000-4000-8000-00000000000f", "get", NOW), KV_OK);
    cr_expect_eq(ask(policy, KV_PERMISSION_KEYS_GET, "k"), KV_ACCESS_DENIED);
    cr_assert_eq(permit("C0FFEE00-0000-4000-8000-000000000001", "get", NOW), KV_OK);
    cr_expect_eq(ask(policy, KV_PERMISSION_KEYS_GET, "k"), KV_OK);
    cr_expect_eq(ask(policy, KV_PERMISSION_KEYS_WRAP, "k"), KV_FORBIDDEN_BY_POLICY);
    cr_assert_eq(permit("", "wrapKey", NOW), KV_OK, "beside the other one");
    cr_expect_eq(ask(policy, KV_PERMISSION_KEYS_WRAP, "k"), KV_OK);
    cr_expect_eq(ask(policy, KV_PERMISSION_KEYS_GET, "k"), KV_OK);
}

Test(access_check, of_a_managed_hsm_goes_by_its_scopes)
{
    static const struct {
        const char *scope, *key;
        bool key_a, key_b, list, random;
    } rows[] = {
        { "/", NULL, true, true, true, true },
        { "/KEYS", NULL, true, true, true, false },
        { "/keys/A", NULL, true, false, false, false },
        { "key", "a", true, false, false, false },
    };

    cr_expect_eq(ask(pool, KV_PERMISSION_KEYS_GET, "a"), KV_ACCESS_DENIED);
    cr_expect_str_eq(err.message, "Not authorized to access "
                                  "Microsoft.KeyVault/managedHsm/keys/read/action on /keys/a.");
    cr_expect_eq(ask(pool, KV_PERMISSION_ROLE_ASSIGNMENTS_READ, NULL), KV_ACCESS_DENIED);
    cr_expect_str_eq(err.message,
                     "Not authorized to access "
                     "Microsoft.KeyVault/managedHsm/roleAssignments/read/action on /.");
    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        const char *name = grant(pool, "managed-hsm-crypto-user", rows[i].scope, rows[i].key);

        cr_expect_eq(may_get(pool, "a"), rows[i].key_a, "row %zu", i);
        cr_expect_eq(may_get(pool, "b"), rows[i].key_b, "row %zu", i);
        cr_expect_eq(ask(pool, KV_PERMISSION_KEYS_LIST, NULL) == KV_OK, rows[i].list, "row %zu", i);
        cr_expect_eq(ask(pool, KV_PERMISSION_RNG, NULL) == KV_OK, rows[i].random, "row %zu", i);
        cr_expect_eq(ask(pool, KV_PERMISSION_DELETED_KEYS_PURGE, "a"), KV_ACCESS_DENIED);
        cr_assert_eq(withdraw(pool, name, NOW), KV_OK, "%s", err.message);
        cr_expect_not(may_get(pool, "a"));
    }
}

Test(access_check, of_a_managed_hsm_knows_what_its_own_api_changes)
{
    static const char name[] = "bbbbbbbb-0000-4000-8000-000000000001";
    const struct kv_role_assignment_args args = {
        .name = "bbbbbbbb-0000-4000-8000-000000000002",
        .scope = "/",
        .principal = SOMEBODY,
        .definition = name,
    };
    kv_auto(kv_role_done) struct kv_role role = {
        .role_name = "Mine",
        .permissions =
            cJSON_Parse("[{\"dataActions\":[\"Microsoft.KeyVault/managedHsm/keys/*\"],"
                        "\"notDataActions\":[\"Microsoft.KeyVault/managedHsm/keys/read/action\"]},"
                        "{\"dataActions\":[\"Microsoft.KeyVault/managedHsm/rng/action\"]}]"),
        .scopes = cJSON_Parse("[\"/\"]"),
    };
    struct kv_role_assignment made;

    cr_expect_not(may_get(pool, "k"));
    cr_assert_eq(kv_role_put(roles, pool->id, name, &role, &err), KV_OK, "%s", err.message);
    cr_assert_eq(kv_role_assignment_put(roles, pool->id, &args, &made, &err), KV_OK);
    cr_expect_not(may_get(pool, "k"));
    cr_expect_eq(ask(pool, KV_PERMISSION_KEYS_WRAP, "k"), KV_OK);
    cr_expect_eq(ask(pool, KV_PERMISSION_RNG, NULL), KV_OK);
    cr_assert_eq(kv_role_assignment_delete(roles, pool->id, "/", args.name, &made, &err), KV_OK);
    cr_expect_eq(ask(pool, KV_PERMISSION_KEYS_WRAP, "k"), KV_ACCESS_DENIED);
}

static void run(const char *sql)
{
    kv_auto(kv_db_release) struct kv_db *db = NULL;

    cr_assert_eq(kv_db_acquire(store, &db, &err), KV_OK);
    cr_assert_eq(kv_db_begin(db, &err), KV_OK);
    cr_assert_eq(kv_db_run(db, sql, KV_NO_BINDS, NULL, &err), KV_OK, "%s", err.message);
    cr_assert_eq(kv_access_empty(access_of_all, db, other->id, &err), KV_OK, "%s", err.message);
    cr_assert_eq(kv_db_commit(db, &err), KV_OK);
}

/* What was read before says yes, but it is not known whether that is still so. */
Test(access_check, answers_503_while_what_was_granted_cannot_be_read)
{
    static const char damage[] = "UPDATE access_policy SET words = 'everything'";
    static const char repair[] = "UPDATE access_policy SET words = 'get'";

    cr_assert_eq(permit("", "get", NOW), KV_OK);
    cr_expect(may_get(policy, "k"));
    run(damage);
    for (int i = 0; i < 3; i++) {
        cr_expect_eq(ask(policy, KV_PERMISSION_KEYS_GET, "k"), KV_UNAVAILABLE);
        cr_expect_str_eq(err.message, "What callers may do cannot be read at the moment.");
    }
    cr_expect_eq(ask(open_vault, KV_PERMISSION_KEYS_GET, "k"), KV_OK, "nothing has to be read");
    run(repair);
    cr_expect(may_get(policy, "k"));
}

Test(access_check, names_the_region_of_the_vault)
{
    struct kv_vault west = *rbac;

    (void) snprintf(west.region, sizeof(west.region), "westus");
    cr_expect_eq(ask(&west, KV_PERMISSION_KEYS_GET, "k"), KV_FORBIDDEN_BY_RBAC);
    cr_expect_not_null(strstr(err.message, "Vault: rbac;location=westus"), "%s", err.message);
    west = *policy;
    (void) snprintf(west.region, sizeof(west.region), "westus");
    cr_expect_eq(ask(&west, KV_PERMISSION_KEYS_GET, "k"), KV_ACCESS_DENIED);
    cr_expect_not_null(strstr(err.message, "'policy;location=westus'"), "%s", err.message);
}
