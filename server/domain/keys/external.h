/* SPDX-License-Identifier: Apache-2.0 */
/* external.h - keys of an external key manager, for code that comes across one. */
#pragma once

#include "kv/keys/keys.h"

/* KV_OK unless the key is one of an external key manager that is not connected. */
enum kv_code external_check(const struct kv_scope *scope, const struct kv_key *key,
                            struct kv_err *err) kv_must_check;

/* Refuses an operation that a key of an external key manager does not support; `what` is the
 * verb. */
enum kv_code external_refuse(const struct kv_key *key, const char *what,
                             struct kv_err *err) kv_must_check;
