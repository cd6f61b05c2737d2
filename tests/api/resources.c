/* SPDX-License-Identifier: Apache-2.0 */
/* What clients ask the resource manager while they log in: control-plane.md §1.4, clients.md §9. */
#include "../support/api.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

TestSuite(resources, .timeout = 120);

#define MANAGEMENT "https://management.azure.com/"
#define SUBSCRIPTIONS "/subscriptions?api-version=2022-12-01"
#define TENANT "72f9c4ba-21d6-4e0a-9c5e-6d1f0a8b3c57"

/* GET of a host with that Authorization; NULL: without one. */
static struct reply ask(struct client *client, const char *host, const char *target,
                        const char *authorization)
{
    char line[8192 + 32];

    snprintf(line, sizeof(line), "Authorization: %s", authorization != NULL ? authorization : "");
    return client_send(client, &(const struct request){ .method = "GET",
                                                        .target = target,
                                                        .host = host,
                                                        .headers = { authorization ? line : NULL },
                                                        .without_token = true });
}

/* The same with a token for that resource. */
static struct reply ask_with_token(struct client *client, const char *host, const char *target,
                                   const char *resource)
{
    char *token = client_fetch_token(client->daemon, resource);
    char authorization[8192];

    cr_assert_not_null(token);
    snprintf(authorization, sizeof(authorization), "Bearer %s", token);
    free(token);
    return ask(client, host, target, authorization);
}

static void expect_refusal(const struct reply *reply, long status, const char *code,
                           const char *message)
{
    cr_expect_eq(reply->status, status, "%ld: %s", reply->status, reply->body);
    cr_expect_str_eq(reply_text(reply, "error.code"), code);
    cr_expect_str_eq(reply_text(reply, "error.message"), message);
}

static void expect_challenge(const struct reply *reply, const char *description)
{
    char expected[512];

    snprintf(expected, sizeof(expected),
             "Bearer authorization_uri=\"https://login.windows.net/" TENANT
             "\", error=\"invalid_token\", error_description=\"%s\"",
             description);
    cr_expect_str_eq(reply_header(reply, "WWW-Authenticate"), expected);
}

Test(resources, ARM_TOKEN_MISSING_comes_with_a_challenge)
{
    static const char *const hosts[] = { "localhost", "management.localhost",
                                         "management.azure.com" };
    API_CLIENT(dev);

    for (size_t i = 0; i < KV_COUNT(hosts); i++) {
        API_REPLY(reply, ask(&dev, hosts[i], "/subscriptions", NULL));
        expect_refusal(&reply, 401, "AuthenticationFailed",
                       "Authentication failed. The 'Authorization' header is missing.");
        expect_challenge(&reply,
                         "The authentication failed because of missing 'Authorization' header.");
    }
}

Test(resources, ARM_TOKEN_SCHEME_has_to_be_Bearer)
{
    API_CLIENT(dev);
    API_REPLY(reply, ask(&dev, "localhost", SUBSCRIPTIONS, "Basic dXNlcjpwYXNz"));

    expect_refusal(
        &reply, 401, "AuthenticationFailedInvalidHeader",
        "Authentication failed. The 'Authorization' header is provided in an invalid format.");
}

Test(resources, ARM_TOKEN_INVALID_is_one_that_nobody_issued)
{
    static const char *const tokens[] = { "Bearer x", "Bearer e30.e30.e30" };
    API_CLIENT(dev);

    for (size_t i = 0; i < KV_COUNT(tokens); i++) {
        API_REPLY(reply, ask(&dev, "localhost", SUBSCRIPTIONS, tokens[i]));
        expect_refusal(&reply, 401, "InvalidAuthenticationToken", "The access token is invalid.");
        expect_challenge(&reply, "The access token is invalid.");
    }
}

Test(resources, ARM_TOKEN_AUDIENCE_is_not_a_vaults)
{
    API_CLIENT(dev);
    API_REPLY(reply, ask_with_token(&dev, "localhost", SUBSCRIPTIONS, "https://vault.azure.net"));

    expect_refusal(&reply, 401, "InvalidAuthenticationTokenAudience",
                   "The access token has been obtained for wrong audience or resource. It should "
                   "exactly match with one of the allowed audiences "
                   "'https://management.core.windows.net/','https://management.core.windows.net',"
                   "'https://management.azure.com/','https://management.azure.com'.");
}

Test(resources, ARM_VERSION_MISSING_of_a_known_caller)
{
    static const char *const targets[] = { "/tenants", "/tenants?api-version=", "/nonsense" };
    API_CLIENT(dev);

    for (size_t i = 0; i < KV_COUNT(targets); i++) {
        API_REPLY(reply, ask_with_token(&dev, "management.localhost", targets[i], MANAGEMENT));
        expect_refusal(
            &reply, 400, "MissingApiVersionParameter",
            "The api-version query parameter (?api-version=) is required for all requests.");
    }
}

Test(resources, ARM_VERSION_INVALID_is_no_date)
{
    API_CLIENT(dev);
    API_REPLY(reply, ask_with_token(&dev, "localhost", "/tenants?api-version=7.6", MANAGEMENT));

    expect_refusal(&reply, 400, "InvalidApiVersionParameter", "The api-version '7.6' is invalid.");
}

Test(resources, SUBSCRIPTION_NOT_FOUND_of_another_id)
{
    API_CLIENT(dev);
    API_REPLY(reply,
              ask_with_token(&dev, "localhost", "/subscriptions/" TENANT "?api-version=2022-12-01",
                             MANAGEMENT));

    expect_refusal(&reply, 404, "SubscriptionNotFound",
                   "The subscription '" TENANT "' could not be found.");
}

