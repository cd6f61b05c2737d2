/* SPDX-License-Identifier: Apache-2.0 */
/* Parameters: what is refused (control-plane.md §3.2), defaults, types, and secrets. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fixture.h"
#include "kv/base/json.h"

TestSuite(template_parameters, .init = fixture_setup, .fini = fixture_teardown, .timeout = 60);

#define FAILED "Deployment template validation failed: '"
#define PARAMETERS(list) TEMPLATE("\"parameters\": {" list "}, \"resources\": []")
#define TYPED(members) PARAMETERS("\"p\": {" members "}")
#define GIVEN(value) "{\"p\": {\"value\": " value "}}"
#define USAGE "Please see https://aka.ms/arm-syntax-parameters for usage details.'."

Test(template_parameters, are_refused_in_the_recorded_words)
{
    fixture_refuse("{\"$schema\": \"https://x/deploymentTemplate.json#\",\n"
                   " \"contentVersion\": \"1.0.0.0\", \"resources\": [],\n"
                   " \"parameters\": {\"p\": {\"type\": \"string\"}}}",
                   NULL,
                   FAILED "The value for the template parameter 'p' at line '3' and column '22' is "
                          "not provided. Please see https://aka.ms/arm-create-parameter-file for "
                          "usage details.'.");
    fixture_refuse(
        "{\"$schema\": \"https://x/deploymentTemplate.json#\",\n"
        " \"contentVersion\": \"1.0.0.0\", \"resources\": [],\n"
        " \"parameters\": {\"p\": {\"type\": \"string\", \"allowedValues\": [\"A\", \"B\"]}}}",
        GIVEN("\"x\""),
        FAILED "The provided value 'x' for the template parameter 'p' at line '3' and "
               "column '22' is not valid. The parameter value is not part of the allowed "
               "value(s): 'A,B'.'.");
    fixture_refuse(PARAMETERS("\"a\": {\"type\": \"string\"}, \"b\": {\"type\": \"int\"}"),
                   "{\"x\": {\"value\": 1}}",
                   FAILED "The template parameters 'x' in the parameters file are not valid; they "
                          "are not present in the original template and can therefore not be "
                          "provided at deployment time. The only supported parameters for this "
                          "template are 'a, b'. Please see "
                          "https://aka.ms/arm-pass-parameter-values for usage details.'.");
    fixture_refuse(TYPED("\"type\": \"object\", \"properties\": {\"name\": {\"type\": \"string\", "
                         "\"maxLength\": 24}}"),
                   GIVEN("{\"name\": \"0123456789012345678901234\"}"),
                   FAILED "The provided value for the template parameter 'p.name' is not valid. "
                          "Length of the value should be less than or equal to '24'. " USAGE);
}

static const struct {
    const char *definition, *given, *said;
} refused[] = {
    { "\"type\": \"string\"", "5",
      "Expected a value of type 'String, Uri', but received a value of "
      "type 'Integer'." },
    { "\"type\": \"int\"", "\"5\"",
      "Expected a value of type 'Integer', but received a value of type "
      "'String'." },
    { "\"type\": \"int\"", "1.5", "received a value of type 'Float'." },
    { "\"type\": \"bool\"", "\"true\"", "Expected a value of type 'Boolean'" },
    { "\"type\": \"object\"", "[]", "Expected a value of type 'Object'" },
    { "\"type\": \"array\"", "{}", "Expected a value of type 'Array'" },
    { "\"type\": \"float\"", "1", "has the type 'float', which is none" },
    { "\"metadata\": {}", "1", "has no type" },
    { "\"type\": \"string\", \"minLength\": 3", "\"ab\"", "greater than or equal to '3'" },
    { "\"type\": \"array\", \"maxLength\": 1", "[1, 2]", "less than or equal to '1'" },
    { "\"type\": \"int\", \"minValue\": 7", "6",
      "The value should be greater than or equal to '7'" },
    { "\"type\": \"int\", \"maxValue\": 90", "91",
      "The value should be less than or equal to '90'" },
    { "\"type\": \"int\", \"maxValue\": \"90\"", "91",
      "'maxValue' of the template parameter 'p' is not "
      "a number" },
    { "\"type\": \"int\", \"allowedValues\": [1, 2]", "3", "allowed value(s): '1,2'" },
    { "\"type\": \"array\", \"allowedValues\": [\"a\", \"b\"]", "[\"a\", \"c\"]",
      "allowed value(s)" },
    { "\"type\": \"object\", \"properties\": {\"a\": {\"type\": \"int\"}}", "{}",
      "The property 'a' is required" },
    { "\"type\": \"object\", \"properties\": {\"a\": {\"type\": \"int\"}}", "{\"a\": \"x\"}",
      "template parameter 'p.a' is not valid. Expected a value of type 'Integer'" },
    { "\"type\": \"object\", \"properties\": {}, \"additionalProperties\": false", "{\"a\": 1}",
      "The property 'a' is not allowed" },
    { "\"type\": \"object\", \"additionalProperties\": {\"type\": \"int\"}", "{\"a\": \"x\"}",
      "template parameter 'p.a' is not valid" },
    { "\"type\": \"array\", \"items\": {\"type\": \"int\"}", "[1, \"x\"]",
      "template parameter 'p[1]' is not valid" },
    { "\"type\": \"array\", \"prefixItems\": [{\"type\": \"int\"}], \"items\": false", "[1, 2]",
      "should be at most '1'" },
    { "\"type\": \"array\", \"prefixItems\": [{\"type\": \"int\"}, {\"type\": \"int\"}]", "[1]",
      "should be at least '2'" },
    { "\"type\": \"object\", \"discriminator\": {\"propertyName\": \"kind\", \"mapping\": {\"a\": "
      "{\"type\": \"object\", \"properties\": {\"n\": {\"type\": \"int\"}}}}}",
      "{\"kind\": \"b\"}", "picks none of its types" },
    { "\"type\": \"object\", \"discriminator\": {\"propertyName\": \"kind\", \"mapping\": {\"a\": "
      "{\"type\": \"object\", \"properties\": {\"n\": {\"type\": \"int\"}}}}}",
      "{\"kind\": \"a\"}", "The property 'n' is required" },
    { "\"$ref\": \"#/definitions/none\"", "1", "has no type" },
    { "\"type\": \"string\", \"defaultValue\": \"[concat(variables('v'))]\"", "null",
      "The template function 'variables' is not expected at this location." },
    { "\"type\": \"string\", \"defaultValue\": \"[reference('x').y]\"", "null",
      "The template function 'reference' is not expected at this location." },
    { "\"type\": \"string\", \"defaultValue\": \"[parameters('p')]\"", "null",
      "Circular dependency detected on parameter: 'p'" },
    { "\"type\": \"string\", \"defaultValue\": 5", "null",
      "Expected a value of type 'String, Uri'" },
};

Test(template_parameters, are_held_against_their_definitions)
{
    for (size_t i = 0; i < KV_COUNT(refused); i++) {
        char text[2048], given[512];

        (void) snprintf(text, sizeof(text), TYPED("%s"), refused[i].definition);
        (void) snprintf(given, sizeof(given), GIVEN("%s"), refused[i].given);
        fixture_refuse_with(text, given, refused[i].said);
    }
}

Test(template_parameters, are_given_as_values)
{
    fixture_refuse_with(TYPED("\"type\": \"string\""), "[]", "The parameters must be an object");
    fixture_refuse_with(TYPED("\"type\": \"string\""), "{\"p\": \"x\"}",
                        "must be an object with a 'value'");
    fixture_refuse_with(TYPED("\"type\": \"string\""), "{\"p\": {\"valeu\": \"x\"}}",
                        "Could not find member 'valeu' on the template parameter 'p'");
    fixture_refuse_with(TYPED("\"type\": \"securestring\""),
                        "{\"p\": {\"reference\": {\"keyVault\": {}, \"secretName\": \"s\"}}}",
                        "to a secret is not supported");
}

static char *shown(void)
{
    kv_auto(cJSON_Delete) cJSON *parameters = NULL;
    struct kv_err err = { .message = "" };

    cr_assert_eq(kv_template_plan_parameters(fixture_made, &parameters, &err), KV_OK);
    return cJSON_PrintUnformatted(parameters);
}

static void expect_shown(const char *text, const char *given, const char *json)
{
    fixture_accept(text, given);
    char *made = shown();
    cr_expect_str_eq(made, json);
    free(made);
}

Test(template_parameters, take_their_defaults_for_what_is_null)
{
    expect_shown(TYPED("\"type\": \"STRING\", \"defaultValue\": \"[resourceGroup().location]\""),
                 GIVEN("null"), "{\"p\":{\"type\":\"String\",\"value\":\"westus3\"}}");
    expect_shown(
        PARAMETERS("\"a\": {\"type\": \"string\", \"defaultValue\": \"[parameters('b')]\"}, "
                   "\"b\": {\"type\": \"string\"}"),
        "{\"B\": {\"value\": \"x\"}}",
        "{\"a\":{\"type\":\"String\",\"value\":\"x\"},\"b\":{\"type\":\"String\",\"value\":"
        "\"x\"}}");
    expect_shown(TYPED("\"type\": \"string\", \"nullable\": true"), NULL,
                 "{\"p\":{\"type\":\"String\",\"value\":null}}");
    expect_shown(TYPED("\"type\": \"string\", \"allowedValues\": [\"Premium\"]"),
                 GIVEN("\"premium\""), "{\"p\":{\"type\":\"String\",\"value\":\"premium\"}}");
}

Test(template_parameters, may_have_types_of_the_templates_own)
{
    fixture_refuse_with(
        TEMPLATE("\"languageVersion\": \"2.0\", \"resources\": {}, \"definitions\": "
                 "{\"a\": {\"$ref\": \"#/definitions/b\"}, \"b\": {\"$ref\": "
                 "\"#/definitions/a\"}}, \"parameters\": {\"p\": {\"$ref\": "
                 "\"#/definitions/a\"}}"),
        GIVEN("1"), "has no type");
    fixture_refuse_with(
        TEMPLATE("\"languageVersion\": \"2.0\", \"resources\": {}, \"definitions\": "
                 "{\"name\": {\"type\": \"string\", \"maxLength\": 3}}, "
                 "\"parameters\": {\"p\": {\"$ref\": \"#/definitions/name\"}}"),
        GIVEN("\"abcd\""), "less than or equal to '3'");
    expect_shown(TEMPLATE("\"languageVersion\": \"2.0\", \"resources\": {}, \"definitions\": "
                          "{\"tree\": {\"type\": \"object\", \"properties\": {\"left\": {\"$ref\": "
                          "\"#/definitions/tree\", \"nullable\": true}}}}, \"parameters\": {\"p\": "
                          "{\"$ref\": \"#/definitions/tree\"}}"),
                 GIVEN("{\"left\": {\"left\": null}}"),
                 "{\"p\":{\"type\":\"Object\",\"value\":{\"left\":{\"left\":null}}}}");
}

/* ---- Secrets ------------------------------------------------------------------------------- */

