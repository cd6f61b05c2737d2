/* SPDX-License-Identifier: Apache-2.0 */
#include "hsm_tools.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

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

static struct reply ask_state(struct client *client)
{
    const struct request request = { .method = "GET",
                                     .target = "/control/v1/hsm",
                                     .control = true };

    return client_send(client, &request);
}

/* A machine that has much to do takes its time to look at the token. */
static void await_state(struct client *client, const char *state)
{
    const struct timespec pause = { .tv_nsec = 100000000 };
    bool is_so = false;

    for (int left = 100; left > 0 && !is_so; left--) {
        API_REPLY(reply, ask_state(client));

        is_so = strcmp(reply_text(&reply, "state"), state) == 0;
        if (!is_so) {
            nanosleep(&pause, NULL);
        }
    }
}

void hsm_expect_state(struct client *client, const char *state, const char *place)
{
    await_state(client, state);
    API_REPLY(reply, ask_state(client));
    cr_expect_str_eq(reply_text(&reply, "state"), state);
    cr_expect_str_eq(reply_text(&reply, "place"), place);
}
