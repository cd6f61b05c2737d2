/* SPDX-License-Identifier: Apache-2.0 */
/* The grammar of release policies: contract §11. */
#include "authority.h"

#include <stdio.h>
#include <string.h>

#include <criterion/criterion.h>

#include "kv/release/release.h"

TestSuite(release_policy, .timeout = 120);

#define TEXT_SIZE 16384
#define VERSION "{\"version\":\"1.0.0\",\"anyOf\":"
#define AUTHORITY "{\"authority\":\"https://a.test\","
#define CLAIM "{\"claim\":\"c\",\"equals\":\"v\"}"
#define POLICY(conditions) VERSION "[" AUTHORITY conditions "}]}"
#define URL_POLICY(url) VERSION "[{\"authority\":" url ",\"allOf\":[" CLAIM "]}]}"

#define NO_OBJECT "Key Release Policy: it is no JSON object"
#define NO_VERSION "Key Release Policy: missing 'version' property"
#define NO_ANY_OF "Key Release Policy: missing 'anyOf' property"
#define NO_URL "Key Release Policy: an 'authority' must be an https URL"
#define NO_CLAIMS                                                                                  \
    "Key Release Policy: an authority needs 'allOf' or 'anyOf' with claims, each with 'equals'"
#define TOO_LARGE "Key Release Policy: it is too large"

static enum kv_code check(const char *text, struct kv_buf *compact, struct kv_err *err)
{
    kv_buf_init(compact, KV_RELEASE_POLICY_MAX);
    return kv_release_policy_check(text, strlen(text), compact, err);
}

static void expect_refused(const char *text, const char *message)
{
    kv_auto(kv_buf_done) struct kv_buf compact;
    struct kv_err err = { .message = "" };

    cr_expect_eq(check(text, &compact, &err), KV_BAD_PARAMETER, "%.400s", text);
    cr_expect_str_eq(err.message, message, "%.400s", text);
}

static void expect_taken(const char *text, const char *expected)
{
    kv_auto(kv_buf_done) struct kv_buf compact;
    struct kv_err err = { .message = "" };

    cr_assert_eq(check(text, &compact, &err), KV_OK, "%.400s: %s", text, err.message);
    cr_expect_eq(compact.len, strlen(expected), "%.400s", text);
    cr_expect_eq(strncmp(compact.data, expected, compact.len), 0, "%.400s", compact.data);
}

