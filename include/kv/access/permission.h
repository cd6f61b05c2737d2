/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kv/access/permission.h - what a caller can be allowed to do: the rows of permission.def.
 *
 * Immutable.
 */
#pragma once

enum kv_permission {
    KV_PERMISSION_NONE, /* anybody may */
#define X(symbol, policy, vault, hsm) KV_PERMISSION_##symbol,
#include "kv/access/permission.def"
#undef X
    KV_PERMISSION_COUNT
};

struct kv_permission_row {
    const char *policy;       /* word of an access policy; NULL: there is none */
    const char *vault_action; /* NULL: vaults have no such operation */
    const char *hsm_action;   /* never NULL, except for KV_PERMISSION_NONE */
};
const struct kv_permission_row *kv_permission_row(enum kv_permission permission);
