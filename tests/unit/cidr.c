/* SPDX-License-Identifier: Apache-2.0 */
#include "kv/base/cidr.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

TestSuite(cidr, .timeout = 120);

Test(cidr, refuses_what_is_no_address)
{
    static const char *const rows[] = {
        "",          " ",          "10.0.0",      "10.0.0.0.0",     "10.0.0.256", "010.0.0.1",
        "10.0.0.01", "0x0a.0.0.1", "167772161",   " 10.0.0.1",      "10.0.0.1 ",  "10.0.0.1\n",
        "10.0.0.1.", "::g",        ":::",         "1::2::3",        "fe80::1%lo", "[::1]",
        "::1:80x",   "localhost",  "10.0.0.1/32", "::ffff:10.0.0.", "12345::",    "1.2.3.4:80",
    };
    struct kv_address address;

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        cr_expect_not(kv_address_parse(rows[i], &address), "'%s'", rows[i]);
    }
}

Test(cidr, refuses_what_is_no_range)
{
    static const struct {
        const char *text, *message;
    } rows[] = {
#define NEITHER(text)                                                                              \
    { text, "'" text "' is neither an IP address nor a range such as 203.0.113.0/24." }
        NEITHER(""),
        NEITHER("/"),
        NEITHER("/24"),
        NEITHER("10.0.0.0/"),
        NEITHER("10.0.0.0/33"),
        NEITHER("10.0.0.0/-1"),
        NEITHER("10.0.0.0/+8"),
        NEITHER("10.0.0.0/08"),
        NEITHER("10.0.0.0/ 8"),
        NEITHER("10.0.0.0/8 "),
        NEITHER("10.0.0.0/8/8"),
        NEITHER("10.0.0.0/0008"),
        NEITHER("10.0.0.0/4294967304"),
        NEITHER("10.0.0.0/255.0.0.0"),
        NEITHER("10.0.0.00/8"),
        NEITHER("10.0.0/8"),
        NEITHER("::/129"),
        NEITHER("fe80::%lo/64"),
        { "10.0.0.1/24", "'10.0.0.1/24' has bits behind its prefix: the range it is in is "
                         "10.0.0.0/24." },
        { "10.0.0.1/31", "'10.0.0.1/31' has bits behind its prefix: the range it is in is "
                         "10.0.0.0/31." },
        { "2001:db8::1/64", "'2001:db8::1/64' has bits behind its prefix: the range it is in is "
                            "2001:db8::/64." },
        { "::ffff:10.0.0.0/64", "'::ffff:10.0.0.0/64' has bits behind its prefix: the range it is "
                                "in is ::/64." },
        { "1.2.3.4/0", "'1.2.3.4/0' has bits behind its prefix: the range it is in is 0.0.0.0/0." },
        { "0.0.0.0/0", "'0.0.0.0/0' is every address: that is the default action Allow, and no "
                       "rule." },
        { "::/0", "'::/0' is every address: that is the default action Allow, and no rule." },
        { "::ffff:0.0.0.0/96",
          "'::ffff:0.0.0.0/96' is every address: that is the default action Allow, and no rule." },
    };
    struct kv_cidr cidr;
    struct kv_err err;

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        cr_expect_eq(kv_cidr_parse(rows[i].text, &cidr, &err), KV_BAD_PARAMETER, "'%s'",
                     rows[i].text);
        cr_expect_str_eq(err.message, rows[i].message);
    }
}

Test(cidr, refuses_a_text_of_any_length)
{
    char text[4096];
    struct kv_cidr cidr;
    struct kv_err err;

    for (size_t len = 1; len < sizeof(text); len += 7) {
        memset(text, '1', len);
        text[len] = '\0';
        cr_expect_eq(kv_cidr_parse(text, &cidr, &err), KV_BAD_PARAMETER, "%zu", len);
    }
}

