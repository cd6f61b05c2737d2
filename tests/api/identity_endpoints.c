/* SPDX-License-Identifier: Apache-2.0 */
/* The managed-identity endpoints of a daemon whose identities are registered. */
#include <stdio.h>
#include <string.h>

#include "identity_tools.h"
#include "kv/base/buf.h"
#include "kv/base/files.h"

TestSuite(identity_endpoints, .timeout = 120);

#define FOR "resource=https://vault.azure.net"
#define IMDS "/metadata/identity/oauth2/token"
#define SEVERAL                                                                                    \
    "Multiple user assigned identities exist, please specify the clientId / resourceId of the "    \
    "identity in the token request"

static const struct dialect {
    const char *target, *header;
} dialects[] = {
    { "/msi/token?api-version=2019-08-01&" FOR, "X-IDENTITY-HEADER: x" },
    { "/msi/token/?api-version=2017-09-01&" FOR, "secret: x" },
    { IMDS "?api-version=2018-02-01&" FOR, "Metadata: true" },
};

static struct reply ask(const struct daemon *daemon, const struct dialect *dialect,
                        const char *selector)
{
    char target[512];

    (void) snprintf(target, sizeof(target), "%s%s", dialect->target, selector);
    return identity_endpoint(daemon, target, dialect->header);
}

/* A whole body, but for its id. */
static void expect_body_of_app_service(const struct reply *reply, const char *said)
{
    char expected[512];

    (void) snprintf(expected, sizeof(expected),
                    "{\"statusCode\":%ld,\"message\":\"%s\",\"correlationId\":\"%s\"}",
                    reply->status, said, reply_text(reply, "correlationId"));
    cr_expect_str_eq(reply->body, expected);
    cr_expect_eq(strlen(reply_text(reply, "correlationId")), 36, "%s", reply->body);
}

/* App Service says `said_there`, IMDS `said`. */
static void expect_refusal(const struct daemon *daemon, const char *selector,
                           const char *said_there, const char *said)
{
    for (size_t i = 0; i < KV_COUNT(dialects); i++) {
        API_REPLY(reply, ask(daemon, &dialects[i], selector));
        cr_expect_eq(reply.status, 400, "%zu %s: %s", i, selector, reply.body);
        if (strncmp(dialects[i].target, "/msi", strlen("/msi")) == 0) {
            expect_body_of_app_service(&reply, said_there);
            continue;
        }
        cr_expect_str_eq(reply_text(&reply, "error"), "invalid_request");
        cr_expect_str_eq(reply_text(&reply, "error_description"), said);
    }
}

static void expect_unknown(const struct daemon *daemon, const char *selector)
{
    bool is_named = *selector != '\0';

    expect_refusal(daemon, selector,
                   is_named ? "No User Assigned or Delegated Managed Identity found for specified "
                              "ClientId/ResourceId/PrincipalId."
                            : "No Managed Identity found for specified "
                              "ClientId/ResourceId/PrincipalId.",
                   "Identity not found");
}

static void expect_token(const struct daemon *daemon, const char *selector, const char *client_id)
{
    for (size_t i = 0; i < KV_COUNT(dialects); i++) {
        API_REPLY(reply, ask(daemon, &dialects[i], selector));
        cr_expect_eq(reply.status, 200, "%zu %s: %s", i, selector, reply.body);
        cr_expect_str_eq(reply_text(&reply, "client_id"), client_id);
    }
}

/* control-plane.md §5.3: a probe has nothing but the path. */
Test(identity_endpoints, tells_a_probe_that_it_is_there)
{
    API_REPLY(reply, identity_endpoint(api_daemon(), IMDS, NULL));

    cr_expect_eq(reply.status, 400);
    cr_expect_str_eq(reply.body, "{\"error\":\"invalid_request\",\"error_description\":"
                                 "\"Required metadata header not specified\"}");
}

Test(identity_endpoints, knows_no_service_of_another_world)
{
    API_REPLY(reply,
              identity_endpoint(api_daemon(), IMDS "?api-version=2018-02-01&resource=nonsense",
                                "Metadata: true"));

    cr_expect_eq(reply.status, 400);
    cr_expect_str_eq(reply_text(&reply, "error"), "invalid_resource");
    cr_expect_not_null(strstr(reply.body, "AADSTS500011"));

    API_REPLY(other,
              identity_endpoint(api_daemon(), "/msi/token?api-version=2019-08-01&resource=nonsense",
                                "X-IDENTITY-HEADER: x"));

    cr_expect_eq(other.status, 500);
    expect_body_of_app_service(&other, "An unexpected error occured while fetching the AAD Token.");
}

