/* SPDX-License-Identifier: Apache-2.0 */
/*
 * intent.h - objects of the token that are about to be made. Once they are written down a crash
 * leaves at most objects that the next start destroys; doomed ones the next tidying destroys; settled
 * ones have an owner, in the same transaction.
 */
#pragma once

#include "kv/keys/keys.h"
#include "kv/store/store.h"

/* `objects`: each KV_OBJECT_LENGTH bytes, one after the other. */
enum kv_code intent_write(struct kv_keys *keys, const unsigned char *objects, size_t count,
                          struct kv_err *err) kv_must_check;
enum kv_code intent_doom(struct kv_keys *keys, const unsigned char *objects, size_t count,
                         struct kv_err *err) kv_must_check;
enum kv_code intent_settle(struct kv_db *db, const unsigned char *object,
                           struct kv_err *err) kv_must_check;
