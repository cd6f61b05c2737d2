/* SPDX-License-Identifier: Apache-2.0 */
/* What a filter takes, what it lets pass, and what an expectation says when it is not met. */
#include <string.h>

#include "fixture.h"

static void setup(void)
{
    journal_setup(100);
}

TestSuite(journal_filters, .init = setup, .fini = journal_teardown, .timeout = 60);

Test(journal_filters, refuse_what_never_matches)
{
    static const struct {
        const char *name, *patterns, *said;
    } rows[] = {
        { "keys", "a", "'keys' is not a member of a filter: it can have since, kind, status," },
        { "object_id", "a", "'object_id' is not a member" },
        { "request_body", "a", "'request_body' is not a member" },
        { "operation", "unwarpKey", "'unwarpKey' matches no operation" },
        { "operation", "sign,unwarpKey", "'unwarpKey' matches no operation" },
        { "kind", "requests", "'requests' matches no kind: it must be request, challenge," },
        { "status", "40", "'40' matches no status" },
        { "status", "6xx", "'6xx' matches no status" },
        { "status", "4*", "'4*' matches no status" },
        { "key", "", "'key' has an empty pattern." },
        { "key", "a,,b", "'key' has an empty pattern." },
        { "since", "", "since is the number of an entry." },
        { "since", "-1", "since is the number of an entry." },
        { "since", "12x", "since is the number of an entry." },
        { "since", "99999999999999999999", "since is the number of an entry." },
    };

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        struct kv_journal_filter filter = { .since = 0 };
        struct kv_err err = { .message = "" };

        cr_expect_eq(kv_journal_filter_add(&filter, rows[i].name, rows[i].patterns, &err),
                     KV_BAD_PARAMETER, "row %zu", i);
        cr_expect_not_null(strstr(err.message, rows[i].said), "row %zu: %s", i, err.message);
    }
}

Test(journal_filters, have_a_longest_list_of_patterns)
{
    struct kv_journal_filter filter = { .since = 0 };
    char patterns[KV_JOURNAL_PATTERNS_SIZE] = "";
    struct kv_err err;

    memset(patterns, 'a', sizeof(patterns) - 2);
    cr_expect_eq(kv_journal_filter_add(&filter, "key", patterns, &err), KV_OK);
    cr_expect_eq(kv_journal_filter_add(&filter, "key", "b", &err), KV_BAD_PARAMETER);
    cr_expect_not_null(strstr(err.message, "more than"), "%s", err.message);
}

/* Each row is about an entry that has everything. */
static const struct {
    const char *name, *matching, *other;
} members[] = {
    { "kind", "token", "request" },
    { "kind", "t*,control", "challenge" },
    { "status", "429", "428" },
    { "status", "4xx", "5xx" },
    { "status", "200,429", "200,201" },
    { "principal", "11111111-*", "22222222" },
    { "principal", "app", "appl" },
    { "principal", "MY-identity", "my" },
    { "client", "127.0.0.?", "::1" },
    { "host", "dev.vault.localhost:8443", "dev" },
    { "vault", "DEV", "std" },
    { "key", "k*,other", "other" },
    { "version", "0123*", "none" },
    { "operation", "unwrapkey", "wrapKey" },
    { "operation", "*wrapKey", "sign" },
    { "api_version", "7.4", "7.5" },
    { "api-version", "7.*", "none" },
    { "method", "post", "GET" },
    { "path", "/keys/*", "/deletedkeys/*" },
    { "code", "throttled", "Forbidden" },
    { "inner_code", "none", "KeyDisabled" },
    { "fault", "fault-1", "none" },
    { "cut", "reset", "empty" },
    { "request_id", "r-1", "r-2" },
    { "client_request_id", "c-1", "none" },
    { "user_agent", "azsdk-*", "curl*" },
};

static const struct kv_journal_note whole = {
    .kind = KV_JOURNAL_TOKEN,
    .status = 429,
    .text = { [KV_JOURNAL_CLIENT] = "127.0.0.1",
              [KV_JOURNAL_OBJECT_ID] = "11111111-aaaa",
              [KV_JOURNAL_APP_ID] = "app",
              [KV_JOURNAL_NAME] = "my-identity",
              [KV_JOURNAL_HOST] = "dev.vault.localhost:8443",
              [KV_JOURNAL_VAULT] = "dev",
              [KV_JOURNAL_KEY] = "k1",
              [KV_JOURNAL_VERSION] = "0123456789",
              [KV_JOURNAL_OPERATION] = "unwrapKey",
              [KV_JOURNAL_API_VERSION] = "7.4",
              [KV_JOURNAL_METHOD] = "POST",
              [KV_JOURNAL_PATH] = "/keys/k1/0123456789/unwrapkey",
              [KV_JOURNAL_CODE] = "Throttled",
              [KV_JOURNAL_FAULT] = "fault-1",
              [KV_JOURNAL_CUT] = "reset",
              [KV_JOURNAL_REQUEST_ID] = "r-1",
              [KV_JOURNAL_CLIENT_REQUEST_ID] = "c-1",
              [KV_JOURNAL_USER_AGENT] = "azsdk-net-Security" },
};

