/* SPDX-License-Identifier: Apache-2.0 */
/* Graph, as far as those ask it who assign roles. */
#include "../support/api.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

TestSuite(graph, .timeout = 120);

#define GRAPH "https://graph.microsoft.com"
#define SOMEBODY "01ea9a65-813e-4238-8204-bf7328d63fc6"

static struct reply ask(struct client *client, const char *resource, const char *method,
                        const char *target, const char *body)
{
    char *token = client_fetch_token(client->daemon, resource);
    char authorization[8192 + 32];

    cr_assert_not_null(token);
    snprintf(authorization, sizeof(authorization), "Authorization: Bearer %s", token);
    free(token);
    return client_send(client, &(const struct request){ .method = method,
                                                        .target = target,
                                                        .body = body,
                                                        .host = "graph.localhost",
                                                        .headers = { authorization },
                                                        .without_token = true });
}

static struct reply get(struct client *client, const char *target)
{
    return ask(client, GRAPH, "GET", target, NULL);
}

static void register_one(struct client *client, const char *name, const char *type)
{
    char target[256], body[256];

    snprintf(target, sizeof(target), "/control/v1/identities/%s", name);
    snprintf(body, sizeof(body), "{\"type\":\"%s\"}", type);
    API_REPLY(reply, client_send(client, &(const struct request){ .method = "PUT",
                                                                  .target = target,
                                                                  .body = body,
                                                                  .control = true,
                                                                  .without_token = true }));
    cr_assert(reply.status == 200 || reply.status == 201, "%s: %s", name, reply.body);
}

static void expect_refusal(const struct reply *reply, long status, const char *code,
                           const char *message)
{
    cr_expect_eq(reply->status, status, "%ld: %s", reply->status, reply->body);
    cr_expect_str_eq(reply_text(reply, "error.code"), code);
    cr_expect_str_eq(reply_text(reply, "error.message"), message);
    cr_expect_neq(*reply_text(reply, "error.innerError.request-id"), '\0', "%s", reply->body);
}

Test(graph, asks_for_a_token_of_its_own)
{
    API_CLIENT(dev);
    API_REPLY(none, client_send(&dev, &(const struct request){ .method = "GET",
                                                               .target = "/v1.0/users",
                                                               .host = "graph.microsoft.com",
                                                               .without_token = true }));
    API_REPLY(other, ask(&dev, "https://vault.azure.net", "GET", "/v1.0/users", NULL));

    expect_refusal(&none, 401, "InvalidAuthenticationToken", "Access token is empty.");
    expect_refusal(&other, 401, "InvalidAuthenticationToken",
                   "Access token validation failure. Invalid audience.");
}

Test(graph, GRAPH_BAD_REQUEST_of_what_it_does_not_understand)
{
    static const struct {
        const char *method, *target, *body;
    } rows[] = {
        { "GET", "/v1.0/me", NULL },
        { "GET", "/v1.0/sites", NULL },
        { "GET", "/v1.0/users?$filter=age%20gt%207", NULL },
        { "GET", "/v1.0/users?$filter=id%20eq%20%27", NULL },
        { "GET", "/v1.0/users?$top=many", NULL },
        { "POST", "/v1.0/directoryObjects/getByIds", "{" },
        { "POST", "/v1.0/directoryObjects/getByIds", "{\"ids\":7}" },
        { "POST", "/v1.0/directoryObjects/getByIds", "{\"ids\":[7]}" },
        { "POST", "/v1.0/directoryObjects/getByIds", "{\"ids\":[],\"types\":{}}" },
    };
    API_CLIENT(dev);

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        API_REPLY(reply, ask(&dev, GRAPH, rows[i].method, rows[i].target, rows[i].body));
        cr_expect_eq(reply.status, 400, "%s: %s", rows[i].target, reply.body);
        cr_expect_str_eq(reply_text(&reply, "error.code"), "Request_BadRequest");
    }
}

Test(graph, GRAPH_NOT_FOUND_of_nobody)
{
    API_CLIENT(dev);
    API_REPLY(reply, get(&dev, "/v1.0/users/nobody@coffer.localhost"));
    API_REPLY(group, get(&dev, "/v1.0/groups/" SOMEBODY));

    expect_refusal(&reply, 404, "Request_ResourceNotFound",
                   "Resource 'nobody@coffer.localhost' does not exist or one of its queried "
                   "reference-property objects are not present.");
    cr_expect_eq(group.status, 404, "%s", group.body);
}

