/* SPDX-License-Identifier: Apache-2.0 */
/* Request targets: which are refused, and what the others are taken apart into. */
#include <criterion/criterion.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kv/base/base.h"
#include "server/http/uri.h"

TestSuite(uri, .timeout = 120);

static void expect_refused(const char *target)
{
    struct kv_uri uri;
    struct kv_err err;

    cr_expect_eq(kv_uri_parse(target, &uri, &err), KV_BAD_URL, "%s", target);
}

Test(uri, refuses_what_is_no_path)
{
    static const char *const targets[] = {
        "", "*", "keys", "?a=b", "http://host/keys", "https://host/", "host:443",
    };

    for (size_t i = 0; i < KV_COUNT(targets); i++) {
        expect_refused(targets[i]);
    }
}

Test(uri, refuses_what_rfc_3986_does_not_allow)
{
    static const char *const targets[] = {
        "/keys#part", "/ke ys",   "/k?a=b c", "/%",      "/%4",         "/%zz",
        "/k?a=%",     "/k?a=%g0", "/\"",      "/<a>",    "/a\\b",       "/{name}",
        "/a|b",       "/a^b",     "/`",       "/k?a={}", "/k?a=b#part", "/\xc3\xa4",
    };

    for (size_t i = 0; i < KV_COUNT(targets); i++) {
        expect_refused(targets[i]);
    }
}

static void expect_refused_character(int code)
{
    char target[64];

    (void) snprintf(target, sizeof(target), "/keys/%c", code);
    expect_refused(target);
    (void) snprintf(target, sizeof(target), "/keys?a=%c", code);
    expect_refused(target);
    (void) snprintf(target, sizeof(target), "/keys/%%%02X", code);
    expect_refused(target);
    (void) snprintf(target, sizeof(target), "/keys?%%%02x=b", code);
    expect_refused(target);
}

Test(uri, refuses_control_characters_encoded_or_not)
{
    for (int code = 1; code < 0x20; code++) {
        expect_refused_character(code);
    }
    expect_refused_character(0x7f);
    expect_refused("/keys/a%00b");
    expect_refused("/keys?a=%00");
}

Test(uri, refuses_broken_utf_8)
{
    static const char *const targets[] = {
        "/%ff",     "/%c3",        "/%c0%af" /* overlong */, "/%ed%a0%80" /* surrogate */,
        "/k?%80=a", "/k?a=%e2%82",
    };

    for (size_t i = 0; i < KV_COUNT(targets); i++) {
        expect_refused(targets[i]);
    }
}

static void print_pairs(char *target, size_t size, unsigned count)
{
    size_t len = (size_t) snprintf(target, size, "/keys?");

    for (unsigned i = 0; i < count; i++) {
        len += (size_t) snprintf(target + len, size - len, "p%u=%u&", i, i);
    }
}

Test(uri, refuses_more_pairs_than_it_holds)
{
    char target[2048];
    struct kv_uri uri;

    print_pairs(target, sizeof(target), KV_QUERY_MAX + 1);
    expect_refused(target);

    print_pairs(target, sizeof(target), KV_QUERY_MAX);
    cr_assert_eq(kv_uri_parse(target, &uri, NULL), KV_OK);
    cr_assert_eq(uri.pairs, KV_QUERY_MAX);
    cr_assert_str_eq(uri.pair[KV_QUERY_MAX - 1].value, "63");
    kv_uri_done(&uri);
}

/* The parts of a parsed target in one line: "segment|segment?name=value&name=value". */
static void print_parts(const struct kv_uri *uri, char *text, size_t size)
{
    size_t len = 0;

    text[0] = '\0';
    for (size_t i = 0; i < uri->segments && i < KV_SEGMENTS_MAX; i++) {
        len += (size_t) snprintf(text + len, size - len, "%s%s", i > 0 ? "|" : "", uri->segment[i]);
    }
    for (size_t i = 0; i < uri->pairs; i++) {
        len += (size_t) snprintf(text + len, size - len, "%c%s=%s", i > 0 ? '&' : '?',
                                 uri->pair[i].name, uri->pair[i].value);
    }
}

