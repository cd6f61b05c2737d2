/* SPDX-License-Identifier: Apache-2.0 */
#include "arm.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TARGET_SIZE 8192

/* Derived from the default tenant, like everything that coffer makes up. */
const char arm_subscription_id[] = "/subscriptions/ffecaf7c-b368-5892-b89b-b894d5612a15";

static void write_target(const char *path, const char *api_version, char target[TARGET_SIZE])
{
    bool is_short = path[0] == '~';
    int len =
        snprintf(target, TARGET_SIZE, "%s%s", is_short ? arm_subscription_id : "", path + is_short);

    cr_assert_lt(len, TARGET_SIZE - 64);
    if (api_version != NULL && strstr(path, "api-version=") == NULL) {
        snprintf(target + len, TARGET_SIZE - (size_t) len, "%sapi-version=%s",
                 strchr(path, '?') != NULL ? "&" : "?", api_version);
    }
}

static struct reply ask(struct client *client, const char *token, const char *method,
                        const char *path, const char *api_version, const char *body)
{
    char authorization[8192 + 32];
    char target[TARGET_SIZE];

    write_target(path, api_version, target);
    snprintf(authorization, sizeof(authorization), "Authorization: Bearer %s", token);
    return client_send(client, &(const struct request){ .method = method,
                                                        .target = target,
                                                        .body = body,
                                                        .headers = { authorization },
                                                        .host = "management.localhost",
                                                        .without_token = true });
}

struct reply arm_ask(struct client *client, const char *method, const char *path,
                     const char *api_version, const char *body)
{
    char *token = client_fetch_token(client->daemon, ARM_TEST_RESOURCE);
    struct reply reply;

    cr_assert_not_null(token);
    reply = ask(client, token, method, path, api_version, body);
    free(token);
    return reply;
}

struct reply arm_ask_as(struct client *client, const char *identity, const char *method,
                        const char *path, const char *api_version, const char *body)
{
    char target[1024];
    const struct request request = {
        .method = "GET", .target = target, .without_token = true, .control = true
    };

    snprintf(target, sizeof(target), "/control/v1/identities/%s/token?resource=%s", identity,
             ARM_TEST_RESOURCE);

    API_REPLY(token, client_send(client, &request));
    cr_assert_eq(token.status, 200, "%s: %s", identity, token.body);
    return ask(client, reply_text(&token, "access_token"), method, path, api_version, body);
}

void arm_expect_refusal(const struct reply *reply, long status, const char *code,
                        const char *message)
{
    cr_expect_eq(reply->status, status, "%ld: %s", reply->status, reply->body);
    cr_expect_str_eq(reply_text(reply, "error.code"), code);
    cr_expect_str_eq(reply_text(reply, "error.message"), message);
}

void arm_make_group(struct client *client, const char *name)
{
    char path[256];

    snprintf(path, sizeof(path), "~/resourceGroups/%s", name);

    API_REPLY(reply, arm_ask(client, "PUT", path, ARM_TEST_VERSION, "{\"location\":\"eastus\"}"));
    cr_assert(reply.status == 200 || reply.status == 201, "%s: %s", name, reply.body);
}
