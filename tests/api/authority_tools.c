/* SPDX-License-Identifier: Apache-2.0 */
#include "authority_tools.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct reply authority_ask(struct client *client, const char *host, const char *method,
                           const char *target, const char *body)
{
    return client_send(client, &(struct request){
                                   .method = method,
                                   .target = target,
                                   .body = body,
                                   .content_type = "",
                                   .headers = { body != NULL ? FORM : NULL },
                                   .host = host,
                                   .without_token = true,
                               });
}

struct reply authority_post(struct client *client, const char *tenant, const char *form)
{
    char target[256];

    snprintf(target, sizeof(target), "/%s/oauth2/v2.0/token", tenant);
    return authority_ask(client, "login.localhost", "POST", target, form);
}

struct reply authority_control(struct client *client, const char *method, const char *target,
                               const char *body)
{
    return client_send(client, &(struct request){ .method = method,
                                                  .target = target,
                                                  .body = body,
                                                  .content_type = "application/json",
                                                  .control = true });
}

void authority_take_token(struct client *client, const struct reply *reply)
{
    cr_assert_eq(reply->status, 200, "%ld %s", reply->status, reply->body);
    free(client->token);
    client->token = strdup(reply_text(reply, "access_token"));
}

void authority_expect_let_in(struct client *client)
{
    API_REPLY(reply, client_call(client, "GET", "/keys/nothing-here", NULL));

    cr_expect_eq(reply.status, 404, "%ld %s", reply.status, reply.body);
}
