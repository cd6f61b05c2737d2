/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kv/journal/retries.h - how clients went about failures: whether they came again, when, and for how
 * long.
 *
 * Pure functions over entries of the journal. A client is a principal at an address, which does one
 * thing with one key of one vault, or sends one method to one path of one service; of paths of
 * services the journal has no ids, so that whoever reads two patients looks as if one were read twice.
 * An answer has failed when it is 429 or 5xx, or when none was given or it was cut. A setback begins
 * with a failed answer, goes on with the next attempts of that client while they fail, and ends with
 * the first one that does not. Challenges are no attempts. Threads that do the same thing at the same
 * time look like one client.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "kv/base/clock.h"
#include "kv/base/err.h"
#include "kv/journal/journal.h"

/* What waits between attempts look like. */
enum kv_backoff {
    KV_BACKOFF_NONE,        /* there were none to speak of */
    KV_BACKOFF_SINGLE,      /* one, which may be anything */
    KV_BACKOFF_FIXED,       /* all the same */
    KV_BACKOFF_LINEAR,      /* growing by the same span */
    KV_BACKOFF_EXPONENTIAL, /* growing by the same factor */
    KV_BACKOFFS
};
const char *kv_backoff_name(enum kv_backoff backoff);

struct kv_backoff_verdict {
    enum kv_backoff backoff;
    bool has_jitter; /* that is what they are like by and large */
};

/* Judges waits, in microseconds. */
struct kv_backoff_verdict kv_backoff_judge(const int64_t *waits, size_t count);

enum kv_setback_end {
    KV_SETBACK_RECOVERED, /* an attempt was answered with success */
    KV_SETBACK_REFUSED,   /* with a refusal that is no failure */
    KV_SETBACK_NO_MORE,   /* no further attempt was made, so far */
    KV_SETBACK_ENDS
};
const char *kv_setback_end_name(enum kv_setback_end end);

/* Waits are between an answer and the next attempt: attempt[i] and attempt[i + 1]. */
struct kv_setback {
    const struct kv_journal_entry *const *attempt; /* borrowed */
    size_t attempts;                               /* the first one failed */
    enum kv_setback_end end;
    size_t demands, obeyed; /* answers with a Retry-After after which there was an attempt, and
                               those after which it came no sooner than that */
    struct kv_backoff_verdict verdict;
};

struct kv_setbacks {
    struct kv_setback *setback;
    size_t count;
    const struct kv_journal_entry **order; /* the attempts, client by client */
};
void kv_setbacks_done(struct kv_setbacks *setbacks);
KV_DEFINE_CLEANUP_VALUE(struct kv_setbacks, kv_setbacks_done)

/* In order of their first failure. The entries have to live as long. */
enum kv_code kv_setbacks_find(const struct kv_journal_entries *entries,
                              struct kv_setbacks *ret_setbacks, struct kv_err *err) kv_must_check;

/* Microseconds between the answer to one attempt and the next attempt, at least 0. */
int64_t kv_setback_wait(const struct kv_journal_entry *attempt,
                        const struct kv_journal_entry *next);
