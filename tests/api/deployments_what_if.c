/* SPDX-License-Identifier: Apache-2.0 */
/* What a deployment would change (control-plane.md §3.1). */
#include "deployments_tools.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kv/resources/resources.h"

TestSuite(deployments_what_if, .init = deployments_start, .fini = deployments_stop, .timeout = 120);

#define ONE(properties)                                                                            \
    DEPLOY(TEMPLATE(                                                                               \
        "\"resources\":[" THING("a", ",\"tags\":{\"t\":\"1\"},\"properties\":" properties) "]"))

static void expect_change(const struct reply *reply, int index, const char *type, const char *name)
{
    char path[128];

    snprintf(path, sizeof(path), "properties.changes.%d.changeType", index);
    cr_expect_str_eq(reply_text(reply, path), type, "%s", reply->body);
    snprintf(path, sizeof(path), "properties.changes.%d.resourceId", index);
    const char *id = reply_text(reply, path);
    cr_expect(strlen(id) > strlen(name) && strcmp(id + strlen(id) - strlen(name), name) == 0, "%s",
              id);
}

Test(deployments_what_if, nothing_is_done_by_asking)
{
    DEPLOYMENTS_CLIENT;
    API_REPLY(reply, deployments_act(&dev, "one", "whatIf", ONE("{\"x\":1}")));

    cr_assert_eq(reply.status, 200, "%s", reply.body);
    cr_expect_str_eq(reply_text(&reply, "status"), "Succeeded");
    expect_change(&reply, 0, "Create", "/things/a");
    cr_expect_null(reply_item(&reply, "properties.changes.0.before"));
    cr_expect_eq(reply_number(&reply, "properties.changes.0.after.properties.x"), 1);
    API_REPLY(thing, arm_ask(&dev, "GET", GROUP_ID("rg1") "/providers/Contoso.Things/things/a",
                             "2020-01-01", NULL));
    cr_expect_eq(thing.status, 404);
    API_REPLY(deployment, arm_ask(&dev, "GET", DEPLOYMENTS("rg1") "one", VERSION, NULL));
    cr_expect_eq(deployment.status, 404);
}

Test(deployments_what_if, is_accepted_and_answered_where_location_says)
{
    DEPLOYMENTS_CLIENT;
    API_REPLY(accepted,
              arm_ask(&dev, "POST", DEPLOYMENTS("rg1") "one/whatIf", VERSION, ONE("{\"x\":1}")));
    cr_assert_eq(accepted.status, 202, "%s", accepted.body);
    cr_expect_str_eq(accepted.body, "");
    cr_expect_str_eq(reply_header(&accepted, "Retry-After"), "1");
    const char *path = strstr(reply_header(&accepted, "Location"), "/subscriptions/");
    cr_assert_not_null(path);
    for (size_t i = 0; i < 2; i++) { /* as often as one likes */
        API_REPLY(reply, arm_ask(&dev, "GET", path, VERSION, NULL));
        cr_assert_eq(reply.status, 200, "%s", reply.body);
        cr_expect_str_eq(reply_text(&reply, "status"), "Succeeded");
        expect_change(&reply, 0, "Create", "/things/a");
    }
    API_REPLY(refused, arm_ask(&dev, "POST", DEPLOYMENTS("rg1") "one/whatIf", VERSION, "{}"));
    cr_expect_eq(refused.status, 400, "what is refused is refused at once");
    cr_expect_null(reply_header(&refused, "Location"));
}

/* They may be long. */
Test(deployments_what_if, has_so_many_results_kept)
{
    DEPLOYMENTS_CLIENT;
    char first[512], last[512];

    for (int i = 0; i <= KV_RESOURCE_RESULTS_MAX; i++) {
        API_REPLY(accepted, arm_ask(&dev, "POST", DEPLOYMENTS("rg1") "one/whatIf", VERSION,
                                    ONE("{\"x\":1}")));
        cr_assert_eq(accepted.status, 202, "%s", accepted.body);
        const char *path = strstr(reply_header(&accepted, "Location"), "/subscriptions/");
        snprintf(i == 0 ? first : last, sizeof(first), "%s", path);
    }
    API_REPLY(gone, arm_ask(&dev, "GET", first, VERSION, NULL));
    API_REPLY(kept, arm_ask(&dev, "GET", last, VERSION, NULL));
    cr_expect_eq(gone.status, 404, "%s", gone.body);
    cr_expect_eq(kept.status, 200, "%s", kept.body);
}