Test(cidr, shows_a_range_in_one_way)
{
    static const struct {
        const char *text, *shown;
    } rows[] = {
        { "203.0.113.9", "203.0.113.9/32" },
        { "203.0.113.9/32", "203.0.113.9/32" },
        { "203.0.113.8/31", "203.0.113.8/31" },
        { "128.0.0.0/1", "128.0.0.0/1" },
        { "10.0.0.0/8", "10.0.0.0/8" },
        { "::1", "::1/128" },
        { "2001:DB8:0:0::/32", "2001:db8::/32" },
        { "::ffff:192.0.2.1", "192.0.2.1/32" },
        { "::ffff:192.0.2.0/120", "192.0.2.0/24" },
        { "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
          "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128" },
    };
    char shown[KV_CIDR_SIZE];
    struct kv_cidr cidr;
    struct kv_err err;

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        cr_assert_eq(kv_cidr_parse(rows[i].text, &cidr, &err), KV_OK, "%s", err.message);
        kv_cidr_render(&cidr, shown);
        cr_expect_str_eq(shown, rows[i].shown);
    }
}

static void fill(struct kv_cidrs *list, const char *const *texts, size_t count)
{
    struct kv_cidr cidr;

    for (size_t i = 0; i < count; i++) {
        cr_assert_eq(kv_cidr_parse(texts[i], &cidr, NULL), KV_OK, "%s", texts[i]);
        cr_assert_eq(kv_cidrs_add(list, &cidr, NULL), KV_OK);
    }
}

Test(cidr, of_a_list_has_what_is_in_one_of_its_ranges)
{
    static const char *const texts[] = { "10.1.0.0/16",  "192.0.2.7",     "10.0.0.0/8",
                                         "192.0.2.8/31", "2001:db8::/32", "10.1.2.0/24",
                                         "::1",          "192.0.2.7",     "255.255.255.255" };
    static const struct {
        const char *address;
        bool has;
    } rows[] = {
        { "9.255.255.255", false },
        { "10.0.0.0", true },
        { "10.1.2.3", true },
        { "10.255.255.255", true },
        { "11.0.0.0", false },
        { "192.0.2.6", false },
        { "192.0.2.7", true },
        { "192.0.2.8", true },
        { "192.0.2.9", true },
        { "192.0.2.10", false },
        { "0.0.0.0", false },
        { "255.255.255.255", true },
        { "255.255.255.254", false },
        { "::ffff:10.1.1.1", true },
        { "::ffff:11.1.1.1", false },
        { "::10.1.1.1", false },
        { "::1", true },
        { "::", false },
        { "::2", false },
        { "2001:db8::", true },
        { "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", true },
        { "2001:db9::", false },
        { "2001:db7:ffff::", false },
    };
    kv_auto(kv_cidrs_done) struct kv_cidrs list = { .count = 0 };
    struct kv_address address;

    cr_assert(kv_address_parse("10.0.0.1", &address));
    cr_expect_not(kv_cidrs_have(&list, &address), "an empty list has nobody");
    fill(&list, texts, KV_COUNT(texts));
    kv_cidrs_sort(&list);
    cr_expect_eq(list.count, 6, "ranges in others are dropped: %zu", list.count);
    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        cr_assert(kv_address_parse(rows[i].address, &address), "%s", rows[i].address);
        cr_expect_eq(kv_cidrs_have(&list, &address), rows[i].has, "%s", rows[i].address);
    }
}

Test(cidr, of_a_list_is_found_and_taken_out)
{
    static const char *const texts[] = { "10.0.0.0/8", "10.0.0.0/16", "::1" };
    kv_auto(kv_cidrs_done) struct kv_cidrs list = { .count = 0 };
    char shown[KV_CIDR_SIZE];
    struct kv_cidr cidr;

    cr_assert_eq(kv_cidr_parse("10.0.0.0/16", &cidr, NULL), KV_OK);
    cr_expect_eq(kv_cidrs_find(&list, &cidr), 0);
    fill(&list, texts, KV_COUNT(texts));
    cr_expect_eq(kv_cidrs_find(&list, &cidr), 1);
    kv_cidrs_remove(&list, 1);
    cr_expect_eq(kv_cidrs_find(&list, &cidr), 2, "it is gone");
    kv_cidr_render(&list.cidr[1], shown);
    cr_expect_str_eq(shown, "::1/128");
    for (size_t i = 0; i < 1000; i++) { /* it grows again, whatever was taken out */
        cr_assert_eq(kv_cidrs_add(&list, &cidr, NULL), KV_OK);
        if (i % 3 == 0) {
            kv_cidrs_remove(&list, list.count - 1);
        }
    }
    cr_expect_eq(list.count, 2 + 666);
}
