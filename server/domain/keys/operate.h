/* SPDX-License-Identifier: Apache-2.0 */
/* operate.h - whether a key may be used. */
#pragma once

#include "kv/keys/keys.h"

/* Whether a key may be used so now (contract §8.4); "a expired" is the service's own template
 * (§19 row 2). */
enum kv_code key_check_state(const struct kv_key *key, enum kv_key_op op, kv_time now,
                             struct kv_err *err) kv_must_check;
