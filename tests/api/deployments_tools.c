/* SPDX-License-Identifier: Apache-2.0 */
#include "deployments_tools.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../support/command.h"
#include "kv/base/files.h"

struct daemon deployments_daemon;
char deployments_root[64];

void deployments_start(void)
{
    const char *arguments[] = { "--unknown-resources", "accept", "--template-root",
                                deployments_root, NULL };

    snprintf(deployments_root, sizeof(deployments_root), "/tmp/coffer-templates-XXXXXX");
    cr_assert_not_null(mkdtemp(deployments_root));
    api_begin(&deployments_daemon, arguments);

    DEPLOYMENTS_CLIENT;
    arm_make_group(&dev, "rg1");
}

void deployments_stop(void)
{
    char line[128];

    snprintf(line, sizeof(line), "rm -r %s", deployments_root);
    cr_expect_eq(command_run(line), 0);
    api_end(&deployments_daemon);
}

static void write_path(const char *name, const char *behind, char path[512])
{
    snprintf(path, 512, DEPLOYMENTS("rg1") "%s%s", name, behind);
}

void deployments_put(struct client *client, const char *name, const char *body)
{
    char path[512];

    write_path(name, "", path);

    API_REPLY(reply, arm_ask(client, "PUT", path, VERSION, body));
    cr_assert(reply.status == 200 || reply.status == 201, "%s: %s", name, reply.body);
}

static bool is_over(const char *state)
{
    return strcmp(state, "Succeeded") == 0 || strcmp(state, "Failed") == 0
           || strcmp(state, "Canceled") == 0;
}

struct reply deployments_await(struct client *client, const char *name)
{
    const struct timespec pause = { .tv_nsec = 10000000 };
    char path[512];

    write_path(name, "", path);
    for (;;) {
        struct reply reply = arm_ask(client, "GET", path, VERSION, NULL);

        cr_assert_eq(reply.status, 200, "%s: %s", name, reply.body);
        if (is_over(reply_text(&reply, "properties.provisioningState"))) {
            return reply;
        }
        reply_done(&reply);
        nanosleep(&pause, NULL);
    }
}

struct reply deployments_run(struct client *client, const char *name, const char *body)
{
    deployments_put(client, name, body);
    return deployments_await(client, name);
}

void deployments_succeed(struct client *client, const char *name, const char *body)
{
    API_REPLY(reply, deployments_run(client, name, body));
    cr_assert_str_eq(reply_text(&reply, "properties.provisioningState"), "Succeeded", "%s: %s",
                     name, reply.body);
}

/* What was accepted, once it is there. */
static struct reply follow(struct client *client, struct reply *accepted)
{
    const char *path = strstr(reply_header(accepted, "Location"), "/subscriptions/");
    cr_assert_not_null(path);
    struct reply reply = arm_ask(client, "GET", path, VERSION, NULL);

    reply_done(accepted);
    return reply;
}

struct reply deployments_act(struct client *client, const char *name, const char *action,
                             const char *body)
{
    char path[512], behind[64];

    snprintf(behind, sizeof(behind), "/%s", action);
    write_path(name, behind, path);

    struct reply reply = arm_ask(client, "POST", path, VERSION, body);

    return reply.status == 202 ? follow(client, &reply) : reply;
}

void deployments_read(const char *path, const char *parameters, struct kv_buf *ret_body)
{
    kv_auto(kv_buf_done) struct kv_buf text;

    kv_buf_init(&text, 65536);
    kv_buf_init(ret_body, 131072);
    cr_assert_eq(kv_file_read(path, &text, NULL), KV_OK, "%s", path);
    cr_assert_eq(kv_buf_printf(ret_body, NULL,
                               "{\"properties\":{\"template\":%s,\"parameters\":%s}}", text.data,
                               parameters),
                 KV_OK);
}

void deployments_enable_key(struct client *client, bool is_enabled)
{
    API_REPLY(reply, client_send(client, &(const struct request){
                                             .method = "PATCH",
                                             .target = "/control/v1/vaults/traits1/keys/cmk",
                                             .body = is_enabled ? "{\"enabled\":true}"
                                                                : "{\"enabled\":false}",
                                             .control = true }));
    cr_assert_eq(reply.status, 200, "%s", reply.body);
}
