/* SPDX-License-Identifier: Apache-2.0 */
/* What is sent for resources, nested deployments, and outputs. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fixture.h"
#include "kv/base/json.h"

TestSuite(template_bodies, .init = fixture_setup, .fini = fixture_teardown, .timeout = 60);

#define WITH(properties) RESOURCES(VAULT("v", ", \"properties\": {" properties "}"))

static void expect_body(const char *text, const char *json)
{
    fixture_accept(text, NULL);
    char *body = fixture_body(kv_template_plan_count(fixture_made) - 1);
    cr_expect_str_eq(body, json);
    free(body);
}

Test(template_bodies, have_what_the_template_says_evaluated)
{
    static const struct {
        const char *text, *json;
    } rows[] = {
        { RESOURCES(
              VAULT("v", ", \"location\": \"[resourceGroup().location]\", \"comments\": \"no\", "
                         "\"metadata\": {}, \"condition\": true, \"dependsOn\": [], \"tags\": {}")),
          "{\"location\":\"westus3\",\"tags\":{}}" },
        { WITH("\"[concat('a', 'b')]\": {}, \"n\": null, \"f\": 1.5, \"[[x]\": 1"),
          "{\"properties\":{\"ab\":{},\"n\":null,\"f\":1.5,\"[x]\":1}}" },
        { WITH("\"copy\": [{\"name\": \"ipRules\", \"count\": \"[length(createArray('a', 'b'))]\", "
               "\"input\": {\"value\": \"[createArray('a', 'b')[copyIndex('ipRules')]]\"}}]"),
          "{\"properties\":{\"ipRules\":[{\"value\":\"a\"},{\"value\":\"b\"}]}}" },
        { WITH(
              "\"copy\": [{\"name\": \"o\", \"count\": 2, \"input\": {\"copy\": [{\"name\": \"i\", "
              "\"count\": 2, \"input\": \"[add(mul(copyIndex('o'), 10), copyIndex('i', "
              "1))]\"}]}}]"),
          "{\"properties\":{\"o\":[{\"i\":[1,2]},{\"i\":[11,12]}]}}" },
        { RESOURCES(VAULT("[concat('v', copyIndex())]",
                          ", \"copy\": {\"name\": \"l\", \"count\": 2}, \"tags\": {\"i\": "
                          "\"[string(copyIndex('l', 3))]\"}")),
          "{\"tags\":{\"i\":\"4\"}}" },
        { TEMPLATE("\"resources\": [" VAULT(
              "v", ", \"tags\": \"[variables('t')]\"") "], "
                                                       "\"variables\": {\"t\": {\"a\": "
                                                       "\"[variables('many')[1]]\"}, \"copy\": "
                                                       "[{\"name\": "
                                                       "\"many\", \"count\": 2, \"input\": "
                                                       "\"[concat('x', copyIndex('many'))]\"}]}"),
          "{\"tags\":{\"a\":\"x1\"}}" },
        { TEMPLATE("\"functions\": [{\"namespace\": \"contoso\", \"members\": {\"unique\": "
                   "{\"parameters\": [{\"name\": \"prefix\", \"type\": \"string\"}], \"output\": "
                   "{\"type\": \"string\", \"value\": \"[concat(toLower(parameters('prefix')), "
                   "'-x')]\"}}}}], \"resources\": [" VAULT("v", ", \"tags\": {\"a\": "
                                                                "\"[contoso.unique('AB')]\"}") "]"),
          "{\"tags\":{\"a\":\"ab-x\"}}" },
    };

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        expect_body(rows[i].text, rows[i].json);
    }
}

#define FUNCTION(parameters, value)                                                                \
    TEMPLATE("\"functions\": [{\"namespace\": \"n\", \"members\": {\"f\": {\"parameters\": ["      \
             "" parameters "], \"output\": {\"type\": \"string\", \"value\": \"" value "\"}}}}], " \
             "\"resources\": [], \"variables\": {\"v\": \"[n.f('a')]\"}")
#define ONE "{\"name\": \"p\", \"type\": \"string\"}"

Test(template_bodies, know_functions_of_the_template_by_their_parameters_only)
{
    fixture_accept(FUNCTION(ONE, "[parameters('p')]"), NULL);
    fixture_refuse("{\"$schema\": \"https://x/deploymentTemplate.json#\", \"contentVersion\": "
                   "\"1.0.0.0\", \"resources\": [], \"functions\": [{\"namespace\": \"n\", "
                   "\"members\": {\"a\": {\n\"output\": {\"type\": \"string\", \"value\": "
                   "\"[variables('v')]\"}}}}]}",
                   NULL,
                   "Deployment template validation failed: 'The template function 'a' at line '2' "
                   "and column '11' is not valid. These function calls are not supported in a "
                   "function definition: 'variables'. Please see "
                   "https://aka.ms/arm-template/#functions for usage details.'.");
    fixture_refuse_with(FUNCTION(ONE, "[if(true(), 'a', reference('v').x)]"), NULL,
                        "not supported in a function definition: 'reference'");
    fixture_refuse_with(FUNCTION(ONE, "[listKeys('v')]"), NULL, "definition: 'listKeys'");
    fixture_refuse_with(FUNCTION(ONE, "[concat(]"), NULL, "Unable to parse language expression");
    fixture_refuse_with(FUNCTION("{\"type\": \"int\"}", "x"), NULL,
                        "has a parameter without a name");
    fixture_refuse_with(TEMPLATE("\"resources\": [], \"functions\": [5]"), NULL,
                        "must have a 'namespace' and 'members'");
    fixture_refuse_with(TEMPLATE("\"resources\": [], \"functions\": [{\"namespace\": \"n\", "
                                 "\"members\": {\"f\": 5}}]"),
                        NULL, "has no output with a value");
    fixture_refuse_with(FUNCTION(ONE, "[parameters('q')]"), NULL,
                        "The template parameter 'q' is not found.");
    fixture_refuse_with(FUNCTION("", "x"), NULL, "function requires 0 argument(s) while 1 were");
    fixture_refuse_with(FUNCTION("{\"name\": \"p\", \"type\": \"int\"}", "x"), NULL,
                        "Expected a value of type 'Integer'");
    fixture_refuse_with(FUNCTION(ONE, "[n.f(parameters('p'))]"), NULL, "nested too deep");
}

Test(template_bodies, ask_for_resources_with_the_version_of_the_template)
{
    static const struct {
        const char *expression, *asked;
    } rows[] = {
        { "[reference(resourceId('Microsoft.KeyVault/vaults', 'w')).of]",
          "reference " GROUP "/providers/Microsoft.KeyVault/vaults/w 2022-07-01\n" },
        { "[reference('w', '2019-09-01', 'Full').of]",
          "reference " GROUP "/providers/Microsoft.KeyVault/vaults/w 2019-09-01 full\n" },
        { "[reference('Microsoft.KeyVault/vaults/other').of]",
          "reference " GROUP "/providers/Microsoft.KeyVault/vaults/other -\n" },
        { "[listKeys('w', '2019-09-01').primary]",
          "listKeys " GROUP "/providers/Microsoft.KeyVault/vaults/w 2019-09-01 full\n" },
        { "[resourceInfo('w').apiVersion]", "" },
    };

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        kv_auto(cJSON_Delete) cJSON *tree =
            fixture_parse(RESOURCES(VAULT("v", "") ", " VAULT("w", "")));
        cJSON *first = cJSON_GetObjectItem(tree, "resources")->child;
        char *text, *body;

        cJSON_AddStringToObject(cJSON_AddObjectToObject(first, "properties"), "x",
                                rows[i].expression);
        text = cJSON_PrintUnformatted(tree);
        fixture_accept(text, NULL);
        cr_expect_str_eq(fixture_asked, "", "nothing is asked before a body is wanted");
        body = fixture_body(fixture_find("/v"));
        cr_expect_str_eq(fixture_asked, rows[i].asked);
        fixture_asked[0] = '\0';
        free(body);
        free(text);
    }
}

Test(template_bodies, list_the_resources_of_a_loop_by_its_symbol)
{
    fixture_accept(
        TEMPLATE("\"languageVersion\": \"2.0\", \"resources\": {\"many\": " VAULT(
            "[concat('v', copyIndex())]",
            ", \"copy\": {\"name\": \"l\", \"count\": 2}") "}, "
                                                           "\"outputs\": {\"ids\": {\"type\": "
                                                           "\"array\", \"value\": "
                                                           "\"[map(references('many'), "
                                                           "lambda('r', "
                                                           "last(split(lambdaVariables('r').of, "
                                                           "'/'))))]\"}}"),
        NULL);
    char *outputs = fixture_outputs();
    cr_expect_str_eq(outputs, "{\"ids\":{\"type\":\"Array\",\"value\":[\"v0\",\"v1\"]}}");
    free(outputs);
}

Test(template_bodies, keep_what_is_not_known_yet_in_a_preview)
{
    kv_auto(cJSON_Delete) cJSON *body = NULL;
    struct kv_err err;
    bool has_secret;

    fixture_accept(RESOURCES(VAULT("v", ", \"properties\": {\"a\": \"[concat('x', 'y')]\", \"b\": "
                                        "\"[reference('w', '1').z]\", \"c\": [1, \"[listKeys('w', "
                                        "'1')]\"]}") ", " VAULT("w", "")),
                   NULL);
    cr_assert_eq(
        kv_template_plan_preview(fixture_made, fixture_find("/v"), &body, &has_secret, &err),
        KV_OK);
    char *text = cJSON_PrintUnformatted(body);
    cr_expect_str_eq(text,
                     "{\"properties\":{\"a\":\"xy\",\"b\":\"[reference('w', '1').z]\",\"c\":[1,"
                     "\"[listKeys('w', '1')]\"]}}");
    cr_expect_str_eq(fixture_asked, "");
    free(text);
}

static enum kv_code refuse_reference(void *context, const struct kv_template_query *query,
                                     cJSON **ret_value, struct kv_err *err)
{
    (void) ret_value;
    (void) query;
    return *(bool *) context ? KV_FAIL(err, KV_NOT_FOUND, 0, "gone")
                             : KV_FAIL(err, KV_INVALID_TEMPLATE, 0, "it cannot be asked for");
}

Test(template_bodies, pass_on_what_the_world_says)
{
    bool is_gone = true;
    const struct kv_template_world world = fixture_world;
    struct kv_err err = { .message = "" };
    cJSON *made = NULL;
    bool has_secret;

    fixture_world.reference = refuse_reference;
    fixture_world.context = &is_gone;
    fixture_accept(
        RESOURCES(
            VAULT("v", ", \"properties\": {\"b\": \"[reference('w').z]\"}") ", " VAULT("w", "")),
        NULL);
    cr_expect_eq(kv_template_plan_body(fixture_made, 1, &made, &has_secret, &err), KV_NOT_FOUND);
    cr_expect_str_eq(err.message, "gone");
    is_gone = false;
    cr_expect_eq(kv_template_plan_body(fixture_made, 1, &made, &has_secret, &err),
                 KV_INVALID_TEMPLATE);
    cr_expect(strstr(err.message, "'it cannot be asked for'") != NULL, "%s", err.message);
    fixture_world = world;
}

/* ---- Outputs ------------------------------------------------------------------------------- */

