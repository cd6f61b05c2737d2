/* SPDX-License-Identifier: Apache-2.0 */
/* Deployments: how they end, what clients see meanwhile, and what a restart leaves (control-plane.md §3.1, §3.2). */
#include "deployments_tools.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

TestSuite(deployments, .init = deployments_start, .fini = deployments_stop, .timeout = 120);

#define THING_ID(name)                                                                             \
    "/subscriptions/ffecaf7c-b368-5892-b89b-b894d5612a15/resourceGroups/rg1/providers/"            \
    "Contoso.Things/things/" name
#define DEPLOYMENT_ID(name)                                                                        \
    "/subscriptions/ffecaf7c-b368-5892-b89b-b894d5612a15/resourceGroups/rg1/providers/"            \
    "Microsoft.Resources/deployments/" name
/* A location that no resource of that name can move to. */
#define MOVED(name)                                                                                \
    "{\"type\":\"Contoso.Things/things\",\"apiVersion\":\"2020-01-01\",\"name\":\"" name           \
    "\",\"location\":\"westus\"}"

static void expect_thing(struct client *client, const char *name, long status)
{
    char path[512];

    snprintf(path, sizeof(path), GROUP_ID("rg1") "/providers/Contoso.Things/things/%s", name);

    API_REPLY(reply, arm_ask(client, "GET", path, "2020-01-01", NULL));
    cr_expect_eq(reply.status, status, "%s: %ld %s", name, reply.status, reply.body);
}

/* ---- Failures -------------------------------------------------------------------------------------- */

Test(deployments, a_partial_failure_is_told_as_the_service_does)
{
    DEPLOYMENTS_CLIENT;
    deployments_succeed(&dev, "before", DEPLOY(TEMPLATE("\"resources\":[" THING("a", "") "]")));

    API_REPLY(reply, deployments_run(&dev, "one",
                                     DEPLOY(TEMPLATE("\"resources\":[" MOVED("a") "," THING(
                                         "b", "") "," THING("c", ",\"dependsOn\":[\"a\"]") "]"))));
    char *error = cJSON_PrintUnformatted(reply_item(&reply, "properties.error"));
    cr_expect_str_eq(error,
                     "{\"code\":\"DeploymentFailed\",\"target\":\"" DEPLOYMENT_ID(
                         "one") "\",\"message\":\"At "
                                "least one resource deployment operation failed. Please list "
                                "deployment operations for "
                                "details. Please see https://aka.ms/arm-deployment-operations for "
                                "usage details.\","
                                "\"details\":[{\"code\":\"InvalidResourceLocation\",\"message\":"
                                "\"The resource 'a' already "
                                "exists in location 'eastus' in resource group 'rg1'. A resource "
                                "with the same name "
                                "cannot be created in location 'westus'. Please select a new "
                                "resource name.\"}]}");
    cJSON_free(error);
    expect_thing(&dev, "b", 200);
    expect_thing(&dev, "c", 404);
}

Test(deployments, operations_say_what_failed_and_what_was_never_begun)
{
    DEPLOYMENTS_CLIENT;
    deployments_succeed(&dev, "before", DEPLOY(TEMPLATE("\"resources\":[" THING("a", "") "]")));
    API_REPLY(end, deployments_run(&dev, "one",
                                   DEPLOY(TEMPLATE("\"resources\":[" MOVED("a") "," THING(
                                       "c", ",\"dependsOn\":[\"a\"]") "]"))));
    API_REPLY(list, arm_ask(&dev, "GET", DEPLOYMENTS("rg1") "one/operations", VERSION, NULL));

    cr_assert_eq(list.status, 200);
    cr_expect_eq(cJSON_GetArraySize(reply_item(&list, "value")), 1);
    cr_expect_str_eq(reply_text(&list, "value.0.properties.provisioningState"), "Failed");
    cr_expect_str_eq(reply_text(&list, "value.0.properties.statusCode"), "Conflict");
    cr_expect_str_eq(reply_text(&list, "value.0.properties.statusMessage.error.code"),
                     "InvalidResourceLocation");
    cr_expect_str_eq(reply_text(&list, "value.0.properties.targetResource.id"), THING_ID("a"));

    char path[512];
    snprintf(path, sizeof(path), DEPLOYMENTS("rg1") "one/operations/%s",
             reply_text(&list, "value.0.operationId"));
    API_REPLY(one, arm_ask(&dev, "GET", path, VERSION, NULL));
    cr_expect_str_eq(reply_text(&one, "properties.statusCode"), "Conflict");
}

