/* SPDX-License-Identifier: Apache-2.0 */
/* Templates that want more than there is: counts, work, memory, depth. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fixture.h"
#include "kv/base/json.h"

TestSuite(template_bounds, .init = fixture_setup, .fini = fixture_teardown, .timeout = 60);

/* A template of `count` members of one kind. */
static char *repeat(const char *before, const char *each, unsigned count, const char *after)
{
    size_t size = strlen(before) + count * (strlen(each) + 12) + strlen(after) + 1;
    char *text = malloc(size);
    size_t at = (size_t) snprintf(text, size, "%s", before);

    for (unsigned i = 0; i < count; i++) {
        at += (size_t) snprintf(text + at, size - at, "%s", i > 0 ? "," : "");
        for (const char *from = each; *from != '\0'; from++) {
            at += (size_t) snprintf(text + at, size - at, *from == '#' ? "%u" : "%c",
                                    *from == '#' ? i : (unsigned) *from);
        }
    }
    (void) snprintf(text + at, size - at, "%s", after);
    return text;
}

#define HEAD                                                                                       \
    "{\"$schema\": \"https://x/deploymentTemplate.json#\", \"contentVersion\": \"1.0.0.0\", "
#define RESOURCE "{\"type\": \"A.B/c\", \"apiVersion\": \"1\", \"name\": \"r#\"}"

Test(template_bounds, are_those_of_the_service)
{
    static const struct {
        const char *before, *each, *after;
        unsigned most;
        const char *said;
    } rows[] = {
        { HEAD "\"resources\": [], \"parameters\": {",
          "\"p#\": {\"type\": \"int\", \"defaultValue\": 1}", "}}", KV_TEMPLATE_PARAMETERS_MAX,
          "The number of template parameters limit exceeded. Limit: '256' and actual: '257'." },
        { HEAD "\"resources\": [], \"variables\": {", "\"v#\": #", "}}", KV_TEMPLATE_VARIABLES_MAX,
          "The number of template variables limit exceeded. Limit: '256' and actual: '257'." },
        { HEAD "\"resources\": [], \"outputs\": {", "\"o#\": {\"type\": \"int\", \"value\": 1}",
          "}}", KV_TEMPLATE_OUTPUTS_MAX,
          "The number of template outputs limit exceeded. Limit: '64' and actual: '65'." },
        { HEAD "\"resources\": [", RESOURCE, "]}", KV_TEMPLATE_RESOURCES_MAX,
          "The number of template resources limit exceeded. Limit: '800' and actual: '801'." },
    };

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        char *most = repeat(rows[i].before, rows[i].each, rows[i].most, rows[i].after);
        char *more = repeat(rows[i].before, rows[i].each, rows[i].most + 1, rows[i].after);

        fixture_accept(most, NULL);
        fixture_refuse_with(more, NULL, rows[i].said);
        free(most);
        free(more);
    }
}

Test(template_bounds, count_the_resources_that_loops_make)
{
    fixture_accept(
        RESOURCES("{\"type\": \"A.B/c\", \"apiVersion\": \"1\", \"name\": "
                  "\"[concat('r', copyIndex())]\", \"copy\": {\"name\": \"l\", \"count\": "
                  "800}}"),
        NULL);
    fixture_refuse_with(RESOURCES("{\"type\": \"A.B/c\", \"apiVersion\": \"1\", \"name\": "
                                  "\"[concat('r', copyIndex())]\", \"copy\": {\"name\": \"l\", "
                                  "\"count\": 800}}, {\"type\": \"A.B/c\", \"apiVersion\": \"1\", "
                                  "\"name\": \"x\"}"),
                        NULL, "The number of template resources limit exceeded. Limit: '800'.");
}

#define VARIABLES(list) TEMPLATE("\"resources\": [], \"variables\": {" list "}")
#define BOMB(name, before) "\"" name "\": \"[concat(" before "," before "," before "," before ")]\""
#define V(name) "variables('" name "')"

