/* SPDX-License-Identifier: Apache-2.0 */
/* Making and withdrawing: what is refused, what stays, what goes with its vault. */
#include <stdio.h>
#include <string.h>

#include "fixture.h"

TestSuite(access_grants, .init = access_setup, .fini = access_teardown, .timeout = 120);

Test(access_grants, that_make_no_sense_are_refused)
{
    const struct {
        const struct kv_vault *vault;
        const char *role, *scope, *key, *text;
        enum kv_code code;
    } rows[] = {
        { rbac, "Key Vault Cook", NULL, NULL, "There is no role 'Key Vault Cook'.",
          KV_ROLE_DEFINITION_NOT_FOUND },
        { rbac, "aaaaaaaa-0000-4000-8000-000000000009", NULL, NULL,
          "There is no role 'aaaaaaaa-0000-4000-8000-000000000009'.",
          KV_ROLE_DEFINITION_NOT_FOUND },
        { rbac, ENCRYPTION_USER, "key", NULL, "The scope 'key' needs the name of a key.",
          KV_BAD_PARAMETER },
        { rbac, ENCRYPTION_USER, "vault", "k", "A key is named with the scope 'key' only.",
          KV_BAD_PARAMETER },
        { rbac, ENCRYPTION_USER, "key", "a_b", "'a_b' is not a valid name of a key.",
          KV_BAD_PARAMETER },
        { rbac, ENCRYPTION_USER, "/subscriptions/" SOMEBODY, NULL,
          "The scope '/subscriptions/" SOMEBODY "' does not reach the vault 'rbac': it can be "
          "vault, key, group, subscription, /, or the id of one of these.",
          KV_BAD_PARAMETER },
        { rbac, ENCRYPTION_USER, "/keys", NULL,
          "The scope '/keys' does not reach the vault 'rbac': it can be vault, key, group, "
          "subscription, /, or the id of one of these.",
          KV_BAD_PARAMETER },
        { pool, "Managed HSM Crypto User", "group", NULL,
          "The scope 'group' does not reach the vault 'pool': it can be /, /keys, or "
          "/keys/{name}.",
          KV_BAD_PARAMETER },
        { pool, ENCRYPTION_USER, NULL, NULL, "There is no role '" ENCRYPTION_USER "'.",
          KV_ROLE_DEFINITION_NOT_FOUND },
    };

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        cr_expect_eq(try_grant(rows[i].vault, rows[i].role, rows[i].scope, rows[i].key),
                     rows[i].code, "row %zu: %s", i, err.message);
        cr_expect_str_eq(err.message, rows[i].text);
    }
    cr_expect_eq(try_deny(pool, "Managed HSM Crypto User", NULL, NULL), KV_BAD_PARAMETER);
    cr_expect_str_eq(err.message, "A managed HSM has no deny assignments.");
}

Test(access_grants, of_policies_that_make_no_sense_are_refused)
{
    struct kv_policy wanted = { .principal = SOMEBODY, .words = "get" }, stored;

    cr_expect_eq(permit("", "get wrap", NOW), KV_BAD_PARAMETER);
    cr_expect_str_eq(err.message, "'wrap' is not a permission on keys of an access policy.");
    cr_expect_eq(permit("me", "get", NOW), KV_BAD_PARAMETER);
    cr_expect_str_eq(err.message, "The application must be a GUID, which 'me' is not.");
    cr_expect_eq(kv_access_set_policy(access_of_all, pool, &wanted, NOW, &stored, &err),
                 KV_BAD_PARAMETER);
    cr_expect_str_eq(err.message, "A managed HSM has no access policies, only role assignments.");
    cr_expect_eq(kv_access_remove_policy(access_of_all, policy, SOMEBODY, "", NOW, &err),
                 KV_NOT_FOUND);
}

Test(access_grants, are_not_made_twice)
{
    grant(rbac, ENCRYPTION_USER, "key", "k");
    cr_expect_eq(try_grant(rbac, "e147488a-f6f5-4113-8e2d-b22465e65bf6", NULL, "K"),
                 KV_ROLE_ASSIGNMENT_EXISTS);
    cr_expect_eq(try_deny(rbac, ENCRYPTION_USER, NULL, "k"), KV_OK, "that is another one");
    grant(rbac, ENCRYPTION_USER, "group", NULL);
    cr_expect_eq(try_grant(other, ENCRYPTION_USER, "group", NULL), KV_ROLE_ASSIGNMENT_EXISTS,
                 "it is the same group");
    grant(pool, "Managed HSM Crypto User", "/keys/k", NULL);
    cr_expect_eq(try_grant(pool, "Managed HSM Crypto User", "key", "K"), KV_ROLE_ASSIGNMENT_EXISTS);
}

