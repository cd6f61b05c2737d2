/* SPDX-License-Identifier: Apache-2.0 */
/* What assignments let do: through the resource manager, and at a vault (control-plane.md §2.3, §2.4). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "access_tools.h"
#include "authorization_tools.h"

TestSuite(authorized, .timeout = 120);

Test(authorized, AUTHORIZATION_FAILED_of_whoever_was_given_nothing)
{
    char id[64], expected[1024];
    API_CLIENT(dev);

    roles_find_object(dev.daemon, "nobody-yet", id);
    API_REPLY(reply, roles_assign_as(&dev, "nobody-yet", GROUP, 13, OWNER, id));
    snprintf(expected, sizeof(expected),
             "with object id '%s' does not have authorization to perform action "
             "'Microsoft.Authorization/roleAssignments/write' over scope "
             "'%s/resourceGroups/coffer" AUTHORIZATION
             "/roleAssignments/00000000-1111-4000-8000-000000000013' or the scope is "
             "invalid. If access was recently granted, please refresh your credentials.",
             id, arm_subscription_id);
    cr_expect_eq(reply.status, 403);
    cr_expect_str_eq(reply_text(&reply, "error.code"), "AuthorizationFailed");
    cr_expect_not_null(strstr(reply.body, expected), "%s", reply.body);
}

Test(authorized, lets_a_reader_read_and_no_more)
{
    char id[64];
    API_CLIENT(dev);

    roles_find_object(dev.daemon, "reader", id);
    arm_make_group(&dev, "rg-read");
    API_REPLY(made, roles_assign(&dev, "~/resourceGroups/rg-read", 14, READER, id));
    API_REPLY(group, arm_ask_as(&dev, "reader", "GET", "~/resourceGroups/rg-read", ARM_TEST_VERSION,
                                NULL));
    API_REPLY(other, arm_ask_as(&dev, "reader", "GET", GROUP, ARM_TEST_VERSION, NULL));
    API_REPLY(writes, arm_ask_as(&dev, "reader", "PUT", "~/resourceGroups/rg-read",
                                 ARM_TEST_VERSION, "{\"location\":\"eastus\"}"));
    API_REPLY(may, arm_ask_as(&dev, "reader", "GET",
                              "~/resourceGroups/rg-read" AUTHORIZATION "/permissions",
                              ROLES_VERSION, NULL));

    cr_expect_eq(made.status, 201, "%s", made.body);
    cr_expect_eq(group.status, 200, "%s", group.body);
    cr_expect_eq(other.status, 403, "%s", other.body);
    cr_expect_eq(writes.status, 403, "%s", writes.body);
    cr_expect_str_eq(may.body, "{\"value\":[{\"actions\":[\"*/read\"],\"notActions\":[],"
                               "\"dataActions\":[],\"notDataActions\":[]}]}");

    API_REPLY(gone, roles_withdraw(&dev, "~/resourceGroups/rg-read", 14));
    API_REPLY(after, arm_ask_as(&dev, "reader", "GET", "~/resourceGroups/rg-read", ARM_TEST_VERSION,
                                NULL));
    cr_expect_eq(gone.status, 200);
    cr_expect_eq(after.status, 403, "the next request knows: %s", after.body);
}

Test(authorized, by_a_condition_restricts_which_roles_somebody_assigns)
{
    char id[64];
    API_CLIENT(dev);

    roles_find_object(dev.daemon, "granter", id);
    API_REPLY(made, roles_assign(&dev, GROUP, 15, DATA_ACCESS_ADMINISTRATOR, id));
    API_REPLY(officer, roles_assign_as(&dev, "granter", GROUP, 16, OFFICER, id));
    API_REPLY(owner, roles_assign_as(&dev, "granter", GROUP, 17, OWNER, id));

    cr_expect_eq(made.status, 201, "%s", made.body);
    cr_expect_eq(officer.status, 201, "%s", officer.body);
    cr_expect_eq(owner.status, 403, "%s", owner.body);
}

Test(authorized, by_a_condition_of_the_assignment_restricts_the_same)
{
    static const char *const path =
        GROUP AUTHORIZATION "/roleAssignments/00000000-1111-4000-8000-000000000018";
    char id[64], body[1024];
    API_CLIENT(dev);

    roles_find_object(dev.daemon, "delegate", id);
    snprintf(body, sizeof(body),
             "{\"properties\":{\"roleDefinitionId\":\"" ACCESS_ADMINISTRATOR
             "\",\"principalId\":\"%s\",\"conditionVersion\":\"2.0\",\"condition\":"
             "\"((!(ActionMatches{'Microsoft.Authorization/roleAssignments/write'})) OR "
             "(@Request[Microsoft.Authorization/roleAssignments:RoleDefinitionId] "
             "ForAnyOfAllValues:GuidNotEquals {" OWNER "}))\"}}",
             id);
    API_REPLY(made, arm_ask(&dev, "PUT", path, ROLES_VERSION, body));
    API_REPLY(reader, roles_assign_as(&dev, "delegate", GROUP, 19, READER, id));
    API_REPLY(owner, roles_assign_as(&dev, "delegate", GROUP, 20, OWNER, id));

    cr_expect_eq(made.status, 201, "%s", made.body);
    cr_expect_eq(reader.status, 201, "%s", reader.body);
    cr_expect_eq(owner.status, 403, "%s", owner.body);
}