Test(graph, GRAPH_DENIED_of_changes)
{
    API_CLIENT(dev);
    API_REPLY(reply, ask(&dev, GRAPH, "POST", "/v1.0/users", "{}"));

    expect_refusal(
        &reply, 403, "Authorization_RequestDenied",
        "POST is not possible here: coffer's Graph only shows the directory. Principals are "
        "made with 'coffer identity create'.");
}

Test(graph, finds_whom_an_assignee_names)
{
    char target[512];
    API_CLIENT(dev);

    register_one(&dev, "graph-app", "application");
    register_one(&dev, "graph-user", "user");
    API_REPLY(by_name, get(&dev, "/v1.0/servicePrincipals?$filter=displayName%20eq%20%27graph-app"
                                 "%27"));
    const char *app_id = reply_text(&by_name, "value.0.appId");

    cr_assert_neq(*app_id, '\0', "%s", by_name.body);
    snprintf(target, sizeof(target),
             "/v1.0/servicePrincipals?$filter=servicePrincipalNames/any(c:c%%20eq%%20%%27%s%%27)",
             app_id);
    API_REPLY(by_id, get(&dev, target));
    API_REPLY(user, get(&dev, "/v1.0/users?$filter=userPrincipalName%20eq%20%27"
                              "graph-user@coffer.localhost%27"));
    snprintf(target, sizeof(target), "/v1.0/applications?$filter=appId%%20eq%%20%%27%s%%27",
             app_id);
    API_REPLY(app, get(&dev, target));

    cr_expect_str_eq(reply_text(&by_id, "value.0.id"), reply_text(&by_name, "value.0.id"));
    cr_expect_str_eq(reply_text(&by_id, "value.0.servicePrincipalType"), "Application");
    cr_expect_str_eq(reply_text(&user, "value.0.displayName"), "graph-user", "%s", user.body);
    cr_expect_str_eq(reply_text(&app, "value.0.displayName"), "graph-app", "%s", app.body);
    snprintf(target, sizeof(target), "/v1.0/applications/%s", reply_text(&app, "value.0.id"));
    API_REPLY(one, get(&dev, target));
    cr_expect_str_eq(reply_text(&one, "appId"), app_id, "%s", one.body);
}

Test(graph, names_those_of_several_ids)
{
    char body[512], target[256];
    API_CLIENT(dev);

    register_one(&dev, "graph-group", "group");
    API_REPLY(groups, get(&dev, "/v1.0/groups?$filter=startswith(displayName,%27graph-%27)"));
    const char *group = reply_text(&groups, "value.0.id");

    snprintf(body, sizeof(body),
             "{\"ids\":[\"%s\",\"" SOMEBODY "\"],\"types\":[\"group\",\"user\"]}", group);
    API_REPLY(some, ask(&dev, GRAPH, "POST", "/v1.0/directoryObjects/getByIds", body));
    snprintf(body, sizeof(body), "{\"ids\":[\"%s\",\"" SOMEBODY "\"]}", group);
    API_REPLY(all, ask(&dev, GRAPH, "POST", "/v1.0/directoryObjects/getByIds", body));
    snprintf(target, sizeof(target), "/v1.0/groups/%s/members", group);
    API_REPLY(members, get(&dev, target));

    cr_expect_not_null(strstr(some.body, "\"@odata.type\":\"#microsoft.graph.group\""), "%s",
                       some.body);
    cr_expect_null(strstr(some.body, SOMEBODY), "%s", some.body);
    cr_expect_not_null(strstr(all.body, SOMEBODY), "%s", all.body);
    cr_expect_not_null(strstr(members.body, "\"value\":[]"), "%s", members.body);
}

Test(graph, GRAPH_BAD_REQUEST_is_a_url_that_cannot_be_read)
{
    static const char *const bad[] = { "/v1.0/users/%00", "/v1.0/users/%2", "/v1.0/users?x=%zz" };
    API_CLIENT(dev);

    for (size_t i = 0; i < KV_COUNT(bad); i++) {
        API_REPLY(reply, get(&dev, bad[i]));
        expect_refusal(&reply, 400, "Request_BadRequest", "The URL of the request is not valid.");
    }
}
