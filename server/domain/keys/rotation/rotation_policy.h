/* SPDX-License-Identifier: Apache-2.0 */
/* rotation_policy.h - what a rotation policy does to versions. */
#pragma once

#include "kv/keys/keys.h"
#include "kv/store/store.h"

/* Gives a new version without exp the one that the policy of its key gives it (contract §10.3). */
enum kv_code rotation_stamp(struct kv_db *db, int64_t key_id, struct kv_attributes *attributes,
                            struct kv_err *err) kv_must_check;

/*
 * Recomputes when the key of that version is due for rotation, and when it is told that it expires. Called after a change to anything
 * this depends on: a new version, its exp, the policy. Inside a transaction.
 */
enum kv_code rotation_schedule(struct kv_db *db, int64_t version_id,
                               struct kv_err *err) kv_must_check;
