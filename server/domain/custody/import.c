/* SPDX-License-Identifier: Apache-2.0 */
/* A key from outside onto the token. */
#include <string.h>

#include <openssl/rand.h>

#include "hsm.h"
#include "kv/private_key.h"
#include "private.h"

#define CANNOT_UNWRAP "The key in \"key_hsm\" cannot be unwrapped with its key exchange key."

static struct hsm_bytes number_of(const struct kv_private_key *key, enum kv_private_number which)
{
    return (struct hsm_bytes){ .bytes = key->number[which], .len = key->len[which] };
}

static CK_RV import_rsa(struct hsm *hsm, const unsigned char *object,
                        const struct kv_private_key *key)
{
    const struct kv_material *public = &key->public;
    const struct hsm_rsa_private numbers = {
        .modulus = { public->modulus, public->modulus_len },
        .public_exponent = { public->exponent, public->exponent_len },
        .private_exponent = number_of(key, KV_RSA_D),
        .prime_1 = number_of(key, KV_RSA_P),
        .prime_2 = number_of(key, KV_RSA_Q),
        .exponent_1 = number_of(key, KV_RSA_DP),
        .exponent_2 = number_of(key, KV_RSA_DQ),
        .coefficient = number_of(key, KV_RSA_QI),
    };

    return hsm_import_rsa(hsm, object, &numbers);
}

static CK_RV import_ec(struct hsm *hsm, const unsigned char *object,
                       const struct kv_private_key *key)
{
    struct hsm_ec_public point = { .coordinate_len = key->len[0] };

    memcpy(point.x, key->public.x, key->len[0]);
    memcpy(point.y, key->public.y, key->len[0]);
    return hsm_import_ec(hsm, object, custody_hsm_curve(key->public.curve), key->number[0],
                         key->len[0], &point);
}

/* A value that is no AES key's can still be one of HMAC. */
static CK_RV import_oct(struct hsm *hsm, const unsigned char *object,
                        const struct kv_private_key *key)
{
    return kv_is_aes_size(key->public.bits)
               ? hsm_import_aes(hsm, object, key->number[0], key->len[0])
               : hsm_import_secret(hsm, object, key->number[0], key->len[0]);
}

enum kv_code kv_custody_import(struct kv_custody *custody,
                               const unsigned char object[KV_OBJECT_LENGTH],
                               const struct kv_private_key *key, struct kv_material *ret_material,
                               struct kv_err *err)
{
    struct hsm *hsm = custody->config.hsm;
    CK_RV rv = CKR_OK;

    switch (key->public.family) {
    case KV_FAMILY_RSA:
        rv = import_rsa(hsm, object, key);
        break;
    case KV_FAMILY_EC:
        rv = import_ec(hsm, object, key);
        break;
    case KV_FAMILY_OCT:
        rv = import_oct(hsm, object, key);
        break;
    }
    KV_TRY(custody_translate(custody, rv, err));
    *ret_material = key->public;
    memcpy(ret_material->object, object, KV_OBJECT_LENGTH);
    return KV_OK;
}

#define WRAPPED_BLOCK 8  /* CKM_AES_KEY_WRAP_PAD adds a block of this to a value */
#define DIGEST_LENGTH 64 /* bytes; of the longest that a round trip signs */

/* Which algorithm shows that two halves belong together. */
static enum kv_alg probe_of(const struct kv_material *material)
{
    switch (material->curve) {
    case KV_CURVE_P256:
        return KV_ALG_ES256;
    case KV_CURVE_P256K:
        return KV_ALG_ES256K;
    case KV_CURVE_P384:
        return KV_ALG_ES384;
    case KV_CURVE_P521:
        return KV_ALG_ES512;
    case KV_CURVE_SECP256K1:
        return KV_ALG_ECDSA256;
    case KV_CURVE_NONE:
    case KV_CURVE_COUNT:
        break;
    }
    return KV_ALG_RS256;
}

static size_t signature_length(const struct kv_material *material)
{
    return material->family == KV_FAMILY_RSA ? material->modulus_len
                                             : 2 * kv_curve_row(material->curve)->coordinate;
}

/* What the token signs has to verify with the public half that was sent. */
static enum kv_code check_halves(struct kv_custody *custody, const struct kv_material *material,
                                 struct kv_err *err)
{
    enum kv_alg alg = probe_of(material);
    unsigned char digest[DIGEST_LENGTH];
    struct kv_operands operands = {
        .value = { digest, kv_custody_needs(material, alg, KV_OP_SIGN).max },
    };
    kv_auto(kv_outcome_done) struct kv_outcome signature;
    kv_auto(kv_outcome_done) struct kv_outcome verdict;

    kv_outcome_init(&signature);
    kv_outcome_init(&verdict);
    if (RAND_bytes(digest, sizeof(digest)) != 1) {
        return KV_FAIL(err, KV_INTERNAL, 0, "OpenSSL could not make random bytes");
    }
    KV_TRY(kv_custody_operate(custody, material, KV_OP_SIGN, alg, &operands, &signature, err));
    operands.digest = operands.value;
    operands.value = (struct kv_bytes){ signature.value.data, signature.value.len };
    if (signature.value.len == signature_length(material)) { /* else it cannot be its own */
        KV_TRY(kv_custody_operate(custody, material, KV_OP_VERIFY, alg, &operands, &verdict, err));
    }
    if (!verdict.valid) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0,
                       "The key in \"key_hsm\" is not the one that the other members describe.");
    }
    return KV_OK;
}

/* A symmetric key has no public half, but its size shows from the length of its wrapping. */
static enum kv_code read_size(const struct kv_material *kek, const struct kv_transfer *transfer,
                              struct kv_material *material, struct kv_err *err)
{
    if (material->family != KV_FAMILY_OCT) {
        return KV_OK;
    }
    if (transfer->len <= kek->modulus_len + WRAPPED_BLOCK) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, CANNOT_UNWRAP);
    }
    material->bits = (unsigned) (transfer->len - kek->modulus_len - WRAPPED_BLOCK) * 8;
    return KV_OK;
}

enum kv_code kv_custody_import_transfer(struct kv_custody *custody, const struct kv_material *kek,
                                        const unsigned char object[KV_OBJECT_LENGTH],
                                        const struct kv_transfer *transfer,
                                        const struct kv_material *public,
                                        struct kv_material *ret_material, struct kv_err *err)
{
    struct kv_material material = *public;
    CK_RV rv;

    memcpy(material.object, object, KV_OBJECT_LENGTH);
    KV_TRY(read_size(kek, transfer, &material, err));
    rv = hsm_import_transfer(custody->config.hsm, kek->object, object,
                             custody_hsm_kind(material.family), transfer->bytes, transfer->len);
    if (hsm_rv_is_bad_input(rv)) {
        return KV_FAIL(err, KV_BAD_PARAMETER, rv, CANNOT_UNWRAP);
    }
    KV_TRY(custody_translate(custody, rv, err));
    if (material.family != KV_FAMILY_OCT) {
        KV_TRY(check_halves(custody, &material, err));
    }
    *ret_material = material;
    return KV_OK;
}