static const struct {
    const char *text, *said;
} bombs[] = {
    /* texts that grow */
    { VARIABLES(
          "\"a\": \"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\", " BOMB("b", V("a")) ", " BOMB("c", V("b")) ", " BOMB(
              "d",
              V("c")) ", " BOMB("e",
                                V("d")) ", " BOMB("f",
                                                  V("e")) ", " BOMB("g",
                                                                    V("f")) ", " BOMB("h",
                                                                                      V("g")) ","
                                                                                              " " BOMB("i", V("h")) ", " BOMB(
                                                                                                  "j",
                                                                                                  V("i"))),
      "makes a text of more than 4 MB" },
    { VARIABLES("\"a\": \"[padLeft('', 4194304)]\", \"b\": \"[replace(variables('a'), ' ', "
                "variables('a'))]\""),
      "makes a text of more than 4 MB" },
    { VARIABLES(
          "\"a\": \"[format('{0,1000000}{0,1000000}{0,1000000}{0,1000000}{0,1000000}', 1)]\""),
      "makes a text of more than 4 MB" },
    { VARIABLES("\"a\": \"[padLeft('', 4000000, json('\\\"\\\\u0001\\\"'))]\", \"b\": "
                "\"[string(createArray(variables('a'), variables('a')))]\""),
      "makes a text of more than 4 MB" },
    { VARIABLES("\"a\": \"[padLeft('', 4000000, json('\\\"\\\\u0001\\\"'))]\", \"b\": "
                "\"[string(createArray(variables('a')))]\""),
      "makes a text of more than 4 MB" },
    /* lists that grow */
    { VARIABLES("\"a\": \"[range(0, 10000)]\", \"b\": \"[map(variables('a'), lambda('x', "
                "variables('a')))]\""),
      "makes more than 64 MB of values" },
    /* work without end */
    { VARIABLES("\"a\": \"[range(0, 10000)]\", \"b\": \"[filter(variables('a'), lambda('x', "
                "contains(variables('a'), 'nothing')))]\""),
      "takes more than 20000000 steps" },
    { VARIABLES("\"b\": \"[map(range(0, 10000), lambda('x', filter(range(0, 10000), lambda('y', "
                "false()))))]\""),
      "The evaluation of the template" },
    /* values that are too deep */
    { VARIABLES("\"a\": \"[reduce(range(0, 1000), createArray(), lambda('s', 'n', "
                "createArray(lambdaVariables('s'))))]\""),
      "a value that is nested too deep. Limit: '200'." },
    { VARIABLES("\"a\": \"[json(concat(padLeft('', 200, '['), padLeft('', 200, ']')))]\""),
      "cannot be parsed by the function" },
};

Test(template_bounds, hold_whatever_a_template_does)
{
    for (size_t i = 0; i < KV_COUNT(bombs); i++) {
        fixture_refuse_with(bombs[i].text, NULL, bombs[i].said);
    }
}

/* Each in terms of the next one. */
Test(template_bounds, hold_for_chains_of_names)
{
    char *text = malloc(100000);
    size_t at = (size_t) snprintf(text, 100000, "%s", HEAD "\"resources\": [], \"variables\": {");

    for (unsigned i = 0; i < 250; i++) {
        at += (size_t) snprintf(text + at, 100000 - at,
                                "\"v%u\": \"[concat(concat(variables('v%u')))]\", ", i, i + 1);
    }
    (void) snprintf(text + at, 100000 - at, "\"v250\": \"x\"}}");
    fixture_refuse_with(text, NULL, "is nested too deep. Limit: '400'.");
    free(text);
}

/* Each character of a line is looked at a few times, however many values the line has. */
Test(template_bounds, leave_long_lines_alone)
{
    static const char value[] = "\"0123456789abcdef\",";
    size_t each = strlen(value), count = 180000;
    char *text = malloc(each * count + 3);
    kv_auto(cJSON_Delete) cJSON *tree = NULL;

    text[0] = '[';
    for (size_t i = 0; i < count; i++) {
        memcpy(text + 1 + i * each, value, each + 1);
    }
    text[each * count] = ']'; /* in the place of the last comma */
    cr_expect_eq(kv_template_parse(text, each * count + 1, &tree, NULL), KV_OK);
    cr_assert_not_null(tree);
    cr_expect_eq(kv_template_place_of(tree->child->prev).column, each * count);
    free(text);
}

Test(template_bounds, hold_for_long_ids)
{
    char *text =
        repeat(HEAD "\"resources\": [{\"type\": \"A.B/c\", \"apiVersion\": \"1\", \"name\": "
                    "\"[concat('",
               "longlonglonglonglong", 200, "')]\"}]}");

    fixture_refuse_with(text, NULL, "Its resource id has");
    free(text);
}
