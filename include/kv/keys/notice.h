/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kv/keys/notice.h - events of keys that expire (control-plane.md §6.2): KeyNearExpiry as long before
 * as the Notify action of the rotation policy says, or 30 days, and KeyExpired.
 *
 * Of a live key of a live vault, for its latest version; of a managed HSM's there are none. Each
 * notice is given once for a version and its exp: a new exp is told of anew. A version that has
 * expired is no longer near it. Thread-safe.
 */
#pragma once

#include "kv/base/clock.h"
#include "kv/base/err.h"
#include "kv/keys/due.h"
#include "kv/keys/keys.h"

enum kv_key_notice { KV_NOTICE_NEAR_EXPIRY, KV_NOTICE_EXPIRED };

/* When the first one is due that is due later than `after`; those that were due before `now` are
 * among them if `after` is early enough. INT64_MAX: none is. */
enum kv_code kv_keys_next_notice(struct kv_keys *keys, enum kv_key_notice notice, kv_millis now,
                                 kv_millis after, kv_millis *ret_due,
                                 struct kv_err *err) kv_must_check;

/* Writes the events that are due at `now`, and calls `visit` for each once it is written; if that
 * returns false, ends after the current transaction. */
enum kv_code kv_keys_give_notices(struct kv_keys *keys, enum kv_key_notice notice, kv_millis now,
                                  kv_key_label_fn *visit, void *context,
                                  struct kv_err *err) kv_must_check;
