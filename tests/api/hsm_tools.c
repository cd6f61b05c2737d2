/* SPDX-License-Identifier: Apache-2.0 */
#include "hsm_tools.h"

#include <stdio.h>

#define FAULTS "/control/v1/hsm/faults"

struct daemon hsm_daemon;

void hsm_start(void)
{
    daemon_prepare(&hsm_daemon);
    cr_assert(daemon_start(&hsm_daemon, NULL));
}

void hsm_stop(void)
{
    cr_assert(daemon_stop(&hsm_daemon));
    daemon_discard(&hsm_daemon);
}

struct reply hsm_ask(struct client *client, const char *method, const char *below, const char *body)
{
    char target[256];
    const struct request request = {
        .method = method, .target = target, .body = body, .control = true
    };

    snprintf(target, sizeof(target), FAULTS "%s", below);
    return client_send(client, &request);
}

void hsm_add(struct client *client, const char *body)
{
    API_REPLY(reply, hsm_ask(client, "POST", "", body));
    cr_assert_eq(reply.status, 201, "%s: %s", body, reply.body);
}

void hsm_clear(struct client *client)
{
    API_REPLY(reply, hsm_ask(client, "DELETE", "", NULL));
    cr_assert_eq(reply.status, 204, "%s", reply.body);
}

void hsm_make_key(struct client *client, const char *name)
{
    char path[128];

    snprintf(path, sizeof(path), "/keys/%s/create", name);
    API_REPLY(reply, client_call(client, "POST", path, "{\"kty\":\"EC\",\"crv\":\"P-256\"}"));
    cr_assert_eq(reply.status, 200, "%s", reply.body);
}

struct reply hsm_sign_with(struct client *client, const char *name)
{
    char path[128];

    snprintf(path, sizeof(path), "/keys/%s//sign", name);
    return client_call(client, "POST", path, HSM_SIGN);
}

void hsm_expect_sign(struct client *client, const char *name, long status, const char *when)
{
    API_REPLY(reply, hsm_sign_with(client, name));
    cr_expect_eq(reply.status, status, "%s: %s", when, reply.body);
}

void hsm_expect_state(struct client *client, const char *state, const char *place)
{
    const struct request request = { .method = "GET",
                                     .target = "/control/v1/hsm",
                                     .control = true };
    API_REPLY(reply, client_send(client, &request));

    cr_expect_str_eq(reply_text(&reply, "state"), state);
    cr_expect_str_eq(reply_text(&reply, "place"), place);
}
