/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tally.h - for test programs without a framework: a list of promises, each put to the test many
 * times, and at the end a verdict on each.
 *
 * Thread-safe between tally_init() and tally_close().
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "kv/base/base.h"

#define TALLY_MAX 32

struct tally {
    const char *const *promises; /* sentences, borrowed */
    size_t count;
    atomic_ulong held[TALLY_MAX];
    atomic_ulong broken[TALLY_MAX];
};

void tally_init(struct tally *tally, const char *const *promises, size_t count);

/* Counts one look at promise number `promise`. When it does not hold, the rest, a sentence that
 * says what was seen, goes to standard error (of the first few dozen). Gives `holds` back. */
bool tally_check(struct tally *tally, size_t promise, bool holds, const char *format, ...)
    kv_printf(4, 5);

/* Whether anything was found broken so far. */
bool tally_is_clean(const struct tally *tally);

/*
 * Prints the promises with their counts and, last, how many of them passed and failed: one that
 * was broken once fails, and so does one that was never put to the test. Gives the exit status.
 */
int tally_close(const struct tally *tally);
