/* SPDX-License-Identifier: Apache-2.0 */
/*
 * entry.h - the texts of an entry, one behind the other in one block, which is used again when the
 * entry is.
 */
#pragma once

#include "kv/journal/journal.h"

/* How much of each text of a note is kept; measured before the lock is taken. */
struct measure {
    size_t len[KV_JOURNAL_TEXTS];
    size_t total; /* with a NUL for each */
};
void journal_measure(const struct kv_journal_note *note, struct measure *ret_measure);

/* Takes over what the note says. False: out of memory, and the entry is empty. */
bool journal_fill(struct kv_journal_entry *entry, uint64_t number,
                  const struct kv_journal_note *note, const struct measure *measure) kv_must_check;
