/* SPDX-License-Identifier: Apache-2.0 */
/* JSON that is none, expressions that are none, and templates without the form of one. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <unistr.h>

#include "fixture.h"
#include "kv/base/json.h"

TestSuite(template_syntax, .init = fixture_setup, .fini = fixture_teardown, .timeout = 60);

#define CONTENT "The request content was invalid and could not be deserialized: '"

static const struct {
    const char *text, *reason;
} no_json[] = {
    { "", CONTENT "Unexpected character or end. Path '', line 1, position 0.'." },
    { "{", CONTENT "Unexpected character or end. Path '', line 1, position 0.'." },
    { "{\"a\": nil}", CONTENT "Unexpected character or end. Path '', line 1, position 6.'." },
    { "{\n  \"a\": x}", CONTENT "Unexpected character or end. Path '', line 2, position 7.'." },
    { "{} {}", CONTENT "Additional text found behind the value. Path '', line 1, position 3.'." },
    { "{\"a\": 1, \"b\": 2, \"a\": 3}",
      CONTENT "The member 'a' stands twice in one object. Path '', line 1, position 1.'." },
    { "{\"a\": \"\\u0000\"}", "A text does not end, or has a control character" },
    { "{\"a\": \"x\ny\"}", "A text does not end, or has a control character" },
    { "{\"a\": \"x", "A text does not end" },
    { "{\"\xC0\xAF\": 1}", "It is not UTF-8. Path '', line 1, position 2.'." },
    { "{\"a\": 1 /* }", "A comment does not end" },
    { "{\v}", "Unexpected control character" },
    { "{\"a\": 1, b: x}", CONTENT "Unexpected character or end. Path '', line 1, position 12.'." },
    { "{\"a\": 1, 1b: 2}", "Unexpected character or end" },
    { "[a: 1]", "Unexpected character or end" },
    { "{a 1}", "Unexpected character or end" },
    { "{a: 1, \"a\": 2}", "The member 'a' stands twice in one object" },
};

/* As az sends them: names without quotes, and what is behind them stands where it stood. */
Test(template_syntax, takes_names_without_quotes)
{
    static const char text[] = "{\"mode\": \"a, b: {c: 1}\", template :{$s: true, _x1:[1,\"y\"]}}";
    struct kv_err err = { .message = "" };
    cJSON *tree = NULL;

    cr_assert_eq(kv_template_parse(text, strlen(text), &tree, &err), KV_OK, "%s", err.message);
    char *shown = cJSON_PrintUnformatted(tree);
    cr_expect_str_eq(shown,
                     "{\"mode\":\"a, b: {c: 1}\",\"template\":{\"$s\":true,\"_x1\":[1,\"y\"]}}");
    const cJSON *list = cJSON_GetObjectItem(cJSON_GetObjectItem(tree, "template"), "_x1");
    struct kv_template_place place = kv_template_place_of(cJSON_GetArrayItem(list, 1));
    cr_expect_eq(place.column, (unsigned) (strstr(text, "\"y\"") + 3 - text), "%u", place.column);
    cJSON_free(shown);
    cJSON_Delete(tree);
}

Test(template_syntax, INVALID_REQUEST_CONTENT_with_the_place_of_what_is_no_json)
{
    for (size_t i = 0; i < KV_COUNT(no_json); i++) {
        cJSON *tree = NULL;
        struct kv_err err = { .message = "" };
        enum kv_code code =
            kv_template_parse(no_json[i].text, strlen(no_json[i].text), &tree, &err);

        cr_expect_eq(code, KV_INVALID_REQUEST_CONTENT, "%s", no_json[i].text);
        cr_expect(strstr(err.message, no_json[i].reason) != NULL, "%s: %s", no_json[i].text,
                  err.message);
        cJSON_Delete(tree);
    }
}

Test(template_syntax, bounds_size_depth_and_values_of_json)
{
    static const struct {
        size_t repeats;
        const char *part, *reason;
    } rows[] = {
        { 10 * 1024 * 1024, " ", "The request content size exceeds the maximum size of 4 MB." },
        { KV_TEMPLATE_DEPTH_MAX + 1, "[", "It is nested more than 100 deep" },
        { KV_TEMPLATE_VALUES_MAX + 1, "1,", "It has more than 200000 values" },
    };

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        size_t each = strlen(rows[i].part), len = rows[i].repeats * each + 1;
        char *text = malloc(len + 1);
        struct kv_err err = { .message = "" };
        cJSON *tree = NULL;

        text[0] = '[';
        for (size_t at = 1; at < len; at += each) {
            memcpy(text + at, rows[i].part, each);
        }
        cr_expect_eq(kv_template_parse(text, len, &tree, &err), KV_INVALID_REQUEST_CONTENT);
        cr_expect(strstr(err.message, rows[i].reason) != NULL, "%s", err.message);
        free(text);
    }
}

