/* SPDX-License-Identifier: Apache-2.0 */
/* May somebody do that through the resource manager: actions, groups, denials, scopes, conditions. */
#include <stdio.h>
#include <string.h>

#include "access_core.h"
#include "fixture.h"
#include "kv/access/scopes.h"

TestSuite(access_actions, .init = access_setup, .fini = access_teardown, .timeout = 60);

#define ROLE "aaaaaaaa-0000-4000-8000-000000000001"
#define READER "acdd72a7-3385-48ef-bd42-f606fba81ae7"
#define OWNER "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"
#define ROOT_GROUP "/providers/Microsoft.Management/managementGroups/" TENANT

/* An id below the subscription, in a buffer of its own. */
static const char *at(const char *below)
{
    static char ids[64][512]; /* more than one test asks for */
    static unsigned next;
    char *id = ids[next++ % KV_COUNT(ids)];

    snprintf(id, sizeof(ids[0]), "/subscriptions/%s%s", access_of_all->subscription, below);
    return id;
}

#define IN_COFFER "/resourceGroups/Coffer/providers/Microsoft.Storage/storageAccounts/one"
#define IN_GROUP "/resourceGroups/rg1/providers/Microsoft.Storage/storageAccounts/one"

/* Returns its name, which ends with that number. */
static const char *assign(unsigned number, const char *scope, const char *role,
                          const char *condition)
{
    static char name[KV_UUID_LENGTH + 1];
    kv_auto(kv_scoped_assignment_done) struct kv_scoped_assignment made = { .scope = NULL };
    bool is_new = false;

    snprintf(name, sizeof(name), "00000000-0000-4000-8000-%012u", number);
    const struct kv_scoped_draft draft = {
        .scope = scope,
        .name = name,
        .principal = SOMEBODY,
        .role = role,
        .condition = condition,
        .condition_version = condition != NULL ? "2.0" : NULL,
        .by = SOMEBODY_ELSE,
    };

    cr_assert_eq(kv_access_put_at(access_of_all, &draft, NOW, &is_new, &made, &err), KV_OK,
                 "%s: %s", scope, err.message);
    return name;
}

static bool may_as(const char *who, bool in_group, const char *action, const char *scope,
                   const char *role)
{
    static const char groups[][KV_UUID_LENGTH + 1] = { APP, SOMEBODY };
    const struct kv_action_question question = {
        .object_id = who,
        .groups = groups,
        .group_count = in_group ? KV_COUNT(groups) : 0,
        .action = action,
        .scope = scope,
        .role = role,
        .now = NOW,
    };
    bool allowed = false;

    cr_assert_eq(kv_access_check_action(access_of_all, &question, &allowed, &err), KV_OK, "%s",
                 err.message);
    return allowed;
}

static bool may(const char *action, const char *scope)
{
    return may_as(SOMEBODY, false, action, scope, NULL);
}

/* A custom role of the resource manager; lists as JSON. */
static void make_control_role(const char *actions, const char *not_actions)
{
    kv_auto(kv_access_role_done) struct kv_access_role role = {
        .name = ROLE,
        .role_name = "Keeper",
        .actions = cJSON_Parse(actions),
        .not_actions = cJSON_Parse(not_actions),
    };
    bool is_new;

    cr_assert_eq(kv_access_role_put(access_of_all, &role, &is_new, &err), KV_OK, "%s", err.message);
}

Test(access_actions, are_nobodys_by_themselves)
{
    cr_expect_not(may("Microsoft.Storage/storageAccounts/read", at(IN_GROUP)));
    cr_expect_not(may("", at("")));
    cr_expect_not(may("*", "/"));
}

Test(access_actions, match_wildcards_less_those_left_out)
{
    make_control_role("[\"Microsoft.Storage/*/READ\",\"Microsoft.KeyVault/*\"]",
                      "[\"Microsoft.KeyVault/vaults/delete\"]");
    assign(1, at("/resourceGroups/rg1"), ROLE, NULL);

    cr_expect(may("Microsoft.Storage/storageAccounts/read", at(IN_GROUP)));
    cr_expect_not(may("Microsoft.Storage/storageAccounts/write", at(IN_GROUP)));
    cr_expect(may("microsoft.keyvault/vaults/WRITE", at(IN_GROUP)));
    cr_expect_not(may("Microsoft.KeyVault/vaults/Delete", at(IN_GROUP)));

    assign(2, at(IN_GROUP), OWNER, NULL);
    cr_expect(may("Microsoft.KeyVault/vaults/delete", at(IN_GROUP)),
              "what one role leaves out another may grant");
}

