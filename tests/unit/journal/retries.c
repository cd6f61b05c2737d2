/* SPDX-License-Identifier: Apache-2.0 */
/* What is made of clients that come again. */
#include "kv/journal/retries.h"

#include <string.h>

#include "fixture.h"

static void setup(void)
{
    journal_setup(100);
}

TestSuite(journal_retries, .init = setup, .fini = journal_teardown, .timeout = 60);

#define MS 1000
#define S 1000000

Test(journal_retries, know_their_back_off)
{
    static const struct {
        int64_t waits[8];
        size_t count;
        enum kv_backoff backoff;
        bool has_jitter;
    } rows[] = {
        { { 0 }, 0, KV_BACKOFF_NONE, false },
        { { 3 * MS, 0, 19 * MS }, 3, KV_BACKOFF_NONE, false },
        { { 800 * MS }, 1, KV_BACKOFF_SINGLE, false },
        { { 800 * MS, 800 * MS }, 2, KV_BACKOFF_FIXED, false },
        { { 800 * MS, 812 * MS, 805 * MS, 801 * MS }, 4, KV_BACKOFF_FIXED, false },
        { { 30 * MS, 36 * MS, 41 * MS }, 3, KV_BACKOFF_FIXED, false },
        { { 800 * MS, 1200 * MS, 700 * MS, 950 * MS }, 4, KV_BACKOFF_FIXED, true },
        { { 2 * S, 1 * S }, 2, KV_BACKOFF_FIXED, true },
        { { 1 * S, 1400 * MS }, 2, KV_BACKOFF_LINEAR, false },
        { { 1 * S, 2 * S, 3 * S }, 3, KV_BACKOFF_LINEAR, false },
        { { 1 * S, 2010 * MS, 3 * S, 4020 * MS, 5 * S }, 5, KV_BACKOFF_LINEAR, false },
        { { 1 * S, 2600 * MS, 2700 * MS, 4400 * MS, 4900 * MS }, 5, KV_BACKOFF_LINEAR, true },
        { { 1 * S, 2 * S }, 2, KV_BACKOFF_EXPONENTIAL, false },
        { { 800 * MS, 1600 * MS, 3200 * MS }, 3, KV_BACKOFF_EXPONENTIAL, false },
        { { 100 * MS, 300 * MS, 900 * MS, 2700 * MS }, 4, KV_BACKOFF_EXPONENTIAL, false },
        { { 690 * MS, 1840 * MS, 2900 * MS, 7300 * MS, 11 * S }, 5, KV_BACKOFF_EXPONENTIAL, true },
        { { 1 * S, 2 * S, 4 * S, 8 * S, 8 * S, 8 * S }, 6, KV_BACKOFF_EXPONENTIAL, false },
    };

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        struct kv_backoff_verdict verdict = kv_backoff_judge(rows[i].waits, rows[i].count);

        cr_expect_eq(verdict.backoff, rows[i].backoff, "row %zu: %s", i,
                     kv_backoff_name(verdict.backoff));
        cr_expect_eq(verdict.has_jitter, rows[i].has_jitter, "row %zu", i);
    }
}

/* One attempt, by a clock in the test's hand. */
struct attempt {
    const char *who, *key;
    int status;
    int64_t after;         /* ms since the previous answer of any */
    kv_millis retry_after; /* 0: none */
    const char *cut;
    enum kv_journal_kind kind;
    const char *host, *method, *path;
};

static void add_attempts(const struct attempt *attempts, size_t count)
{
    int64_t now = 1000 * S;

    for (size_t i = 0; i < count; i++) {
        const struct kv_journal_note note = {
            .kind = attempts[i].kind,
            .status = attempts[i].status,
            .arrived = now += attempts[i].after * MS,
            .micros = 5 * MS,
            .retry_after = attempts[i].retry_after > 0 ? attempts[i].retry_after : -1,
            .text = { [KV_JOURNAL_OBJECT_ID] = attempts[i].who,
                      [KV_JOURNAL_KEY] = attempts[i].key,
                      [KV_JOURNAL_CUT] = attempts[i].cut,
                      [KV_JOURNAL_HOST] = attempts[i].host,
                      [KV_JOURNAL_METHOD] = attempts[i].method,
                      [KV_JOURNAL_PATH] = attempts[i].path },
        };

        now += note.micros;
        journal_add_note(&note);
    }
}

static void find(struct kv_journal_entries *entries, struct kv_setbacks *setbacks)
{
    static const struct kv_journal_filter everything = { .since = 0 };
    uint64_t next;

    cr_assert_eq(kv_journal_read(journal, &everything, 100, entries, &next, NULL), KV_OK);
    cr_assert_eq(kv_setbacks_find(entries, setbacks, NULL), KV_OK);
}

#define FIND(attempts)                                                                             \
    kv_auto(kv_journal_entries_done) struct kv_journal_entries entries = { .count = 0 };           \
    kv_auto(kv_setbacks_done) struct kv_setbacks setbacks = { .count = 0 };                        \
    add_attempts(attempts, KV_COUNT(attempts));                                                    \
    find(&entries, &setbacks)

Test(journal_retries, are_none_without_a_failure)
{
    static const struct attempt attempts[] = {
        { "a", "k", 200, 0, 0, NULL, 0 },       { "a", "k", 404, 10, 0, NULL, 0 },
        { "a", "k", 403, 10, 0, NULL, 0 },      { "a", "k", 503, 10, 0, NULL, KV_JOURNAL_CONTROL },
        { "a", "k", 200, 10, 0, "dribble", 0 },
    };
    FIND(attempts);

    cr_expect_eq(setbacks.count, 0);
}