Test(template_syntax, knows_where_everything_stands)
{
    kv_auto(cJSON_Delete) cJSON *tree = fixture_parse(
        "\xEF\xBB\xBF{ // \"no\": 1\n  \"ä\": /* x */ \"y\",\n  \"list\": [\"p\\\"q\", {}]}");
    const cJSON *list = cJSON_GetObjectItem(tree, "list");
    struct kv_template_place place = kv_template_place_of(tree);

    cr_expect(place.line == 1 && place.column == 1, "%u:%u", place.line, place.column);
    place = kv_template_place_of(cJSON_GetObjectItem(tree, "ä"));
    cr_expect(place.line == 2 && place.column == 18, "%u:%u", place.line, place.column);
    place = kv_template_place_of(list);
    cr_expect(place.line == 3 && place.column == 11, "%u:%u", place.line, place.column);
    place = kv_template_place_of(list->child->next);
    cr_expect(place.line == 3 && place.column == 20, "%u:%u", place.line, place.column);
}

#define PARSE(text) "Unable to parse language expression '" text "': "

/* An error quotes the beginning of a text, which may end within a character. */
Test(template_syntax, cuts_no_character_in_two_in_what_it_says)
{
    for (size_t len = 390; len < 404; len++) {
        char name[512] = "", text[1024];
        struct kv_err err = { .message = "" };

        memset(name, 'x', len);
        (void) snprintf(name + len, sizeof(name) - len, "\xF0\x9F\x98\x80\xF0\x9F\x98\x80");
        (void) snprintf(text, sizeof(text), RESOURCES(VAULT("v", ", \"dependsOn\": [\"%s\"]")),
                        name);
        cr_expect_eq(fixture_plan(text, NULL, &err), KV_INVALID_TEMPLATE);
        cr_expect_null(u8_check((const uint8_t *) err.message, strlen(err.message)), "%s",
                       err.message);
    }
}

static const struct {
    const char *expression, *reason;
} no_expressions[] = {
    { "[]", PARSE("") "expected token 'Identifier' and actual 'EndOfData'." },
    { "[concat('a'))]",
      PARSE("concat('a'))") "expected token 'EndOfData' and actual 'RightParenthesis'." },
    { "[concat('a']",
      PARSE("concat('a'") "expected token 'RightParenthesis' and actual 'EndOfData'." },
    { "[concat('a' 'b')]", "expected token 'RightParenthesis' and actual 'StringLiteral'." },
    { "[concat('a',)]", "expected token 'Identifier' and actual 'RightParenthesis'." },
    { "[concat]", PARSE("concat") "expected token 'LeftParenthesis' and actual 'EndOfData'." },
    { "[true]", "expected token 'LeftParenthesis' and actual 'EndOfData'." },
    { "[concat('a)]",
      PARSE("concat('a)") "the string character ''' at position '7' is not expected." },
    { "[concat(\"a\")]", "the string character '\"' at position '7' is not expected." },
    { "[1 + 2]", "the string character '+' at position '2' is not expected." },
    { "[resourceGroup().]", "expected token 'Identifier' and actual 'EndOfData'." },
    { "[resourceGroup().'id']", "expected token 'Identifier' and actual 'StringLiteral'." },
    { "[resourceGroup()['id')]",
      "expected token 'RightSquareBracket' and actual 'RightParenthesis'." },
    { "[a.b]", "expected token 'LeftParenthesis' and actual 'EndOfData'." },
    { "[a.1()]", "expected token 'Identifier' and actual 'Integer'." },
    { "[99999999999999999999]", "is beyond what template numbers hold" },
    { "[concat('a').\xC3\xA4]", "is not expected" },
};

Test(template_syntax, refuses_expressions_that_are_none)
{
    for (size_t i = 0; i < KV_COUNT(no_expressions); i++) {
        char *made = fixture_evaluate(no_expressions[i].expression);

        cr_expect_null(made, "%s", no_expressions[i].expression);
        cr_expect(strstr(fixture_reason, no_expressions[i].reason) != NULL, "%s: %s",
                  no_expressions[i].expression, fixture_reason);
        free(made);
    }
}

/* "[f(f(f(" ... ")))]" */
static char *nest(const char *open, const char *middle, const char *close, size_t times)
{
    size_t size = times * (strlen(open) + strlen(close)) + strlen(middle) + 3, at = 1;
    char *text = malloc(size);

    text[0] = '[';
    for (size_t i = 0; i < times; i++) {
        at += (size_t) snprintf(text + at, size - at, "%s", open);
    }
    at += (size_t) snprintf(text + at, size - at, "%s", middle);
    for (size_t i = 0; i < times; i++) {
        at += (size_t) snprintf(text + at, size - at, "%s", close);
    }
    (void) snprintf(text + at, size - at, "]");
    return text;
}