Test(template_bodies, OUTPUT_EVALUATION_FAILED_in_the_recorded_words)
{
    struct kv_err err = { .message = "" };
    cJSON *outputs = NULL;

    fixture_accept(OUTPUT("string", "\"[reference('A.B/c/d', '1').outputs]\""), NULL);
    cr_expect_eq(kv_template_plan_outputs(fixture_made, &outputs, &err),
                 KV_OUTPUT_EVALUATION_FAILED);
    cr_expect_str_eq(err.message,
                     "The template output 'out' is not valid: The language expression property "
                     "'outputs' doesn't exist, available properties are 'of, principalId, "
                     "keyUriWithVersion'..");
    fixture_refuse_with(OUTPUT("int", "\"x\""), NULL,
                        "Expected a value of type 'Int', but received a value of type 'String'");
    fixture_refuse_with(OUTPUT("string", "\"[nonexistent()]\""), NULL,
                        "'nonexistent' is not valid");
    fixture_refuse_with(TEMPLATE("\"resources\": [], \"outputs\": {\"o\": {\"type\": \"string\"}}"),
                        NULL, "It has either a 'value' or a 'copy'");
}

Test(template_bodies, show_outputs_but_no_secure_ones)
{
    fixture_accept(
        TEMPLATE(
            "\"resources\": [], \"outputs\": {\"a\": {\"type\": \"int\", \"value\": \"[add(1, "
            "2)]\"}, \"b\": {\"type\": \"securestring\", \"value\": \"x\"}, \"c\": {\"type\": "
            "\"string\", \"condition\": \"[false()]\", \"value\": \"[fail('never')]\"}, \"d\": "
            "{\"type\": \"array\", \"copy\": {\"count\": 2, \"input\": \"[copyIndex()]\"}}, \"e\": "
            "{\"type\": \"string\", \"nullable\": true, \"value\": \"[null()]\"}}"),
        NULL);
    char *outputs = fixture_outputs();
    cr_expect_str_eq(outputs,
                     "{\"a\":{\"type\":\"Int\",\"value\":3},\"b\":{\"type\":\"SecureString\"},"
                     "\"d\":{\"type\":\"Array\",\"value\":[0,1]},\"e\":{\"type\":\"String\","
                     "\"value\":null}}");
    free(outputs);
}

