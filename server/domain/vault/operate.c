/* SPDX-License-Identifier: Apache-2.0 */
/* The crypto operations: contract §8, refusals in the order of §19 row 26. */
#include <stdio.h>

#include "kv/clock.h"
#include "private.h"

/* contract §8.4; "a expired" is the service's own template (§19 row 2) */
static enum kv_code check_state(const struct kv_key *key, enum kv_key_op op, kv_time now,
                                struct kv_err *err)
{
    const struct kv_attributes *attributes = &key->attributes;
    const struct kv_key_op_row *row = kv_key_op_row(op);

    if (!attributes->enabled) {
        return KV_FAIL(err, KV_KEY_DISABLED, 0, "Operation %s is not allowed on a disabled key.",
                       row->name);
    }
    if (row->protects && attributes->expires.given && now >= attributes->expires.value) {
        return KV_FAIL(err, KV_KEY_EXPIRED, 0, "Operation %s is not allowed on a expired key.",
                       row->name);
    }
    if (row->protects && attributes->not_before.given && now < attributes->not_before.value) {
        return KV_FAIL(err, KV_KEY_NOT_YET_VALID, 0,
                       "Operation %s is not allowed on a key that is not yet valid.", row->name);
    }
    if (!kv_key_ops_allow(&key->ops, op)) {
        return KV_FAIL(err, KV_KEY_OPERATION_FORBIDDEN, 0,
                       "Operation %s is not permitted on this key.", row->name);
    }
    return KV_OK;
}

static enum kv_code encrypt(const struct kv_key *key, const struct kv_key_operate_args *args,
                            struct kv_secret *ret_value, struct kv_err *err)
{
    size_t max = kv_custody_plaintext_max(&key->material, args->alg);

    if (args->len > max) { /* contract §19 row 5 */
        return KV_FAIL(err, KV_BAD_PARAMETER, 0,
                       "Invalid length of 'value': %zu bytes. %s requires at most %zu bytes, "
                       "encoded with base64url.",
                       args->len, kv_alg_row(args->alg)->name, max);
    }
    return kv_custody_encrypt(&key->material, args->alg, args->value, args->len, ret_value, err);
}

static enum kv_code run(const struct kv_scope *scope, const struct kv_key *key,
                        const struct kv_key_operate_args *args, struct kv_secret *ret_value,
                        struct kv_err *err)
{
    switch (args->op) {
    case KV_OP_ENCRYPT:
    case KV_OP_WRAP:
        return encrypt(key, args, ret_value, err);
    case KV_OP_DECRYPT:
    case KV_OP_UNWRAP:
        return kv_custody_decrypt(scope->keys->config.custody, &key->material, args->alg,
                                  args->value, args->len, ret_value, err);
    case KV_OP_SIGN:
    case KV_OP_VERIFY:
    case KV_OP_DERIVE:
    case KV_OP_IMPORT:
    case KV_OP_EXPORT:
    case KV_OP_COUNT:
        break;
    }
    return KV_FAIL(err, KV_INTERNAL, 0, "no route leads to operation %d", (int) args->op);
}

/* The service's older builds had other words for it, depending on the algorithm (contract §8.5). */
static enum kv_code word_refusal(const struct kv_scope *scope, enum kv_alg alg, enum kv_code code,
                                 struct kv_err *err)
{
    const char *const *texts = scope->keys->config.no_decrypt;

    if (code == KV_CANNOT_DECRYPT && texts != NULL && texts[alg] != NULL) {
        return KV_FAIL(err, KV_CANNOT_DECRYPT, 0, "%s", texts[alg]);
    }
    return code;
}

/*
 * The object of a version can vanish between the look-up and its use, when another request purges
 * the key: then the answer is the one that a request a moment later gets.
 */
static enum kv_code explain_missing(const struct kv_scope *scope, const char *name,
                                    const char *version, enum kv_code code, struct kv_err *err)
{
    kv_auto(kv_key_done) struct kv_key key = { .version = "" };
    struct kv_err now;

    if (code == KV_KEY_MATERIAL_MISSING
        && kv_key_get(scope, name, version, &key, &now) == KV_KEY_NOT_FOUND) {
        *err = now;
        return KV_KEY_NOT_FOUND;
    }
    return code;
}

void kv_key_result_done(struct kv_key_result *result)
{
    kv_secret_done(&result->value);
}

enum kv_code kv_key_operate(const struct kv_scope *scope, const char *name, const char *version,
                            const struct kv_key_operate_args *args,
                            struct kv_key_result *ret_result, struct kv_err *err)
{
    kv_auto(kv_key_done) struct kv_key key = { .version = "" };

    KV_TRY(kv_key_get(scope, name, version, &key, err));
    KV_TRY(check_state(&key, args->op, kv_seconds(scope->now), err));
    snprintf(ret_result->name, sizeof(ret_result->name), "%s", key.name);
    snprintf(ret_result->version, sizeof(ret_result->version), "%s", key.version);

    enum kv_code code = run(scope, &key, args, &ret_result->value, err);

    code = word_refusal(scope, args->alg, code, err);
    return explain_missing(scope, name, key.version, code, err);
}