Test(template_syntax, bounds_depth_and_length_of_expressions)
{
    static const struct {
        const char *open, *middle, *close;
        size_t times;
        const char *reason; /* NULL: it is fine */
    } rows[] = {
        { "concat(", "'a'", ")", 100, NULL },
        { "concat(", "'a'", ")", 1000,
          "The language expression is nested too deep. Limit: '128'." },
        { "", "concat('a')", ".b", 1000, "nested too deep" },
        { "array(", "1", ")[0]", 1000, "nested too deep" },
        { "", "1", "        ", 4000,
          "The language expression length limit exceeded. Limit: '24576' "
          "and actual: '32003'." },
    };

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        char *text = nest(rows[i].open, rows[i].middle, rows[i].close, rows[i].times);
        char *made = fixture_evaluate(text);

        cr_expect_eq(made != NULL, rows[i].reason == NULL, "%zu", i);
        cr_expect(rows[i].reason == NULL || strstr(fixture_reason, rows[i].reason) != NULL, "%s",
                  fixture_reason);
        free(made);
        free(text);
    }
}

#define SCHEMA "\"$schema\": \"https://x/2019-04-01/deploymentTemplate.json#\""
#define VERSION "\"contentVersion\": \"1.0.0.0\""
#define PARSE_FAILED "Deployment template parse failed: '"
#define FAILED "Deployment template validation failed: '"

Test(template_syntax, INVALID_TEMPLATE_without_the_form_of_one)
{
    static const struct {
        const char *text, *said;
    } rows[] = {
        { "[]", PARSE_FAILED "A Template must be an object.'." },
        { "{" VERSION ", \"resources\": []}", PARSE_FAILED
          "Required property '$schema' not found in JSON. Path '', line 1, position 1.'." },
        { "{" SCHEMA ", \"resources\": []}",
          PARSE_FAILED "Required property 'contentVersion' not found in JSON. Path '', line 1, "
                       "position 1.'." },
        { "{" SCHEMA ", " VERSION "}", PARSE_FAILED
          "Required property 'resources' not found in JSON. Path '', line 1, position 1.'." },
        { "{" SCHEMA ", " VERSION ", \"resources\": [],\n \"outptus\": {}}", PARSE_FAILED
          "Could not find member 'outptus' on object of type 'Template'. Path 'outptus', "
          "line 2, position 13.'." },
        { "{\"$schema\": \"https://x/parameters.json#\", " VERSION ", \"resources\": []}", FAILED
          "Template schema 'https://x/parameters.json#' is not supported. Supported versions "
          "are '2014-04-01-preview,2015-01-01,2018-05-01,2019-04-01,2019-08-01'. Please see "
          "https://aka.ms/arm-template for usage details.'." },
        { "{" SCHEMA ", \"contentVersion\": \"one\", \"resources\": []}",
          PARSE_FAILED "Error converting value \"one\" to type 'System.Version'. Path "
                       "'contentVersion', line 1, position 84.'." },
        { "{" SCHEMA ", " VERSION ", \"resources\": [], \"languageVersion\": \"3.0\"}",
          FAILED "The languageVersion '3.0' is not supported.'." },
        { "{" SCHEMA ", " VERSION ", \"resources\": {}}",
          FAILED "The resources of a template must be an array with its languageVersion.'." },
        { "{" SCHEMA ", " VERSION ", \"resources\": [], \"imports\": {}}",
          FAILED "'imports' of a Template at line '1' and column '" },
        { "{" SCHEMA ", " VERSION ", \"resources\": [], \"apiProfile\": \"x\"}",
          FAILED "'apiProfile' of a Template" },
        { "{" SCHEMA ", " VERSION ", \"resources\": [{\"typo\": 1}]}",
          PARSE_FAILED "Could not find member 'typo' on object of type 'resource'." },
        { "{" SCHEMA ", " VERSION ", \"resources\": [1]}",
          PARSE_FAILED "A resource must be an object.'." },
        { "{" SCHEMA ", " VERSION ", \"resources\": [{\"dependsOn\": \"x\"}]}",
          PARSE_FAILED "The member 'dependsOn' of a resource" },
        { "{" SCHEMA ", " VERSION ", \"resources\": [], \"parameters\": {\"p\": {\"typ\": 1}}}",
          "Could not find member 'typ' on object of type 'parameter'." },
        { "{" SCHEMA ", " VERSION ", \"resources\": [], \"outputs\": {\"p\": {\"values\": 1}}}",
          "Could not find member 'values' on object of type 'output'." },
    };

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        struct kv_err err = { .message = "" };

        cr_expect_eq(fixture_plan(rows[i].text, NULL, &err), KV_INVALID_TEMPLATE, "%s",
                     rows[i].text);
        cr_expect(strstr(err.message, rows[i].said) != NULL, "%s: %s", rows[i].said, err.message);
    }
}
