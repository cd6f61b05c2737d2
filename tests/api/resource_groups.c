/* SPDX-License-Identifier: Apache-2.0 */
/* Resource groups, and what is the same for every type of resource (control-plane.md §1.4, §3.1). */
#include "../support/arm.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

TestSuite(resource_groups, .timeout = 120);

#define GROUPS "~/resourceGroups"
#define EAST "{\"location\":\"eastus\"}"

static struct reply put(struct client *client, const char *path, const char *body)
{
    return arm_ask(client, "PUT", path, ARM_TEST_VERSION, body);
}

static struct reply get(struct client *client, const char *path)
{
    return arm_ask(client, "GET", path, ARM_TEST_VERSION, NULL);
}

Test(resource_groups, RESOURCE_GROUP_NOT_FOUND_with_the_cause_of_the_gateway)
{
    static const char *const paths[] = { GROUPS "/none", GROUPS "/none/resources" };
    API_CLIENT(dev);

    for (size_t i = 0; i < KV_COUNT(paths); i++) {
        API_REPLY(reply, get(&dev, paths[i]));
        arm_expect_refusal(&reply, 404, "ResourceGroupNotFound",
                           "Resource group 'none' could not be found.");
        cr_expect_str_eq(reply_header(&reply, "x-ms-failure-cause"), "gateway");
    }
}

Test(resource_groups, ARM_LOCATION_REQUIRED_of_a_new_one)
{
    static const char *const bodies[] = { "{}", "{\"location\":\"\"}", "{\"location\":7}",
                                          "{\"location\":null}" };
    API_CLIENT(dev);

    for (size_t i = 0; i < KV_COUNT(bodies); i++) {
        API_REPLY(reply, put(&dev, GROUPS "/rg-nowhere", bodies[i]));
        arm_expect_refusal(&reply, 400, "LocationRequired",
                           "The location property is required for this definition.");
    }
    API_REPLY(none, get(&dev, GROUPS "/rg-nowhere"));
    cr_expect_eq(none.status, 404);
}

Test(resource_groups, ARM_LOCATION_NOT_AVAILABLE_is_no_name_of_a_place)
{
    API_CLIENT(dev);
    API_REPLY(reply, put(&dev, GROUPS "/rg-mars", "{\"location\":\"mars/base\"}"));

    arm_expect_refusal(&reply, 400, "LocationNotAvailableForResourceType",
                       "The provided location 'mars/base' is not a location.");
}

Test(resource_groups, ARM_INVALID_LOCATION_another_than_it_has)
{
    API_CLIENT(dev);
    API_REPLY(first, put(&dev, GROUPS "/rg-moved", EAST));
    API_REPLY(second, put(&dev, GROUPS "/rg-moved", "{\"location\":\"West Europe\"}"));

    cr_expect_eq(first.status, 201);
    arm_expect_refusal(&second, 409, "InvalidResourceLocation",
                       "The resource 'rg-moved' already exists in location 'eastus' in resource "
                       "group 'rg-moved'. A resource with the same name cannot be created in "
                       "location 'westeurope'. Please select a new resource name.");
}

Test(resource_groups, ARM_INVALID_GROUP_names)
{
    API_CLIENT(dev);
    API_REPLY(bang, put(&dev, GROUPS "/rg!", EAST));
    API_REPLY(end, put(&dev, GROUPS "/rg.", EAST));

    arm_expect_refusal(&bang, 400, "InvalidResourceGroup",
                       "The provided resource group name 'rg!' has these invalid characters: '!'. "
                       "The name can only be a letter, digit, '-', '.', '(', ')' or '_'.");
    arm_expect_refusal(&end, 400, "InvalidResourceGroup",
                       "The provided resource group name 'rg.' ends with a period, which it must "
                       "not.");
}

Test(resource_groups, ARM_INVALID_ID_of_paths_that_are_none)
{
    char longest[200 + 91] = GROUPS "/";
    API_CLIENT(dev);

    memset(longest + strlen(longest), 'a', 91);
    API_REPLY(group, put(&dev, longest, EAST));
    API_REPLY(slash, get(&dev, GROUPS "/a%2Fb"));
    API_REPLY(provider, get(&dev, GROUPS "/coffer/providers/Microsoft.KeyVault"));

    cr_expect_str_eq(reply_text(&group, "error.code"), "InvalidResourceId");
    arm_expect_refusal(&slash, 400, "InvalidResourceId", "The path is not a valid resource id.");
    cr_expect_str_eq(reply_text(&provider, "error.code"), "InvalidResourceId");
    cr_expect_eq(provider.status, 400);
}