Test(deployments, DEPLOYMENT_NOT_FOUND_names_the_deployment)
{
    DEPLOYMENTS_CLIENT;
    static const char *const below[] = { "", "/operations", "/operations/1234",
                                         "/operationStatuses/08584000000000000000" };

    for (size_t i = 0; i < KV_COUNT(below); i++) {
        char path[512];

        snprintf(path, sizeof(path), DEPLOYMENTS("rg1") "nobody%s", below[i]);
        API_REPLY(reply, arm_ask(&dev, "GET", path, VERSION, NULL));
        arm_expect_refusal(&reply, 404, "DeploymentNotFound",
                           "Deployment 'nobody' could not be found.");
    }
}

Test(deployments, DEPLOYMENT_OPERATION_NOT_FOUND_of_one_that_is_there)
{
    DEPLOYMENTS_CLIENT;
    deployments_succeed(&dev, "one", DEPLOY(TEMPLATE("\"resources\":[]")));
    API_REPLY(reply,
              arm_ask(&dev, "GET", DEPLOYMENTS("rg1") "one/operationStatuses/1", VERSION, NULL));
    arm_expect_refusal(&reply, 404, "DeploymentOperationNotFound",
                       "The deployment operation '1' could not be found.");
}

Test(deployments, DEPLOYMENT_CANNOT_BE_CANCELED_once_it_has_ended)
{
    DEPLOYMENTS_CLIENT;
    deployments_succeed(&dev, "one", DEPLOY(TEMPLATE("\"resources\":[]")));
    API_REPLY(reply, deployments_act(&dev, "one", "cancel", NULL));
    arm_expect_refusal(
        &reply, 409, "DeploymentCannotBeCancelled",
        "The deployment 'one' cannot be cancelled because it has already completed.");
    API_REPLY(missing, deployments_act(&dev, "nobody", "cancel", NULL));
    arm_expect_refusal(&missing, 404, "DeploymentNotFound",
                       "Deployment 'nobody' could not be found.");
}

Test(deployments, exportTemplate_is_refused_clearly)
{
    DEPLOYMENTS_CLIENT;
    deployments_succeed(&dev, "one", DEPLOY(TEMPLATE("\"resources\":[]")));
    API_REPLY(reply, deployments_act(&dev, "one", "exportTemplate", NULL));
    arm_expect_refusal(&reply, 501, "NotImplemented",
                       "coffer does not export templates: of the deployment 'one' it has kept what "
                       "was made, not the template.");
}

/* ---- Running --------------------------------------------------------------------------------------- */

Test(deployments, the_first_time_is_201_and_has_a_status_to_poll)
{
    DEPLOYMENTS_CLIENT;
    const char *body = DEPLOY_WITH(
        TEMPLATE("\"parameters\":{\"pin\":{\"type\":\"SecureString\"},\"size\":{\"type\":\"Int\","
                 "\"defaultValue\":7}},\"resources\":[]"),
        "{\"pin\":{\"value\":\"hush-hush\"},\"size\":{\"value\":null}}");
    API_REPLY(reply, arm_ask(&dev, "PUT", DEPLOYMENTS("rg1") "one", VERSION, body));

    cr_assert_eq(reply.status, 201, "%s", reply.body);
    cr_expect_str_eq(reply_text(&reply, "properties.provisioningState"), "Accepted");
    cr_expect_str_eq(reply_text(&reply, "properties.parameters.pin.type"), "SecureString");
    cr_expect_null(reply_item(&reply, "properties.parameters.pin.value"));
    cr_expect_eq(reply_number(&reply, "properties.parameters.size.value"), 7);
    const char *status = strstr(reply_header(&reply, "Azure-AsyncOperation"), "/subscriptions/");
    cr_assert_not_null(status);

    char *path = strdup(status);
    API_REPLY(end, deployments_await(&dev, "one"));
    API_REPLY(polled, arm_ask(&dev, "GET", path, NULL, NULL));
    cr_expect_str_eq(polled.body, "{\"status\":\"Succeeded\"}");
    free(path);
    API_REPLY(again, arm_ask(&dev, "PUT", DEPLOYMENTS("rg1") "one", VERSION, body));
    cr_expect_eq(again.status, 200);
}

