/* SPDX-License-Identifier: Apache-2.0 */
/* Answers while they are made: limits, and what cannot be smuggled into a header. */
#include <criterion/criterion.h>

#include <stdlib.h>
#include <string.h>

#include "kv/base/json.h"
#include "kv/http/response.h"

static struct kv_response response;
static struct kv_err err;

static void setup(void)
{
    kv_response_init(&response);
}

static void teardown(void)
{
    kv_response_done(&response);
}

TestSuite(response, .init = setup, .fini = teardown, .timeout = 120);

Test(response, holds_no_more_headers_than_it_has_room_for)
{
    for (int i = 0; i < KV_RESPONSE_HEADERS_MAX; i++) {
        const char number[] = { (char) ('A' + i), '\0' };
        cr_assert_eq(kv_response_header(&response, &err, "x-number", number), KV_OK);
    }
    cr_expect_eq(kv_response_header(&response, &err, "x-more", "no"), KV_INTERNAL);
    cr_expect_eq(response.headers, KV_RESPONSE_HEADERS_MAX);
    cr_expect_str_eq(response.header[31].value, "`");
}

Test(response, cuts_a_header_value_that_is_too_long)
{
    char value[2 * KV_RESPONSE_HEADER_MAX];

    memset(value, 'v', sizeof(value) - 1);
    value[sizeof(value) - 1] = '\0';
    cr_assert_eq(kv_response_header(&response, &err, "x-long", value), KV_OK);
    cr_expect_eq(strlen(response.header[0].value), KV_RESPONSE_HEADER_MAX);
}

Test(response, blanks_control_characters_in_header_values)
{
    cr_assert_eq(kv_response_header(&response, &err, "x-echo", "a\r\nSet-Cookie: b\tc\x7f"), KV_OK);
    cr_expect_str_eq(response.header[0].value, "a  Set-Cookie: b c ");
}

Test(response, refuses_to_render_no_tree)
{
    cr_expect_eq(kv_response_json(&response, 200, NULL, &err), KV_INTERNAL);
}

Test(response, is_an_internal_error_when_it_exceeds_its_maximum)
{
    char *text = malloc(KV_RESPONSE_BODY_MAX + 2);

    cr_assert_not_null(text);
    memset(text, 't', KV_RESPONSE_BODY_MAX + 1);
    text[KV_RESPONSE_BODY_MAX + 1] = '\0';
    cr_expect_eq(kv_response_text(&response, 200, "text/plain", text, &err), KV_INTERNAL);
    cr_expect_eq(err.code, KV_INTERNAL);
    text[KV_RESPONSE_BODY_MAX] = '\0';
    cr_expect_eq(kv_response_text(&response, 200, "text/plain", text, &err), KV_OK);
    free(text);
}

Test(response, keeps_headers_in_the_order_they_came)
{
    cr_assert_eq(kv_response_header(&response, &err, "b", "1"), KV_OK);
    cr_assert_eq(kv_response_header(&response, &err, "a", "x-2"), KV_OK);
    cr_assert_eq(kv_response_header(&response, &err, "b", "3"), KV_OK);
    cr_expect_eq(response.headers, 3);
    cr_expect_str_eq(response.header[0].name, "b");
    cr_expect_str_eq(response.header[1].value, "x-2");
    cr_expect_str_eq(response.header[2].value, "3");
}

Test(response, renders_a_tree_compactly)
{
    kv_auto(cJSON_Delete) cJSON *tree = cJSON_CreateObject();

    cr_assert_not_null(cJSON_AddStringToObject(tree, "kid", "k"));
    cr_assert_not_null(cJSON_AddNumberToObject(tree, "n", 1));
    cr_assert_eq(kv_response_json(&response, 201, tree, &err), KV_OK);
    cr_expect_eq(response.status, 201);
    cr_expect_str_eq(response.content_type, "application/json; charset=utf-8");
    cr_expect_str_eq(response.body.data, "{\"kid\":\"k\",\"n\":1}");
}

Test(response, sorts_members_at_every_level_when_it_is_to)
{
    static const struct {
        const char *from, *to;
    } rows[] = {
        { "{}", "{}" },
        { "{\"a\":1}", "{\"a\":1}" },
        { "{\"b\":1,\"a\":2}", "{\"a\":2,\"b\":1}" },
        { "{\"c\":[3,1,{\"z\":1,\"Z\":2}],\"b\":{\"y\":[],\"x\":null},\"a\":\"\"}",
          "{\"a\":\"\",\"b\":{\"x\":null,\"y\":[]},\"c\":[3,1,{\"Z\":2,\"z\":1}]}" },
        { "{\"e\":5,\"d\":4,\"a\":1,\"c\":3,\"b\":2}",
          "{\"a\":1,\"b\":2,\"c\":3,\"d\":4,\"e\":5}" },
    };

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        kv_auto(cJSON_Delete) cJSON *tree = cJSON_Parse(rows[i].from);

        response.sorted = true;
        cr_assert_eq(kv_response_json(&response, 200, tree, &err), KV_OK);
        cr_assert_str_eq(response.body.data, rows[i].to);
    }
}

Test(response, can_still_be_added_to_once_it_was_sorted)
{
    kv_auto(cJSON_Delete) cJSON *tree = cJSON_Parse("{\"b\":1,\"a\":2}");

    kv_json_sort(tree);
    cr_assert(cJSON_AddNumberToObject(tree, "c", 3));
    cr_assert_eq(kv_response_json(&response, 200, tree, &err), KV_OK);
    cr_assert_str_eq(response.body.data, "{\"a\":2,\"b\":1,\"c\":3}");
}

Test(response, has_the_text_of_the_last_step_only)
{
    cr_assert_eq(kv_response_text(&response, 200, "text/plain", "a longer text", &err), KV_OK);
    cr_assert_eq(kv_response_text(&response, 404, "text/html", "short", &err), KV_OK);
    cr_expect_eq(response.status, 404);
    cr_expect_str_eq(response.content_type, "text/html");
    cr_expect_str_eq(response.body.data, "short");
    cr_expect_eq(response.body.len, 5);
}

Test(response, is_an_empty_success_after_a_reset)
{
    cr_assert_eq(kv_response_text(&response, 500, "text/plain", "half-made", &err), KV_OK);
    cr_assert_eq(kv_response_header(&response, &err, "a", "1"), KV_OK);
    response.close = true;
    kv_response_reset(&response);
    cr_expect_eq(response.status, 200);
    cr_expect_null(response.content_type);
    cr_expect_eq(response.headers, 0);
    cr_expect_eq(response.body.len, 0);
    cr_expect_not(response.close);
    cr_expect_eq(kv_response_text(&response, 200, "text/plain", "again", &err), KV_OK);
}
