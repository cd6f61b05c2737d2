/* SPDX-License-Identifier: Apache-2.0 */
/* What roles come to: patterns, and every built-in role with every permission. */
#include <string.h>

#include "access_core.h"
#include "fixture.h"
#include "kv/base/json.h"

TestSuite(access_roles, .init = access_setup, .fini = access_teardown, .timeout = 60);

Test(access_roles, match_actions_by_stars_in_any_case)
{
    static const struct {
        const char *pattern, *action;
        bool matches;
    } rows[] = {
        { "", "", true },
        { "", "a", false },
        { "a", "", false },
        { "*", "", true },
        { "**", "a/b", true },
        { "Microsoft.KeyVault/vaults/keys/read", "microsoft.keyvault/VAULTS/keys/read", true },
        { "Microsoft.KeyVault/vaults/keys/rea", "Microsoft.KeyVault/vaults/keys/read", false },
        { "Microsoft.KeyVault/vaults/keys/reads", "Microsoft.KeyVault/vaults/keys/read", false },
        { "Microsoft.KeyVault/*/read", "Microsoft.KeyVault/vaults/keys/read", true },
        { "Microsoft.KeyVault/*/read", "Microsoft.KeyVault/vaults/keys/read/action", false },
        { "*/read*", "Microsoft.KeyVault/vaults/keys/read/action", true },
        { "*/wrap/*", "Microsoft.KeyVault/vaults/keys/unwrap/action", false },
        { "*wrap/*", "Microsoft.KeyVault/vaults/keys/unwrap/action", true },
        { "a*b*c", "aXbYbZc", true },
        { "a*b*c", "aXbYbZ", false },
        { "a*bc*bc", "abcbcbc", true },
        { "*a*a*a*a*a*a*a*a*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false },
    };

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        cr_expect_eq(access_action_matches(rows[i].pattern, rows[i].action), rows[i].matches,
                     "%s of %s", rows[i].pattern, rows[i].action);
    }
}

#define BIT(symbol) KV_PERMISSION_BIT(KV_PERMISSION_##symbol)
#define READ (BIT(KEYS_GET) | BIT(KEYS_LIST) | BIT(DELETED_KEYS_GET) | BIT(DELETED_KEYS_LIST))
#define WRAPS (BIT(KEYS_WRAP) | BIT(KEYS_UNWRAP))
#define USES                                                                                       \
    (WRAPS | BIT(KEYS_ENCRYPT) | BIT(KEYS_DECRYPT) | BIT(KEYS_SIGN) | BIT(KEYS_VERIFY)             \
     | BIT(KEYS_UPDATE) | BIT(KEYS_BACKUP))
#define ALL_OF_KEYS                                                                                \
    (READ | USES | BIT(KEYS_CREATE) | BIT(KEYS_IMPORT) | BIT(KEYS_DELETE) | BIT(KEYS_RESTORE)      \
     | BIT(KEYS_ROTATE) | BIT(KEYS_RELEASE) | BIT(DELETED_KEYS_RECOVER) | BIT(DELETED_KEYS_PURGE))
#define POLICIES (BIT(ROTATION_POLICY_GET) | BIT(ROTATION_POLICY_SET))

/* control-plane.md §2.3, column by column; a role that is missing here has no data access. */
static const struct {
    const char *name;
    kv_permissions permissions;
} wanted[] = {
    { "00482a5a-887f-4fb3-b363-3b7fe8e74483", ALL_OF_KEYS | POLICIES },
    { "21090545-7ca7-4776-b22c-e363652d74d2", READ | BIT(ROTATION_POLICY_GET) },
    { "14b46e9e-c2b7-41b4-b07b-48a6ebf60603", ALL_OF_KEYS | POLICIES },
    { "12338af0-0e69-4776-bea7-57ae8d297424", READ | USES },
    { "e147488a-f6f5-4113-8e2d-b22465e65bf6", READ | WRAPS },
    { "08bbd89e-9f13-488c-ac41-acfcb10c90ab", BIT(KEYS_RELEASE) },
    { "db79e9a7-68ee-4b58-9aeb-b90e7c24fcba", READ },
};

static kv_permissions wanted_of(const char *name)
{
    for (size_t i = 0; i < KV_COUNT(wanted); i++) {
        if (strcmp(wanted[i].name, name) == 0) {
            return wanted[i].permissions;
        }
    }
    return 0;
}

Test(access_roles, that_are_built_in_grant_each_permission_or_none_as_azure_says)
{
    const struct access_built_in *row;
    size_t i;

    for (i = 0; (row = access_built_in(i)) != NULL; i++) {
        kv_permissions is = access_compile_row(ACCESS_OF_VAULTS, row->actions);

        for (enum kv_permission p = KV_PERMISSION_NONE; p < KV_PERMISSION_COUNT; p++) {
            cr_expect_eq((is >> p) & 1, (wanted_of(row->name) >> p) & 1, "%s: %s", row->role_name,
                         kv_permission_row(p)->hsm_action);
        }
    }
    cr_expect_eq(i, 20);
}