Test(resource_groups, ARM_BAD_REQUEST_for_tags_beyond_the_limits)
{
    char many[4096] = "{\"location\":\"eastus\",\"tags\":{\"t0\":\"\"";
    size_t len = strlen(many);
    API_CLIENT(dev);

    for (int i = 1; i < 51; i++) {
        len += (size_t) snprintf(many + len, sizeof(many) - len, ",\"t%d\":\"\"", i);
    }
    snprintf(many + len, sizeof(many) - len, "}}");

    API_REPLY(number, put(&dev, GROUPS "/rg-tags", "{\"location\":\"eastus\",\"tags\":{\"a\":1}}"));
    API_REPLY(list, put(&dev, GROUPS "/rg-tags", "{\"location\":\"eastus\",\"tags\":[]}"));
    API_REPLY(much, put(&dev, GROUPS "/rg-tags", many));

    arm_expect_refusal(&number, 400, "BadRequest",
                       "The tag 'a' is not valid: a tag is a text of at most 256 characters, under "
                       "a name of at most 512.");
    arm_expect_refusal(&list, 400, "BadRequest", "The tags have to be an object of texts.");
    arm_expect_refusal(&much, 400, "BadRequest", "A resource has at most 50 tags.");
}

Test(resource_groups, INVALID_REQUEST_CONTENT_says_where)
{
    API_CLIENT(dev);
    API_REPLY(none, put(&dev, GROUPS "/rg-json", NULL));
    API_REPLY(list, put(&dev, GROUPS "/rg-json", "[]"));
    API_REPLY(twice, put(&dev, GROUPS "/rg-json", "{\"location\":\"a\",\"location\":\"b\"}"));

    arm_expect_refusal(&none, 400, "InvalidRequestContent",
                       "The request content was invalid and could not be deserialized: 'The body "
                       "is empty'.");
    arm_expect_refusal(&list, 400, "InvalidRequestContent",
                       "The request content was invalid and could not be deserialized: 'The body "
                       "is no JSON object'.");
    cr_expect_str_eq(reply_text(&twice, "error.code"), "InvalidRequestContent");
}

Test(resource_groups, PRECONDITION_FAILED_of_another_edition)
{
    API_CLIENT(dev);
    API_REPLY(made, put(&dev, GROUPS "/rg-etag", EAST));
    char target[1024];

    cr_assert_eq(made.status, 201);
    snprintf(target, sizeof(target), "%s/resourceGroups/rg-etag?api-version=" ARM_TEST_VERSION,
             arm_subscription_id);

    static const struct {
        const char *header;
        long status;
    } cases[] = {
        { "If-Match: \"00000002\"", 412 },   { "If-Match: nonsense", 412 },
        { "If-None-Match: *", 412 },         { "If-None-Match: \"00000001\"", 400 },
        { "If-Match: \"00000001\"", 200 },   { "If-Match: *", 200 },
        { "If-Match: W/\"00000003\"", 200 },
    };
    char *token = client_fetch_token(dev.daemon, ARM_TEST_RESOURCE);
    char authorization[8192];

    snprintf(authorization, sizeof(authorization), "Authorization: Bearer %s", token);
    free(token);
    for (size_t i = 0; i < KV_COUNT(cases); i++) {
        API_REPLY(reply, client_send(&dev, &(const struct request){
                                               .method = "PUT",
                                               .target = target,
                                               .body = EAST,
                                               .headers = { authorization, cases[i].header },
                                               .host = "management.localhost",
                                               .without_token = true }));
        cr_expect_eq(reply.status, cases[i].status, "%s: %s", cases[i].header, reply.body);
    }
}

Test(resource_groups, have_one_from_the_start)
{
    API_CLIENT(dev);
    API_REPLY(reply, get(&dev, "~/resourcegroups/COFFER"));

    cr_expect_eq(reply.status, 200);
    cr_expect_str_eq(reply_text(&reply, "name"), "coffer");
    cr_expect_str_eq(reply_text(&reply, "location"), "eastus");
    cr_expect_str_eq(reply_text(&reply, "properties.provisioningState"), "Succeeded");
}

