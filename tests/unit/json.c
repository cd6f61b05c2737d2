/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "kv/base/json.h"
#include "memory.h"

static struct kv_err err;

TestSuite(json, .init = kv_json_setup, .timeout = 120);

/* Texts with their length, since some hold NUL. */
#define TEXT(literal)                                                                              \
    {                                                                                              \
        (literal), sizeof(literal) - 1                                                             \
    }
struct text {
    const char *bytes;
    size_t len;
};

static const struct text refused[] = {
    TEXT(""),
    TEXT(" "),
    TEXT("[]"),
    TEXT("null"),
    TEXT("true"),
    TEXT("1"),
    TEXT("\"text\""),
    TEXT("{"),
    TEXT("}"),
    TEXT("{\"a\""),
    TEXT("{\"a\":"),
    TEXT("{\"a\":1"),
    TEXT("{\"a\":1,}"),
    TEXT("{\"a\" 1}"),
    TEXT("{a:1}"),
    TEXT("{'a':1}"),
    TEXT("{\"a\":1 \"b\":2}"),
    TEXT("{\"a\":[1,2}"),
    TEXT("{\"a\":tru}"),
    TEXT("{\"a\":NaN}"),
    TEXT("{\"a\":0x10}"),
    TEXT("{\"a\":\"x}"),
    TEXT("{\"a\":\"x\\\"}"),
    TEXT("{\"a\":\"x\\"),
    TEXT("{\"a\":\"\\q\"}"),
    TEXT("{\"a\":\"\\u12\"}"),
    TEXT("{\"a\":\"\\ud800\"}"),
    /* behind the object */
    TEXT("{}{}"),
    TEXT("{} x"),
    TEXT("{},"),
    TEXT("{}\0"),
    /* NUL and control characters */
    TEXT("{\"a\":\"x\0y\"}"),
    TEXT("{\"a\":\"\\u0000\"}"),
    TEXT("{\"a\":\"x\\\\\\u0000\"}"),
    TEXT("{\"a\\u0000b\":1}"),
    TEXT("{\"a\":\0001}"),
    TEXT("{\"a\":\"\n\"}"),
    TEXT("{\"a\":\"\t\"}"),
    TEXT("{\"a\":\0131}"),
    /* no UTF-8 */
    TEXT("{\"a\":\"\xff\"}"),
    TEXT("{\"a\":\"\xc0\xaf\"}"),
    TEXT("{\"a\":\"\xed\xa0\x80\"}"),
    TEXT("{\"a\":\"\xf0\x9f\x94\"}"),
};

Test(json, refuses_what_is_not_one_clean_object)
{
    for (size_t i = 0; i < KV_COUNT(refused); i++) {
        cJSON *object = NULL;
        cr_assert_eq(kv_json_parse(refused[i].bytes, refused[i].len, &object, &err),
                     KV_BAD_PARAMETER, "%zu: %s", i, refused[i].bytes);
        cr_assert_str_eq(err.message, "Property  has invalid value\r\n");
        cr_assert_null(object);
    }
}

Test(json, refuses_no_body)
{
    cJSON *object = NULL;

    cr_assert_eq(kv_json_parse(NULL, 0, &object, &err), KV_BAD_PARAMETER);
}

/* Appends an object that is nested `depth` levels deep. */
static void nest(struct kv_buf *buf, unsigned depth)
{
    cr_assert_eq(kv_buf_printf(buf, &err, "{\"a\":"), KV_OK);
    for (unsigned i = 1; i < depth; i++) {
        cr_assert_eq(kv_buf_append(buf, "[", 1, &err), KV_OK);
    }
    for (unsigned i = 1; i < depth; i++) {
        cr_assert_eq(kv_buf_append(buf, "]", 1, &err), KV_OK);
    }
    cr_assert_eq(kv_buf_append(buf, "}", 1, &err), KV_OK);
}

Test(json, refuses_what_is_nested_too_deeply)
{
    static const unsigned depths[] = { KV_JSON_DEPTH_MAX + 1, 999, 100000 };

    for (size_t i = 0; i < KV_COUNT(depths); i++) {
        kv_auto(kv_buf_done) struct kv_buf buf;
        cJSON *object = NULL;
        kv_buf_init(&buf, 1000000);
        nest(&buf, depths[i]);
        cr_assert_eq(kv_json_parse(buf.data, buf.len, &object, &err), KV_BAD_PARAMETER);
    }
}

