/* SPDX-License-Identifier: Apache-2.0 */
/* Resources: names, ids, loops, conditions, and the order that dependencies make. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fixture.h"
#include "kv/base/json.h"

TestSuite(template_resources, .init = fixture_setup, .fini = fixture_teardown, .timeout = 60);

#define FAILED "Deployment template validation failed: '"
#define KEY(name, more)                                                                            \
    "{\"type\": \"Microsoft.KeyVault/vaults/keys\", \"apiVersion\": \"2022-07-01\", \"name\": "    \
    "\"" name "\"" more "}"
#define DEPENDS(list) ", \"dependsOn\": [" list "]"
#define COPY(members) ", \"copy\": {\"name\": \"loop\", " members "}"
#define SYMBOLS(list) TEMPLATE("\"languageVersion\": \"2.0\", \"resources\": {" list "}")

Test(template_resources, are_refused_in_the_recorded_words)
{
    fixture_refuse("{\"$schema\": \"https://x/deploymentTemplate.json#\", \"contentVersion\": "
                   "\"1.0.0.0\", \"resources\": [\n" VAULT("v/k", "") "]}",
                   NULL,
                   FAILED
                   "The template resource 'v/k' for type 'Microsoft.KeyVault/vaults' at line "
                   "'2' and column '1' has incorrect segment lengths. A nested resource type "
                   "must have identical number of segments as its resource name. A root "
                   "resource type must have segment length one greater than its resource "
                   "name. Please see https://aka.ms/arm-template/#resources for usage "
                   "details.'.");
    fixture_refuse(RESOURCES(VAULT("v", DEPENDS("\"w\""))), NULL,
                   FAILED "The resource 'w' is not defined in the template. Please see "
                          "https://aka.ms/arm-syntax for usage details.'.");
    fixture_refuse(RESOURCES(VAULT("a", DEPENDS("\"b\"")) ", " VAULT("b", DEPENDS("\"a\""))), NULL,
                   FAILED "Circular dependency detected on resource: '" GROUP
                          "/providers/Microsoft.KeyVault/vaults/a'. Please see "
                          "https://aka.ms/arm-syntax-resources for usage details.'.");
    fixture_refuse(RESOURCES(VAULT("a", DEPENDS("\"a\""))), NULL,
                   FAILED "The template resource '" GROUP "/providers/Microsoft.KeyVault/vaults/a' "
                          "cannot reference itself. Please see "
                          "https://aka.ms/arm-function-reference for usage details.'.");
    fixture_refuse("{\"$schema\": \"https://x/deploymentTemplate.json#\", \"contentVersion\": "
                   "\"1.0.0.0\", \"resources\": [" VAULT("a", "") ",\n" VAULT("A", "") "]}",
                   NULL,
                   FAILED
                   "The resource 'Microsoft.KeyVault/vaults/A' at line '2' and column '1' is "
                   "defined multiple times in a template. Please see "
                   "https://aka.ms/arm-template/#resources for usage details.'.");
    fixture_refuse("{\"$schema\": \"https://x/deploymentTemplate.json#\", \"contentVersion\": "
                   "\"1.0.0.0\", \"resources\": [\n{\"type\": \"A.B/c\", \"apiVersion\": \"1\", "
                   "\"name\": \"\"}]}",
                   NULL,
                   FAILED "The template resource '' at line '2' and column '47' is not valid. The "
                          "name property cannot be null or empty. Please see "
                          "https://aka.ms/arm-template/#resources for usage details.'.");
    fixture_refuse(
        "{\"$schema\": \"https://x/deploymentTemplate.json#\", \"contentVersion\": "
        "\"1.0.0.0\", \"resources\": [\n" VAULT(
            "v", ", \"properties\": {\"x\": \"[resourceId('A.B/c/d', 'e')]\"}") "]}",
        NULL,
        "Unable to process template language expressions for resource '" GROUP
        "/providers/Microsoft.KeyVault/vaults/v' at line '2' and column '1'. 'Unable to "
        "evaluate template language function 'resourceId': the type 'A.B/c/d' requires '2' "
        "resource name argument(s). Please see "
        "https://aka.ms/arm-resource-functions/#resourceid for usage details.'");
}

static const struct {
    const char *text, *said;
} refused[] = {
    { RESOURCES("{\"type\": \"A.B/c\", \"name\": \"x\"}"),
      "The apiVersion property cannot be null" },
    { RESOURCES("{\"apiVersion\": \"1\", \"name\": \"x\"}"), "The type property cannot be null" },
    { RESOURCES(VAULT("[createArray()]", "")), "The 'name' must be a string" },
    { RESOURCES(VAULT("[reference('x').name]", "")),
      "The template function 'reference' is not expected at this location." },
    { RESOURCES(VAULT("v", ", \"condition\": \"yes\"")), "The 'condition' must be a boolean" },
    { RESOURCES(VAULT("v", DEPENDS("5"))), "must be a list of strings" },
    { RESOURCES(VAULT("v", DEPENDS("\"[createArray()]\""))), "must be a list of strings" },
    { RESOURCES(VAULT("v", COPY("\"count\": -1"))), "The copy count '-1' is not valid. It must be "
                                                    "between '0' and '800'." },
    { RESOURCES(VAULT("v", COPY("\"count\": 1000000"))), "The copy count '1000000' is not valid." },
    { RESOURCES(VAULT("v", COPY("\"count\": \"3\""))), "The copy count must be an integer." },
    { RESOURCES(VAULT("v", COPY("\"mode\": \"serial\""))), "The copy property has no 'count'." },
    { RESOURCES(VAULT("v[copyIndex()]", COPY("\"count\": 2"))), "is defined multiple times" },
    { RESOURCES(VAULT("[concat('v', copyIndex('other'))]", COPY("\"count\": 2"))),
      "'copyIndex' is not expected at this location" },
    { RESOURCES(VAULT("[concat('v', copyIndex())]", COPY("\"count\": 2, \"mode\": \"sideways\""))),
      "The copy mode 'sideways' is not known" },
    { RESOURCES(VAULT("[concat('v', copyIndex())]",
                      COPY("\"count\": 2, \"mode\": \"serial\", \"batchSize\": 0"))),
      "batchSize must be an integer of at least '1'" },
    { RESOURCES(VAULT("v", ", \"copy\": {\"count\": 1}")), "has no name" },
    { RESOURCES(VAULT("v", COPY("\"count\": 1, \"cuont\": 2"))), "Could not find member 'cuont'" },
    { RESOURCES(VAULT("v", ", \"properties\": {\"copy\": [{\"name\": \"a\", \"count\": 1, "
                           "\"input\": 1, \"x\": 1}]}")),
      "Could not find member 'x' on object of type 'copy'." },
    { RESOURCES(VAULT("v", ", \"properties\": {\"copy\": [1]}")), "A copy loop has no 'name'." },
    { RESOURCES(
          VAULT("v", "") ", " KEY("v/v", "") ", {\"type\": \"A.B/c\", \"apiVersion\": \"1\", "
                                             "\"name\": \"v\"}, " VAULT("w", DEPENDS("\"v\""))),
      "is defined more than once in the template" },
    { RESOURCES(VAULT("v", ", \"properties\": {\"x\": \"[reference('v').y]\"}")),
      "cannot reference itself" },
    { RESOURCES(VAULT("v", ", \"properties\": {\"copy\": [{\"count\": 1, \"input\": 1}]}")),
      "A copy loop has no 'name'." },
    { RESOURCES(VAULT("v", ", \"properties\": {\"copy\": [{\"name\": \"a\", \"count\": 1}]}")),
      "The copy loop 'a' has no 'input'." },
    { RESOURCES(VAULT("v", ", \"properties\": {\"[createArray()]\": 1}")),
      "The name of a member must be a string" },
    { RESOURCES(VAULT("a", COPY("\"count\": 1") ", \"resources\": [{\"type\": \"keys\", "
                                                "\"apiVersion\": \"1\", \"name\": "
                                                "\"k\"" COPY("\"count\": 2") "}]")),
      "stands in another one, which is not supported" },
    { TEMPLATE("\"resources\": [], \"variables\": {\"a\": \"[variables('b')]\", \"b\": "
               "\"[variables('a')]\"}"),
      "Circular dependency detected on variable: 'a'" },
    { TEMPLATE("\"resources\": [], \"variables\": {\"a\": \"[resourceGroup().nothing]\"}"),
      FAILED "The template variable 'a' is not valid: The language expression property 'nothing' "
             "doesn't exist, available properties are 'id, name, location, tags'.. Please see "
             "https://aka.ms/arm-template-expressions for usage details.'." },
    { TEMPLATE("\"resources\": [], \"variables\": {\"a\": \"[reference('x')]\"}"),
      "The template function 'reference' is not expected at this location." },
    { TEMPLATE("\"resources\": [], \"variables\": {\"copy\": [{\"count\": 1}]}"), "has no name" },
    { SYMBOLS("\"v\": " VAULT("v", ", \"import\": \"x\"")), "'import' of a resource" },
    { SYMBOLS("\"v\": " VAULT("v", DEPENDS("\"nothing\""))), "'nothing' is not defined" },
};

Test(template_resources, are_refused_for_what_is_wrong_with_them)
{
    for (size_t i = 0; i < KV_COUNT(refused); i++) {
        fixture_refuse_with(refused[i].text, NULL, refused[i].said);
    }
}

/* "a b<a": the names in the order of the plan, each with those it waits for. */
static void expect_order(const char *text, const char *order)
{
    char made[2048] = "";

    fixture_accept(text, NULL);
    for (size_t i = 0; i < kv_template_plan_count(fixture_made); i++) {
        const struct kv_template_resource *resource = kv_template_plan_at(fixture_made, i);
        size_t len = strlen(made);

        (void) snprintf(made + len, sizeof(made) - len, "%s%s", i > 0 ? " " : "", resource->name);
        for (size_t b = 0; b < resource->before_count; b++) {
            len = strlen(made);
            cr_expect_lt(resource->before[b], i, "what comes before stands before");
            (void) snprintf(made + len, sizeof(made) - len, "<%s",
                            kv_template_plan_at(fixture_made, resource->before[b])->name);
        }
    }
    cr_expect_str_eq(made, order);
}

