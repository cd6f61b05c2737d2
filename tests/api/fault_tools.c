/* SPDX-License-Identifier: Apache-2.0 */
#include "fault_tools.h"

#include <stdio.h>

struct reply fault_ask(const char *method, const char *behind, const char *body)
{
    char target[256];
    const struct request request = {
        .method = method,
        .target = target,
        .body = body,
        .control = true,
    };
    API_CLIENT(dev);

    (void) snprintf(target, sizeof(target), "/control/v1/faults%s", behind);
    return client_send(&dev, &request);
}

void fault_add(const char *id, const char *rest)
{
    char body[2048];

    (void) snprintf(body, sizeof(body), "{\"id\":\"%s\",%s}", id, rest);
    API_REPLY(reply, fault_ask("POST", "", body));
    cr_assert_eq(reply.status, 201, "%s: %ld %s", body, reply.status, reply.body);
}

void fault_add_for_key(const char *id, const char *key, const char *effect)
{
    char rest[1024];

    (void) snprintf(rest, sizeof(rest), "\"match\":{\"key\":\"%s\"},\"effect\":%s", key, effect);
    fault_add(id, rest);
}

void fault_remove(const char *id)
{
    char behind[128];

    (void) snprintf(behind, sizeof(behind), "/%s", id);
    API_REPLY(reply, fault_ask("DELETE", behind, NULL));
    cr_assert_eq(reply.status, 204, "%s: %ld %s", id, reply.status, reply.body);
}

int fault_count(const char *id, const char *name)
{
    char behind[128];

    (void) snprintf(behind, sizeof(behind), "/%s", id);
    API_REPLY(reply, fault_ask("GET", behind, NULL));
    cr_assert_eq(reply.status, 200, "%s: %ld %s", id, reply.status, reply.body);
    return (int) reply_number(&reply, name);
}
