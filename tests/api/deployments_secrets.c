/* SPDX-License-Identifier: Apache-2.0 */
/* Secure parameters that go into resources of a type that nobody has: neither kept nor shown. */
#include "deployments_tools.h"

#include <stdio.h>
#include <string.h>

#include "../support/command.h"

TestSuite(deployments_secrets, .init = deployments_start, .fini = deployments_stop, .timeout = 120);

#define SECRET "hush-hush-4711"
#define PARAMETERS                                                                                 \
    "\"parameters\":{\"pin\":{\"type\":\"securestring\"},\"box\":{\"type\":"                       \
    "\"secureObject\",\"defaultValue\":{\"inner\":\"" SECRET "\"}}}"
#define GIVEN "{\"pin\":{\"value\":\"" SECRET "\"}}"
#define THING_ID GROUP_ID("rg1") "/providers/Contoso.Things/things/"

/* The properties of a thing, as GET shows them. */
static void expect_properties(struct client *client, const char *path, const char *expected)
{
    API_REPLY(reply, arm_ask(client, "GET", path, "2020-01-01", NULL));
    char *properties = cJSON_PrintUnformatted(reply_item(&reply, "properties"));

    cr_expect_eq(reply.status, 200, "%s", reply.body);
    cr_expect_null(strstr(reply.body, "hush"), "%s", reply.body);
    cr_expect_str_eq(properties, expected, "%s: %s", path, properties);
    cJSON_free(properties);
}

/* Whether any file of the data folder has the text. */
static bool is_stored(const char *text)
{
    char line[512];

    snprintf(line, sizeof(line), "grep -rqaF '%s' '%s'", text, deployments_daemon.folder);
    return command_run(line) == 0;
}

Test(deployments_secrets, are_null_where_they_went)
{
    DEPLOYMENTS_CLIENT;
    deployments_succeed(
        &dev, "one",
        DEPLOY_WITH(TEMPLATE(PARAMETERS
                             ",\"variables\":{\"v\":\"[concat('x', parameters('pin'))]\"},"
                             "\"resources\":[" THING(
                                 "a", ",\"tags\":{\"t\":\"[variables('v')]\"},"
                                      "\"sku\":{\"name\":\"[parameters('pin')]\"},"
                                      "\"properties\":{\"plain\":\"kept-4711\","
                                      "\"pin\":\"[parameters('pin')]\","
                                      "\"list\":[1,\"[variables('v')]\"],"
                                      "\"copy\":[{\"name\":\"loop\",\"count\":2,\"input\":"
                                      "\"[concat(copyIndex('loop'), parameters('pin'))]\"}],"
                                      "\"box\":\"[parameters('box')]\","
                                      "\"named\":{\"[parameters('pin')]\":1}}") "]"),
                    GIVEN));
    expect_properties(&dev, THING_ID "a",
                      "{\"plain\":\"kept-4711\",\"pin\":null,\"list\":[1,null],"
                      "\"loop\":[null,null],\"box\":{},\"named\":{},"
                      "\"provisioningState\":\"Succeeded\"}");
    API_REPLY(list, arm_ask(&dev, "GET", GROUP_ID("rg1") "/resources", "2021-04-01", NULL));
    cr_expect_eq(list.status, 200);
    cr_expect_null(strstr(list.body, "hush"), "%s", list.body);
    cr_expect(is_stored("kept-4711"), "or nothing is proven");
    cr_expect_not(is_stored(SECRET));
}

Test(deployments_secrets, are_null_when_all_of_it_is_secret)
{
    DEPLOYMENTS_CLIENT;
    deployments_succeed(&dev, "one",
                        DEPLOY_WITH(TEMPLATE(PARAMETERS ",\"resources\":[" THING(
                                        "a", ",\"tags\":\"[parameters('box')]\",\"properties\":"
                                             "\"[parameters('box')]\"") "]"),
                                    GIVEN));
    expect_properties(&dev, THING_ID "a", "{\"provisioningState\":\"Succeeded\"}");
    cr_expect_not(is_stored(SECRET));
}

/* In the outer scope a nested template has the values themselves; in the inner one its own parameters do,
 * and these need not be secure. */
