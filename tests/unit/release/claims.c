/* SPDX-License-Identifier: Apache-2.0 */
/* Claims held against the conditions of a policy: contract §11. */
#include "policy.h"

#include <criterion/criterion.h>

#include "kv/base/base.h"

TestSuite(release_claims, .timeout = 120);

Test(release_claims, are_those_of_an_authority_named_to_the_letter)
{
    static const struct {
        const char *authority, *issuer;
        bool named;
    } rows[] = {
        { "{\"authority\":\"https://a.test\"}", "", false },
        { "{\"authority\":\"https://a.test\"}", "/", false },
        { "{\"authority\":\"https://a.test\"}", "https://a.tes", false },
        { "{\"authority\":\"https://a.test\"}", "https://a.test.b.test", false },
        { "{\"authority\":\"https://a.test\"}", "https://A.test", false },
        { "{\"authority\":\"https://a.test\"}", "http://a.test", false },
        { "{\"authority\":\"https://a.test\"}", "https://a.test:443", false },
        { "{\"authority\":\"https://a.test\"}", "https://a.test//", false },
        { "{\"authority\":\"https://a.test/x\"}", "https://a.test", false },
        { "{\"authority\":\"/\"}", "", false },
        { "{\"authority\":\"\"}", "", false },
        { "{\"authority\":null}", "", false },
        { "{}", "https://a.test", false },
        { "{\"authority\":\"https://a.test\"}", "https://a.test", true },
        { "{\"authority\":\"https://a.test/\"}", "https://a.test", true },
        { "{\"authority\":\"https://a.test\"}", "https://a.test/", true },
    };

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        cJSON *authority = cJSON_Parse(rows[i].authority);

        cr_expect_eq(policy_names_authority(authority, rows[i].issuer), rows[i].named, "%s %s",
                     rows[i].authority, rows[i].issuer);
        cJSON_Delete(authority);
    }
}

#define ALL(list) "{\"allOf\":[" list "]}"
#define ANY(list) "{\"anyOf\":[" list "]}"
#define IS(claim, value) "{\"claim\":\"" claim "\",\"equals\":" value "}"

struct meeting {
    const char *conditions, *claims;
};

static void expect_met(const struct meeting *rows, size_t count, bool met)
{
    for (size_t i = 0; i < count; i++) {
        cJSON *authority = cJSON_Parse(rows[i].conditions);
        cJSON *claims = cJSON_Parse(rows[i].claims);

        cr_assert(authority != NULL && claims != NULL, "row %zu", i);
        cr_expect_eq(policy_is_met(authority, claims), met, "%s by %s", rows[i].conditions,
                     rows[i].claims);
        cJSON_Delete(authority);
        cJSON_Delete(claims);
    }
}

Test(release_claims, do_not_do_with_another_value)
{
    static const struct meeting rows[] = {
        { ALL(IS("c", "\"v\"")), "{}" },
        { ALL(IS("c", "\"v\"")), "{\"C\":\"v\"}" },
        { ALL(IS("c", "\"v\"")), "{\"cc\":\"v\"}" },
        { ALL(IS("c", "\"v\"")), "{\"c\":\"V\"}" },
        { ALL(IS("c", "\"v\"")), "{\"c\":\"\"}" },
        { ALL(IS("c", "\"v\"")), "{\"c\":\"v \"}" },
        { ALL(IS("c", "\"v\"")), "{\"c\":null}" },
        { ALL(IS("c", "\"v\"")), "{\"c\":[\"v\"]}" },
        { ALL(IS("c", "\"v\"")), "{\"c\":{\"v\":\"v\"}}" },
        { ALL(IS("c", "\"v\"")), "{\"d\":{\"c\":\"v\"}}" },
        { ALL(IS("c", "\"null\"")), "{\"c\":null}" },
        { ALL(IS("c", "\"true\"")), "{\"c\":false}" },
        { ALL(IS("c", "true")), "{\"c\":\"True\"}" },
        { ALL(IS("c", "true")), "{\"c\":1}" },
        { ALL(IS("c", "false")), "{\"c\":0}" },
        { ALL(IS("c", "false")), "{}" },
        { ALL(IS("c", "1")), "{\"c\":true}" },
        { ALL(IS("c", "1")), "{\"c\":\"1.0\"}" },
        { ALL(IS("c", "1")), "{\"c\":1.5}" },
        { ALL(IS("c", "0")), "{\"c\":\"\"}" },
    };

    expect_met(rows, KV_COUNT(rows), false);
}