#define PROPERTY(expression) ", \"properties\": {\"x\": \"" expression "\"}"

static const struct {
    const char *text, *order;
} orders[] = {
    { RESOURCES(VAULT("a", "") ", " VAULT("b", "")), "a b" },
    { RESOURCES(VAULT("a", DEPENDS("\"b\"")) ", " VAULT("b", "")), "b a<b" },
    { RESOURCES(VAULT("a", DEPENDS("\"microsoft.keyvault/VAULTS/B\"")) ", " VAULT("b", "")),
      "b a<b" },
    { RESOURCES(VAULT(
          "a", DEPENDS("\"[resourceId('Microsoft.KeyVault/vaults/', 'b')]\"")) ", "
                                                                               "" VAULT("b", "")),
      "b a<b" },
    { RESOURCES(KEY("v/k", DEPENDS("\"v\"")) ", " VAULT("v", "") ", " VAULT(
          "z", DEPENDS("\"Microsoft.KeyVault/vaults/v/keys/k\""))),
      "v v/k<v z<v/k" },
    /* asking for a resource is waiting for it */
    { RESOURCES(VAULT("a", PROPERTY("[reference('b').x]")) ", " VAULT("b", "")), "b a<b" },
    { RESOURCES(VAULT("a", PROPERTY("[reference(resourceId('Microsoft.KeyVault/vaults', "
                                    "'b')).x]")) ", " VAULT("b", "")),
      "b a<b" },
    { RESOURCES(VAULT("a", PROPERTY("[if(true(), 1, listKeys('b', '2020-01-01').x)]")) ", " VAULT(
          "b", "")),
      "b a<b" },
    { RESOURCES(VAULT(
          "a",
          ", \"properties\": {\"copy\": [{\"name\": \"p\", \"count\": 2, "
          "\"input\": \"[reference(concat('b', copyIndex('p'))).x]\"}]}") ", " VAULT("b0",
                                                                                     "") ","
                                                                                         " " VAULT(
                                                                                             "b"
                                                                                             "1",
                                                                                             "")),
      "b0 b1 a<b0<b1" },
    /* loops */
    { RESOURCES(VAULT("[concat('v', copyIndex())]", COPY("\"count\": 3"))), "v0 v1 v2" },
    { RESOURCES(VAULT("[concat('v', copyIndex('loop', 5))]", COPY("\"count\": \"[add(1, 1)]\""))),
      "v5 v6" },
    { RESOURCES(VAULT("v", COPY("\"count\": 0"))), "" },
    { RESOURCES(VAULT("z", DEPENDS("\"loop\"")) ", " VAULT("[concat('v', copyIndex())]",
                                                           COPY("\"count\": 2"))),
      "v0 v1 z<v0<v1" },
    { RESOURCES(VAULT("[concat('v', copyIndex())]",
                      COPY("\"count\": 5, \"mode\": \"Serial\", \"batchSize\": 2"))),
      "v0 v1 v2<v0<v1 v3<v0<v1 v4<v2<v3" },
    /* children, which do not wait for their parents of themselves */
    { RESOURCES(VAULT(
          "v", ", \"resources\": [{\"type\": \"keys\", \"apiVersion\": \"1\", \"name\": "
               "\"k\"" DEPENDS(
                   "\"v\"") "}, {\"type\": \"providers/locks\", "
                            "\"apiVersion\": \"1\", \"name\": \"Microsoft.Authorization/l\"}]")),
      "v v/k<v v/Microsoft.Authorization/l" },
    /* symbols */
    { SYMBOLS("\"one\": " VAULT("a", DEPENDS("\"two\"")) ", \"two\": " VAULT("b", "")), "b a<b" },
    { SYMBOLS("\"z\": " VAULT("z", DEPENDS("\"many\"")) ", \"y\": " VAULT(
          "y", DEPENDS("\"[format('many[{0}]', 1)]\"")) ", \"many\": " VAULT("[concat('v', "
                                                                             "copyIndex())]",
                                                                             COPY("\"count\": 2"))),
      "v0 v1 z<v0<v1 y<v1" },
    { SYMBOLS("\"a\": " VAULT("a", PROPERTY("[reference('b').x]")) ", \"b\": " VAULT(
          "x", ", \"existing\": true")),
      "x a<x" },
};

