/* SPDX-License-Identifier: Apache-2.0 */
#include "authorization_tools.h"

#include <stdio.h>

struct reply roles_assign_as(struct client *client, const char *caller, const char *scope,
                             unsigned number, const char *role, const char *principal)
{
    char path[512], body[512];

    snprintf(path, sizeof(path),
             "%s" AUTHORIZATION "/roleAssignments/00000000-1111-4000-8000-%012u", scope, number);
    snprintf(
        body, sizeof(body),
        "{\"properties\":{\"roleDefinitionId\":\"/subscriptions/x/resourceGroups/y" AUTHORIZATION
        "/roleDefinitions/%s\",\"principalId\":\"%s\"}}",
        role, principal);
    return caller == NULL ? arm_ask(client, "PUT", path, ROLES_VERSION, body)
                          : arm_ask_as(client, caller, "PUT", path, ROLES_VERSION, body);
}

struct reply roles_assign(struct client *client, const char *scope, unsigned number,
                          const char *role, const char *principal)
{
    return roles_assign_as(client, NULL, scope, number, role, principal);
}

struct reply roles_withdraw(struct client *client, const char *scope, unsigned number)
{
    char path[512];

    snprintf(path, sizeof(path),
             "%s" AUTHORIZATION "/roleAssignments/00000000-1111-4000-8000-%012u", scope, number);
    return arm_ask(client, "DELETE", path, ROLES_VERSION, NULL);
}

void roles_find_object(const struct daemon *daemon, const char *name, char ret_id[64])
{
    struct client client;
    char target[256];

    client_open(&client, daemon, "dev");
    snprintf(target, sizeof(target), "/control/v1/identities/%s", name);
    API_REPLY(reply, client_send(&client, &(const struct request){ .method = "GET",
                                                                   .target = target,
                                                                   .control = true,
                                                                   .without_token = true }));
    snprintf(ret_id, 64, "%s", reply_text(&reply, "object_id"));
    client_close(&client);
    cr_assert_neq(*ret_id, '\0', "%s", reply.body);
}
