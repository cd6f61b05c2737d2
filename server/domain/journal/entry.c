/* SPDX-License-Identifier: Apache-2.0 */
#include "entry.h"

#include <stdlib.h>
#include <string.h>

#include <unistr.h>

#define BLOCK_STEP 64 /* blocks are used again: near sizes are one */

static const struct {
    const char *name;
    size_t max;
} rows[KV_JOURNAL_TEXTS] = {
#define X(symbol, name, max, by) { name, max },
#include "kv/journal/text.def"
#undef X
};

const char *kv_journal_text_name(enum kv_journal_text text)
{
    return rows[text].name;
}

const char *kv_journal_kind_name(enum kv_journal_kind kind)
{
    static const char *const names[KV_JOURNAL_KINDS] = {
        [KV_JOURNAL_REQUEST] = "request", [KV_JOURNAL_CHALLENGE] = "challenge",
        [KV_JOURNAL_TOKEN] = "token",     [KV_JOURNAL_CONTROL] = "control",
        [KV_JOURNAL_SERVICE] = "service",
    };

    return names[kind];
}

void journal_measure(const struct kv_journal_note *note, struct measure *ret_measure)
{
    ret_measure->total = 0;
    for (unsigned i = 0; i < KV_JOURNAL_TEXTS; i++) {
        size_t len = note->text[i] != NULL ? strnlen(note->text[i], rows[i].max) : 0;

        ret_measure->len[i] = len;
        ret_measure->total += len + 1;
    }
}

/* A cut can leave half a character; and headers may have any bytes. */
static void purify(char *text, size_t len)
{
    if (u8_check((const uint8_t *) text, len) == NULL) {
        return;
    }
    for (size_t i = 0; i < len; i++) {
        text[i] = (unsigned char) text[i] < 0x80 ? text[i] : '?';
    }
}

static bool make_room(struct kv_journal_entry *entry, size_t size)
{
    size_t capacity = (size + BLOCK_STEP - 1) / BLOCK_STEP * BLOCK_STEP;

    if (size > entry->capacity) {
        free(entry->block);
        entry->block = malloc(capacity);
        entry->capacity = entry->block != NULL ? capacity : 0;
    }
    return entry->block != NULL;
}

bool journal_fill(struct kv_journal_entry *entry, uint64_t number,
                  const struct kv_journal_note *note, const struct measure *measure)
{
    char *at;

    entry->number = 0;
    if (!make_room(entry, measure->total)) {
        return false;
    }
    entry->note = *note;
    at = entry->block;
    for (unsigned i = 0; i < KV_JOURNAL_TEXTS; i++) {
        size_t len = measure->len[i];

        if (len > 0) {
            memcpy(at, note->text[i], len);
            purify(at, len);
        }
        at[len] = '\0';
        entry->note.text[i] = at;
        at += len + 1;
    }
    entry->number = number;
    return true;
}

void kv_journal_entry_done(struct kv_journal_entry *entry)
{
    free(entry->block);
    *entry = (struct kv_journal_entry){ .number = 0 };
}

void kv_journal_entries_done(struct kv_journal_entries *entries)
{
    for (size_t i = 0; i < entries->count; i++) {
        kv_journal_entry_done(&entries->entry[i]);
    }
    free(entries->entry);
    *entries = (struct kv_journal_entries){ .count = 0 };
}
