/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the module can do, found by doing it on session objects, since mechanism lists promise more
 * than modules keep: SoftHSM lists OAEP and takes it with SHA-1 only. Two things are not tried. The
 * generation of RSA keys would take a hundred times as long as all the rest. And a token that takes
 * no imported private key leaves none to try: then the mechanism list is believed, but for OAEP, of
 * which it does not tell the hash.
 */
#include "probe.h"

#include "curve.h"
#include "door.h"
#include "kwp.h"
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

bool hsm_probe_promise(struct hsm *hsm, CK_MECHANISM_TYPE type, CK_FLAGS flag,
                       CK_MECHANISM_INFO *ret_info)
{
    return HSM_DOOR(&hsm->module, C_GetMechanismInfo, hsm->slot, type, ret_info) == CKR_OK
           && (ret_info->flags & flag) != 0;
}

bool hsm_probe_sign(struct hsm_session *session, CK_OBJECT_HANDLE key, CK_MECHANISM *mechanism,
                    CK_ULONG len, CK_ULONG signature_len)
{
    unsigned char bytes[64] = { 1 }, signature[HSM_MODULUS_MAX];
    CK_ULONG found_len = sizeof(signature);

    return HSM_CALL(session, C_SignInit, mechanism, key) == CKR_OK
           && HSM_CALL(session, C_Sign, bytes, len, signature, &found_len) == CKR_OK
           && found_len == signature_len;
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

CK_RV hsm_probe(struct hsm *hsm)
{
    kv_auto(hsm_session_release) struct hsm_session *session = NULL;
    struct hsm_capabilities *can = &hsm->capabilities;

    HSM_TRY(hsm_session_acquire(hsm, &session));
    hsm_kwp_probe(session);
    hsm_probe_rsa(session, can);
    hsm_probe_ec(session, can);
    hsm_probe_aes(session, can);
    can->rsa_aes_key_wrap = can->aes_key_wrap_pad && (can->rsa_oaep & HSM_BIT(HSM_SHA1)) != 0;
    can->rsa_oaep_sha256 = (can->rsa_oaep & HSM_BIT(HSM_SHA256)) != 0;
    can->hmac = can->hmac_native || can->hmac_twin;
    can->backup = can->aes_key_wrap_pad && hsm->extractable;
    session->spent = true; /* closing it destroys the session objects */
    return CKR_OK;
}
