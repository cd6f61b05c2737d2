/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

struct kv_journal *journal;

void journal_setup(size_t entries)
{
    cr_assert_eq(kv_journal_new(entries, NULL, NULL, &journal, NULL), KV_OK);
}

void journal_teardown(void)
{
    kv_journal_free(journal);
}

void journal_add_note(const struct kv_journal_note *note)
{
    kv_journal_write(journal, note);
}

void journal_add(const char *operation, const char *key, int status)
{
    const struct kv_journal_note note = {
        .status = status,
        .retry_after = -1,
        .text = { [KV_JOURNAL_OPERATION] = operation,
                  [KV_JOURNAL_VAULT] = "dev",
                  [KV_JOURNAL_KEY] = key },
    };

    kv_journal_write(journal, &note);
}

struct kv_journal_filter journal_filter(const char *const *words)
{
    struct kv_journal_filter filter = { .since = 0 };
    struct kv_err err = { .message = "" };

    for (; words[0] != NULL; words += 2) {
        enum kv_code code = kv_journal_filter_add(&filter, words[0], words[1], &err);
        cr_assert_eq(code, KV_OK, "%s", err.message);
    }
    return filter;
}

size_t journal_count(const struct kv_journal_filter *filter)
{
    uint64_t next;

    return kv_journal_count(journal, filter, &next);
}