Test(resources, that_do_not_exist_and_verbs_they_do_not_have)
{
    API_CLIENT(dev);
    API_REPLY(none, ask_with_token(&dev, "management.localhost", "/nonsense?api-version=2022-12-01",
                                   MANAGEMENT));
    API_REPLY(post, client_send(&dev, &(const struct request){
                                          .method = "POST",
                                          .target = "/metadata/endpoints?api-version=2022-09-01",
                                          .host = "localhost",
                                          .body = "{}",
                                          .without_token = true }));

    cr_expect_eq(none.status, 404);
    cr_expect_str_eq(reply_text(&none, "error.code"), "NotFound");
    cr_expect_eq(post.status, 405);
    cr_expect_str_eq(reply_text(&post, "error.message"), "POST is not supported here, only GET.");
}

/* A vault has no such paths, and says so itself. */
Test(resources, are_not_a_vaults)
{
    static const char *const targets[] = { "/subscriptions", "/tenants", "/metadata/endpoints" };
    API_CLIENT(dev);

    for (size_t i = 0; i < KV_COUNT(targets); i++) {
        API_REPLY(reply, ask(&dev, dev.host, targets[i], NULL));
        cr_expect(reply_is_error(&reply, 401, "Unauthorized", NULL,
                                 "AKV10000: Request is missing a Bearer, PoP, or MTLS_POP token."));
    }
}

/* Nor are keys the resource manager's, where the host is both. */
Test(resources, leave_keys_to_the_vault)
{
    API_CLIENT(dev);
    API_REPLY(reply, ask_with_token(&dev, "localhost", "/keys/none?api-version=7.6",
                                    "https://vault.azure.net"));

    cr_expect_str_eq(reply_text(&reply, "error.code"), "KeyNotFound");
}

Test(resources, are_one_subscription_of_the_tenant)
{
    static const char *const audiences[] = { MANAGEMENT, "https://management.azure.com",
                                             "https://management.core.windows.net/",
                                             "https://management.core.windows.net" };
    char target[128];
    API_CLIENT(dev);

    for (size_t i = 0; i < KV_COUNT(audiences); i++) {
        API_REPLY(list, ask_with_token(&dev, "localhost", SUBSCRIPTIONS, audiences[i]));
        cr_assert_eq(list.status, 200, "%s: %s", audiences[i], list.body);
        cr_expect_eq(reply_number(&list, "count.value"), 1);
        cr_expect_str_eq(reply_text(&list, "value.0.tenantId"), TENANT);
        cr_expect_str_eq(reply_text(&list, "value.0.state"), "Enabled");
        snprintf(target, sizeof(target), "%s?api-version=2022-12-01",
                 reply_text(&list, "value.0.id"));
    }
    API_REPLY(one, ask_with_token(&dev, "localhost", target, MANAGEMENT));
    cr_expect_eq(one.status, 200, "%s", one.body);
    cr_expect_str_eq(reply_text(&one, "displayName"), "coffer");
    cr_expect_null(reply_header(&one, "WWW-Authenticate"));
}

Test(resources, are_one_tenant)
{
    API_CLIENT(dev);
    API_REPLY(reply, ask_with_token(&dev, "management.localhost", "/tenants?api-version=2022-12-01",
                                    MANAGEMENT));

    cr_expect_eq(reply.status, 200);
    cr_expect_str_eq(reply_text(&reply, "value.0.tenantId"), TENANT);
}

Test(resources, describe_the_cloud_before_a_log_in)
{
    char authority[64], suffix[64];
    API_CLIENT(dev);
    API_REPLY(own, ask(&dev, "localhost", "/metadata/endpoints?api-version=2022-09-01", NULL));
    API_REPLY(azure, ask(&dev, "management.azure.com", "/metadata/endpoints?api-version=2019-05-01",
                         NULL));
    API_REPLY(old, ask(&dev, "localhost", "/metadata/endpoints?api-version=2015-01-01", NULL));

    snprintf(authority, sizeof(authority), "https://localhost:%u", dev.daemon->port);
    snprintf(suffix, sizeof(suffix), "vault.localhost:%u", dev.daemon->port);
    cr_expect_str_eq(reply_text(&own, "resourceManager"), authority);
    cr_expect_str_eq(reply_text(&own, "authentication.loginEndpoint"), authority);
    cr_expect_str_eq(reply_text(&own, "suffixes.keyVaultDns"), suffix);
    cr_expect_str_eq(reply_text(&azure, "0.authentication.loginEndpoint"),
                     "https://login.microsoftonline.com");
    cr_expect_str_eq(reply_text(&azure, "0.suffixes.keyVaultDns"), "vault.azure.net");
    cr_expect_str_eq(reply_text(&old, "authentication.audiences.0"),
                     "https://management.core.windows.net/");
    cr_expect_null(reply_item(&old, "suffixes"));
}

/* Not "api-version is missing", although it is there. */
Test(resources, ARM_INVALID_ID_is_what_a_url_is_that_cannot_be_read)
{
    static const char *const bad[] = { "%00", "%", "%2", "%zz", "%ff%00" };
    char target[128];
    API_CLIENT(dev);

    for (size_t i = 0; i < KV_COUNT(bad); i++) {
        snprintf(target, sizeof(target), "/subscriptions/%s?api-version=2022-12-01", bad[i]);
        API_REPLY(reply, ask_with_token(&dev, "management.localhost", target, MANAGEMENT));
        expect_refusal(&reply, 400, "InvalidResourceId", "The URL of the request is not valid.");
    }
}
