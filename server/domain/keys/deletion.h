/* SPDX-License-Identifier: Apache-2.0 */
/* deletion.h - removing a key. */
#pragma once

#include "kv/store/store.h"

/*
 * Removes the row of a key and its versions; their objects go to `limbo`, to be destroyed by the
 * next tidying. Inside a transaction.
 */
enum kv_code key_remove(struct kv_db *db, int64_t key_id, struct kv_err *err) kv_must_check;
