/* SPDX-License-Identifier: Apache-2.0 */
/* Roles and assignments through the resource manager (control-plane.md §2.3, §2.4). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "authorization_tools.h"

TestSuite(authorization, .timeout = 120);

static struct reply list(struct client *client, const char *scope, const char *query)
{
    char path[512];

    snprintf(path, sizeof(path), "%s" AUTHORIZATION "/roleAssignments%s", scope, query);
    return arm_ask(client, "GET", path, ROLES_VERSION, NULL);
}

Test(authorization, ROLE_ASSIGNMENT_INVALID_ID_is_no_guid)
{
    API_CLIENT(dev);
    API_REPLY(reply,
              arm_ask(&dev, "PUT", GROUP AUTHORIZATION "/roleAssignments/mine", ROLES_VERSION,
                      "{\"properties\":{\"roleDefinitionId\":\"" OFFICER
                      "\",\"principalId\":\"" SOMEBODY "\"}}"));

    arm_expect_refusal(
        &reply, 400, "InvalidRoleAssignmentId",
        "The role assignment ID 'mine' is not valid. The role assignment ID must be a "
        "GUID.");
}

Test(authorization, ROLE_DEFINITION_DOES_NOT_EXIST_without_its_dashes)
{
    API_CLIENT(dev);
    API_REPLY(reply,
              roles_assign(&dev, GROUP, 1, "aaaaaaaa-0000-4000-8000-000000000009", SOMEBODY));

    arm_expect_refusal(&reply, 400, "RoleDefinitionDoesNotExist",
                       "The specified role definition with ID 'aaaaaaaa000040008000000000000009' "
                       "does not exist.");
}

Test(authorization, of_bodies_that_make_no_sense_is_refused)
{
    static const char *const bodies[] = {
        "{}",
        "{\"properties\":7}",
        "{\"properties\":{\"principalId\":\"" SOMEBODY "\"}}",
        "{\"properties\":{\"roleDefinitionId\":[],\"principalId\":\"" SOMEBODY "\"}}",
        "{\"properties\":{\"roleDefinitionId\":\"" OFFICER "\",\"principalId\":\"me\"}}",
        "{\"properties\":{\"roleDefinitionId\":\"" OFFICER "\",\"principalId\":\"" SOMEBODY
        "\",\"principalType\":\"Cook\"}}",
    };
    API_CLIENT(dev);

    for (size_t i = 0; i < KV_COUNT(bodies); i++) {
        API_REPLY(reply, arm_ask(&dev, "PUT",
                                 GROUP AUTHORIZATION
                                 "/roleAssignments/00000000-1111-4000-8000-000000000002",
                                 ROLES_VERSION, bodies[i]));
        cr_expect_eq(reply.status, 400, "%s: %s", bodies[i], reply.body);
        cr_expect_str_eq(reply_text(&reply, "error.code"), "InvalidRequestContent");
    }
}

Test(authorization, ROLE_ASSIGNMENT_EXISTS_under_another_name)
{
    API_CLIENT(dev);
    API_REPLY(first, roles_assign(&dev, GROUP, 3, OFFICER, SOMEBODY));
    API_REPLY(again, roles_assign(&dev, GROUP, 3, OFFICER, SOMEBODY));
    API_REPLY(other, roles_assign(&dev, GROUP, 4, OFFICER, SOMEBODY));

    cr_expect_eq(first.status, 201, "%s", first.body);
    cr_expect_eq(again.status, 200, "%s", again.body);
    cr_expect_str_eq(first.body, again.body, "the same once more changes nothing");
    arm_expect_refusal(&other, 409, "RoleAssignmentExists", "The role assignment already exists.");
}

Test(authorization, ROLE_ASSIGNMENT_UPDATE_NOT_PERMITTED_of_what_it_is)
{
    static const char text[] =
        "Tenant ID, application ID, principal ID, and scope are not allowed to be updated.";
    API_CLIENT(dev);
    API_REPLY(first, roles_assign(&dev, GROUP, 5, READER, SOMEBODY));
    API_REPLY(role, roles_assign(&dev, GROUP, 5, OWNER, SOMEBODY));
    API_REPLY(whom, roles_assign(&dev, GROUP, 5, READER, OWNER));
    API_REPLY(place, roles_assign(&dev, "~", 5, READER, SOMEBODY));

    cr_expect_eq(first.status, 201, "%s", first.body);
    arm_expect_refusal(&role, 400, "RoleAssignmentUpdateNotPermitted", text);
    arm_expect_refusal(&whom, 400, "RoleAssignmentUpdateNotPermitted", text);
    arm_expect_refusal(&place, 400, "RoleAssignmentUpdateNotPermitted", text);
}

Test(authorization, at_what_is_not_there_is_refused)
{
    API_CLIENT(dev);
    API_REPLY(group, roles_assign(&dev, "~/resourceGroups/none", 6, READER, SOMEBODY));
    API_REPLY(vault, roles_assign(&dev, GROUP "/providers/Microsoft.KeyVault/vaults/none", 6,
                                  READER, SOMEBODY));
    API_REPLY(other, roles_assign(&dev, "/providers/Microsoft.Management/managementGroups/none", 6,
                                  READER, SOMEBODY));

    cr_expect_str_eq(reply_text(&group, "error.code"), "ResourceGroupNotFound");
    cr_expect_str_eq(reply_text(&vault, "error.code"), "ResourceNotFound");
    cr_expect_str_eq(reply_text(&other, "error.code"), "ResourceNotFound");
}

Test(authorization, is_shown_as_recorded)
{
    API_CLIENT(dev);
    API_REPLY(made, roles_assign(&dev, GROUP, 7, OWNER, SOMEBODY));
    API_REPLY(got,
              arm_ask(&dev, "GET",
                      GROUP AUTHORIZATION "/roleAssignments/00000000-1111-4000-8000-000000000007",
                      ROLES_VERSION, NULL));
    char expected[512];

    snprintf(expected, sizeof(expected), "%s" AUTHORIZATION "/roleDefinitions/" OWNER,
             arm_subscription_id);
    cr_expect_str_eq(reply_text(&made, "properties.roleDefinitionId"), expected);
    snprintf(expected, sizeof(expected), "%s/resourceGroups/coffer", arm_subscription_id);
    cr_expect_str_eq(reply_text(&made, "properties.scope"), expected);
    cr_expect_str_eq(reply_text(&made, "properties.principalType"), "ServicePrincipal");
    cr_expect_not_null(strstr(made.body, "\"createdBy\":null"), "%s", made.body);
    cr_expect_null(strstr(got.body, "\"createdBy\":null"), "%s", got.body);
    cr_expect_str_eq(reply_text(&got, "type"), "Microsoft.Authorization/roleAssignments");

    API_REPLY(gone, roles_withdraw(&dev, GROUP, 7));
    API_REPLY(again, roles_withdraw(&dev, GROUP, 7));
    cr_expect_eq(gone.status, 200);
    cr_expect_str_eq(gone.body, got.body);
    cr_expect_eq(again.status, 204);
}

Test(authorization, is_listed_by_scope_and_by_whom)
{
    static const char who[] = "0cea9a65-813e-4238-8204-bf7328d63fc6";
    API_CLIENT(dev);

    arm_make_group(&dev, "rg-lists");
    API_REPLY(at_group, roles_assign(&dev, "~/resourceGroups/rg-lists", 8, READER, who));
    API_REPLY(above, roles_assign(&dev, "~", 9, READER, who));
    API_REPLY(all, list(&dev, "~/resourceGroups/rg-lists",
                        "?$filter=principalId%20eq%20%27"
                        "0cea9a65-813e-4238-8204-bf7328d63fc6"
                        "%27"));
    API_REPLY(here, list(&dev, "~", "?$filter=atScope()"));
    API_REPLY(his, list(&dev, "~",
                        "?$filter=assignedTo(%27"
                        "0cea9a65-813e-4238-8204-bf7328d63fc6"
                        "%27)"));
    API_REPLY(page, list(&dev, "~", "?$top=1"));

    cr_expect_eq(at_group.status, 201, "%s", at_group.body);
    cr_expect_eq(above.status, 201, "%s", above.body);
    cr_expect(strstr(all.body, "000000000008") && strstr(all.body, "000000000009"), "%s", all.body);
    cr_expect(!strstr(here.body, "000000000008") && strstr(here.body, "000000000009"), "%s",
              here.body);
    cr_expect(strstr(his.body, "000000000008") && strstr(his.body, "000000000009"), "%s", his.body);
    cr_expect_not_null(strstr(page.body, "nextLink"), "%s", page.body);

    API_REPLY(bad, list(&dev, "~", "?$filter=scope%20gt%207"));
    arm_expect_refusal(&bad, 400, "InvalidFilterInQueryString",
                       "Invalid $filter 'scope gt 7' specified in the query string: it can be "
                       "atScope(), principalId eq '{id}' and assignedTo('{id}').");
}

Test(authorization, goes_with_the_group_but_not_what_is_above_it)
{
    static const char who[] = "0dea9a65-813e-4238-8204-bf7328d63fc6";
    API_CLIENT(dev);

    arm_make_group(&dev, "rg-goes");
    API_REPLY(at_group, roles_assign(&dev, "~/resourceGroups/rg-goes", 10, READER, who));
    API_REPLY(above, roles_assign(&dev, "~", 11, READER, who));
    API_REPLY(deleted, arm_ask(&dev, "DELETE", "~/resourceGroups/rg-goes", ARM_TEST_VERSION, NULL));
    API_REPLY(all, list(&dev, "~", ""));

    cr_expect_eq(at_group.status, 201, "%s", at_group.body);
    cr_expect_eq(above.status, 201, "%s", above.body);
    cr_expect_eq(deleted.status, 202, "%s", deleted.body);
    cr_expect(!strstr(all.body, "000000000010") && strstr(all.body, "000000000011"), "%s",
              all.body);
}

/* --- roles --- */