#define SECRET "hunter2hunter2"
#define SECURE(more)                                                                               \
    "\"parameters\": {\"s\": {\"type\": \"secureString\"" more "}, \"o\": {\"type\": "             \
    "\"secureObject\", \"defaultValue\": {\"inner\": \"" SECRET "\"}}}"
#define SECURE_GIVEN "{\"s\": {\"value\": \"" SECRET "\"}}"

Test(template_parameters, that_are_secure_are_never_shown)
{
    expect_shown(TEMPLATE(SECURE("") ", \"resources\": []"), SECURE_GIVEN,
                 "{\"s\":{\"type\":\"SecureString\"},\"o\":{\"type\":\"SecureObject\"}}");
}

Test(template_parameters, that_are_secure_are_in_no_error)
{
    static const char *const texts[] = {
        TEMPLATE("\"parameters\": {\"s\": {\"type\": \"securestring\"}, \"q\": {\"type\": "
                 "\"string\", \"defaultValue\": \"[parameters('s')]\", \"allowedValues\": "
                 "[\"a\"]}}, \"resources\": []"),
        TEMPLATE(SECURE("") ", \"resources\": [" VAULT("v", ", \"copy\": {\"name\": \"l\", "
                                                            "\"count\": "
                                                            "\"[int(parameters('s'))]\"}") "]"),
        TEMPLATE(SECURE(", \"allowedValues\": [\"a\"]") ", \"resources\": []"),
        TEMPLATE(SECURE(", \"maxLength\": 3") ", \"resources\": []"),
        TEMPLATE(
            SECURE("") ", \"variables\": {\"v\": \"[int(parameters('s'))]\"}, \"resources\": []"),
        TEMPLATE(SECURE("") ", \"variables\": {\"v\": \"[parameters('o').inner]\", \"w\": "
                            "\"[int(variables('v'))]\"}, \"resources\": []"),
        TEMPLATE(SECURE("") ", \"resources\": [" VAULT("v", ", \"properties\": {\"a\": "
                                                            "\"[int(parameters('s'))]\"}") "]"),
        TEMPLATE(SECURE("") ", \"resources\": [" VAULT("[int(parameters('s'))]", "") "]"),
        TEMPLATE(SECURE("") ", \"resources\": [], \"outputs\": {\"x\": {\"type\": \"string\", "
                            "\"value\": \"[json(parameters('s'))]\"}}"),
        TEMPLATE(SECURE(
            "") ", \"functions\": [{\"namespace\": \"n\", \"members\": {\"f\": "
                "{\"parameters\": [{\"name\": \"a\", \"type\": \"string\", "
                "\"allowedValues\": [\"x\"]}], \"output\": {\"type\": \"string\", \"value\": "
                "\"a\"}}}}], \"variables\": {\"v\": \"[n.f(parameters('s'))]\"}, "
                "\"resources\": []"),
        TEMPLATE(SECURE("") ", \"resources\": [" VAULT("v", ", \"dependsOn\": "
                                                            "[\"[parameters('s')]\"]") "]"),
    };

    for (size_t i = 0; i < KV_COUNT(texts); i++) {
        struct kv_err err = { .message = "" };

        cr_expect_neq(fixture_plan(texts[i], SECURE_GIVEN, &err), KV_OK, "%zu", i);
        cr_expect(strstr(err.message, SECRET) == NULL, "%s", err.message);
        cr_expect(err.message[0] != '\0');
    }
}

