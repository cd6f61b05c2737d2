/* SPDX-License-Identifier: Apache-2.0 */
/* What this token can do of what the tables name: asked of the probe, before anything is tried. */
#include "private.h"

static bool has_rsa(const struct hsm_capabilities *can, unsigned bits)
{
    return can->rsa_generate && bits >= can->rsa_bits_min && bits <= can->rsa_bits_max;
}

static bool has_curve(const struct hsm_capabilities *can, enum kv_curve curve)
{
    return (can->ec_curves & HSM_BIT(custody_hsm_curve(curve))) != 0;
}

static bool has_aes(const struct hsm_capabilities *can, unsigned bits)
{
    return (bits == 128 && can->aes_128) || (bits == 192 && can->aes_192)
           || (bits == 256 && can->aes_256);
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
