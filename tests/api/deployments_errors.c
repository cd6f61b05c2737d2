/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Errors of deployments in the words of the service, whole, as a client gets them (control-plane.md §3.2). What stands
 * behind a newline stands on the second line of what is sent, in its first column.
 */
#include "deployments_tools.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kv/base/buf.h"

TestSuite(deployments_errors, .init = deployments_start, .fini = deployments_stop, .timeout = 120);

#define INVALID "Deployment template validation failed: "
#define GROUP_PATH "/subscriptions/ffecaf7c-b368-5892-b89b-b894d5612a15/resourceGroups/rg1"
#define THING_ID(name) GROUP_PATH "/providers/Contoso.Things/things/" name
#define DEPLOYMENT_ID(name) GROUP_PATH "/providers/Microsoft.Resources/deployments/" name

/* ---- Templates ---------------------------------------------------------------------------------- */

/* [recorded]: the first four; the others as they are known. */
static const struct {
    const char *body, *message;
} templates[] = {
    { DEPLOY(TEMPLATE("\"parameters\":{\"p\":\n{\"type\":\"string\"}},\"resources\":[]")), INVALID
      "'The value for the template parameter 'p' at line '2' and column '1' is not provided. "
      "Please see https://aka.ms/arm-create-parameter-file for usage details.'." },
    { DEPLOY_WITH(TEMPLATE("\"parameters\":{\"p\":\n{\"type\":\"string\",\"allowedValues\":[\"A\","
                           "\"B\"]}},\"resources\":[]"),
                  "{\"p\":{\"value\":\"x\"}}"),
      INVALID
      "'The provided value 'x' for the template parameter 'p' at line '2' and column '1' is "
      "not valid. The parameter value is not part of the allowed value(s): 'A,B'.'." },
    { DEPLOY(TEMPLATE("\"resources\":[\n" THING("a/b", "") "]")), INVALID
      "'The template resource 'a/b' for type 'Contoso.Things/things' at line '2' and column "
      "'1' has incorrect segment lengths. A nested resource type must have identical number "
      "of segments as its resource name. A root resource type must have segment length one "
      "greater than its resource name. Please see https://aka.ms/arm-template/#resources for "
      "usage details.'." },
    { DEPLOY_WITH(TEMPLATE("\"parameters\":{\"a\":{\"type\":\"string\",\"defaultValue\":\"\"},"
                           "\"b\":{\"type\":\"string\",\"defaultValue\":\"\"}},\"resources\":[]"),
                  "{\"x\":{\"value\":1}}"),
      INVALID "'The template parameters 'x' in the parameters file are not valid; they are not "
              "present in the original template and can therefore not be provided at deployment "
              "time. The only supported parameters for this template are 'a, b'. Please see "
              "https://aka.ms/arm-pass-parameter-values for usage details.'." },
    { DEPLOY(TEMPLATE("\"resources\":[" THING("a", ",\"dependsOn\":[\"b\"]") "]")),
      INVALID "'The resource 'b' is not defined in the template. Please see "
              "https://aka.ms/arm-syntax for usage details.'." },
    { DEPLOY(TEMPLATE("\"resources\":[" THING("a", ",\"dependsOn\":[\"b\"]") "," THING(
          "b", ",\"dependsOn\":[\"a\"]") "]")),
      INVALID "'Circular dependency detected on resource: '" THING_ID(
          "a") "'. Please see https://aka.ms/arm-syntax-resources for usage details.'." },
    { DEPLOY(TEMPLATE("\"resources\":[" THING("a", ",\"dependsOn\":[\"a\"]") "]")),
      INVALID "'The template resource '" THING_ID("a") "' cannot reference itself. Please see "
                                                       "https://aka.ms/arm-function-reference for "
                                                       "usage details.'." },
    { DEPLOY(TEMPLATE("\"resources\":[\n" THING(
          "a", ",\"properties\":{\"x\":\"[resourceId('A.B/c/d','e')]\"}") "]")),
      "Unable to process template language expressions for resource '" THING_ID(
          "a") "' at line '2' and column '1'. 'Unable to evaluate template language function "
               "'resourceId': the type 'A.B/c/d' requires '2' resource name argument(s). Please "
               "see "
               "https://aka.ms/arm-resource-functions/#resourceid for usage details.'" },
};

