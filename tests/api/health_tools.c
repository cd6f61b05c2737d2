/* SPDX-License-Identifier: Apache-2.0 */
#include "health_tools.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void health_make(const struct daemon *daemon, const char *service, const char *profile,
                 const char *key, const char *more)
{
    char version[33], target[128], body[512];
    API_CLIENT_OF(daemon, dev);

    api_create_key(&dev, key, "", version);
    (void) snprintf(target, sizeof(target), "/control/v1/consumers/%s", service);
    (void) snprintf(body, sizeof(body),
                    "{\"profile\":\"%s\",\"rules\":\"none\","
                    "\"key\":\"https://dev.vault.localhost:%u/keys/%s/%s\"%s}",
                    profile, daemon->port, key, version, more);
    API_REPLY(
        reply,
        client_send(&dev, &(const struct request){
                              .method = "PUT", .target = target, .body = body, .control = true }));
    cr_assert_eq(reply.status, 200, "%s", reply.body);
    cr_assert_str_eq(reply_text(&reply, "state"), "encrypted", "%s", reply.body);
}

static const char *choose_audience(const struct front_ask *ask, char *text, size_t size)
{
    if (ask->audience != NULL) {
        return ask->audience;
    }
    if (strcmp(ask->profile, "dicom") == 0) {
        return "https://dicom.healthcareapis.azure.com";
    }
    (void) snprintf(text, size, "https://%s.fhir.azurehealthcareapis.com", ask->service);
    return text;
}

struct reply health_ask(struct client *client, const struct front_ask *ask)
{
    char host[128], audience[160], authorization[8192] = "";
    const char *wanted = choose_audience(ask, audience, sizeof(audience));
    char *token = *wanted != '\0' ? client_fetch_token(client->daemon, wanted) : NULL;

    (void) snprintf(host, sizeof(host), "%s.%s.localhost", ask->service, ask->profile);
    (void) snprintf(authorization, sizeof(authorization), "Authorization: Bearer %s",
                    token != NULL ? token : "");
    const struct request request = {
        .method = ask->method,
        .target = ask->target,
        .body = ask->body,
        .body_len = ask->len,
        .content_type = ask->type,
        .headers = { token != NULL ? authorization : ask->header,
                     token != NULL ? ask->header : NULL },
        .without_token = true,
        .host = host,
    };
    struct reply reply = client_send(client, &request);
    free(token);
    return reply;
}

void health_await(const struct daemon *daemon, const char *service, const char *state)
{
    char target[160];
    API_CLIENT_OF(daemon, dev);

    (void) snprintf(target, sizeof(target), "/control/v1/consumers/%s/wait?state=%s&timeout=30",
                    service, state);
    API_REPLY(reply, client_send(&dev, &(const struct request){
                                           .method = "GET", .target = target, .control = true }));
    cr_assert_str_eq(reply_text(&reply, "state"), state, "%s", reply.body);
}

void health_expect_outcome(const struct reply *reply, long status, const char *issue,
                           const char *said)
{
    cr_expect_eq(reply->status, status, "%ld %s", reply->status, reply->body);
    cr_expect_str_eq(reply_header(reply, "Content-Type"), FHIR_JSON "; charset=utf-8");
    cr_expect_str_eq(reply_text(reply, "resourceType"), "OperationOutcome", "%s", reply->body);
    cr_expect_str_eq(reply_text(reply, "issue.0.severity"), "error");
    cr_expect_str_eq(reply_text(reply, "issue.0.code"), issue, "%s", reply->body);
    cr_expect_not_null(strstr(reply_text(reply, "issue.0.diagnostics"), said), "%s", reply->body);
}