Test(access_grants, are_withdrawn_where_they_reach)
{
    const char *name = grant(rbac, ENCRYPTION_USER, NULL, NULL);

    cr_expect_eq(withdraw(other, name, NOW), KV_ROLE_ASSIGNMENT_NOT_FOUND);
    cr_expect_eq(withdraw(rbac, "x", NOW), KV_ROLE_ASSIGNMENT_NOT_FOUND);
    cr_expect_str_eq(err.message, "No role assignment 'x' reaches the vault 'rbac'.");
    cr_expect_eq(withdraw(rbac, name, NOW), KV_OK);
    cr_expect_eq(withdraw(rbac, name, NOW), KV_ROLE_ASSIGNMENT_NOT_FOUND);
    name = grant(rbac, ENCRYPTION_USER, "group", NULL);
    cr_expect_eq(withdraw(other, name, NOW), KV_OK, "it reaches that one, too");
}

static enum kv_code withdraw_like(const struct kv_vault *vault, const char *role, const char *scope,
                                  const char *key)
{
    const struct kv_assignment_draft draft = {
        .vault = vault,
        .principal = SOMEBODY,
        .role = role,
        .scope = scope,
        .key = key,
    };

    return kv_access_unassign_like(access_of_all, &draft, NOW, &err);
}

Test(access_grants, are_withdrawn_by_what_they_are)
{
    grant(rbac, ENCRYPTION_USER, "key", "k");
    grant(rbac, ENCRYPTION_USER, "group", NULL);
    grant(pool, "Managed HSM Crypto User", "/keys/k", NULL);
    cr_expect_eq(withdraw_like(rbac, ENCRYPTION_USER, NULL, NULL), KV_ROLE_ASSIGNMENT_NOT_FOUND);
    cr_expect_not_null(strstr(err.message, "The role is assigned at the scope '/subscriptions/"),
                       "%s", err.message);
    cr_expect_not_null(strstr(err.message, "', by the name "), "%s", err.message);
    cr_expect_eq(withdraw_like(rbac, "owner", "group", NULL), KV_ROLE_ASSIGNMENT_NOT_FOUND);
    cr_expect_str_eq(err.message, "There is no such role assignment.");
    cr_expect_eq(withdraw_like(rbac, NULL, "group", NULL), KV_BAD_PARAMETER);
    cr_expect_eq(withdraw_like(pool, "Managed HSM Crypto User", "/keys", NULL),
                 KV_ROLE_ASSIGNMENT_NOT_FOUND);
    cr_expect_not_null(strstr(err.message, "The role is assigned at the scope '/keys/k'"), "%s",
                       err.message);
    cr_expect_eq(withdraw_like(rbac, ENCRYPTION_USER, NULL, "K"), KV_OK, "%s", err.message);
    cr_expect_eq(withdraw_like(other, ENCRYPTION_USER, "group", NULL), KV_OK, "%s", err.message);
    cr_expect_eq(withdraw_like(pool, "managed-hsm-crypto-user", NULL, "K"), KV_OK);
    cr_expect_not(may_get(rbac, "k") || may_get(pool, "k"));
}

Test(access_grants, are_listed_with_ids_as_the_resource_manager_spells_them)
{
    kv_auto(kv_assignment_list_done) struct kv_assignment_list list = { .count = 0 };
    char subscription[KV_UUID_LENGTH + 1], wanted[512];

    kv_uuid_of("subscription", TENANT, subscription);
    grant(rbac, "key_vault_crypto_service_encryption_user", NULL, "Some-Key");
    grant(other, ENCRYPTION_USER, NULL, NULL);
    grant(other, "owner", "subscription", NULL);
    cr_assert_eq(kv_access_assignments(access_of_all, rbac, &list, &err), KV_OK);
    cr_assert_eq(list.count, 2);
    (void) snprintf(wanted, sizeof(wanted),
                    "/subscriptions/%s/resourceGroups/coffer/providers/Microsoft.KeyVault/vaults/"
                    "rbac/keys/Some-Key",
                    subscription);
    cr_expect_str_eq(list.assignment[0].scope, wanted);
    cr_expect_str_eq(list.assignment[0].role_name, ENCRYPTION_USER);
    cr_expect_str_eq(list.assignment[0].principal, SOMEBODY);
    (void) snprintf(wanted, sizeof(wanted), "/subscriptions/%s", subscription);
    cr_expect_str_eq(list.assignment[1].scope, wanted);
}

