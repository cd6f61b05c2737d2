/* SPDX-License-Identifier: Apache-2.0 */
#include "kv/access/permission.h"

#include <stddef.h>

static const struct kv_permission_row rows[KV_PERMISSION_COUNT] = {
#define X(symbol, policy_, vault, hsm)                                                             \
    [KV_PERMISSION_##                                                                              \
        symbol] = { .policy = (policy_), .vault_action = (vault), .hsm_action = (hsm) },
#include "kv/access/permission.def"
#undef X
};

const struct kv_permission_row *kv_permission_row(enum kv_permission permission)
{
    return &rows[permission];
}
