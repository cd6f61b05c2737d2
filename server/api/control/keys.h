/* SPDX-License-Identifier: Apache-2.0 */
/* keys.h - what the two files about keys share: the handlers and their routes, and how keys look. */
#pragma once

#include "private.h"

kv_handler_fn keys_list, keys_get, keys_change, keys_delete, keys_recover;

/* A key by its latest version, and one of its versions, as they are at scope->now. NULL if memory is
 * out; else the caller's. */
cJSON *keys_render(const struct kv_scope *scope, const struct kv_key *key);
cJSON *keys_render_version(const struct kv_scope *scope, const struct kv_key *key);