Test(deployments_errors, INVALID_TEMPLATE_in_every_way_that_is_known)
{
    static const char *const actions[] = { "validate", "whatIf" };
    DEPLOYMENTS_CLIENT;

    for (size_t i = 0; i < KV_COUNT(templates); i++) {
        API_REPLY(reply,
                  arm_ask(&dev, "PUT", DEPLOYMENTS("rg1") "bad", VERSION, templates[i].body));
        arm_expect_refusal(&reply, 400, "InvalidTemplate", templates[i].message);
        for (size_t j = 0; j < KV_COUNT(actions); j++) {
            API_REPLY(asked, deployments_act(&dev, "bad", actions[j], templates[i].body));
            arm_expect_refusal(&asked, 400, "InvalidTemplate", templates[i].message);
        }
    }
}

/* ---- What providers would refuse ---------------------------------------------------------------- */

#define RESOURCE(type, version, more)                                                              \
    "{\"type\":\"" type "\",\"apiVersion\":\"" version "\",\"name\":\"first\"" more "}"
#define IN_GROUP(type, version)                                                                    \
    DEPLOY(TEMPLATE("\"resources\":[" RESOURCE(type, version, ",\"location\":\"eastus\"") "]"))
#define AT(place)                                                                                  \
    DEPLOY(TEMPLATE("\"resources\":[" RESOURCE("Microsoft.ManagedIdentity/userAssignedIdentities", \
                                               "2023-01-31", place) "]"))
/* The same in a deployment in the deployment. */
#define NESTED(resource)                                                                           \
    DEPLOY(TEMPLATE("\"resources\":[{\"type\":\"Microsoft.Resources/deployments\",\"apiVersion\":" \
                    "\"2021-04-01\",\"name\":\"inner\",\"properties\":{\"mode\":\"Incremental\","  \
                    "\"template\":" TEMPLATE("\"resources\":[" resource "]") "}}]"))

static const struct {
    const char *body, *code, *message;
} refusals[] = {
    { IN_GROUP("Microsoft.ManagedIdentity/userAssignedIdentities", "1999-01-01"),
      "NoRegisteredProviderFound",
      "No registered resource provider found for location 'eastus' and API version '1999-01-01' "
      "for "
      "type 'userAssignedIdentities'. The supported api-versions are '2025-05-31-preview, "
      "2024-11-30, 2023-07-31-preview, 2023-01-31, 2022-01-31-preview, 2021-09-30-preview, "
      "2018-11-30, 2015-08-31-preview'. The supported locations are 'eastus'." },
    { IN_GROUP("Microsoft.ManagedIdentity/nothing", "2023-01-31"), "InvalidResourceType",
      "The resource type 'nothing' could not be found in the namespace "
      "'Microsoft.ManagedIdentity' "
      "for api version '2023-01-31'. The supported api-versions are ''." },
    { AT(""), "LocationRequired", "The location property is required for this definition." },
    { AT(",\"location\":\"mars/base\""), "LocationNotAvailableForResourceType",
      "The provided location 'mars/base' is not a location." },
    { NESTED(RESOURCE("Microsoft.ManagedIdentity/userAssignedIdentities", "2023-01-31", "")),
      "LocationRequired", "The location property is required for this definition." },
};

static struct daemon strict; /* that keeps no types of nobody */

static void start_strict(void)
{
    api_begin(&strict, (const char *const[]){ NULL });

    API_CLIENT_OF(&strict, dev);
    arm_make_group(&dev, "rg1");
}

