/* SPDX-License-Identifier: Apache-2.0 */
/* Random bytes: contract §6.9. */
#include "core.h"

#define COUNT_MAX 128

enum kv_code kv_keys_random(const struct kv_scope *scope, int64_t count,
                            struct kv_secret *ret_bytes, struct kv_err *err)
{
    if (count < 1 || count > COUNT_MAX) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0,
                       "GetRandomBytesRequest: count cannot be greater than 128 or less than 1");
    }
    return kv_custody_random(scope->keys->config.custody, (size_t) count, ret_bytes, err);
}