#define ROLE "~" AUTHORIZATION "/roleDefinitions/aaaaaaaa-0000-4000-8000-0000000000"

static struct reply make_role(struct client *client, const char *path, const char *name)
{
    char body[512];

    snprintf(body, sizeof(body),
             "{\"properties\":{\"roleName\":\"%s\",\"description\":\"d\",\"type\":\"CustomRole\","
             "\"assignableScopes\":[\"%s\"],\"permissions\":[{\"actions\":[\"*/read\"],"
             "\"notActions\":[\"Microsoft.KeyVault/*\"],\"dataActions\":[],"
             "\"notDataActions\":[]}]}}",
             name, arm_subscription_id);
    return arm_ask(client, "PUT", path, ROLES_VERSION, body);
}

Test(authorization, ROLE_DEFINITION_MISSING_of_a_role_nobody_made)
{
    API_CLIENT(dev);
    API_REPLY(reply, arm_ask(&dev, "GET", ROLE "01", ROLES_VERSION, NULL));
    API_REPLY(deleted, arm_ask(&dev, "DELETE", ROLE "01", ROLES_VERSION, NULL));

    arm_expect_refusal(&reply, 404, "RoleDefinitionDoesNotExist",
                       "The specified role definition with ID "
                       "'aaaaaaaa-0000-4000-8000-000000000001' does not exist.");
    cr_expect_eq(deleted.status, 204);
}