#define LONG                                                                                       \
    1500000 /* bytes of a value: with what was there and what is new, too much to be kept */

/* A deployment of a thing that has a value of so many of that letter. */
static void write_long(char *body, char letter)
{
    static const char before[] = "{\"properties\":{\"mode\":\"Incremental\",\"template\":{" SCHEMA
                                 ",\"resources\":[{\"type\":\"Contoso.Things/things\","
                                 "\"apiVersion\":\"2020-01-01\",\"name\":\"a\",\"location\":"
                                 "\"eastus\",\"properties\":{\"x\":\"";

    memcpy(body, before, strlen(before));
    memset(body + strlen(before), letter, LONG);
    memcpy(body + strlen(before) + LONG, "\"}}]}}}", sizeof("\"}}]}}}"));
}

Test(deployments_what_if, that_is_too_long_to_be_kept_is_answered_at_once)
{
    DEPLOYMENTS_CLIENT;
    char *body = malloc(LONG + 1024);

    write_long(body, 'a');
    deployments_succeed(&dev, "one", body);
    write_long(body, 'b');
    API_REPLY(reply, arm_ask(&dev, "POST", DEPLOYMENTS("rg1") "one/whatIf", VERSION, body));
    free(body);
    cr_assert_eq(reply.status, 200);
    cr_expect_str_eq(reply_text(&reply, "status"), "Succeeded");
    expect_change(&reply, 0, "Modify", "/things/a");
}

Test(deployments_what_if, after_deploying_nothing_changes)
{
    DEPLOYMENTS_CLIENT;
    const char *body = ONE("{\"x\":{\"y\":[1,2]},\"empty\":{},\"no\":false}");

    deployments_succeed(&dev, "one", body);
    API_REPLY(reply, deployments_act(&dev, "one", "whatIf", body));
    expect_change(&reply, 0, "NoChange", "/things/a");
    cr_expect_eq(cJSON_GetArraySize(reply_item(&reply, "properties.changes")), 1);
}

Test(deployments_what_if, each_difference_has_a_path)
{
    DEPLOYMENTS_CLIENT;
    deployments_succeed(&dev, "one", ONE("{\"x\":1,\"list\":[1,2],\"only\":\"there\"}"));
    API_REPLY(reply,
              deployments_act(&dev, "one", "whatIf",
                              DEPLOY(TEMPLATE("\"resources\":[" THING(
                                  "a", ",\"tags\":{\"u\":\"2\"},\"properties\":{\"x\":5,\"list\":"
                                       "[1,3,4],\"new\":true}") "]"))));
    expect_change(&reply, 0, "Modify", "/things/a");
    char *delta = cJSON_PrintUnformatted(reply_item(&reply, "properties.changes.0.delta"));
    cr_expect_str_eq(
        delta,
        "[{\"path\":\"tags.u\",\"propertyChangeType\":\"Create\",\"after\":\"2\"},"
        "{\"path\":\"tags.t\",\"propertyChangeType\":\"Delete\",\"before\":\"1\"},"
        "{\"path\":\"properties.x\",\"propertyChangeType\":\"Modify\",\"before\":1,\"after\":5},"
        "{\"path\":\"properties.list\",\"propertyChangeType\":\"Array\",\"before\":[1,2],\"after\":"
        "[1,3,4],\"children\":[{\"path\":\"1\",\"propertyChangeType\":\"Modify\",\"before\":2,"
        "\"after\":3},{\"path\":\"2\",\"propertyChangeType\":\"Create\",\"after\":4}]},"
        "{\"path\":\"properties.new\",\"propertyChangeType\":\"Create\",\"after\":true}]");
    cJSON_free(delta);
}

