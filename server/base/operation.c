/* SPDX-License-Identifier: Apache-2.0 */
/* The rows of operation.def. */
#include "kv/base/operation.h"

#include <assert.h>

static const struct kv_operation_row rows[KV_OPERATION_COUNT] = {
    [KV_OPERATION_NONE] = { "", KV_PLACE_VAULT, KV_NAMES_NOTHING },
#define X(symbol, name, place, names)                                                              \
    [KV_OPERATION_##symbol] = { name, KV_PLACE_##place, KV_NAMES_##names },
#include "kv/base/operation.def"
#undef X
};

const struct kv_operation_row *kv_operation_row(enum kv_operation operation)
{
    assert(operation < KV_OPERATION_COUNT);
    return &rows[operation];
}
