/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a request pays for the journal once that is full, and how long a reader takes to look at all
 * of it. In this process, without a daemon.
 */
#include "bench.h"

#include <stdio.h>
#include <time.h>

#include "kv/base/clock.h"
#include "kv/journal/journal.h"

#define PART "journal"
#define ENTRIES 10000
#define WRITES 100000

static const struct kv_journal_note note = {
    .status = 200,
    .retry_after = -1,
    .text = { [KV_JOURNAL_CLIENT] = "127.0.0.1",
              [KV_JOURNAL_OBJECT_ID] = "01ea9a65-813e-4238-8204-bf7328d63fc6",
              [KV_JOURNAL_APP_ID] = "baac95ff-6992-53a6-90cc-786124325339",
              [KV_JOURNAL_NAME] = "storage",
              [KV_JOURNAL_HOST] = "dev.vault.localhost:8443",
              [KV_JOURNAL_VAULT] = "dev",
              [KV_JOURNAL_KEY] = "key-encryption-key",
              [KV_JOURNAL_VERSION] = "4580be58998b4580b41ad6d3e78559b3",
              [KV_JOURNAL_OPERATION] = "unwrapKey",
              [KV_JOURNAL_API_VERSION] = "7.6",
              [KV_JOURNAL_METHOD] = "POST",
              [KV_JOURNAL_PATH] =
                  "/keys/key-encryption-key/4580be58998b4580b41ad6d3e78559b3/unwrapkey",
              [KV_JOURNAL_REQUEST_ID] = "78443aef-8816-4086-b52c-d687105ec72a",
              [KV_JOURNAL_CLIENT_REQUEST_ID] = "8542cfc4-3256-435b-a9d6-87c3c4bd6c6f",
              [KV_JOURNAL_USER_AGENT] = "azsdk-python-keyvault-keys/4.9.0 Python/3.11" },
};

static void *write_many(void *argument)
{
    for (unsigned i = 0; i < WRITES; i++) {
        kv_journal_write(argument, &note);
    }
    return NULL;
}

/* Microseconds of this thread's processor time: there is nothing to wait for. */
static double read_used(void)
{
    struct timespec used;

    (void) clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
    return (double) used.tv_sec * 1e6 + (double) used.tv_nsec / 1e3;
}

static bool measure_writes(const struct settings *settings, struct kv_journal *journal,
                           struct report *report)
{
    kv_auto(samples_done) struct samples samples = { 0 };

    for (unsigned i = 0; i < settings->rounds; i++) {
        double start = read_used();

        (void) write_many(journal);
        samples_add(&samples, (read_used() - start) / WRITES);
    }
    report_samples(report, PART, "us", &samples, "%d entries: a request", ENTRIES);
    return true;
}

static bool measure_look(struct kv_journal *journal, struct report *report)
{
    struct kv_journal_filter filter = { .since = 0 };
    uint64_t next;

    if (kv_journal_filter_add(&filter, "operation", "unwrapKey", NULL) != KV_OK) {
        return false;
    }
    int64_t start = kv_clock_monotonic_us();
    size_t count = kv_journal_count(journal, &filter, &next);
    report_value(report, PART, "ms", (double) (kv_clock_monotonic_us() - start) / 1000,
                 "%d entries: all looked at", ENTRIES);
    return count == ENTRIES;
}

bool bench_journal(const struct settings *settings, struct report *report)
{
    kv_auto(kv_journal_free) struct kv_journal *journal = NULL;
    struct kv_err err = { .message = "" };

    if (kv_journal_new(ENTRIES, NULL, NULL, &journal, &err) != KV_OK) {
        fprintf(stderr, "bench: %s\n", err.message);
        return false;
    }
    (void) write_many(journal);
    return measure_writes(settings, journal, report) && measure_look(journal, report);
}