Test(deployments, outputs_refer_to_what_was_made)
{
    DEPLOYMENTS_CLIENT;
    API_REPLY(
        reply,
        deployments_run(
            &dev, "one",
            DEPLOY(TEMPLATE("\"resources\":[" THING(
                "a",
                ",\"properties\":{\"x\":[1,{\"y\":"
                "\"z\"}]}") "," THING("b", ",\"properties\":{\"copy\":\"[reference('a').x[1].y]"
                                           "\"}") "],"
                                                  "\"outputs\":{\"y\":{\"type\":\"string\","
                                                  "\"value\":\"[reference('b').copy]\"},"
                                                  "\"pin\":{\"type\":\"securestring\",\"value\":"
                                                  "\"hush\"},"
                                                  "\"full\":{\"type\":\"string\",\"value\":\"["
                                                  "reference('a','2020-01-01','Full')"
                                                  ".location]\"}}"))));
    cr_expect_str_eq(reply_text(&reply, "properties.provisioningState"), "Succeeded", "%s",
                     reply.body);
    cr_expect_str_eq(reply_text(&reply, "properties.outputs.y.value"), "z");
    cr_expect_str_eq(reply_text(&reply, "properties.outputs.full.value"), "eastus");
    cr_expect_null(strstr(reply.body, "hush"), "a secure output is not echoed");
    cr_expect_eq(cJSON_GetArraySize(reply_item(&reply, "properties.outputResources")), 2);
    cr_expect_str_eq(reply_text(&reply, "properties.dependencies.0.dependsOn.0.resourceName"), "a");
}

Test(deployments, a_deployment_of_the_subscription_makes_a_group_and_deploys_to_it)
{
    DEPLOYMENTS_CLIENT;
    const char *body = "{\"location\":\"West US 3\",\"properties\":{\"template\":" TEMPLATE(
        "\"resources\":[{\"type\":\"Microsoft.Resources/resourceGroups\",\"apiVersion\":"
        "\"2021-04-01\",\"name\":\"made\",\"location\":\"West US 3\"},{\"type\":"
        "\"Microsoft.Resources/deployments\",\"apiVersion\":\"2021-04-01\",\"name\":\"inner\","
        "\"resourceGroup\":\"made\",\"dependsOn\":[\"made\"],\"properties\":{\"mode\":"
        "\"Incremental\",\"expressionEvaluationOptions\":{\"scope\":\"inner\"},"
        "\"template\":" TEMPLATE(
            "\"resources\":[" THING("a", "") "],\"outputs\":{\"where\":{\"type\":"
                                             "\"string\",\"value\":\"[resourceGroup().location]\"}"
                                             "}") "}}],"
                                                  "\"outputs\":{\"where\":{\"type\":\"string\","
                                                  "\"value\":\"[reference('inner').outputs."
                                                  "where.value]\"}}") "}}";
    const char *path = "~/providers/Microsoft.Resources/deployments/one";

    API_REPLY(put, arm_ask(&dev, "PUT", path, VERSION, body));
    cr_assert_eq(put.status, 201, "%s", put.body);
    for (int i = 0; i < 500; i++) {
        API_REPLY(reply, arm_ask(&dev, "GET", path, VERSION, NULL));

        if (strcmp(reply_text(&reply, "properties.provisioningState"), "Succeeded") == 0) {
            cr_expect_str_eq(reply_text(&reply, "location"), "westus3");
            cr_expect_str_eq(reply_text(&reply, "properties.outputs.where.value"), "westus3");
            cr_expect_eq(cJSON_GetArraySize(reply_item(&reply, "properties.outputResources")), 2,
                         "%s", reply.body);
            return;
        }
        cr_assert_str_neq(reply_text(&reply, "properties.provisioningState"), "Failed", "%s",
                          reply_text(&reply, "properties.error.details.0.message"));
    }
    cr_assert_fail("it does not end");
}