Test(journal_filters, match_every_member)
{
    bool proven[KV_JOURNAL_MEMBERS] = { false };

    journal_add_note(&whole);
    for (size_t i = 0; i < KV_COUNT(members); i++) {
        struct kv_journal_filter matching = FILTER(members[i].name, members[i].matching);
        struct kv_journal_filter other = FILTER(members[i].name, members[i].other);

        cr_expect_eq(journal_count(&matching), 1, "row %zu", i);
        cr_expect_eq(journal_count(&other), 0, "row %zu", i);
        for (unsigned member = 0; member < KV_JOURNAL_MEMBERS; member++) {
            proven[member] |= strcmp(members[i].name, kv_journal_member_name(member)) == 0;
        }
    }
    for (unsigned member = 0; member < KV_JOURNAL_MEMBERS; member++) {
        cr_expect(proven[member], "no row is about %s", kv_journal_member_name(member));
    }
}

Test(journal_filters, want_every_member_to_match_and_one_pattern_of_each)
{
    struct kv_journal_filter both = FILTER("key", "a", "key", "b", "status", "200");
    struct kv_journal_filter later = FILTER("since", "3");

    journal_add("sign", "a", 200);
    journal_add("sign", "b", 200);
    journal_add("sign", "b", 403);
    journal_add("sign", "c", 200);
    cr_expect_eq(journal_count(&both), 2);
    cr_expect_eq(journal_count(&later), 1);
}

static void expect_text(const struct kv_journal_filter *filter, struct kv_journal_wish wish,
                        const char *const *parts)
{
    kv_auto(kv_buf_done) struct kv_buf text;
    size_t count;
    bool is_so;

    kv_buf_init(&text, 100000);
    cr_assert_eq(kv_journal_expect(journal, filter, &wish, &is_so, &count, &text, NULL), KV_OK);
    cr_assert_not(is_so);
    for (; *parts != NULL; parts++) {
        cr_expect_not_null(strstr(text.data, *parts), "%s is not in:\n%s", *parts, text.data);
    }
}

Test(journal_filters, say_what_is_other_than_expected)
{
    struct kv_journal_filter filter = FILTER("operation", "unwrapKey", "status", "403");
    struct kv_journal_filter all = { .since = 0 };

    journal_add("unwrapKey", "a", 403);
    journal_add("unwrapKey", "b", 200);
    journal_add("wrapKey", "c", 403);
    journal_add("wrapKey", "d", 200);
    expect_text(&filter, (struct kv_journal_wish){ 3, 3 },
                (const char *const[]){
                    "expected 3 with status=403 operation=unwrapKey, there is 1\n", "  + #1 ",
                    " unwrapKey dev/a 403\n", "  - #2 ", ": status is 200, not 403\n", "  - #3 ",
                    ": operation is wrapKey, not unwrapKey\n", NULL });
    expect_text(&filter, (struct kv_journal_wish){ 2, SIZE_MAX },
                (const char *const[]){ "expected at least 2 with", NULL });
    expect_text(&filter, (struct kv_journal_wish){ 0, 0 },
                (const char *const[]){ "expected 0 with", "  + #1 ", NULL });
    expect_text(&all, (struct kv_journal_wish){ 0, 3 },
                (const char *const[]){ "expected at most 3 with anything, there are 4\n", NULL });
    expect_text(&all, (struct kv_journal_wish){ 5, 6 },
                (const char *const[]){ "expected 5 to 6 with anything, there are 4\n", NULL });
}

Test(journal_filters, say_nothing_when_it_is_as_expected)
{
    struct kv_journal_filter filter = FILTER("operation", "sign");
    static const struct kv_journal_wish wishes[] = {
        { 2, 2 }, { 1, 2 }, { 2, SIZE_MAX }, { 0, 2 }
    };

    journal_add("sign", "a", 200);
    journal_add("sign", "a", 200);
    for (size_t i = 0; i < KV_COUNT(wishes); i++) {
        kv_auto(kv_buf_done) struct kv_buf text;
        size_t count = 0;
        bool is_so = false;

        kv_buf_init(&text, 1000);
        cr_assert_eq(kv_journal_expect(journal, &filter, &wishes[i], &is_so, &count, &text, NULL),
                     KV_OK);
        cr_expect(is_so, "row %zu", i);
        cr_expect_eq(count, 2);
        cr_expect_eq(text.len, 0);
    }
}

Test(journal_filters, show_only_the_first_of_many)
{
    struct kv_journal_filter filter = FILTER("operation", "sign");

    for (int i = 0; i < 50; i++) {
        journal_add("sign", "a", 200);
    }
    expect_text(&filter, (struct kv_journal_wish){ 0, 0 },
                (const char *const[]){ "there are 50\n", "  + #20 ", "  and 30 more\n", NULL });
}
