/* SPDX-License-Identifier: Apache-2.0 */
#include "journal_tools.h"

#include <stdio.h>

struct reply journal_ask(const struct daemon *daemon, const char *method, const char *behind,
                         const char *body)
{
    char target[2048];
    const struct request request = {
        .method = method,
        .target = target,
        .body = body,
        .control = true,
    };
    API_CLIENT_OF(daemon, dev);

    (void) snprintf(target, sizeof(target), "/control/v1/requests%s", behind);
    return client_send(&dev, &request);
}

struct reply journal_post(const char *behind, const char *body)
{
    struct reply reply = journal_ask(api_daemon(), "POST", behind, body);

    cr_assert_eq(reply.status, 200, "%s: %ld %s", body, reply.status, reply.body);
    return reply;
}

struct reply journal_find(const char *query, int count)
{
    char behind[1024];

    (void) snprintf(behind, sizeof(behind), "?%s", query);
    struct reply reply = journal_ask(api_daemon(), "GET", behind, NULL);
    cr_assert_eq(reply.status, 200, "%s: %s", query, reply.body);
    int found = cJSON_GetArraySize(reply_item(&reply, "requests"));
    cr_assert_eq(found, count, "%s: %d of %d: %s", query, found, count, reply.body);
    return reply;
}

const cJSON *journal_entry(const struct reply *reply, int index)
{
    return cJSON_GetArrayItem(reply_item(reply, "requests"), index);
}

const char *journal_text(const cJSON *object, const char *name)
{
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));

    return text != NULL ? text : "";
}