Test(deployments, complete_mode_deletes_what_the_template_does_not_have)
{
    DEPLOYMENTS_CLIENT;
    deployments_succeed(&dev, "one",
                        DEPLOY(TEMPLATE("\"resources\":[" THING("a", "") "," THING("b", "") "]")));
    deployments_succeed(&dev, "two", DEPLOY(TEMPLATE("\"resources\":[" THING("c", "") "]")));
    expect_thing(&dev, "a", 200);
    deployments_succeed(&dev, "three",
                        "{\"properties\":{\"mode\":\"complete\",\"template\":" TEMPLATE(
                            "\"resources\":[" THING("b", "") "]") "}}");
    expect_thing(&dev, "a", 404);
    expect_thing(&dev, "b", 200);
    expect_thing(&dev, "c", 404);
}

Test(deployments, as_many_resources_as_a_template_may_have_are_kept_whole)
{
    DEPLOYMENTS_CLIENT;
    API_REPLY(end,
              deployments_run(
                  &dev, "one",
                  DEPLOY(TEMPLATE("\"resources\":[" THING("first", "") "," THING(
                      "[concat('t', copyIndex())]",
                      ",\"dependsOn\":[\"first\"],\"copy\":{\"name\":\"c\",\"count\":799}") "]"))));
    cr_expect_str_eq(reply_text(&end, "properties.provisioningState"), "Succeeded");
    cr_expect_eq(cJSON_GetArraySize(reply_item(&end, "properties.outputResources")), 800);
    cr_expect_eq(cJSON_GetArraySize(reply_item(&end, "properties.dependencies")), 799);
    API_REPLY(list, arm_ask(&dev, "GET", DEPLOYMENTS("rg1") "one/operations", VERSION, NULL));
    cr_expect_eq(cJSON_GetArraySize(reply_item(&list, "value")), 800);
}

Test(deployments, a_deleted_one_is_gone_and_what_it_made_stays)
{
    DEPLOYMENTS_CLIENT;
    deployments_succeed(&dev, "one", DEPLOY(TEMPLATE("\"resources\":[" THING("a", "") "]")));
    API_REPLY(head, arm_ask(&dev, "HEAD", DEPLOYMENTS("rg1") "one", VERSION, NULL));
    cr_expect_eq(head.status, 204);
    API_REPLY(deleted, arm_ask(&dev, "DELETE", DEPLOYMENTS("rg1") "one", VERSION, NULL));
    cr_expect_eq(deleted.status, 204);
    API_REPLY(again, arm_ask(&dev, "HEAD", DEPLOYMENTS("rg1") "one", VERSION, NULL));
    cr_expect_eq(again.status, 404);
    expect_thing(&dev, "a", 200);
}

Test(deployments, lists_have_those_of_their_own_scope_only)
{
    DEPLOYMENTS_CLIENT;
    deployments_succeed(&dev, "one", DEPLOY(TEMPLATE("\"resources\":[]")));
    deployments_succeed(&dev, "two", DEPLOY(TEMPLATE("\"resources\":[]")));
    API_REPLY(group, arm_ask(&dev, "GET",
                             GROUP_ID("rg1") "/providers/Microsoft.Resources/"
                                             "deployments?$top=1",
                             VERSION, NULL));
    cr_expect_eq(cJSON_GetArraySize(reply_item(&group, "value")), 1, "%s", group.body);
    cr_expect_str_eq(reply_text(&group, "value.0.name"), "one");
    const char *next = strstr(reply_text(&group, "nextLink"), "/subscriptions/");
    cr_assert_not_null(next);
    API_REPLY(rest, arm_ask(&dev, "GET", next, NULL, NULL));
    cr_expect_str_eq(reply_text(&rest, "value.0.name"), "two");
    API_REPLY(above,
              arm_ask(&dev, "GET", "~/providers/Microsoft.Resources/deployments", VERSION, NULL));
    cr_expect_str_eq(above.body, "{\"value\":[]}");
}
