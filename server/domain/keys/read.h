/* SPDX-License-Identifier: Apache-2.0 */
/* read.h - all versions of a key. */
#pragma once

#include "kv/keys/keys.h"

/* The versions of a live key, the oldest first; an unknown name has none. `more`: there are more
 * than `max`. */
enum kv_code key_load_versions(const struct kv_scope *scope, const char *name, size_t max,
                               struct kv_key_page *ret_page, struct kv_err *err) kv_must_check;