Test(access_actions, reach_from_a_scope_down_and_nowhere_else)
{
    const struct {
        const char *scope;
        bool resource, sibling, other_group, subscription, root;
    } rows[] = {
        { at(IN_GROUP), true, false, false, false, false },
        { at("/resourceGroups/RG1"), true, true, false, false, false },
        { at(""), true, true, true, true, false },
        { ROOT_GROUP, true, true, true, true, false },
        { "/", true, true, true, true, true },
    };

    for (unsigned i = 0; i < KV_COUNT(rows); i++) {
        const char *name = assign(10 + i, rows[i].scope, READER, NULL);

        cr_expect_eq(may("A/b/read", at(IN_GROUP)), rows[i].resource, "row %u", i);
        cr_expect_eq(may("A/b/read", at(IN_GROUP "more")), rows[i].sibling, "row %u", i);
        cr_expect_eq(may("A/b/read", at("/resourceGroups/rg12")), rows[i].other_group, "row %u", i);
        cr_expect_eq(may("A/b/read", at("")), rows[i].subscription, "row %u", i);
        cr_expect_eq(may("A/b/read", "/"), rows[i].root, "row %u", i);
        cr_assert_eq(kv_access_delete_at(access_of_all, rows[i].scope, name, NOW, &err), KV_OK,
                     "row %u: %s", i, err.message);
        cr_expect_not(may("A/b/read", at(IN_GROUP)), "row %u: withdrawn", i);
    }
}

Test(access_actions, are_a_groups_members_too)
{
    assign(20, at(""), READER, NULL);
    cr_expect_not(may_as(SOMEBODY_ELSE, false, "A/b/read", at(IN_GROUP), NULL));
    cr_expect(may_as(SOMEBODY_ELSE, true, "A/b/read", at(IN_GROUP), NULL));
}

Test(access_actions, that_are_denied_are_denied_whatever_is_granted)
{
    assign(30, "/", OWNER, NULL);
    cr_expect(may("A/b/read", at(IN_COFFER)));
    cr_assert_eq(try_deny(rbac, READER, "group", NULL), KV_OK, "%s", err.message);
    cr_expect_not(may("A/b/read", at(IN_COFFER)));
    cr_expect(may("A/b/write", at(IN_COFFER)), "only what the role has");
    cr_expect(may("A/b/read", at("")), "only where it is");
    cr_expect_not(may_as(SOMEBODY_ELSE, true, "A/b/read", at(IN_COFFER), NULL), "a group's, too");
}

#define WRITE "Microsoft.Authorization/roleAssignments/write"
#define CLAUSE(action, rest) "((!(ActionMatches{'" action "'})) OR (" rest "))"
#define ROLE_IS "@Request[Microsoft.Authorization/roleAssignments:RoleDefinitionId] "

Test(access_actions, that_assign_roles_are_restricted_by_conditions)
{
    static const struct {
        const char *condition, *role;
        bool allowed;
    } rows[] = {
        { CLAUSE(WRITE, ROLE_IS "ForAnyOfAnyValues:GuidEquals {" READER "}"), READER, true },
        { CLAUSE(WRITE, ROLE_IS "ForAnyOfAnyValues:GuidEquals {" READER "}"), OWNER, false },
        { CLAUSE(WRITE, ROLE_IS "ForAnyOfAnyValues:GuidEquals {" READER "}"), NULL, false },
        { CLAUSE(WRITE, ROLE_IS "ForAnyOfAnyValues:GuidEquals {" OWNER ", " READER "}"), READER,
          true },
        { CLAUSE(WRITE, ROLE_IS "ForAnyOfAllValues:GuidNotEquals{" OWNER "}"), READER, true },
        { CLAUSE(WRITE, ROLE_IS "ForAnyOfAllValues:GuidNotEquals{" OWNER "}"), OWNER, false },
        { CLAUSE(WRITE, "@Request[Microsoft.Authorization/roleAssignments:PrincipalType] "
                        "StringEqualsIgnoreCase 'User'"),
          READER, false },
        { CLAUSE(WRITE, ROLE_IS "GuidSomehow{" READER "}"), READER, false },
        { CLAUSE("Microsoft.Authorization/roleAssignments/delete",
                 ROLE_IS "ForAnyOfAnyValues:GuidEquals{" OWNER "}"),
          READER, true },
    };

    for (unsigned i = 0; i < KV_COUNT(rows); i++) {
        const char *name = assign(40 + i, at(""), OWNER, rows[i].condition);

        cr_expect_eq(may_as(SOMEBODY, false, WRITE, at(IN_GROUP), rows[i].role), rows[i].allowed,
                     "row %u: %s", i, rows[i].condition);
        cr_expect(may("A/b/write", at(IN_GROUP)), "row %u: other actions are free", i);
        cr_assert_eq(kv_access_delete_at(access_of_all, at(""), name, NOW, &err), KV_OK);
    }
}
