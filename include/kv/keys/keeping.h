/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kv/keys/keeping.h - for failures that are acted out on a real key: what the key was like, to be put
 * back when the failure is over, down to the dates.
 *
 * What was kept is a text that only kv_key_put_back() reads; it can be stored, and outlives a restart.
 * Putting back is safe at any time and more than once: what is no longer there is left alone.
 * Thread-safe.
 */
#pragma once

#include "kv/keys/keys.h"

#define KV_KEPT_MAX (4 * 1024 * 1024) /* bytes of a text */

/* What is going to be changed, and so what is put back. */
enum kv_keeping {
    KV_KEEP_VERSION, /* attributes and key_ops of one version */
    KV_KEEP_STATE,   /* whether the key lives, is deleted, or was set aside */
    KV_KEEP_LATEST   /* which version is the latest, with all of it: newer ones go for good */
};

/* Appends the text about a living key; `version` NULL: its latest. KV_KEY_NOT_FOUND. */
enum kv_code kv_key_keep(const struct kv_scope *scope, const char *name, const char *version,
                         enum kv_keeping keeping, struct kv_buf *text,
                         struct kv_err *err) kv_must_check;

/* Puts the key back. KV_CONFLICT when another key has the name of one that was set aside. */
enum kv_code kv_key_put_back(struct kv_keys *keys, const char *kept,
                             struct kv_err *err) kv_must_check;

/* The key is gone as if it had been purged, its name free; but what is kept can be put back, as long as
 * its vault is there. */
enum kv_code kv_key_set_aside(const struct kv_scope *scope, const char *name,
                              struct kv_err *err) kv_must_check;