static void stop_strict(void)
{
    api_end(&strict);
}

Test(deployments_errors, INVALID_TEMPLATE_DEPLOYMENT_with_what_the_provider_says,
     .init = start_strict, .fini = stop_strict)
{
    static const char whole[] = "The template deployment 'bad' is not valid according to the "
                                "validation procedure. The tracking id is '";
    static const char end[] = "'. See inner errors for details.";
    API_CLIENT_OF(&strict, dev);

    for (size_t i = 0; i < KV_COUNT(refusals); i++) {
        API_REPLY(reply, arm_ask(&dev, "PUT", DEPLOYMENTS("rg1") "bad", VERSION, refusals[i].body));
        const char *message = reply_text(&reply, "error.message");

        cr_expect_eq(reply.status, 400, "row %zu: %s", i, reply.body);
        cr_expect_str_eq(reply_text(&reply, "error.code"), "InvalidTemplateDeployment");
        cr_expect_eq(strncmp(message, whole, strlen(whole)), 0, "%s", message);
        cr_expect_str_eq(message + strlen(message) - strlen(end), end);
        cr_expect_eq(strlen(message),
                     strlen(whole) + strlen("00000000-0000-0000-0000-000000000000") + strlen(end));
        cr_expect_eq(cJSON_GetArraySize(reply_item(&reply, "error.details")), 1, "%s", reply.body);
        cr_expect_str_eq(reply_text(&reply, "error.details.0.code"), refusals[i].code);
        message = reply_text(&reply, "error.details.0.message");
        cr_expect_str_eq(message, refusals[i].message);
        API_REPLY(missing, arm_ask(&dev, "GET", DEPLOYMENTS("rg1") "bad", VERSION, NULL));
        cr_expect_eq(missing.status, 404, "nothing is begun");
    }
}

/* ---- While it runs ------------------------------------------------------------------------------ */

#define FAILED(name, details)                                                                      \
    "{\"code\":\"DeploymentFailed\",\"target\":\"" DEPLOYMENT_ID(                                  \
        name) "\",\"message\":\"At least one resource deployment operation failed. Please list "   \
              "deployment operations for details. Please see "                                     \
              "https://aka.ms/arm-deployment-operations for usage "                                \
              "details.\",\"details\":[" details "]}"
#define GRANT(principal)                                                                           \
    DEPLOY(TEMPLATE(                                                                               \
        "\"resources\":[{\"type\":\"Microsoft.Authorization/roleAssignments\",\"apiVersion\":"     \
        "\"2022-04-01\",\"name\":\"5e0b5c7e-1d4f-4d0a-9f7b-6a5d3b1c2e01\",\"properties\":{"        \
        "\"principalType\":\"ServicePrincipal\",\"principalId\":\"" principal                      \
        "\",\"roleDefinitionId\":\"[subscriptionResourceId('Microsoft.Authorization/"              \
        "roleDefinitions','14b46e9e-c2b7-41b4-b07b-48a6ebf60603')]\"}}]"))

static void expect_failure(const struct reply *reply, const char *expected)
{
    char *error = cJSON_PrintUnformatted(reply_item(reply, "properties.error"));

    cr_expect_str_eq(reply_text(reply, "properties.provisioningState"), "Failed");
    cr_expect_str_eq(error, expected);
    cJSON_free(error);
}

Test(deployments_errors, a_role_assignment_that_is_another_now_as_recorded)
{
    DEPLOYMENTS_CLIENT;
    deployments_succeed(&dev, "one", GRANT("9a1c6f0e-52a4-4d0c-8d5b-0a4f3f1f7b11"));
    API_REPLY(reply, deployments_run(&dev, "one", GRANT("9a1c6f0e-52a4-4d0c-8d5b-0a4f3f1f7b12")));
    expect_failure(&reply,
                   FAILED("one", "{\"code\":\"RoleAssignmentUpdateNotPermitted\",\"message\":"
                                 "\"Tenant ID, application ID, principal ID, and scope are not "
                                 "allowed to be updated.\"}"));

    API_REPLY(list, arm_ask(&dev, "GET", DEPLOYMENTS("rg1") "one/operations", VERSION, NULL));
    cr_expect_str_eq(reply_text(&list, "value.0.properties.statusMessage.error.code"),
                     "RoleAssignmentUpdateNotPermitted", "%s", list.body);
}

