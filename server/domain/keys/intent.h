/* SPDX-License-Identifier: Apache-2.0 */
/*
 * intent.h - token objects that are about to be made. Once they are recorded, a crash leaves at
 * most objects that the next start destroys; doomed ones are destroyed by the next tidying; settled
 * ones get an owner in the same transaction.
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