static const struct {
    const char *text, *message;
} broken[] = {
    { "", NO_OBJECT },
    { "[]", NO_OBJECT },
    { "\"1.0.0\"", NO_OBJECT },
    { "null", NO_OBJECT },
    { "{", NO_OBJECT },
    { POLICY("\"allOf\":[" CLAIM "]") "}", NO_OBJECT },
    { POLICY("\"allOf\":[{\"claim\":\"c\\u0000\",\"equals\":\"v\"}]"), NO_OBJECT },
    { POLICY("\"allOf\":[{\"claim\":\"\xff\",\"equals\":\"v\"}]"), NO_OBJECT },
    { "{}", NO_VERSION },
    { "{\"anyOf\":[]}", NO_VERSION },
    { "{\"version\":1,\"anyOf\":[]}", NO_VERSION },
    { "{\"version\":null,\"anyOf\":[]}", NO_VERSION },
    { "{\"Version\":\"1.0.0\",\"anyOf\":[]}", NO_VERSION },
    { "{\"version\":\"1.0.0\"}", NO_ANY_OF },
    { "{\"version\":\"1.0.0\",\"allOf\":[" AUTHORITY "\"allOf\":[" CLAIM "]}]}", NO_ANY_OF },
    { "{\"version\":\"1.0.0\",\"anyof\":[" AUTHORITY "\"allOf\":[" CLAIM "]}]}", NO_ANY_OF },
    { VERSION "[]}", NO_ANY_OF },
    { VERSION "null}", NO_ANY_OF },
    { VERSION "{\"a\":" AUTHORITY "\"allOf\":[" CLAIM "]}}}", NO_ANY_OF },
    { VERSION "[null]}", NO_URL },
    { VERSION "[\"https://a.test\"]}", NO_URL },
    { VERSION "[{\"allOf\":[" CLAIM "]}]}", NO_URL },
    { URL_POLICY("1"), NO_URL },
    { URL_POLICY("[\"https://a.test\"]"), NO_URL },
    { URL_POLICY("\"\""), NO_URL },
    { URL_POLICY("\"http://a.test\""), NO_URL },
    { URL_POLICY("\"https://somebody@a.test\""), NO_URL },
    /* one that is good does not make up for another */
    { VERSION "[" AUTHORITY "\"allOf\":[" CLAIM "]},{\"authority\":\"ftp://a.test\"}]}", NO_URL },
    { VERSION "[" AUTHORITY "\"allOf\":[" CLAIM "]}," AUTHORITY "\"allOf\":[]}]}", NO_CLAIMS },
    { VERSION "[{\"authority\":\"https://a.test\"}]}", NO_CLAIMS },
    { POLICY("\"claim\":\"c\",\"equals\":\"v\""), NO_CLAIMS },
    { POLICY("\"allOf\":[]"), NO_CLAIMS },
    { POLICY("\"allOf\":null"), NO_CLAIMS },
    { POLICY("\"allOf\":" CLAIM), NO_CLAIMS },
    { POLICY("\"allOf\":\"c\""), NO_CLAIMS },
    { POLICY("\"noneOf\":[" CLAIM "]"), NO_CLAIMS },
    { POLICY("\"ALLOF\":[" CLAIM "]"), NO_CLAIMS },
    { POLICY("\"allOf\":[" CLAIM "],\"anyOf\":[" CLAIM "]"), NO_CLAIMS },
    { POLICY("\"allOf\":[null]"), NO_CLAIMS },
    { POLICY("\"allOf\":[\"c\"]"), NO_CLAIMS },
    { POLICY("\"allOf\":[[" CLAIM "]]"), NO_CLAIMS },
    { POLICY("\"allOf\":[{}]"), NO_CLAIMS },
    { POLICY("\"allOf\":[" CLAIM ",{}]"), NO_CLAIMS },
    { POLICY("\"allOf\":[{\"claim\":\"c\"}]"), NO_CLAIMS },
    { POLICY("\"allOf\":[{\"equals\":\"v\"}]"), NO_CLAIMS },
    { POLICY("\"allOf\":[{\"claim\":\"\",\"equals\":\"v\"}]"), NO_CLAIMS },
    { POLICY("\"allOf\":[{\"claim\":1,\"equals\":\"v\"}]"), NO_CLAIMS },
    { POLICY("\"allOf\":[{\"claim\":null,\"equals\":\"v\"}]"), NO_CLAIMS },
    { POLICY("\"allOf\":[{\"claim\":\"c\",\"equals\":null}]"), NO_CLAIMS },
    { POLICY("\"allOf\":[{\"claim\":\"c\",\"equals\":[\"v\"]}]"), NO_CLAIMS },
    { POLICY("\"allOf\":[{\"claim\":\"c\",\"equals\":{\"v\":1}}]"), NO_CLAIMS },
    { POLICY("\"allOf\":[{\"claim\":\"c\",\"Equals\":\"v\"}]"), NO_CLAIMS },
    { POLICY("\"allOf\":[{\"claim\":\"c\",\"notEquals\":\"v\"}]"), NO_CLAIMS },
    /* a list beside a claim would be ignored: more would be let through than was meant */
    { POLICY("\"allOf\":[{\"claim\":\"c\",\"equals\":\"v\",\"allOf\":[" CLAIM "]}]"), NO_CLAIMS },
    { POLICY("\"allOf\":[{\"claim\":\"c\",\"equals\":\"v\",\"anyOf\":[]}]"), NO_CLAIMS },
    { POLICY("\"allOf\":[{\"anyOf\":[" CLAIM "],\"allOf\":[" CLAIM "]}]"), NO_CLAIMS },
    { POLICY("\"allOf\":[{\"anyOf\":[{\"allOf\":[]}]}]"), NO_CLAIMS },
};

Test(release_policy, that_is_none_is_refused)
{
    for (size_t i = 0; i < KV_COUNT(broken); i++) {
        expect_refused(broken[i].text, broken[i].message);
    }
}

/* Appends a text `count` times. */
static size_t repeat(char text[TEXT_SIZE], size_t len, const char *piece, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        len += (size_t) snprintf(text + len, TEXT_SIZE - len, "%s", piece);
        cr_assert_lt(len, TEXT_SIZE);
    }
    return len;
}

/* The authority is a level of its own, and so is the claim. */
static const char *nest(char text[TEXT_SIZE], size_t levels)
{
    size_t len = repeat(text, 0, VERSION "[" AUTHORITY "\"allOf\":[", 1);

    len = repeat(text, len, "{\"anyOf\":[", levels - 2);
    len = repeat(text, len, CLAIM, 1);
    len = repeat(text, len, "]}", levels - 2);
    repeat(text, len, "]}]}", 1);
    return text;
}

/* The authority counts, too. */
static const char *widen(char text[TEXT_SIZE], size_t conditions)
{
    size_t len = repeat(text, 0, VERSION "[" AUTHORITY "\"anyOf\":[", 1);

    len = repeat(text, len, CLAIM ",", conditions - 2);
    repeat(text, len, CLAIM "]}]}", 1);
    return text;
}

static const char *lengthen(char text[TEXT_SIZE], size_t characters)
{
    size_t len = repeat(text, 0, VERSION "[" AUTHORITY "\"anyOf\":[{\"claim\":\"", 1);

    len = repeat(text, len, "c", characters);
    repeat(text, len, "\",\"equals\":true}]}]}", 1);
    return text;
}

