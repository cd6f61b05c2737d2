/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Puts a key that comes wrapped on the token, with its public half: as sent, and verified to belong
 * to it, or derived from it.
 */
#include <string.h>

#include <openssl/rand.h>

#include "hsm.h"
#include "kv/custody/private_key.h"
#include "private.h"
#include "public.h"

#define CANNOT_UNWRAP "The key in \"key_hsm\" cannot be unwrapped with its key exchange key."
#define NOT_AS_DESCRIBED "The key in \"key_hsm\" is not the one that the other members describe."

#define WRAPPED_BLOCK 8  /* CKM_AES_KEY_WRAP_PAD adds a block of this size to a value */
#define DIGEST_LENGTH 64 /* bytes; of the longest value that a round trip signs */

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

/* A signature that the token made with the key. */
struct sample {
    unsigned char digest[DIGEST_LENGTH];
    size_t len;
    struct kv_outcome signature;
};

static void sample_done(struct sample *sample)
{
    kv_outcome_done(&sample->signature);
}
KV_DEFINE_CLEANUP_VALUE(struct sample, sample_done)

/* An EC key needs its curve for this, but not its point. */
static enum kv_code sign(struct kv_custody *custody, const struct kv_material *material,
                         struct sample *ret_sample, struct kv_err *err)
{
    enum kv_alg alg = probe_of(material);
    struct kv_operands operands = { .value = { ret_sample->digest, 0 } };

    kv_outcome_init(&ret_sample->signature);
    ret_sample->len = kv_custody_needs(material, alg, KV_OP_SIGN).max;
    operands.value.len = ret_sample->len;
    if (RAND_bytes(ret_sample->digest, sizeof(ret_sample->digest)) != 1) {
        return KV_FAIL(err, KV_INTERNAL, 0, "OpenSSL could not make random bytes");
    }
    return kv_custody_operate(custody, material, KV_OP_SIGN, alg, &operands, &ret_sample->signature,
                              err);
}

static enum kv_code sign_sample(struct kv_custody *custody, const struct kv_material *material,
                                struct sample *ret_sample, struct kv_err *err)
{
    struct kv_err reason = { 0 };
    enum kv_code code = sign(custody, material, ret_sample, &reason);

    return custody_judge_newcomer(custody, material->family, code, &reason, err);
}

static enum kv_code verify_sample(struct kv_custody *custody, const struct kv_material *material,
                                  const struct sample *sample, bool *ret_valid, struct kv_err *err)
{
    const struct kv_buf *signature = &sample->signature.value;
    const struct kv_operands operands = {
        .value = { signature->data, signature->len },
        .digest = { sample->digest, sample->len },
    };
    kv_auto(kv_outcome_done) struct kv_outcome verdict;

    kv_outcome_init(&verdict);
    if (signature->len == signature_length(material)) { /* otherwise it cannot be the key's own */
        KV_TRY(kv_custody_operate(custody, material, KV_OP_VERIFY, probe_of(material), &operands,
                                  &verdict, err));
    }
    *ret_valid = verdict.valid;
    return KV_OK;
}

/* What the token signs has to verify with the public half. */
static enum kv_code check_halves(struct kv_custody *custody, const struct kv_material *material,
                                 bool *ret_valid, struct kv_err *err)
{
    kv_auto(sample_done) struct sample sample = { .len = 0 };

    KV_TRY(sign_sample(custody, material, &sample, err));
    return verify_sample(custody, material, &sample, ret_valid, err);
}

/* The halves were sent separately: each is checked alone, and then against the other. */
static enum kv_code match_halves(struct kv_custody *custody, const struct kv_material *material,
                                 struct kv_err *err)
{
    bool valid;

    KV_TRY(check_halves(custody, material, &valid, err));
    return valid ? KV_OK : KV_FAIL(err, KV_BAD_PARAMETER, 0, NOT_AS_DESCRIBED);
}

/* The token gives it, and then it is checked against what the key does. */
static enum kv_code learn_rsa(struct kv_custody *custody, struct kv_material *material,
                              struct kv_err *err)
{
    struct hsm_public told;
    struct kv_material learnt;
    bool valid;
    CK_RV rv = hsm_read_public(custody->config.hsm, material->object, HSM_RSA, &told);

