/* SPDX-License-Identifier: Apache-2.0 */
/* external.h - keys of an external key manager, to those who meet one. */
#pragma once

#include "kv/keys/keys.h"

/* KV_OK unless the key is one of an external key manager that is not connected. */
enum kv_code external_check(const struct kv_scope *scope, const struct kv_key *key,
                            struct kv_err *err) kv_must_check;

/* Refuses what cannot be done with a key of an external key manager, `what` being the verb. */
enum kv_code external_refuse(const struct kv_key *key, const char *what,
                             struct kv_err *err) kv_must_check;
