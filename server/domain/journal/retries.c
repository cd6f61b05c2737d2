/* SPDX-License-Identifier: Apache-2.0 */
/* Attempts are sorted by client, then by number: those of a setback then stand side by side. */
#include "kv/journal/retries.h"

#include <stdlib.h>
#include <string.h>

#define SLACK_MS 10 /* by which a client's timer may be early */

typedef const struct kv_journal_entry *entry_ref;

const char *kv_setback_end_name(enum kv_setback_end end)
{
    static const char *const names[KV_SETBACK_ENDS] = {
        [KV_SETBACK_RECOVERED] = "recovered",
        [KV_SETBACK_REFUSED] = "refused",
        [KV_SETBACK_NO_MORE] = "no further attempt",
    };

    return names[end];
}

void kv_setbacks_done(struct kv_setbacks *setbacks)
{
    free(setbacks->setback);
    free(setbacks->order);
    *setbacks = (struct kv_setbacks){ .count = 0 };
}

static bool is_attempt(const struct kv_journal_entry *entry)
{
    return entry->note.kind == KV_JOURNAL_REQUEST || entry->note.kind == KV_JOURNAL_TOKEN
           || entry->note.kind == KV_JOURNAL_SERVICE;
}

/* What dribbles arrives in the end. */
static bool is_cut(const struct kv_journal_entry *entry)
{
    const char *cut = entry->note.text[KV_JOURNAL_CUT];

    return cut[0] != '\0' && strcmp(cut, "dribble") != 0;
}

static bool has_failed(const struct kv_journal_entry *entry)
{
    int status = entry->note.status;

    return status == 0 || status == 429 || status >= 500 || is_cut(entry);
}

static int compare_texts(const struct kv_journal_entry *one, const struct kv_journal_entry *other,
                         const enum kv_journal_text *texts, size_t count)
{
    int order = 0;

    for (size_t i = 0; order == 0 && i < count; i++) {
        order = strcmp(one->note.text[texts[i]], other->note.text[texts[i]]);
    }
    return order;
}

static int compare_clients(const struct kv_journal_entry *one, const struct kv_journal_entry *other)
{
    static const enum kv_journal_text texts[] = {
        KV_JOURNAL_OBJECT_ID, KV_JOURNAL_APP_ID, KV_JOURNAL_NAME,      KV_JOURNAL_CLIENT,
        KV_JOURNAL_VAULT,     KV_JOURNAL_KEY,    KV_JOURNAL_OPERATION,
    };
    static const enum kv_journal_text of_service[] = { KV_JOURNAL_HOST, KV_JOURNAL_METHOD,
                                                       KV_JOURNAL_PATH };
    const bool is_service = one->note.kind == KV_JOURNAL_SERVICE;
    int order = is_service - (other->note.kind == KV_JOURNAL_SERVICE);

    order = order != 0 ? order : compare_texts(one, other, texts, KV_COUNT(texts));
    return order != 0 || !is_service ? order
                                     : compare_texts(one, other, of_service, KV_COUNT(of_service));
}

static int compare_numbers(uint64_t one, uint64_t other)
{
    return one < other ? -1 : one > other;
}

static int compare_attempts(const void *one_argument, const void *other_argument)
{
    entry_ref one = *(const entry_ref *) one_argument, other = *(const entry_ref *) other_argument;
    int order = compare_clients(one, other);

    return order != 0 ? order : compare_numbers(one->number, other->number);
}

static int compare_setbacks(const void *one_argument, const void *other_argument)
{
    const struct kv_setback *one = one_argument, *other = other_argument;

    return compare_numbers(one->attempt[0]->number, other->attempt[0]->number);
}

int64_t kv_setback_wait(const struct kv_journal_entry *attempt, const struct kv_journal_entry *next)
{
    int64_t wait = next->note.arrived - attempt->note.arrived - attempt->note.micros;

    return wait > 0 ? wait : 0;
}

static void count_demands(struct kv_setback *setback)
{
    for (size_t i = 0; i + 1 < setback->attempts; i++) {
        kv_millis demanded = setback->attempt[i]->note.retry_after;
        int64_t wait = kv_setback_wait(setback->attempt[i], setback->attempt[i + 1]);

        setback->demands += demanded >= 0;
        setback->obeyed += demanded >= 0 && wait / 1000 + SLACK_MS >= demanded;
    }
}

/* False: out of memory. */
static bool judge_waits(struct kv_setback *setback)
{
    size_t count = setback->attempts - 1;
    int64_t *waits = calloc(count + 1, sizeof(*waits));

    if (waits == NULL) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        waits[i] = kv_setback_wait(setback->attempt[i], setback->attempt[i + 1]);
    }
    setback->verdict = kv_backoff_judge(waits, count);
    free(waits);
    return true;
}

static enum kv_setback_end end_of(const struct kv_journal_entry *last)
{
    if (has_failed(last)) {
        return KV_SETBACK_NO_MORE;
    }
    return last->note.status < 400 ? KV_SETBACK_RECOVERED : KV_SETBACK_REFUSED;
}

/* The one that begins at the first of these attempts, which has failed. */
static struct kv_setback begin_setback(const entry_ref *attempt, size_t count)
{
    struct kv_setback setback = { .attempt = attempt, .attempts = 1 };

    while (setback.attempts < count && has_failed(attempt[setback.attempts - 1])
           && compare_clients(attempt[0], attempt[setback.attempts]) == 0) {
        setback.attempts++;
    }
    setback.end = end_of(attempt[setback.attempts - 1]);
    count_demands(&setback);
    return setback;
}

/* Every attempt is in one setback at most, so there is room. */
static enum kv_code find_all(struct kv_setbacks *setbacks, size_t attempts, struct kv_err *err)
{
    size_t i = 0;

    while (i < attempts) {
        if (!has_failed(setbacks->order[i])) {
            i++;
            continue;
        }
        struct kv_setback *setback = &setbacks->setback[setbacks->count++];
        *setback = begin_setback(&setbacks->order[i], attempts - i);
        i += setback->attempts;
        if (!judge_waits(setback)) {
            return KV_OUT_OF_MEMORY(err);
        }
    }
    qsort(setbacks->setback, setbacks->count, sizeof(*setbacks->setback), compare_setbacks);
    return KV_OK;
}

enum kv_code kv_setbacks_find(const struct kv_journal_entries *entries,
                              struct kv_setbacks *ret_setbacks, struct kv_err *err)
{
    kv_auto(kv_setbacks_done) struct kv_setbacks found = { .count = 0 };
    size_t attempts = 0;

    found.order = calloc(entries->count + 1, sizeof(*found.order));
    found.setback = calloc(entries->count + 1, sizeof(*found.setback));
    if (found.order == NULL || found.setback == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    for (size_t i = 0; i < entries->count; i++) {
        if (is_attempt(&entries->entry[i])) {
            found.order[attempts++] = &entries->entry[i];
        }
    }
    qsort(found.order, attempts, sizeof(*found.order), compare_attempts);
    KV_TRY(find_all(&found, attempts, err));
    *ret_setbacks = found;
    found = (struct kv_setbacks){ .count = 0 };
    return KV_OK;
}
