/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rotation.h - what the tests of rotation.c and rotation_policy.c share: bodies of policies, and a
 * daemon of the test's own, whose clock it may set.
 */
#pragma once

#include <stdio.h>
#include <string.h>

#include "../support/api.h"

#define NOW 1669071668 /* 2022-11-21, of the recorded sequence of contract §17 */
#define DEFAULT_POLICY                                                                             \
    "{\"lifetimeActions\":[{\"trigger\":{\"timeBeforeExpiry\":\"P30D\"},"                          \
    "\"action\":{\"type\":\"Notify\"}}],\"attributes\":null}"
#define ROTATE_AFTER(time)                                                                         \
    "{\"trigger\":{\"timeAfterCreate\":\"" time "\"},\"action\":{\"type\":\"Rotate\"}}"
#define ROTATE_BEFORE(time)                                                                        \
    "{\"trigger\":{\"timeBeforeExpiry\":\"" time "\"},\"action\":{\"type\":\"Rotate\"}}"
#define NOTIFY(time)                                                                               \
    "{\"trigger\":{\"timeBeforeExpiry\":\"" time "\"},\"action\":{\"type\":\"Notify\"}}"
#define ACTIONS(actions) "{\"lifetimeActions\":[" actions "]}"
#define NOT_FOUND(name)                                                                            \
    "A key with (name/id) " name " was not found in this key vault. If you recently deleted this " \
    "key you may be able to recover it using the correct recovery command. For help resolving "    \
    "this issue, please see https://go.microsoft.com/fwlink/?linkid=2125182"

static struct daemon own;

static inline void start(void)
{
    static const char *const arguments[] = { "--vault", "dev", "--symmetric-keys", "premium",
                                             NULL };

    daemon_prepare(&own);
    cr_assert(daemon_start(&own, arguments));
}

static inline void stop(void)
{
    cr_assert(daemon_stop(&own));
    daemon_discard(&own);
}

static inline void freeze_at(long seconds)
{
    char order[64];

    snprintf(order, sizeof(order), "{\"set\":%ld,\"frozen\":true}", seconds);
    api_set_clock(&own, order);
}

static inline void expect_body(struct client *client, const char *method, const char *path,
                               const char *body, const char *expected)
{
    API_REPLY(reply, client_call(client, method, path, body));

    cr_expect_eq(reply.status, 200, "%s %s: %ld", method, path, reply.status);
    cr_expect_str_eq(reply.body, expected, "%s %s %s", method, path, body != NULL ? body : "");
}

static inline void put_policy(struct client *client, const char *path, const char *body)
{
    API_REPLY(reply, client_call(client, "PUT", path, body));

    cr_assert_eq(reply.status, 200, "%s %s: %ld %s", path, body, reply.status, reply.body);
}

/* What PUT answers and GET shows, around the actions and attributes given. */
static inline void expect_policy(struct client *client, const char *name, const char *body,
                                 const char *actions, const char *attributes)
{
    char path[64];
    char expected[1024];

    snprintf(path, sizeof(path), "/keys/%s/rotationpolicy", name);
    snprintf(expected, sizeof(expected),
             "{\"id\":\"https://%s:%u/keys/%s/rotationpolicy\",\"lifetimeActions\":[%s],"
             "\"attributes\":{%s}}",
             client->host, own.port, name, actions, attributes);
    expect_body(client, "PUT", path, body, expected);
    expect_body(client, "GET", path, NULL, expected);
}
