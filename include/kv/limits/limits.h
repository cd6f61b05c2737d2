/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kv/limits/limits.h - how much a vault, and all of them, take in ten seconds before they answer 429
 * (contract §13).
 *
 * The limits of the table (limits.c) are enforced as one weighted sum: each vault has a
 * budget for a window of time, and a transaction costs the share of it that its own limit gives,
 * so that one with an RSA-4096 HSM key costs as much as eight with an RSA-2048 one. All vaults are
 * of one subscription in one region, which has a budget of its own: that of KV_LIMITS_SHARE vaults.
 * Time is what the caller says it is: the virtual time of the request.
 * Thread-safe. Knows no HTTP and no keys.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "kv/base/clock.h"
#include "kv/base/err.h"

#define KV_LIMITS_WINDOW ((kv_millis) 10000)
#define KV_LIMITS_BUDGET 4000 /* every limit divides it: costs are whole numbers */
#define KV_LIMITS_SHARE 5     /* vaults at their limit exhaust the subscription's */

/* What is known of a transaction before it is carried out. */
struct kv_transaction {
    const char *kty; /* wire name; NULL: no key, or one that is not known */
    unsigned bits;   /* 0: not known */
    bool makes_key;  /* it creates or imports one */
};

/* What the transaction takes of KV_LIMITS_BUDGET. */
unsigned kv_limits_cost(const struct kv_transaction *transaction);

struct kv_limits; /* opaque */

/* Gives each vault `budget`; KV_LIMITS_BUDGET is what makes the limits those of the table. Free with
 * kv_limits_free(). */
enum kv_code kv_limits_new(unsigned budget, struct kv_limits **ret_limits,
                           struct kv_err *err) kv_must_check;
void kv_limits_free(struct kv_limits *limits);
KV_DEFINE_CLEANUP(struct kv_limits *, kv_limits_free)

/* All budgets are untouched again. */
void kv_limits_reset(struct kv_limits *limits);

/*
 * Takes the cost of a transaction from the budgets of the vault with that id and of the
 * subscription; KV_THROTTLED, and nothing is taken, when what is left of one of them is less.
 */
enum kv_code kv_limits_take(struct kv_limits *limits, int64_t vault,
                            const struct kv_transaction *transaction, kv_millis now,
                            struct kv_err *err) kv_must_check;