Test(template_parameters, that_are_secure_mark_what_they_go_into)
{
    struct kv_err err;
    bool has_secret = false;

    fixture_accept(
        TEMPLATE(SECURE("") ", \"variables\": {\"v\": \"[concat('x', parameters('s'))]\"}, "
                            "\"resources\": [" VAULT("a", "") ", " VAULT(
                                "b", ", \"tags\": {\"t\": \"[variables('v')]\"}") "]"),
        SECURE_GIVEN);
    for (size_t i = 0; i < 2; i++) {
        kv_auto(cJSON_Delete) cJSON *body = NULL;

        cr_assert_eq(kv_template_plan_body(fixture_made, i, &body, &has_secret, &err), KV_OK);
        cr_expect_eq(has_secret, i == 1);
    }
}

/* The body of the only resource, with that given for `s`. */
static cJSON *make_body(const char *template)
{
    cJSON *body = NULL;
    bool has_secret;

    fixture_accept(template, SECURE_GIVEN);
    cr_assert_eq(kv_template_plan_body(fixture_made, 0, &body, &has_secret, NULL), KV_OK);
    cr_expect(has_secret);
    return body;
}

Test(template_parameters, that_are_secure_mark_each_text_by_itself)
{
    kv_auto(cJSON_Delete) cJSON *body = make_body(TEMPLATE(
        SECURE("") ", \"variables\": {\"v\": \"[parameters('o').inner]\"}, \"resources\": [" VAULT(
            "a", ", \"properties\": {\"plain\": \"x\", \"s\": \"[parameters('s')]\", "
                 "\"list\": [1, \"[variables('v')]\"], \"copy\": [{\"name\": \"l\", "
                 "\"count\": 1, \"input\": \"[concat(copyIndex('l'), parameters('s'))]\"}], "
                 "\"named\": {\"[parameters('s')]\": 1}, \"last\": \"[toLower('Y')]\"}") "]"));
    const cJSON *properties = cJSON_GetObjectItem(body, "properties");
    const cJSON *list = cJSON_GetObjectItem(properties, "list");

    cr_expect_not(kv_template_is_secret(body));
    cr_expect_not(kv_template_is_secret(properties));
    cr_expect_not(kv_template_is_secret(cJSON_GetObjectItem(properties, "plain")));
    cr_expect_not(kv_template_is_secret(cJSON_GetObjectItem(properties, "last")));
    cr_expect_not(kv_template_is_secret(list));
    cr_expect_not(kv_template_is_secret(cJSON_GetArrayItem(list, 0)));
    cr_expect(kv_template_is_secret(cJSON_GetObjectItem(properties, "s")));
    cr_expect(kv_template_is_secret(cJSON_GetArrayItem(list, 1)));
    cr_expect(kv_template_is_secret(cJSON_GetArrayItem(cJSON_GetObjectItem(properties, "l"), 0)));
    cr_expect(kv_template_is_secret(cJSON_GetObjectItem(properties, "named")));
    cr_expect_not(kv_template_is_secret(NULL));
}
