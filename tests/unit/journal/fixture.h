/* SPDX-License-Identifier: Apache-2.0 */
/* fixture.h - a journal, and the entries that tests write into it. */
#pragma once

#include <criterion/criterion.h>

#include "kv/base/base.h"
#include "kv/journal/journal.h"

extern struct kv_journal *journal;

/* Makes one of so many entries; the suites end with journal_teardown(). */
void journal_setup(size_t entries);
void journal_teardown(void);

/* Writes an entry of a request that was answered with that status. */
void journal_add(const char *operation, const char *key, int status);
void journal_add_note(const struct kv_journal_note *note);

/* A filter of names and patterns that take turns, to a NULL. */
struct kv_journal_filter journal_filter(const char *const *words);
#define FILTER(...) journal_filter((const char *const[]){ __VA_ARGS__, NULL })

/* How many pass. */
size_t journal_count(const struct kv_journal_filter *filter);