Test(json, takes_the_deepest_nesting_allowed)
{
    kv_auto(kv_buf_done) struct kv_buf buf;
    kv_auto(cJSON_Delete) cJSON *object = NULL;

    kv_buf_init(&buf, 1000);
    cr_assert_eq(kv_buf_printf(&buf, &err, "{\"flat\":[{},{},[],[]],\"text\":\"[[{{\",\"deep\":"),
                 KV_OK);
    nest(&buf, KV_JSON_DEPTH_MAX - 1);
    cr_assert_eq(kv_buf_append(&buf, "}", 1, &err), KV_OK);
    cr_assert_eq(kv_json_parse(buf.data, buf.len, &object, &err), KV_OK);
}

static const struct text accepted[] = {
    TEXT("{}"),
    TEXT(" \t\r\n{ \"a\" : [ 1 , 2 ] } \t\r\n"),
    TEXT("{\"a\":\"\\\\u0000\"}"),
    TEXT("{\"a\":\"\\\"\\u0001\\ud83d\\udd11\"}"),
    TEXT("{\"a\":\"\xf0\x9f\x94\x91\"}"),
    TEXT("{\"a\":-1.5e3,\"b\":true,\"c\":false,\"d\":null}"),
    TEXT("{\"\":\"\"}"),
};

Test(json, accepts_an_object)
{
    for (size_t i = 0; i < KV_COUNT(accepted); i++) {
        cJSON *object = NULL;
        cr_assert_eq(kv_json_parse(accepted[i].bytes, accepted[i].len, &object, &err), KV_OK, "%s",
                     accepted[i].bytes);
        cJSON_Delete(object);
    }
}

/* A copy of exactly `len` bytes on the heap, so that a memory checker sees a step beyond. */
Test(json, reads_no_byte_beyond_its_length)
{
    static const char whole[] = "{\"a\":\"\\u00e4\",\"b\":[1,2,true]}";

    for (size_t len = 1; len < sizeof(whole); len++) {
        cJSON *object = NULL;
        char *text = malloc(len);
        cr_assert_not_null(text);
        memcpy(text, whole, len);
        enum kv_code code = kv_json_parse(text, len, &object, &err);
        cr_assert_eq(code == KV_OK, len == sizeof(whole) - 1, "%zu", len);
        cJSON_Delete(object);
        free(text);
    }
}

static cJSON *parse(const char *text)
{
    cJSON *object = NULL;

    cr_assert_eq(kv_json_parse(text, strlen(text), &object, &err), KV_OK, "%s", text);
    return object;
}

struct args {
    const char *text;
    struct kv_maybe_bool flag;
    struct kv_maybe_int number;
    const cJSON *object, *array;
};

static const struct kv_json_field fields[] = {
    KV_JSON_FIELD(struct args, text, "text", KV_JSON_STRING),
    KV_JSON_FIELD(struct args, flag, "flag", KV_JSON_BOOL),
    KV_JSON_FIELD(struct args, number, "number", KV_JSON_INT),
    KV_JSON_FIELD(struct args, object, "object", KV_JSON_OBJECT),
    KV_JSON_FIELD(struct args, array, "array", KV_JSON_ARRAY),
};

static enum kv_code bind(const cJSON *object, struct args *ret_args)
{
    memset(ret_args, 0, sizeof(*ret_args));
    return kv_json_bind(object, fields, KV_COUNT(fields), ret_args, &err);
}

Test(json, refuses_members_of_another_type)
{
    static const char *const texts[] = {
        "{\"text\":1}",
        "{\"text\":true}",
        "{\"text\":[]}",
        "{\"text\":{}}",
        "{\"flag\":0}",
        "{\"flag\":\"true\"}",
        "{\"number\":\"1\"}",
        "{\"number\":true}",
        "{\"number\":1.5}",
        "{\"number\":1e-9}",
        "{\"number\":9007199254740994}",
        "{\"number\":-9007199254740994}",
        "{\"number\":1e999}",
        "{\"number\":-1e999}",
        "{\"object\":[]}",
        "{\"object\":\"{}\"}",
        "{\"array\":{}}",
        "{\"array\":\"[]\"}",
        "{\"text\":\"good\",\"flag\":false,\"number\":{}}",
    };

    for (size_t i = 0; i < KV_COUNT(texts); i++) {
        kv_auto(cJSON_Delete) cJSON *object = parse(texts[i]);
        struct args args;
        cr_assert_eq(bind(object, &args), KV_BAD_PARAMETER, "%s", texts[i]);
        cr_assert_str_eq(err.message, KV_JSON_INVALID_PROPERTY);
    }
}

