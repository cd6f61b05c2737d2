/* SPDX-License-Identifier: Apache-2.0 */
/* A store of a coffer whose assignments were at vaults, keys, one group, and above: all of them still count. */
#include "tests/support/vaults.h"

#include <string.h>

#include "fixture.h"
#include "kv/access/scopes.h"

/* The first step of its tables, as it was. */
static const struct kv_migration of_then[] = {
    { "CREATE TABLE access_role (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE,"
      "  role_name TEXT NOT NULL, data_actions TEXT NOT NULL, not_data_actions TEXT NOT NULL);"
      "CREATE TABLE access_assignment (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE,"
      "  vault INTEGER REFERENCES vault (id), level INTEGER NOT NULL,"
      "  key TEXT NOT NULL COLLATE NOCASE, principal TEXT NOT NULL, role TEXT NOT NULL,"
      "  deny INTEGER NOT NULL, since INTEGER NOT NULL, until INTEGER NOT NULL);"
      "CREATE INDEX access_assignment_vault ON access_assignment (vault);"
      "CREATE INDEX access_assignment_whom ON access_assignment (principal);"
      "CREATE INDEX access_assignment_until ON access_assignment (until);"
      "CREATE TABLE access_policy (id INTEGER PRIMARY KEY,"
      "  vault INTEGER NOT NULL REFERENCES vault (id), principal TEXT NOT NULL,"
      "  application TEXT NOT NULL, words TEXT NOT NULL, since INTEGER NOT NULL,"
      "  until INTEGER NOT NULL);"
      "CREATE INDEX access_policy_vault ON access_policy (vault);"
      "CREATE INDEX access_policy_until ON access_policy (until);" },
    { NULL },
};

#define NAME(n) "00000000-0000-4000-8000-00000000000" n
#define ASSIGN                                                                                     \
    "INSERT INTO access_assignment (name, vault, level, key, principal, role, deny, since, until)"
#define FOR_GOOD "0, 9223372036854775807"
#define CUSTOM "aaaaaaaa-0000-4000-8000-000000000001"

/* Somebody may read the keys of the group, but not those of `other`; and has a policy, and a custom role at
 * one key. */
static const char *const rows_of_then[] = {
    "INSERT INTO access_role (name, role_name, data_actions, not_data_actions) VALUES ('" CUSTOM
    "', 'Signer', '[\"Microsoft.KeyVault/vaults/keys/sign/action\"]', '[]')",
    ASSIGN " VALUES ('" NAME("1") "', NULL, 3, '', '" SOMEBODY
                                  "', '21090545-7ca7-4776-b22c-e363652d74d2', 0, " FOR_GOOD ")",
    ASSIGN " SELECT '" NAME("2") "', id, 4, '', '" SOMEBODY
                                 "', '21090545-7ca7-4776-b22c-e363652d74d2', 1, " FOR_GOOD
                                 " FROM vault WHERE name = 'other'",
    ASSIGN " SELECT '" NAME("3") "', id, 5, 'Key', '" SOMEBODY "', '" CUSTOM "', 0, " FOR_GOOD
                                 " FROM vault WHERE name = 'rbac'",
    "INSERT INTO access_policy (vault, principal, application, words, since, until)"
    " SELECT id, '" SOMEBODY "', '', 'get', " FOR_GOOD " FROM vault WHERE name = 'policy'",
};

static void write_rows(void)
{
    kv_auto(kv_db_release) struct kv_db *db = NULL;

    cr_assert_eq(kv_db_acquire(store, &db, &err), KV_OK);
    cr_assert_eq(kv_db_begin(db, &err), KV_OK);
    for (size_t i = 0; i < KV_COUNT(rows_of_then); i++) {
        cr_assert_eq(kv_db_run(db, rows_of_then[i], KV_NO_BINDS, NULL, &err), KV_OK, "row %zu: %s",
                     i, err.message);
    }
    cr_assert_eq(kv_db_commit(db, &err), KV_OK);
}

static void open_old(void)
{
    static const char *const specs[] = { "rbac,access=rbac", "policy,access=policy", "open",
                                         "other,access=rbac", "pool,kind=hsm,access=rbac" };

    access_make_folder();
    cr_assert_eq(kv_store_open("access.db", 8, &store, &err), KV_OK, "%s", err.message);
    cr_assert_eq(vaults_of_specs(store, specs, KV_COUNT(specs), &vaults, &err), KV_OK, "%s",
                 err.message);
    cr_assert_eq(kv_store_migrate(store, "access", of_then, &err), KV_OK, "%s", err.message);
    write_rows();
    kv_vaults_free(vaults);
    kv_store_close(store);
    access_open(0);
}

TestSuite(access_old_store, .init = open_old, .fini = access_teardown, .timeout = 60);

Test(access_old_store, grants_what_it_granted_and_no_more)
{
    cr_expect(may_get(rbac, "k"), "%s", err.message);
    cr_expect_not(may_get(other, "k"));
    cr_expect(may_get(policy, "k"), "%s", err.message);
    cr_expect_eq(ask(rbac, KV_PERMISSION_KEYS_SIGN, "key"), KV_OK, "%s", err.message);
    cr_expect_eq(ask(rbac, KV_PERMISSION_KEYS_SIGN, "k"), KV_FORBIDDEN_BY_RBAC);
    cr_expect_eq(ask(policy, KV_PERMISSION_KEYS_SIGN, "k"), KV_FORBIDDEN_BY_POLICY);
}

static enum kv_code note(void *context, const struct kv_scoped_assignment *one, bool *ret_enough,
                         struct kv_err *err_)
{
    size_t *count = context;

    (void) err_;
    (void) ret_enough;
    cr_expect_not_null(strstr(one->scope, "/resourceGroups/coffer"), "%s", one->scope);
    (*count)++;
    return KV_OK;
}

Test(access_old_store, shows_the_resource_manager_its_assignments)
{
    const struct kv_scoped_filter all = { .scope = "/" };
    size_t count = 0;

    cr_assert_eq(kv_access_each_at(access_of_all, &all, note, &count, &err), KV_OK, "%s",
                 err.message);
    cr_expect_eq(count, 2, "the denial is no assignment: %zu", count);
}

Test(access_old_store, has_custom_roles_without_control_actions)
{
    kv_auto(kv_access_role_done) struct kv_access_role role = { .data_actions = NULL };

    cr_assert_eq(kv_access_role_get(access_of_all, CUSTOM, &role, &err), KV_OK, "%s", err.message);
    cr_expect_str_eq(role.role_name, "Signer");
    cr_expect_eq(cJSON_GetArraySize(role.data_actions), 1);
    cr_expect_eq(cJSON_GetArraySize(role.actions), 0);
    cr_expect_eq(role.made, 0);
}