Test(deployments_what_if, what_else_lies_in_the_group_is_ignored_or_deleted)
{
    DEPLOYMENTS_CLIENT;
    deployments_succeed(&dev, "one",
                        DEPLOY(TEMPLATE("\"resources\":[" THING("a", "") "," THING("b", "") "]")));
    API_REPLY(reply, deployments_act(&dev, "one", "whatIf",
                                     DEPLOY(TEMPLATE("\"resources\":[" THING("b", "") "]"))));
    expect_change(&reply, 0, "NoChange", "/things/b");
    expect_change(&reply, 1, "Ignore", "/things/a");
    API_REPLY(complete,
              deployments_act(&dev, "one", "whatIf",
                              "{\"properties\":{\"mode\":\"Complete\",\"template\":" TEMPLATE(
                                  "\"resources\":[" THING("b", "") "]") "}}"));
    expect_change(&complete, 1, "Delete", "/things/a");
}

Test(deployments_what_if, ids_alone_are_shown_when_that_is_wanted)
{
    DEPLOYMENTS_CLIENT;
    deployments_succeed(&dev, "one", DEPLOY(TEMPLATE("\"resources\":[" THING("a", "") "]")));
    API_REPLY(reply,
              deployments_act(&dev, "one", "whatIf",
                              "{\"properties\":{\"whatIfSettings\":{\"resultFormat\":"
                              "\"resourceidonly\"},\"template\":" TEMPLATE(
                                  "\"resources\":[" THING("a", "") "," THING("b", "") "]") "}}"));
    expect_change(&reply, 0, "Deploy", "/things/a");
    expect_change(&reply, 1, "Create", "/things/b");
    cr_expect_null(strstr(reply.body, "\"after\""));
}

Test(deployments_what_if, values_of_secure_parameters_are_not_shown)
{
    DEPLOYMENTS_CLIENT;
    API_REPLY(reply,
              deployments_act(&dev, "one", "whatIf",
                              DEPLOY_WITH(TEMPLATE("\"parameters\":{\"pin\":{\"type\":"
                                                   "\"securestring\"}},\"resources\":[" THING(
                                                       "a", ",\"properties\":{\"p\":\"[parameters("
                                                            "'pin')]\"}") "]"),
                                          "{\"pin\":{\"value\":\"hush-hush\"}}")));
    expect_change(&reply, 0, "Create", "/things/a");
    cr_expect_null(strstr(reply.body, "hush"));
}

Test(deployments_what_if, nor_are_those_that_are_secure_in_part)
{
    DEPLOYMENTS_CLIENT;
    API_REPLY(
        reply,
        deployments_act(&dev, "one", "whatIf",
                        DEPLOY_WITH(TEMPLATE("\"languageVersion\":\"2.0\",\"parameters\":{\"box\":{"
                                             "\"type\":\"object\",\"properties\":{\"pin\":{"
                                             "\"type\":\"securestring\"}}}},\"resources\":{"
                                             "\"a\":" THING("a", ",\"properties\":{\"p\":\"["
                                                                 "parameters('box').pin]\"}") "}"),
                                    "{\"box\":{\"value\":{\"pin\":\"hush-hush\"}}}")));
    expect_change(&reply, 0, "Create", "/things/a");
    cr_expect_null(strstr(reply.body, "hush"), "%s", reply.body);
}

Test(deployments_what_if, nested_templates_are_looked_into)
{
    DEPLOYMENTS_CLIENT;
    API_REPLY(reply,
              deployments_act(
                  &dev, "one", "whatIf",
                  DEPLOY(TEMPLATE("\"resources\":[{\"type\":\"Microsoft.Resources/deployments\","
                                  "\"apiVersion\":\"2021-04-01\",\"name\":\"inner\",\"properties\":"
                                  "{\"mode\":\"Incremental\",\"template\":" TEMPLATE(
                                      "\"resources\":[" THING("a", "") "]") "}}]"))));
    expect_change(&reply, 0, "Create", "/things/a");
}
