/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vault_tools.h - asks the control port about vaults, for vaults.c and vaults_reset.c.
 */
#pragma once

#include "../support/api.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static inline struct reply ask(const struct daemon *daemon, const char *method, const char *name,
                               const char *body)
{
    char behind[96];
    struct client client;

    client_open(&client, daemon, "dev");
    (void) snprintf(behind, sizeof(behind), "%s%s", *name != '\0' ? "/" : "", name);
    struct reply reply = client_ask_vaults(
        &client, method, behind, strcmp(method, "POST") == 0 && body == NULL ? "{}" : body);
    client_close(&client);
    return reply;
}

static inline void expect(const struct daemon *daemon, const char *method, const char *name,
                          const char *body, long status)
{
    API_REPLY(reply, ask(daemon, method, name, body));
    cr_expect_eq(reply.status, status, "%s %s: %ld %s", method, name, reply.status, reply.body);
}

static inline void expect_error(struct client *client, const char *method, const char *path,
                                long status, const char *code)
{
    API_REPLY(reply, client_call(client, method, path, NULL));
    cr_expect_eq(reply.status, status, "%s %s: %ld %s", method, path, reply.status, reply.body);
    cr_expect_str_eq(reply_text(&reply, "error.code"), code);
}

static inline void wait_for_metric(const struct daemon *daemon, const char *name, long value)
{
    for (unsigned i = 0; i < 600 && api_metric(daemon, name) != value; i++) {
        usleep(50000);
    }
    cr_expect_eq(api_metric(daemon, name), value, "%s", name);
}
