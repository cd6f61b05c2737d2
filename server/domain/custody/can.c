/* SPDX-License-Identifier: Apache-2.0 */
/* Which of the tables' algorithms this token can do: by the probe's results, before anything is
 * tried. */
#include "private.h"

static bool has_rsa(const struct hsm_capabilities *can, unsigned bits)
{
    return can->rsa_generate && bits >= can->rsa_bits_min && bits <= can->rsa_bits_max;
}

static bool has_curve(const struct hsm_capabilities *can, enum kv_curve curve)
{
    return (can->ec_curves & HSM_BIT(custody_hsm_curve(curve))) != 0;
}

/* Any curve of the set: the key says which one it is in the end. */
static bool has_curves(const struct hsm_capabilities *can, unsigned curves)
{
    for (enum kv_curve curve = KV_CURVE_NONE + 1; curve < KV_CURVE_COUNT; curve++) {
        if ((curves & 1U << curve) != 0 && has_curve(can, curve)) {
            return true;
        }
    }
    return false;
}

static bool has_aes(const struct hsm_capabilities *can, unsigned bits)
{
    return (bits == 128 && can->aes_128) || (bits == 192 && can->aes_192)
           || (bits == 256 && can->aes_256);
}

bool kv_custody_binds(const struct kv_custody *custody)
{
    return hsm_capabilities(custody->config.hsm)->trusted_wrap;
}

enum kv_code kv_custody_check(struct kv_custody *custody, const struct kv_key_spec *spec,
                              struct kv_err *err)
{
    const struct hsm_capabilities *can = hsm_capabilities(custody->config.hsm);

    switch (spec->family) {
    case KV_FAMILY_RSA:
        if (!has_rsa(can, spec->bits)) {
            return KV_FAIL(err, KV_BAD_PARAMETER, HSM_RV_NO_MECHANISM,
                           "The HSM does not make RSA keys of %u bits.", spec->bits);
        }
        return KV_OK;
    case KV_FAMILY_EC:
        if (!has_curve(can, spec->curve)) {
            return KV_FAIL(err, KV_BAD_PARAMETER, HSM_RV_NO_MECHANISM,
                           "The HSM does not make keys of curve %s.",
                           kv_curve_row(spec->curve)->name);
        }
        return KV_OK;
    case KV_FAMILY_OCT:
        if (!has_aes(can, spec->bits)) {
            return KV_FAIL(err, KV_BAD_PARAMETER, HSM_RV_NO_MECHANISM,
                           "The HSM does not make AES keys of %u bits.", spec->bits);
        }
        return KV_OK;
    }
    return KV_OK;
}

static bool has_bits(const struct hsm_capabilities *can, unsigned bits)
{
    return bits != 0 ? has_aes(can, bits) : can->aes_128 || can->aes_192 || can->aes_256;
}

/* The module's own mechanism, or none. */
static enum kv_way native_if(bool has)
{
    return has ? KV_WAY_NATIVE : KV_WAY_NONE;
}

/* The same, but if it lacks one, padding here plus the raw operation will do. */
static enum kv_way native_else_outside(const struct hsm_capabilities *can, bool has)
{
    return !has && can->rsa_raw ? KV_WAY_OUTSIDE : native_if(has);
}

static enum kv_way way_of_method(const struct hsm_capabilities *can, const struct kv_alg_row *alg)
{
    switch (alg->method) {
    case KV_METHOD_RSA_CRYPT: /* never native: modules leak by timing what was wrong */
        return can->rsa_raw ? KV_WAY_OUTSIDE : KV_WAY_NONE;
    case KV_METHOD_RSA_SIGN:
        return native_else_outside(can, can->rsa_pkcs);
    case KV_METHOD_RSA_PSS:
        return native_else_outside(can, (can->rsa_pss & HSM_BIT(hash_row(alg->hash)->hsm)) != 0);
    case KV_METHOD_ECDSA:
        return native_if(has_curves(can, alg->curves));
    case KV_METHOD_AES_CBC:
        return native_if(can->aes_cbc);
    case KV_METHOD_AES_CBC_PAD:
        return native_if(can->aes_cbc_pad);
    case KV_METHOD_AES_GCM:
        return native_if(can->aes_gcm);
    case KV_METHOD_AES_WRAP:
        return native_if(can->aes_key_wrap);
    case KV_METHOD_AES_WRAP_PAD:
        return native_if(can->aes_key_wrap_pad);
    case KV_METHOD_HMAC:
        return native_if(can->hmac);
    }
    return KV_WAY_NONE;
}

enum kv_way kv_alg_way(const struct hsm_capabilities *can, enum kv_alg alg)
{
    const struct kv_alg_row *row = kv_alg_row(alg);

    if (row->family == KV_FAMILY_OCT && !has_bits(can, row->bits)) {
        return KV_WAY_NONE;
    }
    return way_of_method(can, row);
}
