/* SPDX-License-Identifier: Apache-2.0 */
#include "release_tools.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kv/base64.h"

struct reply release_ask_authority(struct client *client, const char *target)
{
    return client_send(client, &(struct request){
                                   .method = "GET",
                                   .target = target,
                                   .control = true,
                               });
}

void release_make_policy(struct client *client, const char *condition, char ret_data[1024])
{
    char json[768];
    API_REPLY(about, release_ask_authority(client, "/.well-known/openid-configuration"));

    cr_assert_eq(about.status, 200, "%s", about.body);
    snprintf(json, sizeof(json),
             "{\"version\":\"1.0.0\", \"anyOf\":[{\"authority\":\"%s\",\"allOf\":[%s]}]}",
             reply_text(&about, "issuer"), condition);
    kv_base64url_encode(json, strlen(json), ret_data);
}

struct reply release_create(struct client *client, const char *name, const char *kty,
                            const char *data)
{
    char path[128];
    char body[2048];

    snprintf(path, sizeof(path), "/keys/%s/create", name);
    snprintf(body, sizeof(body),
             "{\"kty\":\"%s\"," EXPORTABLE ",\"release_policy\":{\"data\":\"%s\"}}", kty, data);
    return client_call(client, "POST", path, body);
}

struct reply release_send(struct client *client, const char *name, const char *token,
                          const char *enc)
{
    char path[128];
    char *body = malloc(strlen(token) + 256);
    struct reply reply;

    snprintf(path, sizeof(path), "/keys/%s/release", name);
    snprintf(body, strlen(token) + 256, "{\"target\":\"%s\",\"nonce\":\"n-1\",\"enc\":\"%s\"}",
             token, enc);
    reply = client_call(client, "POST", path, body);
    free(body);
    return reply;
}
