/* SPDX-License-Identifier: Apache-2.0 */
/* The ring: entry n is in slot n % capacity, until a later one takes it. */
#include "kv/journal/journal.h"

#include <pthread.h>
#include <stdlib.h>

#include "entry.h"
#include "kv/base/pages.h"

#define BATCH 256 /* entries that are looked at in one go: those who write wait meanwhile */

struct kv_journal {
    size_t capacity;
    void (*tell)(void *context);
    void *context;

    pthread_mutex_t lock; /* lock.def: journal.entries; guards what follows */
    uint64_t last;        /* number of the newest entry */
    uint64_t lost;
    struct kv_journal_entry *slot; /* number 0: it is empty */
};

enum kv_code kv_journal_new(size_t entries, void (*tell)(void *context), void *context,
                            struct kv_journal **ret_journal, struct kv_err *err)
{
    kv_auto(kv_journal_free) struct kv_journal *journal = calloc(1, sizeof(*journal));

    if (journal == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    pthread_mutex_init(&journal->lock, NULL);
    journal->capacity = entries;
    journal->tell = tell;
    journal->context = context;
    journal->slot = kv_pages_new(entries, sizeof(*journal->slot));
    if (journal->slot == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    *ret_journal = kv_take(journal);
    return KV_OK;
}

void kv_journal_free(struct kv_journal *journal)
{
    if (journal == NULL) {
        return;
    }
    for (size_t i = 0; journal->slot != NULL && i < journal->capacity; i++) {
        kv_journal_entry_done(&journal->slot[i]);
    }
    kv_pages_free(journal->slot, journal->capacity, sizeof(*journal->slot));
    pthread_mutex_destroy(&journal->lock);
    free(journal);
}

static struct kv_journal_entry *slot_locked(const struct kv_journal *journal, uint64_t number)
{
    return &journal->slot[number % journal->capacity];
}

void kv_journal_write(struct kv_journal *journal, const struct kv_journal_note *note)
{
    struct measure measure;

    journal_measure(note, &measure);
    pthread_mutex_lock(&journal->lock);
    uint64_t number = ++journal->last;
    if (!journal_fill(slot_locked(journal, number), number, note, &measure)) {
        journal->lost++;
    }
    pthread_mutex_unlock(&journal->lock);
    if (journal->tell != NULL) {
        journal->tell(journal->context);
    }
}

/* The oldest number that can be there. */
static uint64_t first_locked(const struct kv_journal *journal)
{
    return journal->last > journal->capacity ? journal->last - journal->capacity + 1 : 1;
}

void kv_journal_look(struct kv_journal *journal, struct kv_journal_state *ret_state)
{
    pthread_mutex_lock(&journal->lock);
    uint64_t first = first_locked(journal);
    while (first <= journal->last && slot_locked(journal, first)->number != first) {
        first++;
    }
    *ret_state = (struct kv_journal_state){
        .last = journal->last,
        .first = first,
        .capacity = journal->capacity,
        .lost = journal->lost,
    };
    pthread_mutex_unlock(&journal->lock);
}

/* With the lock; false: that is enough. */
typedef bool visit_fn(struct kv_journal_entry *entry, void *context);

/* One batch of those after *at, which moves on. False: that was all, or enough. */
static bool visit_some(struct kv_journal *journal, const struct kv_journal_filter *filter,
                       visit_fn *visit, void *context, uint64_t *at)
{
    enum kv_journal_member first;
    bool goes_on = true;

    pthread_mutex_lock(&journal->lock);
    uint64_t number = *at + 1 > first_locked(journal) ? *at + 1 : first_locked(journal);
    for (unsigned i = 0; goes_on && i < BATCH && number <= journal->last; i++, number++) {
        struct kv_journal_entry *entry = slot_locked(journal, number);

        if (entry->number == number && kv_journal_filter_misses(filter, entry, &first) == 0) {
            goes_on = visit(entry, context);
        }
        *at = goes_on ? number : *at;
    }
    goes_on = goes_on && number <= journal->last;
    pthread_mutex_unlock(&journal->lock);
    return goes_on;
}

/* Returns the number of the last one that was looked at and not turned down. */
static uint64_t visit_all(struct kv_journal *journal, const struct kv_journal_filter *filter,
                          visit_fn *visit, void *context)
{
    uint64_t at = filter->since;

    while (visit_some(journal, filter, visit, context, &at)) {
    }
    return at;
}

struct collection {
    struct kv_journal_entries entries;
    size_t room, limit;
    bool failed;
};

static bool make_room(struct collection *collection)
{
    size_t room = collection->room > 0 ? 2 * collection->room : 16;

    if (collection->entries.count < collection->room) {
        return true;
    }
    struct kv_journal_entry *grown = realloc(collection->entries.entry, room * sizeof(*grown));
    if (grown == NULL) {
        return false;
    }
    collection->entries.entry = grown;
    collection->room = room;
    return true;
}

static bool copy(struct kv_journal_entry *entry, void *context)
{
    struct collection *collection = context;
    struct kv_journal_entry made = { .number = 0 };
    struct measure measure;

    if (collection->entries.count == collection->limit) {
        return false;
    }
    journal_measure(&entry->note, &measure);
    if (!make_room(collection) || !journal_fill(&made, entry->number, &entry->note, &measure)) {
        collection->failed = true;
        return false;
    }
    collection->entries.entry[collection->entries.count++] = made;
    return true;
}

enum kv_code kv_journal_read(struct kv_journal *journal, const struct kv_journal_filter *filter,
                             size_t limit, struct kv_journal_entries *ret_entries,
                             uint64_t *ret_next, struct kv_err *err)
{
    struct collection collection = { .limit = limit };
    uint64_t next = visit_all(journal, filter, copy, &collection);

    if (collection.failed) {
        kv_journal_entries_done(&collection.entries);
        return KV_OUT_OF_MEMORY(err);
    }
    *ret_entries = collection.entries;
    *ret_next = next;
    return KV_OK;
}

static bool count_one(struct kv_journal_entry *entry, void *context)
{
    size_t *count = context;

    (void) entry;
    (*count)++;
    return true;
}

size_t kv_journal_count(struct kv_journal *journal, const struct kv_journal_filter *filter,
                        uint64_t *ret_next)
{
    size_t count = 0;

    *ret_next = visit_all(journal, filter, count_one, &count);
    return count;
}

static bool remove_one(struct kv_journal_entry *entry, void *context)
{
    (void) context;
    entry->number = 0;
    return true;
}

void kv_journal_remove(struct kv_journal *journal, const struct kv_journal_filter *filter)
{
    (void) visit_all(journal, filter, remove_one, NULL);
}