/* ---- Nested deployments -------------------------------------------------------------------- */

#define INNER "\"expressionEvaluationOptions\": {\"scope\": \"Inner\"}, "
#define NEST(more, properties)                                                                     \
    "{\"type\": \"Microsoft.Resources/deployments\", \"apiVersion\": \"2022-09-01\", \"name\": "   \
    "\"n\"" more ", \"properties\": {\"mode\": \"Incremental\", " properties "}}"
#define CHILD(name)                                                                                \
    "\"template\": " TEMPLATE("\"parameters\": {\"p\": {\"type\": \"string\", \"defaultValue\": "  \
                              "\"inner\"}}, \"resources\": [" VAULT(name, "") "]")
#define OUTER_PARAMETER                                                                            \
    "\"parameters\": {\"p\": {\"type\": \"string\", \"defaultValue\": \"outer\"}}, "

static struct kv_template_plan *nest(const char *text)
{
    struct kv_template_plan *nested = NULL;
    struct kv_err err = { .message = "" };

    fixture_accept(text, NULL);
    cr_assert(kv_template_plan_at(fixture_made, 0)->is_nested);
    cr_assert_eq(kv_template_plan_nest(fixture_made, 0, &fixture_world, &nested, &err), KV_OK, "%s",
                 err.message);
    return nested;
}