    if (rv == CKR_PUBLIC_KEY_INVALID) { /* it has no modulus, or one that is far too long */
        return custody_refuse_key(KV_FAMILY_RSA, rv, err);
    }
    KV_TRY(custody_translate(custody, rv, err));

    const struct kv_sent_key sent = {
        .family = KV_FAMILY_RSA,
        .n = { told.rsa.modulus, told.rsa.modulus_len },
        .e = { told.rsa.exponent, told.rsa.exponent_len },
    };

    KV_TRY(kv_public_key_check(&sent, &learnt, err));
    memcpy(learnt.object, material->object, KV_OBJECT_LENGTH);
    *material = learnt;
    KV_TRY(check_halves(custody, material, &valid, err));
    return valid ? KV_OK : custody_refuse_key(KV_FAMILY_RSA, 0, err);
}

/* The first curve of that kind; a legacy one is only ever sent by its name. */
static enum kv_curve find_curve(enum hsm_curve told)
{
    enum kv_curve curve = KV_CURVE_NONE + 1;

    while (curve < KV_CURVE_COUNT && custody_hsm_curve(curve) != told) {
        curve++;
    }
    return curve;
}

static enum kv_code learn_curve(struct kv_custody *custody, struct kv_material *material,
                                struct kv_err *err)
{
    enum hsm_curve told;

    KV_TRY(custody_translate(custody, hsm_key_curve(custody->config.hsm, material->object, &told),
                             err));
    if (material->curve == KV_CURVE_NONE) {
        material->curve = find_curve(told);
    }
    if (material->curve == KV_CURVE_COUNT || custody_hsm_curve(material->curve) != told) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, NOT_AS_DESCRIBED);
    }
    material->bits = kv_curve_row(material->curve)->bits;
    return KV_OK;
}

/*
 * One signature leaves up to four points, a second one tells which. A scalar beyond the order signs
 * like its remainder, and the two cannot be told apart outside the token.
 */
static enum kv_code learn_ec(struct kv_custody *custody, struct kv_material *material,
                             struct kv_err *err)
{
    kv_auto(sample_done) struct sample first = { .len = 0 };
    kv_auto(sample_done) struct sample second = { .len = 0 };
    struct kv_material candidates[RECOVERED_MAX];
    bool valid = false;

    KV_TRY(learn_curve(custody, material, err));
    KV_TRY(sign_sample(custody, material, &first, err));
    KV_TRY(sign_sample(custody, material, &second, err));

    const struct kv_bytes digest = { first.digest, first.len };
    const struct kv_bytes signature = { first.signature.value.data, first.signature.value.len };
    size_t count = public_recover_ecdsa(material->curve, &digest, &signature, candidates);

    for (size_t i = 0; i < count && !valid; i++) {
        memcpy(material->x, candidates[i].x, sizeof(material->x));
        memcpy(material->y, candidates[i].y, sizeof(material->y));
        KV_TRY(verify_sample(custody, material, &second, &valid, err));
    }
    return valid ? KV_OK : custody_refuse_key(KV_FAMILY_EC, 0, err);
}

/* contract §6.2: the public half need not be sent beside the key; then it is derived from the
 * key. */
static enum kv_code settle_public(struct kv_custody *custody, struct kv_material *material,
                                  struct kv_err *err)
{
    switch (material->family) {
    case KV_FAMILY_RSA:
        return material->modulus_len > 0 ? match_halves(custody, material, err)
                                         : learn_rsa(custody, material, err);
    case KV_FAMILY_EC:
        return material->bits > 0 ? match_halves(custody, material, err)
                                  : learn_ec(custody, material, err);
    case KV_FAMILY_OCT:
        break;
    }
    return KV_OK;
}

/* A symmetric key has no public half, but the length of its wrapping shows its size. */
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
                             custody_hsm_bond(transfer->exportable),
                             custody_hsm_kind(material.family), transfer->bytes, transfer->len);
    if (hsm_rv_is_bad_input(rv)) {
        return KV_FAIL(err, KV_BAD_PARAMETER, rv, CANNOT_UNWRAP);
    }
    KV_TRY(custody_translate(custody, rv, err));
    KV_TRY(settle_public(custody, &material, err));
    *ret_material = material;
    return KV_OK;
}
