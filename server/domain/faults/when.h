/* SPDX-License-Identifier: Apache-2.0 */
/*
 * when.h - which of the requests that match a rule acts on.
 *
 * Each request that matches while the rule is due by the clock draws a number, and that decides: so
 * it does not matter in which order threads come. Counters are atomic.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>

#include "read.h"

struct fault_quota {
    uint64_t limit; /* 0: there is none */
    kv_millis window;
};

struct fault_when {
    uint64_t skip;      /* that many are let through first */
    uint64_t every;     /* then it acts on every n-th; 0 is 1 */
    uint64_t times;     /* on so many in all; 0: on any number */
    double probability; /* 0: it is certain */
    uint64_t seed;
    kv_millis from, until; /* on the virtual clock: from `from`, before `until`; 0: no such bound */
    kv_millis span;        /* `for`: until so long after `from`, or after it was made */
    struct fault_quota quota;
};

/* What a rule has counted. */
struct fault_counts {
    atomic_uint references;
    _Atomic uint64_t seen;     /* requests that matched while the rule was due */
    _Atomic uint64_t hits;     /* those that it acted on */
    _Atomic uint64_t spending; /* of the quota: the window's number, and requests in it */
};

fault_read_fn fault_read_when; /* struct fault_when */

/* Resolves `for`; refuses what can never be, with the reason. `now` by the virtual clock. */
enum kv_code fault_when_check(struct fault_when *when, kv_millis now,
                              struct kv_err *err) kv_must_check;

/* Whether the clock is within its bounds. */
bool fault_when_is_due(const struct fault_when *when, kv_millis now);

/* Whether it says nothing but bounds of the clock. */
bool fault_when_is_of_clock(const struct fault_when *when);

/* Whether it acts on a request that matches; counts it. *ret_ticket: which one of those it is, from
 * 0. `made`: when the rule was made. */
bool fault_when_takes(const struct fault_when *when, struct fault_counts *counts, kv_millis made,
                      kv_millis now, uint64_t *ret_ticket);