Test(resource_groups, are_made_changed_and_deleted)
{
    API_CLIENT(dev);
    API_REPLY(made, put(&dev, GROUPS "/Rg-Life",
                        "{\"location\":\"East US\",\"tags\":{\"env\":\"test\"}}"));
    API_REPLY(same, put(&dev, "~/RESOURCEGROUPS/rg-life",
                        "{\"location\":\"eastus\",\"tags\":{\"env\":\"test\"}}"));
    API_REPLY(patched, arm_ask(&dev, "PATCH", GROUPS "/rg-life", ARM_TEST_VERSION,
                               "{\"tags\":{\"a\":\"b\"}}"));
    API_REPLY(head, arm_ask(&dev, "HEAD", GROUPS "/rg-life", ARM_TEST_VERSION, NULL));
    API_REPLY(gone, arm_ask(&dev, "DELETE", GROUPS "/rg-life", ARM_TEST_VERSION, NULL));
    API_REPLY(after, get(&dev, GROUPS "/rg-life"));

    cr_expect_eq(made.status, 201);
    cr_expect_eq(same.status, 200);
    cr_expect_str_eq(reply_text(&same, "name"), "Rg-Life", "as it was first written");
    cr_expect_str_eq(reply_text(&patched, "tags.a"), "b");
    cr_expect_null(reply_item(&patched, "tags.env"));
    cr_expect_eq(head.status, 204);
    cr_expect_eq(gone.status, 202);
    cr_expect_not_null(reply_header(&gone, "Location"));
    cr_expect_str_eq(reply_header(&gone, "Retry-After"), "1", "or clients rest half a minute");
    cr_expect_eq(after.status, 404);
}

Test(resource_groups, answer_a_deletion_as_long_as_it_is_polled)
{
    API_CLIENT(dev);
    API_REPLY(made, put(&dev, GROUPS "/rg-poll", EAST));
    API_REPLY(gone, arm_ask(&dev, "DELETE", GROUPS "/rg-poll", ARM_TEST_VERSION, NULL));
    const char *location = reply_header(&gone, "Location");
    const char *status = reply_header(&gone, "Azure-AsyncOperation");

    cr_assert(location != NULL && status != NULL);
    usleep(5000); /* without a lag it is over in a millisecond */
    API_REPLY(result, arm_ask(&dev, "GET", strstr(location, "/subscriptions"), NULL, NULL));
    API_REPLY(state, arm_ask(&dev, "GET", strstr(status, "/subscriptions"), NULL, NULL));
    cr_expect_eq(result.status, 200);
    cr_expect_str_eq(reply_text(&state, "status"), "Succeeded");
}

Test(resource_groups, page_by_page)
{
    char path[64];
    API_CLIENT(dev);

    for (int i = 0; i < 5; i++) {
        snprintf(path, sizeof(path), GROUPS "/rg-page-%d", i);
        API_REPLY(made, put(&dev, path, EAST));
    }

    char next[2048] = GROUPS "?$top=2&api-version=" ARM_TEST_VERSION;
    int seen = 0, pages = 0;

    while (next[0] != '\0' && pages < 50) {
        API_REPLY(reply, get(&dev, next));
        const cJSON *item;

        cr_assert_eq(reply.status, 200, "%s", reply.body);
        cr_expect_leq(cJSON_GetArraySize(reply_item(&reply, "value")), 2);
        cJSON_ArrayForEach (item, reply_item(&reply, "value")) {
            seen +=
                strstr(cJSON_GetStringValue(cJSON_GetObjectItem(item, "name")), "rg-page-") != NULL;
        }
        const char *link = cJSON_GetStringValue(reply_item(&reply, "nextLink"));

        snprintf(next, sizeof(next), "%s", link != NULL ? strstr(link, "/subscriptions") : "");
        pages++;
    }
    cr_expect_eq(seen, 5);
    API_REPLY(token, get(&dev, GROUPS "?$skiptoken=!"));
    API_REPLY(top, get(&dev, GROUPS "?$top=x"));
    cr_expect_eq(token.status, 400);
    arm_expect_refusal(&top, 400, "BadRequest",
                       "The value 'x' for the query parameter '$top' is invalid.");
}

Test(resource_groups, carry_the_headers_of_the_resource_manager)
{
    API_CLIENT(dev);
    API_REPLY(read, get(&dev, GROUPS));
    API_REPLY(write, put(&dev, GROUPS "/rg-headers", EAST));

    cr_expect_str_eq(reply_header(&read, "x-ms-ratelimit-remaining-subscription-reads"), "11999");
    cr_expect_str_eq(reply_header(&write, "x-ms-ratelimit-remaining-subscription-writes"), "1199");
    cr_expect_eq(strncmp(reply_header(&read, "x-ms-routing-request-id"), "EASTUS:", 7), 0);
    cr_expect_not_null(reply_header(&read, "x-ms-correlation-request-id"));
}
