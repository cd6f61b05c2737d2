/* SPDX-License-Identifier: Apache-2.0 */
#include "identity_tools.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct reply identity_ask(const struct daemon *daemon, const char *method, const char *behind,
                          const char *body)
{
    char target[512];
    const struct request request = {
        .method = method,
        .target = target,
        .body = body != NULL || strcmp(method, "POST") != 0 ? body : "{}",
        .control = true,
    };
    API_CLIENT_OF(daemon, dev);

    (void) snprintf(target, sizeof(target), "/control/v1/identities%s", behind);
    return client_send(&dev, &request);
}

void identity_do(const struct daemon *daemon, const char *method, const char *behind,
                 const char *body, long status)
{
    API_REPLY(reply, identity_ask(daemon, method, behind, body));
    cr_assert_eq(reply.status, status, "%s %s: %ld %s", method, behind, reply.status, reply.body);
}

const char *identity_show(const struct daemon *daemon, const char *name, const char *member)
{
    static char text[512];
    char behind[256];

    (void) snprintf(behind, sizeof(behind), "/%s", name);
    API_REPLY(reply, identity_ask(daemon, "GET", behind, NULL));
    cr_assert_eq(reply.status, 200, "%s: %s", name, reply.body);
    (void) snprintf(text, sizeof(text), "%s", reply_text(&reply, member));
    return text;
}

void identity_become(struct client *client, const char *name)
{
    char behind[256];

    (void) snprintf(behind, sizeof(behind), "/%s/token?resource=https://vault.azure.net", name);
    API_REPLY(reply, identity_ask(client->daemon, "GET", behind, NULL));
    cr_assert_eq(reply.status, 200, "%s: %s", name, reply.body);
    free(client->token);
    client->token = strdup(reply_text(&reply, "access_token"));
}

struct reply identity_endpoint(const struct daemon *daemon, const char *target, const char *header)
{
    const struct request request = {
        .method = "GET",
        .target = target,
        .headers = { header },
        .without_token = true,
        .control = true,
    };
    API_CLIENT_OF(daemon, dev);

    return client_send(&dev, &request);
}