Test(json, binds_every_type)
{
    kv_auto(cJSON_Delete) cJSON *object =
        parse("{\"text\":\"t\",\"flag\":true,\"number\":-7,\"object\":{\"x\":1},\"array\":[1,2]}");
    struct args args;

    cr_assert_eq(bind(object, &args), KV_OK);
    cr_assert_str_eq(args.text, "t");
    cr_assert(args.flag.given && args.flag.value);
    cr_assert(args.number.given && args.number.value == -7);
    cr_assert_not_null(cJSON_GetObjectItem(args.object, "x"));
    cr_assert_eq(cJSON_GetArraySize(args.array), 2);
}

Test(json, tells_false_and_zero_from_absent)
{
    kv_auto(cJSON_Delete) cJSON *object = parse("{\"flag\":false,\"number\":0,\"text\":\"\"}");
    struct args args;

    cr_assert_eq(bind(object, &args), KV_OK);
    cr_assert(args.flag.given && !args.flag.value);
    cr_assert(args.number.given && args.number.value == 0);
    cr_assert_str_eq(args.text, "");
}

Test(json, leaves_absent_null_and_otherwise_spelt_members_alone)
{
    kv_auto(cJSON_Delete) cJSON *object =
        parse("{\"text\":null,\"flag\":null,\"number\":null,\"Object\":{},\"ARRAY\":[],\"x\":1}");
    struct args args;

    cr_assert_eq(bind(object, &args), KV_OK);
    cr_assert_null(args.text);
    cr_assert_not(args.flag.given);
    cr_assert_not(args.number.given);
    cr_assert_null(args.object);
    cr_assert_null(args.array);
}

Test(json, binds_the_first_of_members_with_one_name)
{
    kv_auto(cJSON_Delete) cJSON *object = parse("{\"text\":\"first\",\"text\":\"second\"}");
    struct args args;

    cr_assert_eq(bind(object, &args), KV_OK);
    cr_assert_str_eq(args.text, "first");
}

Test(json, binds_whole_numbers_up_to_their_limit)
{
    static const struct {
        const char *text;
        int64_t number;
    } rows[] = {
        { "{\"number\":9007199254740992}", 9007199254740992 },
        { "{\"number\":-9007199254740992}", -9007199254740992 },
        { "{\"number\":4102444800}", 4102444800 },
        { "{\"number\":2.0}", 2 },
        { "{\"number\":1e3}", 1000 },
        { "{\"number\":-0}", 0 },
    };

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        kv_auto(cJSON_Delete) cJSON *object = parse(rows[i].text);
        struct args args;
        cr_assert_eq(bind(object, &args), KV_OK, "%s", rows[i].text);
        cr_assert_eq(args.number.value, rows[i].number, "%s", rows[i].text);
    }
}

Test(json, prints_compactly_what_was_added_in_order)
{
    kv_auto(kv_buf_done) struct kv_buf buf;
    kv_auto(cJSON_Delete) cJSON *object = cJSON_CreateObject();
    bool ok = true;

    kv_json_add_text(object, "text", "a\"\n", &ok);
    kv_json_add_int(object, "number", 4102444800123, &ok);
    kv_json_add_bool(object, "flag", false, &ok);
    kv_json_add_base64url(object, "value", "\xfb\xff\xfe", 3, &ok);
    kv_json_add_base64url(object, "nothing", NULL, 0, &ok);
    kv_json_add_bool(kv_json_add_object(object, "object", &ok), "flag", true, &ok);
    cJSON *array = kv_json_add_array(object, "array", &ok);
    kv_json_append_text(array, "one", &ok);
    kv_json_add_take(array, NULL, cJSON_CreateNull(), &ok);
    kv_json_add_take(object, "taken", cJSON_CreateArray(), &ok);
    cr_assert(ok);

    kv_buf_init(&buf, 1000);
    cr_assert_eq(kv_json_print(object, &buf, &err), KV_OK);
    cr_assert_str_eq(buf.data, "{\"text\":\"a\\\"\\n\",\"number\":4102444800123,\"flag\":false,"
                               "\"value\":\"-__-\",\"nothing\":\"\",\"object\":{\"flag\":true},"
                               "\"array\":[\"one\",null],\"taken\":[]}");
}

