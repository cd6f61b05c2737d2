/* SPDX-License-Identifier: Apache-2.0 */
/* Release policies as builds of 2022 wrote them down: contract §11. */
#include <criterion/criterion.h>

#include <string.h>

#include "kv/release/release.h"

TestSuite(policy_rewrite, .timeout = 20);

#define CLAIM(name, value) "{\"claim\":\"" name "\",\"equals\":" value "}"

static void expect_rewritten(const char *from, const char *to)
{
    kv_auto(kv_buf_done) struct kv_buf policy;

    kv_buf_init(&policy, KV_RELEASE_POLICY_MAX);
    cr_assert_eq(kv_release_policy_check(from, strlen(from), &policy, NULL), KV_OK, "%s", from);
    cr_assert_eq(kv_release_policy_rewrite(&policy, NULL), KV_OK, "%s", from);
    cr_expect_str_eq(policy.data, to);
}

Test(policy_rewrite, puts_members_in_order_and_truths_in_words)
{
    expect_rewritten("{ \"anyOf\": [ { \"allOf\": [ { \"equals\": true, \"claim\": \"a\" },"
                     " { \"claim\": \"b\", \"equals\": false } ],"
                     " \"authority\": \"https://one.example\" } ], \"version\": \"1.0.0\" }",
                     "{\"version\":\"1.0.0\",\"anyOf\":[{\"authority\":\"https://one.example\","
                     "\"allOf\":[" CLAIM("a", "\"true\"") "," CLAIM("b", "\"false\"") "]}]}");
}

Test(policy_rewrite, leaves_what_is_in_order_alone)
{
    static const char policy[] =
        "{\"version\":\"1.0.0\",\"anyOf\":[{\"authority\":\"https://"
        "one.example\",\"anyOf\":[" CLAIM("a", "\"true\"") "," CLAIM("b", "7") "]}]}";

    expect_rewritten(policy, policy);
}

Test(policy_rewrite, reaches_every_condition)
{
    expect_rewritten(
        "{\"anyOf\":[{\"anyOf\":[{\"allOf\":[{\"anyOf\":[{\"equals\":true,\"claim\":\"deep\"}]}]}],"
        "\"authority\":\"https://one.example\"},"
        "{\"allOf\":[" CLAIM("a", "\"x\"") "],\"authority\":\"https://two.example\"}],"
                                           "\"version\":\"1.0.0\"}",
        "{\"version\":\"1.0.0\",\"anyOf\":[{\"authority\":\"https://one.example\",\"anyOf\":["
        "{\"allOf\":[{\"anyOf\":[" CLAIM(
            "deep", "\"true\"") "]}]}]},"
                                "{\"authority\":\"https://two.example\",\"allOf\":[" CLAIM(
                                    "a", "\"x\"") "]}]}");
}

Test(policy_rewrite, keeps_members_nobody_knows_behind_the_others)
{
    expect_rewritten("{\"note\":true,\"anyOf\":[{\"x\":{\"equals\":1},\"y\":null,"
                     "\"authority\":\"https://one.example\","
                     "\"allOf\":[" CLAIM("a", "\"x\"") "]}],\"version\":\"1.0.0\",\"more\":[1]}",
                     "{\"version\":\"1.0.0\",\"anyOf\":[{\"authority\":\"https://one.example\","
                     "\"allOf\":[" CLAIM("a", "\"x\"") "],\"x\":{\"equals\":1},\"y\":null}],"
                                                       "\"note\":true,\"more\":[1]}");
}

/* The words are longer than what they stand for. */
Test(policy_rewrite, that_becomes_too_large_is_refused)
{
    static const char head[] = "{\"version\":\"";
    static const char tail[] =
        "\",\"anyOf\":[{\"authority\":\"https://one.example\",\"allOf\":[" CLAIM("a",
                                                                                 "true") "]}]}";
    char text[KV_RELEASE_POLICY_MAX + 1];
    kv_auto(kv_buf_done) struct kv_buf policy;
    struct kv_err err;

    memset(text, 'x', KV_RELEASE_POLICY_MAX);
    memcpy(text, head, strlen(head));
    memcpy(text + KV_RELEASE_POLICY_MAX - strlen(tail), tail, sizeof(tail));
    kv_buf_init(&policy, KV_RELEASE_POLICY_MAX);
    cr_assert_eq(kv_release_policy_check(text, strlen(text), &policy, NULL), KV_OK);
    cr_expect_eq(kv_release_policy_rewrite(&policy, &err), KV_BAD_PARAMETER);
    cr_expect_str_eq(err.message, "Key Release Policy: it is too large");
}