Test(authorization, ROLE_NAME_TAKEN_and_other_roles_that_cannot_be)
{
    static const char *const bodies[] = {
        "{}",
        "{\"properties\":{\"roleName\":\"a\",\"permissions\":[]}}",
        "{\"properties\":{\"roleName\":\"a\",\"permissions\":[{}]}}",
        "{\"properties\":{\"roleName\":7,\"permissions\":[{}],\"assignableScopes\":[\"/\"]}}",
        ("{\"properties\":{\"roleName\":\"a\",\"permissions\":[{\"actions\":[7]}],"
         "\"assignableScopes\":[\"/\"]}}"),
    };
    API_CLIENT(dev);
    API_REPLY(taken, make_role(&dev, ROLE "02", "Key Vault Reader"));
    API_REPLY(built_in, make_role(&dev, "~" AUTHORIZATION "/roleDefinitions/" OWNER, "Mine"));

    arm_expect_refusal(&taken, 409, "RoleDefinitionWithSameNameExists",
                       "A custom role with the same name already exists in this directory. Use a "
                       "different name.");
    cr_expect_eq(built_in.status, 400, "%s", built_in.body);
    for (size_t i = 0; i < KV_COUNT(bodies); i++) {
        API_REPLY(reply, arm_ask(&dev, "PUT", ROLE "02", ROLES_VERSION, bodies[i]));
        cr_expect_eq(reply.status, 400, "%s: %s", bodies[i], reply.body);
    }
}

