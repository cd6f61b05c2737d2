/* SPDX-License-Identifier: Apache-2.0 */
/* create.h - what kinds of new key are allowed, wherever it comes from. */
#pragma once

#include "kv/keys/keys.h"

/* The type that a vault turns the requested one into (contract §6.1, §7): unchanged, or what a
 * Managed HSM makes of it. `name` NULL: none was given. */
enum kv_code key_type_choose(const struct kv_scope *scope, const char *name, enum kv_kty *ret_kty,
                             struct kv_err *err) kv_must_check;

/* Refuses a size that keys of that family do not have (contract §7). */
enum kv_code key_size_check(enum kv_family family, int64_t bits, struct kv_err *err) kv_must_check;
