/* SPDX-License-Identifier: Apache-2.0 */
/* notice.h - of which key it will be told that it expires, and when: kv/keys/notice.h does it. */
#pragma once

#include "kv/base/duration.h"
#include "kv/keys/keys.h"
#include "kv/store/store.h"

/*
 * Plans the notices of a key's latest version anew; those of this version and this exp that were
 * given stay given. `before` is how long before exp the first one comes, 30 days if that is not given.
 * Inside a transaction.
 */
enum kv_code notice_plan(struct kv_db *db, int64_t key_id, const struct kv_duration *before,
                         struct kv_err *err) kv_must_check;

/* Tells of a new version, inside the transaction that makes it; a managed HSM's is not told of. */
enum kv_code notice_of_version(struct kv_db *db, const struct kv_scope *scope,
                               const struct kv_key *key, struct kv_err *err) kv_must_check;
