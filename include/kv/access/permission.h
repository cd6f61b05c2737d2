/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kv/access/permission.h - what a caller can be allowed to do: the rows of permission.def.
 *
 * Immutable.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum kv_permission {
    KV_PERMISSION_NONE, /* anybody may */
#define X(symbol, kind, policy, vault, hsm) KV_PERMISSION_##symbol,
#include "kv/access/permission.def"
#undef X
    KV_PERMISSION_COUNT
};

struct kv_permission_row {
    bool changes;             /* something of the vault */
    const char *policy;       /* word of an access policy; NULL: there is none */
    const char *vault_action; /* NULL: vaults have no such operation */
    const char *hsm_action;   /* never NULL, except for KV_PERMISSION_NONE */
};
const struct kv_permission_row *kv_permission_row(enum kv_permission permission);

/* A set of permissions, a bit for each. */
typedef uint64_t kv_permissions;
#define KV_PERMISSION_BIT(permission) ((kv_permissions) 1 << (permission))
_Static_assert(KV_PERMISSION_COUNT <= 64, "a set has a bit for each permission");

/*
 * Adds what a word of an access policy grants, in any case: "get" is the keys and the deleted ones.
 * "all" is every word but purge, as in the service. False for a word that is none.
 */
bool kv_permissions_add_word(kv_permissions *set, const char *word, size_t len);