Test(deployments_errors, an_expression_that_fails_while_it_runs)
{
    DEPLOYMENTS_CLIENT;
    API_REPLY(
        reply,
        deployments_run(
            &dev, "one",
            DEPLOY(TEMPLATE("\"resources\":[" THING("a", ",\"properties\":{\"x\":1}") ",\n" THING(
                "b", ",\"properties\":{\"y\":\"[reference('a').nothing]\"}") "]"))));
    expect_failure(
        &reply,
        FAILED("one",
               "{\"code\":\"InvalidTemplate\",\"message\":\"Unable to process template "
               "language expressions for resource '" THING_ID(
                   "b") "' at line '2' and "
                        "column '1'. 'The language expression property 'nothing' doesn't exist, "
                        "available properties are 'x, provisioningState'.'\"}"));
}

Test(deployments_errors, other_subscriptions_are_not_found)
{
    DEPLOYMENTS_CLIENT;
    API_REPLY(reply,
              arm_ask(&dev, "PUT",
                      "/subscriptions/11111111-1111-1111-1111-111111111111/resourceGroups/rg1/"
                      "providers/Microsoft.Resources/deployments/one",
                      VERSION, DEPLOY(TEMPLATE("\"resources\":[]"))));
    arm_expect_refusal(
        &reply, 404, "SubscriptionNotFound",
        "The subscription '11111111-1111-1111-1111-111111111111' could not be found.");
    API_REPLY(version, arm_ask(&dev, "PUT", DEPLOYMENTS("rg1") "one", NULL,
                               DEPLOY(TEMPLATE("\"resources\":[]"))));
    arm_expect_refusal(
        &version, 400, "MissingApiVersionParameter",
        "The api-version query parameter (?api-version=) is required for all requests.");
}

/* ---- deployment() ------------------------------------------------------------------------------- */

/* Of what may be secret nothing is told, however deep it stands. */
Test(deployments_errors, deployment_shows_what_was_sent_but_no_secrets)
{
    DEPLOYMENTS_CLIENT;
    API_REPLY(reply,
              deployments_run(
                  &dev, "one",
                  DEPLOY_WITH(
                      TEMPLATE("\"languageVersion\":\"2.0\",\"definitions\":{\"hidden\":{\"type\":"
                               "\"secureString\"}},\"parameters\":{\"size\":{\"type\":\"int\"},"
                               "\"pin\":{\"type\":\"SecureString\"},\"box\":{\"type\":\"object\","
                               "\"properties\":{\"pin\":{\"type\":\"securestring\"}}},\"far\":{"
                               "\"$ref\":\"#/definitions/hidden\"}},\"resources\":{},\"outputs\":{"
                               "\"all\":{\"type\":\"object\",\"value\":\"["
                               "deployment().properties.parameters]\"}}"),
                      "{\"size\":{\"value\":7},\"pin\":{\"value\":\"hush-1\"},\"box\":{\"value\":{"
                      "\"pin\":\"hush-2\"}},\"far\":{\"value\":\"hush-3\"}}")));
    char *all = cJSON_PrintUnformatted(reply_item(&reply, "properties.outputs.all.value"));

    cr_expect_str_eq(all, "{\"size\":{\"value\":7},\"pin\":{},\"box\":{},\"far\":{}}", "%s",
                     reply.body);
    cr_expect_null(strstr(reply.body, "hush"), "%s", reply.body);
    cJSON_free(all);
}
