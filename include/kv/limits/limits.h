/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kv/limits/limits.h - how much one vault, and all of them together, accept in ten seconds before
 * they answer 429 (contract §13).
 *
 * The limits of the table (limits.c) are enforced as one weighted sum: each vault has a
 * budget for a window of time, and a transaction costs the share of it that follows from its own
 * limit, so that one with an RSA-4096 HSM key costs as much as eight with an RSA-2048 one. All
 * vaults are of one subscription in one region, which has a budget of its own: that of
 * KV_LIMITS_SHARE vaults. The caller gives the time: the virtual time of the request. Thread-safe.
 * Knows nothing of HTTP or keys.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "kv/base/clock.h"
#include "kv/base/err.h"

#define KV_LIMITS_WINDOW ((kv_millis) 10000)
#define KV_LIMITS_BUDGET 4000 /* every limit divides it: costs are whole numbers */
#define KV_LIMITS_SHARE 5     /* this many vaults at their limit exhaust the subscription's */

/* What is known about a transaction before it is carried out. */
struct kv_transaction {
    const char *kty; /* wire name; NULL: no key, or an unknown one */
    unsigned bits;   /* 0: not known */
    bool makes_key;  /* it creates or imports a key */
};

/* What the transaction costs, out of KV_LIMITS_BUDGET. */
unsigned kv_limits_cost(const struct kv_transaction *transaction);

struct kv_limits; /* opaque */

/* Gives each vault `budget`; with KV_LIMITS_BUDGET the limits are those of the table. Free with
 * kv_limits_free(). */
enum kv_code kv_limits_new(unsigned budget, struct kv_limits **ret_limits,
                           struct kv_err *err) kv_must_check;
void kv_limits_free(struct kv_limits *limits);
KV_DEFINE_CLEANUP(struct kv_limits *, kv_limits_free)

/* Restores all budgets in full. */
void kv_limits_reset(struct kv_limits *limits);

/*
 * Takes the cost of a transaction from the budgets of the vault with that id and of the
 * subscription; KV_THROTTLED, with nothing taken, if either has less than that left.
 */
enum kv_code kv_limits_take(struct kv_limits *limits, int64_t vault,
                            const struct kv_transaction *transaction, kv_millis now,
                            struct kv_err *err) kv_must_check;