/* KV_OPTION_RESOURCE_MANAGER_ACCESS */
Test(authorized, is_everybodys_where_the_resource_manager_is_open)
{
    static const char *const arguments[] = { "--resource-manager-access", "open", NULL };
    struct daemon daemon;

    api_begin(&daemon, arguments);
    {
        API_CLIENT_OF(&daemon, dev);
        API_REPLY(reply, arm_ask_as(&dev, "anybody", "GET", GROUP, ARM_TEST_VERSION, NULL));

        cr_expect_eq(reply.status, 200, "%s", reply.body);
    }
    api_end(&daemon);
}

/* KV_OPTION_DIRECTORY_DELAY */
Test(authorized, PRINCIPAL_NOT_FOUND_until_the_directory_has_heard_of_it)
{
    static const char *const arguments[] = { "--directory-delay", "30s", NULL };
    static const char identity[] =
        GROUP "/providers/Microsoft.ManagedIdentity/userAssignedIdentities/fhir";
    char expected[1024];
    struct daemon daemon;

    api_begin(&daemon, arguments);
    {
        API_CLIENT_OF(&daemon, dev);
        API_REPLY(made, arm_ask(&dev, "PUT", identity, "2023-01-31", "{\"location\":\"eastus\"}"));
        const char *id = reply_text(&made, "properties.principalId");
        API_REPLY(early, roles_assign(&dev, GROUP, 21, OFFICER, id));

        snprintf(
            expected, sizeof(expected),
            "Principal %s does not exist in the directory 72f9c4ba-21d6-4e0a-9c5e-6d1f0a8b3c57. "
            "Check that you have the correct principal ID. If you are creating this principal and "
            "then immediately assigning a role, this error might be related to a replication "
            "delay. In this case, set the role assignment principalType property to a value, such "
            "as ServicePrincipal, User, or Group.  See https://aka.ms/docs-principaltype",
            id);
        arm_expect_refusal(&early, 400, "PrincipalNotFound", expected);
        api_advance(&daemon, 31);
        API_REPLY(late, roles_assign(&dev, GROUP, 21, OFFICER, id));
        cr_expect_eq(late.status, 201, "%s", late.body);
    }
    api_end(&daemon);
}

/* --- the data plane --- */

/* In dev, through the resource manager, which needs no role at the vault. */
static void make_key(struct client *client, const char *name)
{
    char path[128];

    snprintf(path, sizeof(path),
             "~/resourceGroups/rg-keys/providers/Microsoft.KeyVault/vaults/dev/keys/%s", name);
    API_REPLY(made,
              arm_ask(client, "PUT", path, "2023-07-01", "{\"properties\":{\"kty\":\"EC\"}}"));
    cr_assert_eq(made.status, 200, "%s", made.body);
}

static long get_key(struct client *client, const char *name)
{
    char path[64];

    snprintf(path, sizeof(path), "/keys/%s", name);
    API_REPLY(reply, client_call(client, "GET", path, NULL));
    return reply.status;
}

Test(authorized, at_every_level_counts_at_the_vault_in_the_next_request)
{
    static const char *const arguments[] = { "--vault", "dev,access=rbac,group=rg-keys", "--vault",
                                             "two,access=rbac", NULL };
    static const struct {
        const char *scope;
        long reached; /* how a get of the key k of dev is answered then */
    } rows[] = {
        { "~/resourceGroups/rg-keys/providers/Microsoft.KeyVault/vaults/dev/keys/k", 200 },
        { "~/resourceGroups/rg-keys/providers/Microsoft.KeyVault/vaults/dev/keys/l", 403 },
        { "~/resourceGroups/RG-Keys/providers/microsoft.keyvault/vaults/DEV", 200 },
        { "~/resourceGroups/coffer/providers/Microsoft.KeyVault/vaults/two", 403 },
        { "~/resourceGroups/rg-keys", 200 },
        { "~/resourceGroups/coffer", 403 },
        { "~", 200 },
        { "/providers/Microsoft.Management/managementGroups/72f9c4ba-21d6-4e0a-9c5e-6d1f0a8b3c57",
          200 },
        { "", 200 },
    };
    struct daemon daemon;
    char id[64];

    api_begin(&daemon, arguments);
    {
        API_CLIENT_OF(&daemon, dev);

        arm_make_group(&dev, "rg-keys");
        make_key(&dev, "k");
        make_key(&dev, "l");
        roles_find_object(&daemon, "system-assigned", id);
        for (unsigned i = 0; i < KV_COUNT(rows); i++) {
            API_REPLY(made, roles_assign(&dev, rows[i].scope, 100 + i, OFFICER, id));
            cr_expect_eq(made.status, 201, "%s: %s", rows[i].scope, made.body);
            cr_expect_eq(get_key(&dev, "k"), rows[i].reached, "%s", rows[i].scope);
            API_REPLY(gone, roles_withdraw(&dev, rows[i].scope, 100 + i));
            cr_expect_eq(gone.status, 200, "%s: %s", rows[i].scope, gone.body);
            cr_expect_eq(get_key(&dev, "k"), 403, "%s", rows[i].scope);
        }
    }
    api_end(&daemon);
}
