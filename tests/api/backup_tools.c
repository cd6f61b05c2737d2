/* SPDX-License-Identifier: Apache-2.0 */
#include "backup_tools.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kv/base/base64.h"

char *back_up(struct client *client, const char *name)
{
    char path[256];
    char *value;

    snprintf(path, sizeof(path), "/keys/%s/backup", name);
    API_REPLY(reply, client_call(client, "POST", path, NULL));
    cr_assert_eq(reply.status, 200, "backup %s: %ld %s", name, reply.status, reply.body);
    value = strdup(reply_text(&reply, "value"));
    cr_assert_not_null(value);
    return value;
}

struct reply restore(struct client *client, const char *value)
{
    size_t size = strlen(value) + 16;
    char *body = malloc(size);
    struct reply reply;

    snprintf(body, size, "{\"value\":\"%s\"}", value);
    reply = client_call(client, "POST", "/keys/restore", body);
    free(body);
    return reply;
}

void expect_status(struct client *client, const char *method, const char *path, const char *body,
                   long status)
{
    API_REPLY(reply, client_call(client, method, path, body));
    cr_assert_eq(reply.status, status, "%s %s: %ld %s", method, path, reply.status, reply.body);
}

void purge(struct client *client, const char *name)
{
    char path[256];

    snprintf(path, sizeof(path), "/keys/%s", name);
    expect_status(client, "DELETE", path, NULL, 200);
    snprintf(path, sizeof(path), "/deletedkeys/%s", name);
    expect_status(client, "DELETE", path, NULL, 204);
}

char *decode(const char *value, size_t *ret_len)
{
    char *blob = malloc(strlen(value) + 1);

    cr_assert(kv_base64url_decode(value, strlen(value), blob, ret_len));
    blob[*ret_len] = '\0';
    return blob;
}
