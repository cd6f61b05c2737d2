/* SPDX-License-Identifier: Apache-2.0 */
/* The ring: what is kept, for how long, and how much of it. */
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include "fixture.h"

static void setup(void)
{
    journal_setup(4);
}

TestSuite(journal_ring, .init = setup, .fini = journal_teardown, .timeout = 60);

static const struct kv_journal_filter everything = { .since = 0 };

static void expect_range(uint64_t first, uint64_t last)
{
    struct kv_journal_state state;

    kv_journal_look(journal, &state);
    cr_expect_eq(state.first, first, "the first is %lu", (unsigned long) state.first);
    cr_expect_eq(state.last, last, "the last is %lu", (unsigned long) state.last);
    cr_expect_eq(state.capacity, 4);
    cr_expect_eq(state.lost, 0);
}

Test(journal_ring, is_empty_at_first)
{
    kv_auto(kv_journal_entries_done) struct kv_journal_entries entries = { .count = 7 };
    uint64_t next = 7;

    expect_range(1, 0);
    cr_assert_eq(kv_journal_read(journal, &everything, 10, &entries, &next, NULL), KV_OK);
    cr_expect_eq(entries.count, 0);
    cr_expect_eq(next, 0);
}

Test(journal_ring, keeps_the_newest)
{
    kv_auto(kv_journal_entries_done) struct kv_journal_entries entries = { .count = 0 };
    uint64_t next;

    for (int i = 1; i <= 10; i++) {
        journal_add("sign", "k", i);
    }
    expect_range(7, 10);
    cr_assert_eq(kv_journal_read(journal, &everything, 10, &entries, &next, NULL), KV_OK);
    cr_assert_eq(entries.count, 4);
    for (int i = 0; i < 4; i++) {
        cr_expect_eq(entries.entry[i].number, (uint64_t) i + 7);
        cr_expect_eq(entries.entry[i].note.status, i + 7);
    }
    cr_expect_eq(next, 10);
}

Test(journal_ring, is_read_in_parts)
{
    struct kv_journal_filter filter = FILTER("operation", "sign");
    uint64_t next;

    journal_add("sign", "a", 200);
    journal_add("verify", "b", 200);
    journal_add("sign", "c", 200);
    journal_add("verify", "d", 200);
    {
        kv_auto(kv_journal_entries_done) struct kv_journal_entries entries = { .count = 0 };

        cr_assert_eq(kv_journal_read(journal, &filter, 1, &entries, &next, NULL), KV_OK);
        cr_assert_eq(entries.count, 1);
        cr_expect_eq(entries.entry[0].number, 1);
        cr_expect_eq(next, 2, "what does not match was looked at, too");
    }
    filter.since = next;
    kv_auto(kv_journal_entries_done) struct kv_journal_entries entries = { .count = 0 };
    cr_assert_eq(kv_journal_read(journal, &filter, 1, &entries, &next, NULL), KV_OK);
    cr_assert_eq(entries.count, 1);
    cr_expect_eq(entries.entry[0].number, 3);
    cr_expect_eq(next, 4);
}

Test(journal_ring, forgets_what_is_removed_and_counts_on)
{
    struct kv_journal_filter filter = FILTER("key", "a");

    journal_add("sign", "a", 200);
    journal_add("sign", "b", 200);
    journal_add("sign", "a", 200);
    kv_journal_remove(journal, &filter);
    cr_expect_eq(journal_count(&everything), 1);
    expect_range(2, 3);
    kv_journal_remove(journal, &everything);
    cr_expect_eq(journal_count(&everything), 0);
    expect_range(4, 3);
    journal_add("sign", "c", 200);
    expect_range(4, 4);
}

Test(journal_ring, cuts_what_is_too_long_and_keeps_what_is_not)
{
    kv_auto(kv_journal_entries_done) struct kv_journal_entries entries = { .count = 0 };
    static char agent[5000];
    struct kv_journal_note note = { .text = {
                                        [KV_JOURNAL_USER_AGENT] = agent, [KV_JOURNAL_KEY] = "k" } };
    uint64_t next;

    memset(agent, 'a', sizeof(agent) - 1);
    journal_add_note(&note);
    note.text[KV_JOURNAL_USER_AGENT] = "short";
    journal_add_note(&note);
    cr_assert_eq(kv_journal_read(journal, &everything, 10, &entries, &next, NULL), KV_OK);
    cr_expect_eq(strlen(entries.entry[0].note.text[KV_JOURNAL_USER_AGENT]), 255);
    cr_expect_str_eq(entries.entry[0].note.text[KV_JOURNAL_KEY], "k");
    cr_expect_str_eq(entries.entry[1].note.text[KV_JOURNAL_USER_AGENT], "short");
}

Test(journal_ring, has_no_bytes_that_are_not_utf_8)
{
    static const struct {
        const char *given, *kept;
    } rows[] = {
        { "Jos\xc3\xa9", "Jos\xc3\xa9" },
        { "Jos\xe9", "Jos?" },
        { "\xff\xfe.a", "??.a" },
        { "\xed\xa0\x80", "???" }, /* half of a surrogate pair */
    };

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        kv_auto(kv_journal_entries_done) struct kv_journal_entries entries = { .count = 0 };
        const struct kv_journal_note note = { .text = { [KV_JOURNAL_NAME] = rows[i].given } };
        struct kv_journal_filter filter = { .since = i };
        uint64_t next;

        journal_add_note(&note);
        cr_assert_eq(kv_journal_read(journal, &filter, 1, &entries, &next, NULL), KV_OK);
        cr_assert_eq(entries.count, 1);
        cr_expect_str_eq(entries.entry[0].note.text[KV_JOURNAL_NAME], rows[i].kept);
    }
}

static atomic_uint told;

static void tell(void *context)
{
    (void) context;
    told++;
}

static void *write_many(void *argument)
{
    struct kv_journal *shared = argument;
    const struct kv_journal_note note = { .status = 200, .text = { [KV_JOURNAL_KEY] = "key" } };

    for (unsigned i = 0; i < 1000; i++) {
        kv_journal_write(shared, &note);
    }
    return NULL;
}

Test(journal_ring, takes_from_many_threads_while_it_is_read)
{
    kv_auto(kv_journal_free) struct kv_journal *shared = NULL;
    pthread_t threads[4];
    uint64_t next = 0;

    cr_assert_eq(kv_journal_new(100, tell, NULL, &shared, NULL), KV_OK);
    for (size_t i = 0; i < KV_COUNT(threads); i++) {
        cr_assert_eq(pthread_create(&threads[i], NULL, write_many, shared), 0);
    }
    while (next < 4000) {
        kv_auto(kv_journal_entries_done) struct kv_journal_entries entries = { .count = 0 };

        cr_assert_eq(kv_journal_read(shared, &everything, 100, &entries, &next, NULL), KV_OK);
        for (size_t i = 0; i < entries.count; i++) {
            cr_assert_str_eq(entries.entry[i].note.text[KV_JOURNAL_KEY], "key");
            cr_assert(i == 0 || entries.entry[i].number > entries.entry[i - 1].number);
        }
    }
    for (size_t i = 0; i < KV_COUNT(threads); i++) {
        pthread_join(threads[i], NULL);
    }
    cr_expect_eq(told, 4000);
}
