/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kv/keys/due.h - what happens to keys without a request, because it is due: scheduled purges, and
 * the ends of pending phases (contract §6.6). Rotations are in kv/keys/rotation.h.
 *
 * Readers see the effect at that very second; this cleans up afterwards, and reports which keys
 * were affected. Thread-safe.
 */
#pragma once

#include <stdbool.h>

#include "kv/base/clock.h"
#include "kv/base/err.h"
#include "kv/keys/keys.h"

/* Which key: for reports of what happened without a request. */
struct kv_key_label {
    char vault[KV_VAULT_NAME_MAX + 1];
    char name[KV_KEY_NAME_MAX + 1]; /* the creator's spelling */
};
typedef bool kv_key_label_fn(void *context, const struct kv_key_label *label);

/*
 * Purges what is due at `now`, and frees the names of keys whose purge was pending. Each is
 * reported to `visit` once it is gone; if that returns false, or after kv_keys_stop_tidying(), it
 * ends after the current transaction.
 */
enum kv_code kv_keys_purge_due(struct kv_keys *keys, kv_millis now, kv_key_label_fn *visit,
                               void *context, struct kv_err *err) kv_must_check;

/* The first time later than `after` at which kv_keys_purge_due() has something to do; INT64_MAX:
 * none is known. */
enum kv_code kv_keys_next_purge(struct kv_keys *keys, kv_millis after, kv_millis *ret_due,
                                struct kv_err *err) kv_must_check;

/* Pending phases that end by themselves: there is nothing to do then, but clients see the
 * change. */
enum kv_pending { KV_PENDING_DELETION, KV_PENDING_RECOVERY };

/* When the first of those that end later than `after` ends; INT64_MAX: there are none. */
enum kv_code kv_keys_next_pending(struct kv_keys *keys, enum kv_pending pending, kv_millis after,
                                  kv_millis *ret_due, struct kv_err *err) kv_must_check;

/* Calls `visit` for the keys whose phase ends later than `after` and not later than `until`, in
 * order of time, until it returns false. */
enum kv_code kv_keys_each_pending(struct kv_keys *keys, enum kv_pending pending, kv_millis after,
                                  kv_millis until, kv_key_label_fn *visit, void *context,
                                  struct kv_err *err) kv_must_check;