Test(template_resources, stand_in_the_order_of_what_they_wait_for)
{
    for (size_t i = 0; i < KV_COUNT(orders); i++) {
        expect_order(orders[i].text, orders[i].order);
    }
}

Test(template_resources, have_ids_of_where_they_are_deployed)
{
    static const struct {
        const char *text, *id;
    } rows[] = {
        { RESOURCES(VAULT("v", "")), GROUP "/providers/Microsoft.KeyVault/vaults/v" },
        { RESOURCES(KEY("v/k", "")), GROUP "/providers/Microsoft.KeyVault/vaults/v/keys/k" },
        { RESOURCES(
              "{\"type\": \"Microsoft.Authorization/locks\", \"apiVersion\": \"1\", \"name\": "
              "\"l\", \"scope\": \"Microsoft.KeyVault/vaults/v\"}"),
          GROUP
          "/providers/Microsoft.KeyVault/vaults/v/providers/Microsoft.Authorization/locks/l" },
        { RESOURCES(
              "{\"type\": \"A.B/c\", \"apiVersion\": \"1\", \"name\": \"x\", \"scope\": \"/\"}"),
          "/providers/A.B/c/x" },
        { RESOURCES("{\"type\": \"A.B/c\", \"apiVersion\": \"1\", \"name\": \"x\", \"scope\": "
                    "\"Microsoft.Management/managementGroups/m\"}"),
          "/providers/Microsoft.Management/managementGroups/m/providers/A.B/c/x" },
        { RESOURCES("{\"type\": \"Microsoft.KeyVault/vaults/providers/roleAssignments\", "
                    "\"apiVersion\": \"1\", \"name\": \"v/Microsoft.Authorization/r\"}"),
          GROUP "/providers/Microsoft.KeyVault/vaults/v/providers/Microsoft.Authorization/"
                "roleAssignments/r" },
        { SYMBOLS("\"v\": " VAULT("v", ", \"existing\": true, \"resourceGroup\": \"rg2\", "
                                       "\"subscriptionId\": \"s2\"")),
          "/subscriptions/s2/resourceGroups/rg2/providers/Microsoft.KeyVault/vaults/v" },
    };

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        fixture_accept(rows[i].text, NULL);
        cr_expect_str_eq(kv_template_plan_at(fixture_made, 0)->id, rows[i].id);
    }
}

Test(template_resources, say_what_they_are)
{
    fixture_accept(
        SYMBOLS("\"off\": " VAULT(
            "a", ", \"condition\": \"[empty('x')]\"") ", \"old\": "
                                                      "{\"existing\": true, \"type\": \"A.B/c\", "
                                                      "\"apiVersion\": \"1\", \"name\": "
                                                      "\"c\"}, \"many\": " VAULT(
                                                          "[concat('v', copyIndex())]",
                                                          COPY("\"count\": 2"))),
        NULL);
    cr_expect_not(kv_template_plan_at(fixture_made, fixture_find("/a"))->is_deployed);
    cr_expect(kv_template_plan_at(fixture_made, fixture_find("/c"))->is_existing);
    cr_expect_str_eq(kv_template_plan_at(fixture_made, fixture_find("/v1"))->symbol, "many[1]");
    cr_expect_str_eq(kv_template_plan_at(fixture_made, fixture_find("/v1"))->api_version,
                     "2022-07-01");
}