Test(json, adds_nothing_after_a_failure)
{
    kv_auto(kv_buf_done) struct kv_buf buf;
    kv_auto(cJSON_Delete) cJSON *object = cJSON_CreateObject();
    bool ok = true;

    kv_json_add_text(object, "text", NULL, &ok);
    cr_assert_not(ok);
    kv_json_add_text(object, "text", "x", &ok);
    kv_json_add_int(object, "number", 1, &ok);
    kv_json_add_bool(object, "flag", true, &ok);
    kv_json_add_base64url(object, "value", "x", 1, &ok);
    cr_assert_null(kv_json_add_object(object, "object", &ok));
    cr_assert_null(kv_json_add_array(object, "array", &ok));
    kv_json_append_text(object, "x", &ok);
    kv_json_add_take(object, "taken", cJSON_CreateString("freed"), &ok);
    cr_assert_not(ok);

    kv_buf_init(&buf, 100);
    cr_assert_eq(kv_json_print(object, &buf, &err), KV_OK);
    cr_assert_str_eq(buf.data, "{}");
}

Test(json, fails_on_each_addition_without_a_parent)
{
    bool ok[8] = { true, true, true, true, true, true, true, true };

    kv_json_add_text(NULL, "a", "x", &ok[0]);
    kv_json_add_int(NULL, "a", 1, &ok[1]);
    kv_json_add_bool(NULL, "a", true, &ok[2]);
    kv_json_add_base64url(NULL, "a", "x", 1, &ok[3]);
    cr_assert_null(kv_json_add_object(NULL, "a", &ok[4]));
    cr_assert_null(kv_json_add_array(NULL, "a", &ok[5]));
    kv_json_append_text(NULL, "x", &ok[6]);
    kv_json_add_take(NULL, "a", cJSON_CreateString("freed"), &ok[7]);
    for (size_t i = 0; i < KV_COUNT(ok); i++) {
        cr_assert_not(ok[i], "%zu", i);
    }
}

Test(json, wipes_a_tree_that_is_freed)
{
    cJSON *object = parse("{\"value\":\"plaintext-plaintext-plaintext-plaintext-plaintext\"}");
    uintptr_t text = (uintptr_t) cJSON_GetObjectItem(object, "value")->valuestring;

    cr_assert(memory_holds(text, 50, "plain"));
    cJSON_Delete(object);
    cr_assert_not(memory_holds(text, 50, "plain"));
}

Test(json, of_more_values_than_a_body_has_is_taken_by_those_who_ask_for_it)
{
    kv_auto(cJSON_Delete) cJSON *tree = NULL;
    kv_auto(kv_buf_done) struct kv_buf text;

    kv_buf_init(&text, 1024 * 1024);
    cr_assert_eq(kv_buf_printf(&text, NULL, "{\"a\":[0"), KV_OK);
    for (unsigned i = 0; i < KV_JSON_VALUES_MAX; i++) {
        cr_assert_eq(kv_buf_append(&text, ",0", 2, NULL), KV_OK);
    }
    cr_assert_eq(kv_buf_append(&text, "]}", 2, NULL), KV_OK);
    cr_expect_eq(kv_json_parse(text.data, text.len, &tree, NULL), KV_BAD_PARAMETER);
    cr_expect_eq(kv_json_parse_long(text.data, text.len, 2 * KV_JSON_VALUES_MAX, &tree, NULL),
                 KV_OK);
}

Test(json, has_no_number_where_there_is_no_item)
{
    int64_t number = 7;

    cr_expect_not(kv_json_is_int(NULL, &number));
    cr_expect_eq(number, 7);
}