Test(access_grants, of_a_policy_replace_the_one_there_was)
{
    kv_auto(kv_policy_list_done) struct kv_policy_list list = { .count = 0 };

    cr_assert_eq(permit("", "get UNWRAPKEY get", NOW), KV_OK);
    cr_assert_eq(permit("", "list unwrapkey  List", NOW), KV_OK);
    cr_assert_eq(kv_access_policies(access_of_all, policy, &list, &err), KV_OK);
    cr_assert_eq(list.count, 1);
    cr_expect_str_eq(list.policy[0].words, "list unwrapKey");
    cr_expect_not(may_get(policy, "k"));
    cr_assert_eq(permit("", "", NOW), KV_OK);
    cr_expect_eq(ask(policy, KV_PERMISSION_KEYS_LIST, NULL), KV_FORBIDDEN_BY_POLICY,
                 "an empty entry is one");
    cr_assert_eq(kv_access_remove_policy(access_of_all, policy, SOMEBODY, "", NOW, &err), KV_OK);
    cr_expect_eq(ask(policy, KV_PERMISSION_KEYS_LIST, NULL), KV_ACCESS_DENIED);
}

Test(access_grants, are_there_after_a_restart)
{
    grant(rbac, ENCRYPTION_USER, "key", "k");
    grant(pool, "Managed HSM Crypto User", "/keys", NULL);
    cr_assert_eq(permit("", "get", NOW), KV_OK);
    access_restart(0);
    cr_expect(may_get(rbac, "k"));
    cr_expect_not(may_get(rbac, "l"));
    cr_expect(may_get(policy, "k"));
    cr_expect(may_get(pool, "k"));
}

static void make_anew(const char *spec, const struct kv_vault **vault)
{
    struct kv_vault_draft draft;
    bool is_new;

    kv_vault_release(*vault);
    *vault = NULL;
    cr_assert_eq(kv_vault_parse(spec, &draft, &err), KV_OK);
    cr_assert_eq(kv_vaults_delete(vaults, draft.vault.name, 1, vault, &err), KV_OK);
    kv_vault_release(*vault);
    cr_assert_eq(kv_vaults_purge(vaults, draft.vault.name, 2, &err), KV_OK, "%s", err.message);
    cr_assert_eq(kv_vaults_make(vaults, &draft, 3, &is_new, vault, &err), KV_OK);
    cr_assert(is_new);
}

Test(access_grants, are_not_inherited_by_a_later_vault_of_that_name)
{
    kv_vaults_add_tenant(vaults, kv_access_empty, kv_access_bring, access_of_all);
    kv_vaults_add_tenant(vaults, kv_roles_empty, kv_roles_bring, roles);
    grant(rbac, ENCRYPTION_USER, NULL, NULL);
    grant(rbac, "Key Vault Reader", "key", "k");
    cr_assert_eq(permit("", "get", NOW), KV_OK);
    grant(pool, "Managed HSM Crypto User", NULL, NULL);
    cr_expect(may_get(rbac, "k") && may_get(policy, "k") && may_get(pool, "k"));
    make_anew("rbac,access=rbac", &rbac);
    make_anew("policy,access=policy", &policy);
    make_anew("pool,kind=hsm,access=rbac", &pool);
    cr_expect_not(may_get(rbac, "k"));
    cr_expect_not(may_get(policy, "k"));
    cr_expect_not(may_get(pool, "k"));
}

Test(access_grants, at_a_vault_that_was_purged_are_refused)
{
    kv_auto(kv_vault_release) const struct kv_vault *former = kv_vault_hold(rbac);

    kv_vaults_add_tenant(vaults, kv_access_empty, kv_access_bring, access_of_all);
    make_anew("rbac,access=rbac", &rbac);
    cr_expect_eq(try_grant(former, ENCRYPTION_USER, NULL, NULL), KV_VAULT_NOT_FOUND);
    cr_expect_eq(try_grant(former, ENCRYPTION_USER, "group", NULL), KV_VAULT_NOT_FOUND);
}

Test(access_grants, are_all_gone_after_a_reset)
{
    kv_vaults_add_tenant(vaults, kv_access_empty, kv_access_bring, access_of_all);
    kv_vaults_add_tenant(vaults, kv_roles_empty, kv_roles_bring, roles);
    grant(other, "Key Vault Administrator", "/", NULL);
    cr_assert_eq(make_role("aaaaaaaa-0000-4000-8000-000000000001", "Mine", "[]", "[]"), KV_OK);
    cr_expect(may_get(rbac, "k"));
    cr_assert_eq(kv_vaults_reset(vaults, NULL, 5, &err), KV_OK, "%s", err.message);
    kv_vault_release(rbac);
    rbac = kv_vaults_acquire(vaults, "rbac");
    cr_expect_not(may_get(rbac, "k"));
    cr_expect_eq(try_grant(rbac, "Mine", NULL, NULL), KV_ROLE_DEFINITION_NOT_FOUND);
}