Test(identity_endpoints, follow_what_becomes_of_an_identity)
{
    char client[64], object[64], selector[256];
    struct daemon daemon;

    api_begin(&daemon, NULL);
    (void) snprintf(client, sizeof(client), "%s", identity_show(&daemon, "app", "client_id"));
    (void) snprintf(object, sizeof(object), "%s", identity_show(&daemon, "app", "object_id"));
    expect_token(&daemon, "&client_id=app", client);
    identity_do(&daemon, "POST", "/app/disable", NULL, 200);
    expect_unknown(&daemon, "&client_id=app");
    (void) snprintf(selector, sizeof(selector), "&object_id=%s", object);
    expect_unknown(&daemon, selector);
    (void) snprintf(selector, sizeof(selector), "&mi_res_id=%s",
                    identity_show(&daemon, "app", "resource_id"));
    expect_unknown(&daemon, selector);
    identity_do(&daemon, "POST", "/app/enable", NULL, 200);
    expect_token(&daemon, selector, client);
    identity_do(&daemon, "DELETE", "/app", NULL, 204);
    expect_unknown(&daemon, selector);
    identity_do(&daemon, "POST", "/app/recreate", NULL, 200);
    expect_token(&daemon, selector, identity_show(&daemon, "app", "client_id"));
    (void) snprintf(selector, sizeof(selector), "&client_id=%s", client);
    expect_unknown(&daemon, selector);
    api_end(&daemon);
}

Test(identity_endpoints, want_a_name_where_there_are_several)
{
    static const char *const arguments[] = {
        "--unknown-identities", "refuse", "--identity", "one", "--identity",
        "robot,secret=hush",    NULL
    };
    struct daemon daemon;

    api_begin(&daemon, arguments);
    expect_token(&daemon, "", identity_show(&daemon, "one", "client_id"));
    expect_unknown(&daemon, "&client_id=nobody");
    expect_unknown(&daemon, "&client_id=robot");
    identity_do(&daemon, "PUT", "/two", "{}", 201);
    expect_refusal(&daemon, "", SEVERAL, SEVERAL);
    expect_token(&daemon, "&client_id=two", identity_show(&daemon, "two", "client_id"));
    identity_do(&daemon, "PUT", "/vm", "{\"type\":\"system-assigned\"}", 201);
    expect_token(&daemon, "", identity_show(&daemon, "vm", "client_id"));
    identity_do(&daemon, "DELETE", "/vm", NULL, 204);
    identity_do(&daemon, "DELETE", "/two", NULL, 204);
    identity_do(&daemon, "DELETE", "/one", NULL, 204);
    expect_unknown(&daemon, "");
    api_end(&daemon);
}

Test(identity_endpoints, have_no_default_identity_once_it_is_deleted)
{
    struct daemon daemon;

    api_begin(&daemon, NULL);
    identity_do(&daemon, "DELETE", "/system-assigned", NULL, 204);
    expect_unknown(&daemon, "");
    identity_do(&daemon, "POST", "/system-assigned/recreate", NULL, 200);
    expect_token(&daemon, "", identity_show(&daemon, "system-assigned", "client_id"));
    api_end(&daemon);
}

/* The SDKs want the key in a file that ends in .key, of at most 4096 bytes, and in that folder. */
Test(identity_endpoints, of_arc_want_what_is_in_a_file)
{
    static const char target[] = "/arc" IMDS "?api-version=2020-06-01&" FOR;
    static const char head[] = "Basic realm=";
    char header[512], path[KV_PATH_MAX];
    kv_auto(kv_buf_done) struct kv_buf key;
    struct daemon daemon;

    kv_buf_init(&key, 4096);
    api_begin(&daemon, NULL);
    {
        const char *arguments[] = { "--arc-keys", header, NULL };

        (void) snprintf(header, sizeof(header), "%s/keys", daemon.folder);
        cr_assert(daemon_stop(&daemon) && daemon_start(&daemon, arguments));
        API_REPLY(challenge, identity_endpoint(&daemon, target, "Metadata: true"));
        const char *realm = reply_header(&challenge, "WWW-Authenticate");

        cr_assert_eq(challenge.status, 401, "%s", challenge.body);
        cr_assert_eq(strncmp(realm, head, strlen(head)), 0, "%s", realm);
        (void) snprintf(path, sizeof(path), "%s", realm + strlen(head));
        cr_assert_eq(strncmp(path, header, strlen(header)), 0, "%s", path);
        cr_assert_str_eq(path + strlen(path) - 4, ".key");
        cr_assert_eq(kv_file_read(path, &key, NULL), KV_OK);

        const struct request request = {
            .method = "GET",
            .target = target,
            .headers = { "Metadata: true", header },
            .without_token = true,
            .control = true,
        };
        API_CLIENT_OF(&daemon, dev);

        (void) snprintf(header, sizeof(header), "Authorization: Basic %s", key.data);
        API_REPLY(reply, client_send(&dev, &request));
        cr_expect_eq(reply.status, 200, "%s", reply.body);
        cr_expect_str_eq(reply_text(&reply, "object_id"),
                         identity_show(&daemon, "system-assigned", "object_id"));
        header[strlen(header) - 1] ^= 1;
        API_REPLY(wrong, client_send(&dev, &request));
        cr_expect_eq(wrong.status, 401);
    }
    api_end(&daemon);
    cr_expect_not(kv_file_exists(path));
}
