/* SPDX-License-Identifier: Apache-2.0 */
/* The probe of elliptic curves. */
#include "probe_parts.h"

#include "curve.h"
#include "door.h"
#include "template.h"

static bool can_sign_with(struct hsm_session *session, enum hsm_curve curve)
{
    CK_MECHANISM generate = { CKM_EC_KEY_PAIR_GEN, NULL, 0 }, sign = { CKM_ECDSA, NULL, 0 };
    struct hsm_template public = { .count = 0 }, private = { .count = 0 };
    CK_ATTRIBUTE params = hsm_curve_params(curve);
    CK_OBJECT_HANDLE public_key, private_key;

    hsm_template_passing(&public, CKO_PUBLIC_KEY, CKK_EC);
    hsm_template_add(&public, params.type, params.pValue, params.ulValueLen);
    hsm_template_passing(&private, CKO_PRIVATE_KEY, CKK_EC);
    hsm_template_flag(&private, CKA_SIGN, true);
    return HSM_CALL(session, C_GenerateKeyPair, &generate, public.items, public.count,
                    private.items, private.count, &public_key, &private_key)
               == CKR_OK
           && hsm_probe_sign(session, private_key, &sign, 32, 2 * hsm_curve_width(curve));
}

void hsm_probe_ec(struct hsm_session *session, struct hsm_capabilities *can)
{
    static const enum hsm_curve curves[] = { HSM_P256, HSM_P256K, HSM_P384, HSM_P521 };

    for (size_t i = 0; i < KV_COUNT(curves); i++) {
        if (can_sign_with(session, curves[i])) {
            can->ec_curves |= HSM_BIT(curves[i]);
        }
    }
}
