/* SPDX-License-Identifier: Apache-2.0 */
#include "access_tools.h"

#include <stdio.h>
#include <string.h>

struct reply access_ask(const struct daemon *daemon, const char *method, const char *behind,
                        const char *body)
{
    API_CLIENT_OF(daemon, dev);
    return client_ask_vaults(&dev, method, behind, body);
}

void access_do(const struct daemon *daemon, const char *method, const char *behind,
               const char *body, long status)
{
    API_REPLY(reply, access_ask(daemon, method, behind, body));
    cr_assert_eq(reply.status, status, "%s %s: %ld %s", method, behind, reply.status, reply.body);
}

void access_make_vault(const struct daemon *daemon, const char *name, const char *body)
{
    char behind[64];

    (void) snprintf(behind, sizeof(behind), "/%s", name);
    access_do(daemon, "PUT", behind, body, 201);
}

void access_read_caller(const struct daemon *daemon, struct caller *caller)
{
    const struct request request = {
        .method = "GET",
        .target = "/control/v1/identity",
        .control = true,
    };
    API_CLIENT_OF(daemon, dev);
    API_REPLY(reply, client_send(&dev, &request));
    const char *resource = reply_text(&reply, "resource_id");

    cr_assert_eq(reply.status, 200, "%s", reply.body);
    (void) snprintf(caller->object_id, sizeof(caller->object_id), "%s",
                    reply_text(&reply, "object_id"));
    (void) snprintf(caller->text, sizeof(caller->text),
                    "appid=%s;oid=%s;iss=https://sts.windows.net/" TENANT "/",
                    reply_text(&reply, "client_id"), caller->object_id);
    (void) snprintf(caller->subscription, sizeof(caller->subscription), "%.36s",
                    resource + strlen("/subscriptions/"));
}

const char *access_grant(const struct daemon *daemon, const char *vault, const char *role,
                         const char *more)
{
    static char name[64];
    char behind[64], body[512];

    (void) snprintf(behind, sizeof(behind), "/%s/assignments", vault);
    (void) snprintf(body, sizeof(body), "{\"identity\":\"\",\"role\":\"%s\"%s}", role, more);
    API_REPLY(reply, access_ask(daemon, "POST", behind, body));
    cr_assert_eq(reply.status, 201, "%s: %ld %s", body, reply.status, reply.body);
    (void) snprintf(name, sizeof(name), "%s", reply_text(&reply, "name"));
    return name;
}

void access_revoke(const struct daemon *daemon, const char *vault, const char *name)
{
    char behind[128];

    (void) snprintf(behind, sizeof(behind), "/%s/assignments/%s", vault, name);
    access_do(daemon, "DELETE", behind, NULL, 204);
}

long access_get(struct client *client, const char *vault, bool is_hsm, const char *key)
{
    char path[160];

    (void) snprintf(path, sizeof(path), "/keys/%s", key);
    API_REPLY(reply, client_call_vault(client, vault, is_hsm, "GET", path, NULL));
    cr_assert(reply.status == 404 || reply.status == 403, "%s: %s", path, reply.body);
    return reply.status;
}

const char *access_rbac_text(const struct caller *caller, const char *vault, const char *action,
                             const char *key)
{
    static char text[1024];

    (void) snprintf(text, sizeof(text),
                    "Caller is not authorized to perform action on resource.\r\n"
                    "If role assignments, deny assignments or role definitions were changed "
                    "recently, please observe propagation time.\r\n"
                    "Caller: %s\r\n"
                    "Action: 'Microsoft.KeyVault/vaults/%s'\r\n"
                    "Resource: '/subscriptions/%s/resourcegroups/coffer/providers/"
                    "microsoft.keyvault/vaults/%s%s%s'\r\n"
                    "Assignment: (not found)\r\n"
                    "DenyAssignmentId: null\r\n"
                    "DecisionReason: 'DeniedWithNoValidRBAC' \r\n"
                    "Vault: %s;location=eastus\r\n",
                    caller->text, action, caller->subscription, vault, key != NULL ? "/keys/" : "",
                    key != NULL ? key : "", vault);
    return text;
}