Test(journal_retries, that_obey_are_told_from_those_that_do_not)
{
    static const struct attempt attempts[] = {
        { "a", "k", 429, 0, 2000, NULL, 0 }, { "a", "k", 429, 1995, 1000, NULL, 0 },
        { "a", "k", 503, 800, 0, NULL, 0 },  { "a", "k", 200, 3000, 0, NULL, 0 },
        { "a", "k", 200, 10, 0, NULL, 0 },
    };
    FIND(attempts);

    cr_assert_eq(setbacks.count, 1);
    const struct kv_setback *setback = &setbacks.setback[0];
    cr_expect_eq(setback->attempts, 4);
    cr_expect_eq(setback->demands, 2);
    cr_expect_eq(setback->obeyed, 1, "1995 ms are 2 s by a timer that is early; 800 are not 1000");
    cr_expect_eq(setback->end, KV_SETBACK_RECOVERED);
    cr_expect_eq(kv_setback_wait(setback->attempt[1], setback->attempt[2]), 800 * MS);
}

Test(journal_retries, end_in_one_of_three_ways)
{
    static const struct {
        int last;
        const char *cut;
        enum kv_setback_end end;
    } rows[] = {
        { 200, NULL, KV_SETBACK_RECOVERED },      { 403, NULL, KV_SETBACK_REFUSED },
        { 500, NULL, KV_SETBACK_NO_MORE },        { 0, "reset", KV_SETBACK_NO_MORE },
        { 200, "truncated", KV_SETBACK_NO_MORE },
    };

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        const struct attempt attempts[] = {
            { "a", "k", 500, 0, 0, NULL, 0 },
            { "a", "k", rows[i].last, 100, 0, rows[i].cut, 0 },
        };

        kv_journal_remove(journal, &(struct kv_journal_filter){ .since = 0 });
        FIND(attempts);
        cr_assert_eq(setbacks.count, 1);
        cr_expect_eq(setbacks.setback[0].end, rows[i].end, "row %zu: %s", i,
                     kv_setback_end_name(setbacks.setback[0].end));
        cr_expect_eq(setbacks.setback[0].attempts, 2);
    }
}

Test(journal_retries, of_clients_and_keys_are_kept_apart)
{
    static const struct attempt attempts[] = {
        { "b", "k", 503, 0, 0, NULL, 0 },      { "a", "k", 503, 10, 0, NULL, 0 },
        { "a", "other", 503, 10, 0, NULL, 0 }, { "b", "k", 401, 10, 0, NULL, KV_JOURNAL_CHALLENGE },
        { "b", "k", 200, 10, 0, NULL, 0 },     { "a", "k", 503, 10, 0, NULL, 0 },
        { "b", "k", 503, 10, 0, NULL, 0 },
    };
    static const struct {
        uint64_t first;
        size_t attempts;
        enum kv_setback_end end;
    } rows[] = {
        { 1, 2, KV_SETBACK_RECOVERED },
        { 2, 2, KV_SETBACK_NO_MORE },
        { 3, 1, KV_SETBACK_NO_MORE },
        { 7, 1, KV_SETBACK_NO_MORE },
    };
    FIND(attempts);

    cr_assert_eq(setbacks.count, KV_COUNT(rows));
    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        cr_expect_eq(setbacks.setback[i].attempt[0]->number, rows[i].first, "row %zu", i);
        cr_expect_eq(setbacks.setback[i].attempts, rows[i].attempts, "row %zu", i);
        cr_expect_eq(setbacks.setback[i].end, rows[i].end, "row %zu", i);
    }
}

#define AT(host_, method_, path_)                                                                  \
    .kind = KV_JOURNAL_SERVICE, .host = (host_), .method = (method_), .path = (path_)

Test(journal_retries, of_services_and_what_is_asked_there_are_kept_apart)
{
    static const struct attempt attempts[] = {
        { .who = "a", .status = 500, AT("one", "GET", "/Patient/{id}") },
        { .who = "a", .status = 200, AT("other", "GET", "/Patient/{id}") },
        { .who = "a", .status = 200, AT("one", "PUT", "/Patient/{id}") },
        { .who = "a", .status = 200, AT("one", "GET", "/Group/{id}") },
        { .who = "b", .status = 200, AT("one", "GET", "/Patient/{id}") },
        { .who = "a", .status = 200, .host = "one", .method = "GET", .path = "/Patient/{id}" },
        { .who = "a", .status = 503, AT("one", "GET", "/Patient/{id}") },
        { .who = "a", .status = 403, AT("one", "GET", "/Patient/{id}") },
    };
    FIND(attempts);

    cr_assert_eq(setbacks.count, 1);
    cr_expect_eq(setbacks.setback[0].attempts, 3);
    cr_expect_eq(setbacks.setback[0].attempt[1]->number, 7);
    cr_expect_eq(setbacks.setback[0].end, KV_SETBACK_REFUSED);
}

/* A vault may be asked by any of its names, and a key by a version or none. */
Test(journal_retries, of_vaults_are_judged_whatever_their_paths_are)
{
    static const struct attempt attempts[] = {
        { .who = "a", .key = "k", .status = 503, .path = "/keys/k" },
        { .who = "a", .key = "k", .status = 200, .path = "/keys/k/" },
    };
    FIND(attempts);

    cr_assert_eq(setbacks.count, 1);
    cr_expect_eq(setbacks.setback[0].attempts, 2);
}
