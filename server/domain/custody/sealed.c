/* SPDX-License-Identifier: Apache-2.0 */
/* Symmetric keys that are re-encrypted from one RSA key to another: contract §6.11. */
#include <string.h>

#include <openssl/evp.h>

#include "hsm.h"
#include "private.h"
#include "public.h"

#define NEW_LENGTH 32 /* bytes; AES-256 */

static struct hsm_rsa_public public_of(const struct kv_material *material)
{
    struct hsm_rsa_public public = {
        .modulus_len = material->modulus_len,
        .exponent_len = material->exponent_len,
    };

    memcpy(public.modulus, material->modulus, material->modulus_len);
    memcpy(public.exponent, material->exponent, material->exponent_len);
    return public;
}

static enum kv_code seal(const struct kv_material *target, const void *value, size_t len,
                         struct kv_sealed *ret_sealed, struct kv_err *err)
{
    const struct kv_bytes plain = { value, len };

    if (!public_encrypt(target, EVP_sha256(), &plain, ret_sealed->bytes)) {
        return KV_FAIL(err, KV_INTERNAL, 0, "OpenSSL did not encrypt");
    }
    ret_sealed->len = target->modulus_len;
    return KV_OK;
}

static enum kv_code seal_new_outside(struct kv_custody *custody, const struct kv_material *key,
                                     struct kv_sealed *ret_sealed, struct kv_err *err)
{
    kv_auto(kv_secret_done) struct kv_secret value = { .len = 0 };

    KV_TRY(kv_custody_random(custody, NEW_LENGTH, &value, err));
    return seal(key, value.bytes, value.len, ret_sealed, err);
}

static bool is_aes_length(size_t len)
{
    return len == 16 || len == 24 || len == 32;
}

static enum kv_code seal_again_outside(struct kv_custody *custody, const struct kv_material *key,
                                       const struct kv_bytes *sealed,
                                       const struct kv_material *target,
                                       struct kv_sealed *ret_sealed, struct kv_err *err)
{
    const struct kv_operands operands = { .value = *sealed };
    kv_auto(kv_outcome_done) struct kv_outcome outcome;

    kv_outcome_init(&outcome);
    KV_TRY(kv_custody_operate(custody, key, KV_OP_UNWRAP, KV_ALG_RSA_OAEP_256, &operands, &outcome,
                              err));
    if (!is_aes_length(outcome.value.len)) {
        return custody_refuse_ciphertext(err);
    }
    return seal(target, outcome.value.data, outcome.value.len, ret_sealed, err);
}

enum kv_code kv_custody_seal_new(struct kv_custody *custody, const struct kv_material *key,
                                 struct kv_sealed *ret_sealed, struct kv_err *err)
{
    const struct hsm_rsa_public public = public_of(key);
    CK_RV rv = hsm_seal_new(custody->config.hsm, &public, HSM_SHA256, ret_sealed->bytes,
                            sizeof(ret_sealed->bytes), &ret_sealed->len);

    if (rv == HSM_RV_NO_MECHANISM) {
        return seal_new_outside(custody, key, ret_sealed, err);
    }
    return custody_translate(custody, rv, err);
}

enum kv_code kv_custody_seal_again(struct kv_custody *custody, const struct kv_material *key,
                                   const struct kv_bytes *sealed, const struct kv_material *target,
                                   struct kv_sealed *ret_sealed, struct kv_err *err)
{
    const struct hsm_rsa_public public = public_of(target);
    CK_RV rv;

    if (sealed->len != key->modulus_len) {
        return custody_refuse_ciphertext(err);
    }
    rv =
        hsm_seal_again(custody->config.hsm, key->object, &public, HSM_SHA256, sealed->bytes,
                       sealed->len, ret_sealed->bytes, sizeof(ret_sealed->bytes), &ret_sealed->len);
    if (rv == HSM_RV_NO_MECHANISM) {
        return seal_again_outside(custody, key, sealed, target, ret_sealed, err);
    }
    return custody_translate_open(custody, rv, err);
}
