/* SPDX-License-Identifier: Apache-2.0 */
/* The rows of methods: which functions an algorithm's method has, and what they need. */
#include <stdint.h>

#include "private.h"

#define VALUE_GROWTH (4 * KV_BLOCK_MAX) /* room to work in, beyond the longest value */

/* encrypt and wrap `protect`, decrypt and unwrap `open`. */
static const struct method {
    task_fn *protect, *open, *sign, *verify;
    bool signs_digest;          /* the value has the length of the hash */
    bool public;                /* protect and verify need no token */
    size_t min, step;           /* of a value if nothing else limits it; 0: any */
    size_t protect_iv, open_iv; /* bytes that the client must give */
    size_t open_tag;
} methods[] = {
    [KV_METHOD_RSA_CRYPT] = { .protect = rsa_encrypt, .open = rsa_decrypt, .public = true },
    [KV_METHOD_RSA_SIGN] = { .sign = rsa_sign,
                             .verify = rsa_verify,
                             .signs_digest = true,
                             .public = true,
                             .min = 1 }, /* without a hash; OpenSSL verifies nothing shorter */
    [KV_METHOD_RSA_PSS] = { .sign = rsa_sign_pss,
                            .verify = rsa_verify_pss,
                            .signs_digest = true,
                            .public = true },
    [KV_METHOD_ECDSA] = { .sign = ecdsa_sign,
                          .verify = ecdsa_verify,
                          .signs_digest = true,
                          .public = true },
    [KV_METHOD_AES_CBC] = { .protect = aes_cbc_encrypt,
                            .open = aes_cbc_decrypt,
                            .min = 1,  /* filled up to whole blocks: one reading; 16 and a */
                            .step = 1, /* step of 16 refuse what is not whole (contract §8.6) */
                            .protect_iv = 16,
                            .open_iv = 16 },
    [KV_METHOD_AES_CBC_PAD] = { .protect = aes_cbc_pad_encrypt,
                                .open = aes_cbc_pad_decrypt,
                                .protect_iv = 16,
                                .open_iv = 16 },
    [KV_METHOD_AES_GCM] = { .protect = aes_gcm_encrypt,
                            .open = aes_gcm_decrypt,
                            .open_iv = 12,
                            .open_tag = 16 },
    [KV_METHOD_AES_WRAP] = { .protect = aes_wrap, .open = aes_unwrap, .min = 16, .step = 8 },
    [KV_METHOD_AES_WRAP_PAD] = { .protect = aes_wrap_pad, .open = aes_unwrap_pad, .min = 1 },
    [KV_METHOD_HMAC] = { .sign = hmac_sign, .verify = hmac_verify },
};

static struct kv_needs needs_of_value(const struct kv_material *material,
                                      const struct kv_alg_row *alg)
{
    const struct method *method = &methods[alg->method];
    size_t digest = hash_row(alg->hash)->len;

    if (alg->overhead > 0) {
        return (struct kv_needs){
            .min = method->min,
            .max = material->modulus_len - alg->overhead,
            .step = 1,
        };
    }
    if (method->signs_digest) {
        return (struct kv_needs){ .min = digest, .max = digest, .step = 1 };
    }
    return (struct kv_needs){
        .min = method->min,
        .max = KV_VALUE_MAX,
        .step = method->step > 0 ? method->step : 1,
        .iv = method->protect_iv,
    };
}

struct kv_needs kv_custody_needs(const struct kv_material *material, enum kv_alg alg,
                                 enum kv_key_op op)
{
    const struct kv_alg_row *row = kv_alg_row(alg);
    const struct method *method = &methods[row->method];

    if (op != KV_OP_DECRYPT && op != KV_OP_UNWRAP) {
        return needs_of_value(material, row);
    }
    return (struct kv_needs){
        .max = method->public ? SIZE_MAX : KV_VALUE_MAX + KV_BLOCK_MAX, /* RSA: contract §8.5 */
        .step = 1,
        .iv = method->open_iv,
        .tag = method->open_tag,
    };
}

static task_fn *function_for(const struct method *method, enum kv_key_op op)
{
    switch (op) {
    case KV_OP_ENCRYPT:
    case KV_OP_WRAP:
        return method->protect;
    case KV_OP_DECRYPT:
    case KV_OP_UNWRAP:
        return method->open;
    case KV_OP_SIGN:
        return method->sign;
    case KV_OP_VERIFY:
        return method->verify;
    case KV_OP_DERIVE:
    case KV_OP_IMPORT:
    case KV_OP_EXPORT:
    case KV_OP_SECURE_WRAP:
    case KV_OP_SECURE_UNWRAP:
    case KV_OP_COUNT:
        break;
    }
    return NULL;
}

static bool needs_token(const struct method *method, enum kv_key_op op)
{
    return !method->public || op == KV_OP_DECRYPT || op == KV_OP_UNWRAP || op == KV_OP_SIGN;
}

enum kv_code kv_custody_operate(struct kv_custody *custody, const struct kv_material *material,
                                enum kv_key_op op, enum kv_alg alg,
                                const struct kv_operands *operands, struct kv_outcome *outcome,
                                struct kv_err *err)
{
    const struct task task = { custody, material, kv_alg_row(alg), operands };
    const struct method *method = &methods[task.alg->method];
    task_fn *function = function_for(method, op);

    if (function == NULL) {
        return KV_FAIL(err, KV_INTERNAL, 0, "%s has no operation %d", task.alg->name, (int) op);
    }
    if (needs_token(method, op)
        && kv_alg_way(hsm_capabilities(custody->config.hsm), alg) == KV_WAY_NONE) {
        return KV_FAIL(err, KV_BAD_PARAMETER, HSM_RV_NO_MECHANISM,
                       "The HSM does not support algorithm %s.", task.alg->name);
    }
    return function(&task, outcome, err);
}

void kv_outcome_init(struct kv_outcome *outcome)
{
    *outcome = (struct kv_outcome){ .valid = false };
    kv_buf_init(&outcome->value, KV_VALUE_MAX + VALUE_GROWTH);
}

void kv_outcome_done(struct kv_outcome *outcome)
{
    kv_buf_done(&outcome->value);
}