/* A policy of exactly so many bytes. */
static const char *fill(char text[TEXT_SIZE], size_t bytes)
{
    static const char end[] = "\"}]}]}";
    size_t len =
        repeat(text, 0, VERSION "[" AUTHORITY "\"anyOf\":[{\"claim\":\"c\",\"equals\":\"", 1);

    len = repeat(text, len, "v", bytes - len - strlen(end));
    repeat(text, len, end, 1);
    return text;
}

static const struct {
    const char *(*make)(char text[TEXT_SIZE], size_t size);
    size_t max;
    const char *message;
} limits[] = {
    { nest, 8, NO_CLAIMS },
    { widen, 64, NO_CLAIMS },
    { lengthen, 256, NO_CLAIMS },
    { fill, KV_RELEASE_POLICY_MAX, TOO_LARGE },
};

Test(release_policy, beyond_a_limit_is_refused)
{
    char text[TEXT_SIZE];

    for (size_t i = 0; i < KV_COUNT(limits); i++) {
        expect_refused(limits[i].make(text, limits[i].max + 1), limits[i].message);
        limits[i].make(text, limits[i].max);
        expect_taken(text, text);
    }
}

/* Authorities share one budget, and deep nesting never reaches the evaluator. */
Test(release_policy, is_bounded_as_a_whole)
{
    char text[TEXT_SIZE];
    size_t len = repeat(text, 0, VERSION "[" AUTHORITY "\"allOf\":[" CLAIM "]}", 1);

    repeat(text, len, "," AUTHORITY "\"allOf\":[" CLAIM "]}", 32);
    repeat(text, strlen(text), "]}", 1);
    expect_refused(text, NO_CLAIMS);
    nest(text, 100);
    expect_refused(text, NO_OBJECT);
}

/* contract §11: re-serialised without white space; a newer build keeps the order of the members */
Test(release_policy, loses_its_white_space_only)
{
    static const struct {
        const char *text, *compact;
    } rows[] = {
        { POLICY("\"allOf\":[" CLAIM "]"), POLICY("\"allOf\":[" CLAIM "]") },
        { "{ \"anyOf\" : [\r\n\t{ \"anyOf\":[ " CLAIM
          " ], \"authority\":\"https://a.test/x\" } ],\n"
          " \"version\" : \"0.2\" } ",
          "{\"anyOf\":[{\"anyOf\":[" CLAIM "],\"authority\":\"https://a.test/x\"}],"
          "\"version\":\"0.2\"}" },
        { POLICY("\"allOf\":[{\"claim\":\"a b\",\"equals\":true}]"),
          POLICY("\"allOf\":[{\"claim\":\"a b\",\"equals\":true}]") },
        { POLICY("\"note\":\"mine\",\"allOf\":[{\"claim\":\"c\",\"equals\":12}]"),
          POLICY("\"note\":\"mine\",\"allOf\":[{\"claim\":\"c\",\"equals\":12}]") },
        { VERSION "[" AUTHORITY "\"allOf\":[" CLAIM "]}," AUTHORITY "\"anyOf\":[" CLAIM "]}]}",
          VERSION "[" AUTHORITY "\"allOf\":[" CLAIM "]}," AUTHORITY "\"anyOf\":[" CLAIM "]}]}" },
    };

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        expect_taken(rows[i].text, rows[i].compact);
    }
}

Test(release_policy, url_is_https_or_this_machine)
{
    static const struct {
        const char *url;
        bool allowed;
    } rows[] = {
        { "", false },
        { "a.test", false },
        { "http", false },
        { "http://a.test", false },
        { "http://localhost.a.test", false },
        { "http://127.0.0.1.a.test", false },
        { "http://127.0.0.11", false },
        { "http://[::1]a.test", false },
        { "http://localhost@a.test", false },
        { "http://localhost:1@a.test/", false },
        { "https://a.test@b.test", false },
        { "https://a.test/?x", false },
        { "https://a.test/#x", false },
        { "https://a.test/\r\nX: y", false },
        { "https://a.test/ x", false },
        { "file:///etc/passwd", false },
        { "https://a.test", true },
        { "HTTPS://a.test:8443/x/", true },
        { "http://localhost", true },
        { "http://localhost:8080/", true },
        { "http://127.0.0.1:8080", true },
        { "http://[::1]:8080/x", true },
    };

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        cr_expect_eq(authority_url_is_allowed(rows[i].url), rows[i].allowed, "%s", rows[i].url);
    }
}

Test(release_policy, url_is_bounded)
{
    char url[600] = "https://";

    memset(url + 8, 'a', 503);
    cr_expect(authority_url_is_allowed(url));
    memset(url + 8, 'a', 504);
    cr_expect(!authority_url_is_allowed(url));
}