Test(access_roles, that_are_built_in_grant_it_when_asked_too)
{
    const struct access_built_in *row;

    for (size_t i = 0; (row = access_built_in(i)) != NULL; i++) {
        const char *name = grant(rbac, row->role_name, NULL, NULL);

        for (enum kv_permission p = KV_PERMISSION_NONE + 1; p < KV_PERMISSION_COUNT; p++) {
            if (kv_permission_row(p)->vault_action != NULL) {
                cr_expect_eq(ask(rbac, p, "k") == KV_OK, (wanted_of(row->name) >> p) & 1, "%s: %s",
                             row->role_name, kv_permission_row(p)->vault_action);
            }
        }
        cr_assert_eq(withdraw(rbac, name, NOW), KV_OK);
    }
}

Test(access_roles, leave_out_what_their_not_data_actions_cover)
{
    static const char name[] = "aaaaaaaa-0000-4000-8000-000000000001";

    cr_assert_eq(make_role(name, "All but purge", "[\"Microsoft.KeyVault/vaults/keys/*\"]",
                           "[\"*/purge/action\",\"*/keys/delete\"]"),
                 KV_OK, "%s", err.message);
    grant(rbac, "all-but-purge", NULL, NULL);
    cr_expect_eq(ask(rbac, KV_PERMISSION_KEYS_GET, "k"), KV_OK);
    cr_expect_eq(ask(rbac, KV_PERMISSION_DELETED_KEYS_PURGE, "k"), KV_FORBIDDEN_BY_RBAC);
    cr_expect_eq(ask(rbac, KV_PERMISSION_KEYS_DELETE, "k"), KV_FORBIDDEN_BY_RBAC);
    cr_expect_eq(ask(rbac, KV_PERMISSION_ROTATION_POLICY_GET, "k"), KV_FORBIDDEN_BY_RBAC);

    grant(rbac, "Key Vault Administrator", NULL, NULL);
    cr_expect_eq(ask(rbac, KV_PERMISSION_DELETED_KEYS_PURGE, "k"), KV_OK,
                 "what one role leaves out another grants");
}

Test(access_roles, that_are_changed_count_at_once)
{
    static const char name[] = "aaaaaaaa-0000-4000-8000-000000000001";

    cr_assert_eq(make_role(name, "Mine", "[\"*\"]", "[]"), KV_OK, "%s", err.message);
    grant(rbac, name, NULL, NULL);
    cr_expect(may_get(rbac, "k"));
    cr_assert_eq(make_role(name, "Mine", "[\"*\"]", "[\"*/keys/read\"]"), KV_OK);
    cr_expect_not(may_get(rbac, "k"));
}

Test(access_roles, that_cannot_be_are_refused)
{
    static const struct {
        const char *name, *role_name, *actions, *text;
        enum kv_code code; /* KV_OK: KV_BAD_PARAMETER */
    } rows[] = {
        { "mine", "Mine", "[]", "The name of a role must be a GUID, which 'mine' is not." },
        { "e147488a-f6f5-4113-8e2d-b22465e65bf6", "Mine", "[]",
          "e147488a-f6f5-4113-8e2d-b22465e65bf6 is a built-in role, which stays as it is." },
        { "aaaaaaaa-0000-4000-8000-000000000001", "", "[]",
          "A role needs a name, which is no GUID and has no slash." },
        { "aaaaaaaa-0000-4000-8000-000000000001", "key vault reader", "[]",
          "The role 21090545-7ca7-4776-b22c-e363652d74d2 is named 'key vault reader'.",
          KV_ROLE_NAME_TAKEN },
        { "aaaaaaaa-0000-4000-8000-000000000001", "Mine", "[7]",
          "dataActions must be texts such as 'Microsoft.KeyVault/vaults/keys/read'." },
        { "aaaaaaaa-0000-4000-8000-000000000001", "Mine", "[\"a b\"]",
          "dataActions must be texts such as 'Microsoft.KeyVault/vaults/keys/read'." },
    };

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        cr_expect_eq(make_role(rows[i].name, rows[i].role_name, rows[i].actions, "[]"),
                     rows[i].code != KV_OK ? rows[i].code : KV_BAD_PARAMETER, "row %zu", i);
        cr_expect_str_eq(err.message, rows[i].text);
    }
}

Test(access_roles, that_are_assigned_stay)
{
    static const char name[] = "aaaaaaaa-0000-4000-8000-000000000001";
    kv_auto(kv_access_role_done) struct kv_access_role role = { .data_actions = NULL };
    const char *made;

    cr_assert_eq(make_role(name, "Mine", "[\"*\"]", "[]"), KV_OK);
    made = grant(rbac, "mine", NULL, NULL);
    cr_expect_eq(kv_access_role_delete(access_of_all, name, &err), KV_CONFLICT);
    cr_assert_eq(withdraw(rbac, made, NOW), KV_OK);
    cr_expect_eq(kv_access_role_delete(access_of_all, name, &err), KV_OK);
    cr_expect_eq(kv_access_role_get(access_of_all, name, &role, &err),
                 KV_ROLE_DEFINITION_NOT_FOUND);
    cr_expect_eq(kv_access_role_delete(access_of_all, "21090545-7CA7-4776-b22c-e363652d74d2", &err),
                 KV_BAD_PARAMETER);
}