Test(authorization, ROLE_HAS_ASSIGNMENTS_and_stays)
{
    API_CLIENT(dev);
    API_REPLY(made, make_role(&dev, ROLE "03", "Reader of all but vaults"));
    API_REPLY(assigned,
              roles_assign(&dev, GROUP, 12, "aaaaaaaa-0000-4000-8000-000000000003", SOMEBODY));
    API_REPLY(refused, arm_ask(&dev, "DELETE", ROLE "03", ROLES_VERSION, NULL));
    API_REPLY(withdrawn, roles_withdraw(&dev, GROUP, 12));
    API_REPLY(deleted, arm_ask(&dev, "DELETE", ROLE "03", ROLES_VERSION, NULL));

    cr_expect_eq(made.status, 201, "%s", made.body);
    cr_expect_str_eq(reply_text(&made, "properties.type"), "CustomRole");
    cr_expect_str_eq(reply_text(&made, "properties.permissions.0.notActions.0"),
                     "Microsoft.KeyVault/*");
    cr_expect_eq(assigned.status, 201, "%s", assigned.body);
    arm_expect_refusal(&refused, 400, "RoleDefinitionHasAssignments",
                       "There are existing role assignments referencing role (code: "
                       "RoleDefinitionHasAssignments)");
    cr_expect_eq(withdrawn.status, 200);
    cr_expect_eq(deleted.status, 200);
    cr_expect_str_eq(deleted.body, made.body);
}

Test(authorization, shows_the_built_in_roles)
{
    API_CLIENT(dev);
    API_REPLY(all, arm_ask(&dev, "GET", "~" AUTHORIZATION "/roleDefinitions", ROLES_VERSION, NULL));
    API_REPLY(one, arm_ask(&dev, "GET",
                           "~" AUTHORIZATION "/roleDefinitions?$filter=roleName%20eq%20%27"
                           "contributor%27",
                           ROLES_VERSION, NULL));
    API_REPLY(mine, arm_ask(&dev, "GET",
                            "~" AUTHORIZATION "/roleDefinitions?$filter=type%20eq%20%27CustomRole"
                            "%27%20and%20roleName%20eq%20%27Owner%27",
                            ROLES_VERSION, NULL));

    cr_expect_str_eq(reply_text(&all, "value.19.properties.roleName"), "User Access Administrator");
    cr_expect_str_eq(reply_text(&one, "value.0.properties.roleName"), "Contributor");
    cr_expect_str_eq(reply_text(&one, "value.0.properties.permissions.0.notActions.0"),
                     "Microsoft.Authorization/*/Delete");
    cr_expect_str_eq(mine.body, "{\"value\":[]}");
}

/* The control port says what a role lets do in vaults, and leaves alone what it lets do here. */
Test(authorization, ROLE_DEFINITION_keeps_its_actions_when_the_control_port_changes_it)
{
    API_CLIENT(dev);
    API_REPLY(made, make_role(&dev, ROLE "04", "Reader by both"));
    const struct request change = {
        .method = "PUT",
        .target = "/control/v1/roles/aaaaaaaa-0000-4000-8000-000000000004",
        .body = "{\"name\":\"Reader by "
                "both\",\"data_actions\":[\"Microsoft.KeyVault/vaults/keys/read\"]}",
        .control = true,
    };
    API_REPLY(changed, client_send(&dev, &change));
    API_REPLY(got, arm_ask(&dev, "GET", ROLE "04", ROLES_VERSION, NULL));

    cr_assert_eq(made.status, 201, "%s", made.body);
    cr_assert_eq(changed.status, 200, "%s", changed.body);
    cr_expect_str_eq(reply_text(&got, "properties.permissions.0.dataActions.0"),
                     "Microsoft.KeyVault/vaults/keys/read", "%s", got.body);
    cr_expect_str_eq(reply_text(&got, "properties.permissions.0.notActions.0"),
                     "Microsoft.KeyVault/*");
    cr_expect_eq(cJSON_GetArraySize(reply_item(&got, "properties.assignableScopes")), 1);
}