Test(uri, is_decoded_part_by_part)
{
    static const struct {
        const char *target, *parts;
    } rows[] = {
        { "/", "" },
        { "/keys", "keys" },
        { "/keys/my-key/create", "keys|my-key|create" },
        /* empty segments are dropped (contract §1) */
        { "//rng", "rng" },
        { "/keys//restore", "keys|restore" },
        { "/keys/name/", "keys|name" },
        { "///", "" },
        { "//host:80@x/keys", "host:80@x|keys" },
        /* decoded after splitting */
        { "/keys/a%2Fb", "keys|a/b" },
        { "/keys/a%3Fb", "keys|a?b" },
        { "/%6beys/%4E%61me", "keys|Name" },
        { "/a%2500", "a%00" },
        { "/%c3%a4", "\xc3\xa4" },
        { "/a+b", "a+b" },
        { "/./../a", ".|..|a" },
        { "/a;b=c,d:e@f!$&'()*", "a;b=c,d:e@f!$&'()*" },
        /* the query: names and values decoded */
        { "/k?api-version=7.4", "k?api-version=7.4" },
        { "/k?api%2Dversion=7.4", "k?api-version=7.4" },
        { "/k?api-version=7.3&$skiptoken=abc", "k?api-version=7.3&$skiptoken=abc" },
        { "/k?%24skiptoken=a%3D%3D", "k?$skiptoken=a==" },
        { "/k?a=b+c%2Bd", "k?a=b c+d" },
        { "/k?a+b=c", "k?a b=c" },
        { "/k?a=b=c", "k?a=b=c" },
        { "/k?a=x%26b%3Dy", "k?a=x&b=y" },
        { "/k?a", "k?a=" },
        { "/k?a=", "k?a=" },
        { "/k?=b", "k?=b" },
        { "/k?", "k" },
        { "/k?&&a=1&&b=2&", "k?a=1&b=2" },
        { "/k?a=1&a=2", "k?a=1&a=2" },
        { "/k?u=http://h/p?q", "k?u=http://h/p?q" },
        { "/?a=b", "?a=b" },
    };

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        struct kv_uri uri;
        char parts[256];

        cr_assert_eq(kv_uri_parse(rows[i].target, &uri, NULL), KV_OK, "%s", rows[i].target);
        print_parts(&uri, parts, sizeof(parts));
        cr_expect_str_eq(parts, rows[i].parts, "%s: %s", rows[i].target, parts);
        kv_uri_done(&uri);
    }
}

Test(uri, is_masked_where_a_parameter_holds_a_credential)
{
    static const struct {
        const char *target, *masked;
    } rows[] = {
        { "", "" },
        { "/keys", "/keys" },
        { "/keys?", "/keys?" },
        { "/keys?api-version=7.4&$skiptoken=ab", "/keys?api-version=7.4&$skiptoken=ab" },
        { "/code=a&token=b", "/code=a&token=b" },
        { "/k?access_token=abc", "/k?access_token=*" },
        { "/k?access_token=a.b?c;d=e&x=y", "/k?access_token=*&x=y" },
        { "/k?a=b&Client_Secret=abc&secret=&token&x=y",
          "/k?a=b&Client_Secret=*&secret=&token&x=y" },
        { "/k?%61ccess%5Ftoken=abc", "/k?%61ccess%5Ftoken=*" },
        { "/k?%63%6C%69%65%6E%74%5F%61%73%73%65%72%74%69%6F%6E=a",
          "/k?%63%6C%69%65%6E%74%5F%61%73%73%65%72%74%69%6F%6E=*" },
        { "/k?xtoken=a&tokenx=b", "/k?xtoken=a&tokenx=b" },
        { "/k?a=b?sig=c", "/k?a=b?sig=*" },
        { "/k?a=b;password=c", "/k?a=b;password=*" },
        { "/k#id_token=a&code=b#c", "/k#id_token=*&code=*#c" },
        { "/k?refresh_token=a&%zz=b&client_assertion=c",
          "/k?refresh_token=*&%zz=b&client_assertion=*" },
        { "http://h/k?token==a=&&sig=%", "http://h/k?token=*&&sig=*" },
    };

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        char *masked = kv_uri_mask(rows[i].target);

        cr_expect_str_eq(masked, rows[i].masked, "%s: %s", rows[i].target, masked);
        free(masked);
    }
}

Test(uri, says_when_a_path_has_more_segments_than_it_holds)
{
    struct kv_uri uri;

    static const char most[] = "/1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16"
                               "/17/18/19/20/21/22/23/24/25/26/27/28/29/30/31/32";
    char more[128];

    cr_assert_eq(kv_uri_parse(most, &uri, NULL), KV_OK);
    cr_expect_eq(uri.segments, KV_SEGMENTS_MAX);
    cr_expect_str_eq(uri.segment[KV_SEGMENTS_MAX - 1], "32");
    kv_uri_done(&uri);

    snprintf(more, sizeof(more), "%s/33/34?a=b", most);
    cr_assert_eq(kv_uri_parse(more, &uri, NULL), KV_OK);
    cr_expect_eq(uri.segments, KV_SEGMENTS_MAX + 1);
    cr_expect_eq(uri.pairs, 1);
    kv_uri_done(&uri);
}