Test(deployments_secrets, are_null_in_nested_deployments)
{
    static const char *const scopes[][2] = {
        { "outer", "\"resources\":[" THING(
                       "a", ",\"properties\":{\"p\":\"[concat('x', parameters('pin'))]\"}") "]" },
        { "inner",
          "\"parameters\":{\"box\":{\"type\":\"secureObject\"}},"
          "\"resources\":[" THING(
              "b", ",\"properties\":{\"p\":\"[concat('x', parameters('box').pin)]\"}") "]" },
    };
    DEPLOYMENTS_CLIENT;

    for (size_t i = 0; i < KV_COUNT(scopes); i++) {
        char body[4096], path[256];

        snprintf(
            body, sizeof(body),
            DEPLOY_WITH(TEMPLATE(PARAMETERS
                                 ",\"resources\":[{\"type\":\"Microsoft.Resources/deployments\","
                                 "\"apiVersion\":\"2021-04-01\",\"name\":\"nested\",\"properties\":"
                                 "{\"mode\":\"Incremental\",\"expressionEvaluationOptions\":{"
                                 "\"scope\":\"%s\"},%s\"template\":{" SCHEMA ",%s}}}]"),
                        GIVEN),
            scopes[i][0],
            i == 0 ? "" : "\"parameters\":{\"box\":{\"value\":{\"pin\":\"[parameters('pin')]\"}}},",
            scopes[i][1]);
        deployments_succeed(&dev, scopes[i][0], body);
        snprintf(path, sizeof(path), THING_ID "%c", i == 0 ? 'a' : 'b');
        expect_properties(&dev, path, "{\"p\":null,\"provisioningState\":\"Succeeded\"}");
    }
    cr_expect_not(is_stored(SECRET));
}

/* A default that is made of one is as secret as it is, whatever type is declared. */
Test(deployments_secrets, are_not_shown_as_defaults_of_other_parameters)
{
    DEPLOYMENTS_CLIENT;
    deployments_succeed(&dev, "one",
                        DEPLOY_WITH(TEMPLATE("\"parameters\":{\"pin\":{\"type\":\"securestring\"},"
                                             "\"made\":{\"type\":\"string\",\"defaultValue\":"
                                             "\"[concat('x', parameters('pin'))]\"},"
                                             "\"open\":{\"type\":\"string\",\"defaultValue\":"
                                             "\"open-4711\"}},\"resources\":[]"),
                                    GIVEN));
    API_REPLY(shown, arm_ask(&dev, "GET", DEPLOYMENTS("rg1") "one", "2021-04-01", NULL));
    cr_expect_eq(shown.status, 200, "%s", shown.body);
    cr_expect_str_eq(reply_text(&shown, "properties.parameters.open.value"), "open-4711");
    cr_expect_not_null(reply_item(&shown, "properties.parameters.made"), "%s", shown.body);
    cr_expect_null(strstr(shown.body, "hush"), "%s", shown.body);
    cr_expect_not(is_stored(SECRET));
}

/* As in the service, what a provider does not tell is not there for expressions either. */
Test(deployments_secrets, are_null_for_those_that_refer_to_them)
{
    DEPLOYMENTS_CLIENT;
    API_REPLY(end, deployments_run(&dev, "one",
                                   DEPLOY_WITH(TEMPLATE(PARAMETERS ",\"resources\":[" THING(
                                                   "a", ",\"properties\":{\"p\":\"[parameters('pin'"
                                                        ")]\"}") "],"
                                                                 "\"outputs\":{\"o\":{\"type\":"
                                                                 "\"bool\",\"value\":"
                                                                 "\"[equals(reference('a').p, "
                                                                 "null())]\"}}"),
                                               GIVEN)));
    cr_expect_str_eq(reply_text(&end, "properties.provisioningState"), "Succeeded", "%s", end.body);
    cr_expect(cJSON_IsTrue(reply_item(&end, "properties.outputs.o.value")), "%s", end.body);
}

Test(deployments_secrets, of_a_type_that_is_known_go_where_they_belong)
{
    DEPLOYMENTS_CLIENT;
    deployments_succeed(
        &dev, "one",
        DEPLOY_WITH(TEMPLATE("\"parameters\":{\"tenant\":{\"type\":\"securestring\"}},"
                             "\"resources\":[{\"type\":\"Microsoft.KeyVault/vaults\","
                             "\"apiVersion\":\"2022-07-01\",\"name\":\"known1\",\"location\":"
                             "\"eastus\",\"properties\":{\"tenantId\":\"[parameters('tenant')]\","
                             "\"sku\":{\"family\":\"A\",\"name\":\"standard\"},"
                             "\"accessPolicies\":[]}}]"),
                    "{\"tenant\":{\"value\":\"" TENANT "\"}}"));
    API_REPLY(vault,
              arm_ask(&dev, "GET", GROUP_ID("rg1") "/providers/Microsoft.KeyVault/vaults/known1",
                      "2022-07-01", NULL));
    cr_expect_str_eq(reply_text(&vault, "properties.tenantId"), TENANT, "%s", vault.body);
}