static void expect_nested(const char *text, const char *id)
{
    struct kv_template_plan *nested = nest(text);

    cr_expect_str_eq(kv_template_plan_at(nested, 0)->id, id);
    kv_template_plan_free(nested);
}

#define VAULTS GROUP "/providers/Microsoft.KeyVault/vaults/"

Test(template_bodies, nest_deployments_in_either_scope)
{
    expect_nested(
        TEMPLATE(OUTER_PARAMETER "\"resources\": [" NEST("", INNER CHILD("[parameters('p')]")) "]"),
        VAULTS "inner");
    expect_nested(TEMPLATE(OUTER_PARAMETER "\"resources\": [" NEST(
                      "", INNER "\"parameters\": {\"p\": {\"value\": \"[concat(parameters('p'), "
                                "'-given')]\"}}, " CHILD("[parameters('p')]")) "]"),
                  VAULTS "outer-given");
    expect_nested(
        TEMPLATE(OUTER_PARAMETER "\"resources\": [" NEST("", CHILD("[parameters('p')]")) "]"),
        VAULTS "outer");
    expect_nested(
        TEMPLATE("\"resources\": [" NEST(", \"resourceGroup\": \"rg2\"", INNER CHILD("x")) "]"),
        "/subscriptions/" SUBSCRIPTION "/resourceGroups/rg2/providers/Microsoft.KeyVault/vaults/x");
    expect_nested(TEMPLATE("\"resources\": [" NEST(
                      ", \"subscriptionId\": \"s2\"", INNER
                      "\"template\": " TEMPLATE("\"resources\": [{\"type\": "
                                                "\"Microsoft.Resources/resourceGroups\", "
                                                "\"apiVersion\": \"1\", \"name\": \"g\"}]")) "]"),
                  "/subscriptions/s2/resourceGroups/g");
}

Test(template_bodies, nest_deployments_above_subscriptions)
{
    struct kv_template_plan *nested = nest(RESOURCES(
        NEST(", \"scope\": \"Microsoft.Management/managementGroups/m\"", INNER CHILD("x"))));
    const struct kv_template_scope *scope = kv_template_plan_scope(nested);

    cr_expect_eq(scope->level, KV_TEMPLATE_AT_MANAGEMENT_GROUP);
    cr_expect_str_eq(scope->management_group, "m");
    kv_template_plan_free(nested);
}

