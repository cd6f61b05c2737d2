/* SPDX-License-Identifier: Apache-2.0 */
#include "deployments_tools.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

struct daemon deployments_daemon;

void deployments_start(void)
{
    static char root[300];
    const char *arguments[] = { "--unknown-resources", "accept", "--template-root", root, NULL };

    snprintf(root, sizeof(root), "/tmp/coffer-templates-%d", (int) getpid());
    cr_assert_eq(mkdir(root, 0700), 0);
    api_begin(&deployments_daemon, arguments);

    DEPLOYMENTS_CLIENT;
    arm_make_group(&dev, "rg1");
}

void deployments_stop(void)
{
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

struct reply deployments_act(struct client *client, const char *name, const char *action,
                             const char *body)
{
    char path[512], behind[64];

    snprintf(behind, sizeof(behind), "/%s", action);
    write_path(name, behind, path);
    return arm_ask(client, "POST", path, VERSION, body);
}
