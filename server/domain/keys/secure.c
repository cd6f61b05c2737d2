/* SPDX-License-Identifier: Apache-2.0 */
/* Secure wrap and unwrap of a managed HSM: contract §6.11. */
#include "core.h"
#include "kv/base/clock.h"
#include "rows.h"

enum kv_code kv_key_find_secure(const struct kv_scope *scope, const char *name, const char *version,
                                enum kv_key_op op, struct kv_key *ret_key, struct kv_err *err)
{
    kv_auto(kv_key_done) struct kv_key key = { .version = "" };

    KV_TRY(kv_key_get(scope, name, version, &key, err));
    KV_TRY(kv_key_check_state(&key, op, kv_seconds(scope->now), err));
    *ret_key = key_take(&key);
    return KV_OK;
}

enum kv_code kv_key_secure_wrap(const struct kv_scope *scope, const struct kv_key *key,
                                struct kv_sealed *ret_sealed, struct kv_err *err)
{
    return kv_custody_seal_new(scope->keys->config.custody, &key->material, ret_sealed, err);
}

enum kv_code kv_key_secure_unwrap(const struct kv_scope *scope, const struct kv_key *key,
                                  const struct kv_bytes *sealed, const struct kv_material *target,
                                  struct kv_sealed *ret_sealed, struct kv_err *err)
{
    return kv_custody_seal_again(scope->keys->config.custody, &key->material, sealed, target,
                                 ret_sealed, err);
}