/* What an outer template yields is no expression, whatever it looks like. */
Test(template_bodies, evaluate_the_outer_scope_once)
{
    expect_nested(TEMPLATE("\"resources\": [" NEST("", CHILD("[concat('[', 'x()]')]")) "]"),
                  VAULTS "[x()]");
}

static enum kv_code read_link(void *context, const char *uri, char ret_name[KV_TEMPLATE_LINK_SIZE],
                              char **ret_text, size_t *ret_len, struct kv_err *err)
{
    static const struct {
        const char *uri, *text;
    } files[] = {
        { "there.json", RESOURCES(VAULT("linked", "")) },
        { "bad.json", TEMPLATE("\n\"resources\": [{}]") },
        { "evaluated.json", RESOURCES(VAULT("[nosuch()]", "")) },
        { "inline.json", RESOURCES(NEST("", "\"template\": {\"resources\": 7}")) },
    };

    (void) context;
    for (size_t i = 0; i < KV_COUNT(files); i++) {
        if (strcmp(uri, files[i].uri) == 0) {
            snprintf(ret_name, KV_TEMPLATE_LINK_SIZE, "below/%s", uri);
            *ret_text = strdup(files[i].text);
            *ret_len = strlen(files[i].text);
            return KV_OK;
        }
    }
    return KV_FAIL(err, KV_INVALID_TEMPLATE, 0, "%s is not there", uri);
}

static void refuse_nested(const char *text, const char *said)
{
    struct kv_template_plan *nested = NULL;
    struct kv_err err = { .message = "" };

    fixture_accept(text, NULL);
    cr_expect_neq(kv_template_plan_nest(fixture_made, 0, &fixture_world, &nested, &err), KV_OK);
    cr_expect(strstr(err.message, said) != NULL, "%s", err.message);
    kv_template_plan_free(nested);
}

#define LINK(uri) RESOURCES(NEST("", "\"templateLink\": {\"" uri "\"}"))

Test(template_bodies, read_linked_templates_by_the_world)
{
    refuse_nested(LINK("relativePath\": \"there.json"), "cannot be followed");
    fixture_world.read_link = read_link;
    refuse_nested(LINK("uri\": \"elsewhere.json"), "elsewhere.json is not there");
    refuse_nested(LINK("id\": \"x"), "cannot be followed");
    refuse_nested(RESOURCES(NEST("", "\"parameters\": {}")),
                  "has either a 'template' or a 'templateLink'");
    refuse_nested(LINK("uri\": \"bad.json"),
                  "The linked file 'below/bad.json': Deployment template "
                  "validation failed: ");
    refuse_nested(LINK("uri\": \"evaluated.json"), "The linked file 'below/evaluated.json': ");
    expect_nested(LINK("relativePath\": \"there.json"), VAULTS "linked");
    fixture_world.read_link = NULL;
}

Test(template_bodies, bound_how_deep_deployments_nest)
{
    static const char innermost[] = RESOURCES(VAULT("v", ""));
    char *text = strdup(innermost);
    struct kv_template_plan *plans[KV_TEMPLATE_NESTING_MAX + 1] = { NULL };
    struct kv_err err = { .message = "" };

    for (size_t i = 0; i <= KV_TEMPLATE_NESTING_MAX; i++) {
        kv_auto(cJSON_Delete) cJSON *tree = fixture_parse(RESOURCES(NEST("", INNER "\"x\": 1")));
        cJSON *properties =
            cJSON_GetObjectItem(cJSON_GetObjectItem(tree, "resources")->child, "properties");

        cJSON_DeleteItemFromObject(properties, "x");
        cJSON_AddItemToObject(properties, "template", fixture_parse(text));
        free(text);
        text = cJSON_PrintUnformatted(tree);
    }
    fixture_accept(text, NULL);
    for (size_t i = 0; i <= KV_TEMPLATE_NESTING_MAX; i++) {
        struct kv_template_plan *from = i > 0 ? plans[i - 1] : fixture_made;
        enum kv_code code = kv_template_plan_nest(from, 0, &fixture_world, &plans[i], &err);

        cr_expect_eq(code == KV_OK, i < KV_TEMPLATE_NESTING_MAX, "%zu: %s", i, err.message);
    }
    cr_expect(strstr(err.message, "exceeds the limit of '5' deployments") != NULL, "%s",
              err.message);
    for (size_t i = 0; i <= KV_TEMPLATE_NESTING_MAX; i++) {
        kv_template_plan_free(plans[i]);
    }
    free(text);
}
