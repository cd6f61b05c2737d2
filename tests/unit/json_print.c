/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include <criterion/criterion.h>

#include "kv/base/json.h"

static struct kv_err err;

static cJSON *parse(const char *text)
{
    cJSON *object = NULL;

    cr_assert_eq(kv_json_parse(text, strlen(text), &object, &err), KV_OK, "%s", text);
    return object;
}

TestSuite(json_print, .init = kv_json_setup, .timeout = 120);

Test(json_print, does_not_print_beyond_the_maximum)
{
    kv_auto(kv_buf_done) struct kv_buf buf;
    kv_auto(cJSON_Delete) cJSON *object = parse("{\"text\":\"long\"}");

    kv_buf_init(&buf, 10);
    cr_assert_eq(kv_json_print(object, &buf, &err), KV_BODY_TOO_LARGE);
    cr_assert_eq(buf.len, 0);
}

Test(json_print, spells_numbers_as_it_would_print_them)
{
    static const char *const texts[] = {
        "0",
        "-0",
        "1",
        "-1",
        "7.5",
        "-0.25",
        "2147483647",
        "2147483648",
        "1234567890123",
        "999999999999999",
        "-999999999999999",
        "1e15",
        "9007199254740993",
        "1e300",
        "5e-324",
    };

    for (size_t i = 0; i < KV_COUNT(texts); i++) {
        kv_auto(kv_buf_done) struct kv_buf as_number, as_text;
        char text[200];

        kv_buf_init(&as_number, 200);
        kv_buf_init(&as_text, 200);
        (void) snprintf(text, sizeof(text), "{\"a\":%s,\"b\":[%s,{\"c\":%s}]}", texts[i], texts[i],
                        texts[i]);
        kv_auto(cJSON_Delete) cJSON *tree = parse(text);
        cr_assert_eq(kv_json_print(tree, &as_number, &err), KV_OK);
        kv_json_spell_numbers(tree);
        cr_assert_eq(kv_json_print(tree, &as_text, &err), KV_OK);
        cr_expect_str_eq(as_text.data, as_number.data);
    }
}

/* What is lent by another tree would be freed by nobody. */
Test(json_print, spells_no_numbers_of_other_trees)
{
    kv_auto(cJSON_Delete) cJSON *owner = parse("{\"a\":5}");
    kv_auto(cJSON_Delete) cJSON *tree = cJSON_CreateArray();

    cr_assert(cJSON_AddItemReferenceToArray(tree, owner->child));
    kv_json_spell_numbers(tree);
    cr_expect(cJSON_IsNumber(tree->child));
    cr_expect_null(tree->child->valuestring);
    cr_expect(cJSON_IsNumber(owner->child));
}

/* cJSON alone prints the first as a number that is infinity when it is read again. */
Test(json_print, numbers_mean_the_same_after_printing)
{
    static const struct {
        const char *text;
        double number;
    } rows[] = {
        { "{\"a\":1.7976931348623157e308}", 1.7976931348623157e308 },
        { "{\"a\":9007199254740993}", 9007199254740992.0 },
        { "{\"a\":-9007199254740991}", -9007199254740991.0 },
        { "{\"a\":0.30000000000000004}", 0.30000000000000004 },
        { "{\"a\":0.1}", 0.1 },
        { "{\"a\":5e-324}", 5e-324 },
        { "{\"a\":2147483648}", 2147483648.0 },
    };

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        kv_auto(cJSON_Delete) cJSON *tree = NULL;
        kv_auto(cJSON_Delete) cJSON *again = NULL;
        kv_auto(kv_buf_done) struct kv_buf buf;

        kv_buf_init(&buf, 100);
        cr_assert_eq(kv_json_parse(rows[i].text, strlen(rows[i].text), &tree, &err), KV_OK);
        cr_assert_eq(kv_json_print(tree, &buf, &err), KV_OK);
        cr_assert(cJSON_IsNumber(tree->child), "the tree is as it was");
        cr_assert_eq(kv_json_parse(buf.data, buf.len, &again, &err), KV_OK, "%s", buf.data);
        cr_expect(cJSON_IsNumber(again->child), "%s", buf.data);
        cr_expect_eq(again->child->valuedouble, rows[i].number, "%s", buf.data);
    }
}

Test(json_print, prints_no_tree_as_out_of_memory)
{
    kv_auto(kv_buf_done) struct kv_buf buf;

    kv_buf_init(&buf, 10);
    cr_assert_eq(kv_json_print(NULL, &buf, &err), KV_INTERNAL);
}

/* Short values stay in one line; the outermost object never does. */
Test(json_print, breaks_lines_for_people)
{
    static const char text[] =
        "{\"a\":1,\"b\":[],\"c\":{},\"d\":[\"x\",{\"y \\\"q\\\"\":null}],\"e\":[{\"name\":\""
        "0123456789012345678901234567890123456789012345678901234567890123456789\",\"more\":["
        "\"01234567890123456789\"]},true]}";
    static const char lines[] =
        "{\n"
        "  \"a\": 1,\n"
        "  \"b\": [],\n"
        "  \"c\": {},\n"
        "  \"d\": [ \"x\", { \"y \\\"q\\\"\": null } ],\n"
        "  \"e\": [\n"
        "    {\n"
        "      \"name\": "
        "\"0123456789012345678901234567890123456789012345678901234567890123456789\",\n"
        "      \"more\": [ \"01234567890123456789\" ]\n"
        "    },\n"
        "    true\n"
        "  ]\n"
        "}\n";
    kv_auto(kv_buf_done) struct kv_buf buf;
    kv_auto(cJSON_Delete) cJSON *tree = parse(text);
    kv_auto(cJSON_Delete) cJSON *again = NULL;

    kv_buf_init(&buf, 1000);
    cr_assert_eq(kv_json_print_lines(tree, &buf, &err), KV_OK);
    cr_expect_str_eq(buf.data, lines);
    again = parse(buf.data);
    cr_expect(cJSON_Compare(tree, again, true));
}

Test(json_print, does_not_break_lines_beyond_the_maximum)
{
    kv_auto(kv_buf_done) struct kv_buf buf;
    kv_auto(cJSON_Delete) cJSON *tree = parse("{\"text\":\"long\"}");

    kv_buf_init(&buf, 10);
    cr_expect_eq(kv_json_print_lines(tree, &buf, &err), KV_BODY_TOO_LARGE);
}