Test(release_claims, do_not_do_under_another_path)
{
    static const struct meeting rows[] = {
        { ALL(IS("a.b", "\"v\"")), "{\"a\":\"v\"}" },
        { ALL(IS("a.b", "\"v\"")), "{\"b\":\"v\"}" },
        { ALL(IS("a.b", "\"v\"")), "{\"a\":{\"c\":\"v\"}}" },
        { ALL(IS("a.b", "\"v\"")), "{\"a\":[{\"b\":\"v\"}]}" },
        { ALL(IS("a.0", "\"v\"")), "{\"a\":[\"v\"]}" },
        { ALL(IS("a.b", "\"v\"")), "{\"a\":{\"b\":{\"c\":\"v\"}}}" },
        { ALL(IS("a.", "\"v\"")), "{\"a\":\"v\"}" },
        { ALL(IS(".a", "\"v\"")), "{\"a\":\"v\"}" },
        { ALL(IS(".", "\"v\"")), "{\"a\":\"v\"}" },
        { ALL(IS("a..b", "\"v\"")), "{\"a\":{\"b\":\"v\"}}" },
        /* what has the name itself is the claim, whatever its value */
        { ALL(IS("a.b", "\"v\"")), "{\"a.b\":\"w\",\"a\":{\"b\":\"v\"}}" },
    };

    expect_met(rows, KV_COUNT(rows), false);
}

Test(release_claims, do_not_do_in_part)
{
    static const struct meeting rows[] = {
        { ALL(IS("a", "1") "," IS("b", "2")), "{\"a\":1}" },
        { ALL(IS("a", "1") "," IS("b", "2")), "{\"b\":2}" },
        { ALL(IS("a", "1") "," IS("b", "2")), "{\"a\":2,\"b\":1}" },
        { ANY(IS("a", "1") "," IS("b", "2")), "{\"a\":2,\"b\":1}" },
        { ANY(IS("a", "1") "," IS("b", "2")), "{}" },
        { ALL(ANY(IS("a", "1") "," IS("b", "2")) "," IS("c", "3")), "{\"a\":1,\"b\":2}" },
        { ALL(ANY(IS("a", "1") "," IS("b", "2")) "," IS("c", "3")), "{\"c\":3}" },
        { ANY(ALL(IS("a", "1") "," IS("b", "2")) "," IS("c", "3")), "{\"a\":1}" },
        { ANY(ALL(IS("a", "1") "," IS("b", "2")) "," ALL(IS("c", "3") "," IS("d", "4"))),
          "{\"a\":1,\"c\":3}" },
        { ALL(ALL(ALL(ANY(ALL(IS("a", "1"))))) "," IS("b", "2")), "{\"a\":1}" },
    };

    expect_met(rows, KV_COUNT(rows), false);
}

/* contract §11: the service compares texts, "true" is true */
Test(release_claims, do_with_the_same_text)
{
    static const struct meeting rows[] = {
        { ALL(IS("c", "\"v\"")), "{\"c\":\"v\"}" },
        { ALL(IS("c", "\"\"")), "{\"c\":\"\"}" },
        { ALL(IS("c", "\"\\u00e4\"")), "{\"c\":\"\xc3\xa4\"}" },
        { ALL(IS("c", "true")), "{\"c\":true}" },
        { ALL(IS("c", "true")), "{\"c\":\"true\"}" },
        { ALL(IS("c", "\"true\"")), "{\"c\":true}" },
        { ALL(IS("c", "\"false\"")), "{\"c\":false}" },
        { ALL(IS("c", "1")), "{\"c\":1}" },
        { ALL(IS("c", "1")), "{\"c\":1.0}" },
        { ALL(IS("c", "\"-7\"")), "{\"c\":-7}" },
        { ALL(IS("c", "4294967296")), "{\"c\":\"4294967296\"}" },
        { ALL(IS("a.b", "\"v\"")), "{\"a\":{\"b\":\"v\"}}" },
        { ALL(IS("a.b.c", "true")), "{\"a\":{\"x\":1,\"b\":{\"c\":true}}}" },
        { ALL(IS("a.b", "\"v\"")), "{\"a.b\":\"v\"}" },
        { ALL(IS("a.b", "\"v\"")), "{\"a\":{\"b\":\"w\"},\"a.b\":\"v\"}" },
    };

    expect_met(rows, KV_COUNT(rows), true);
}

Test(release_claims, do_when_all_or_any_hold_as_it_says)
{
    static const struct meeting rows[] = {
        { ALL(IS("a", "1") "," IS("b", "2")), "{\"b\":2,\"a\":1,\"c\":3}" },
        { ANY(IS("a", "1") "," IS("b", "2")), "{\"a\":1}" },
        { ANY(IS("a", "1") "," IS("b", "2")), "{\"b\":2,\"a\":9}" },
        { ANY(IS("a", "1") "," IS("a", "2")), "{\"a\":2}" },
        { ALL(ANY(IS("a", "1") "," IS("b", "2")) "," IS("c", "3")), "{\"b\":2,\"c\":3}" },
        { ANY(ALL(IS("a", "1") "," IS("b", "2")) "," IS("c", "3")), "{\"c\":3}" },
        { ANY(ALL(IS("a", "1") "," IS("b", "2")) "," IS("c", "3")), "{\"a\":1,\"b\":2}" },
        { ALL(ANY(ALL(ANY(ALL(ANY(IS("a", "1"))))))), "{\"a\":1}" },
    };

    expect_met(rows, KV_COUNT(rows), true);
}
