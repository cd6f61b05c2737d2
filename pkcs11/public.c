/* SPDX-License-Identifier: Apache-2.0 */
#include "public.h"

#include "attribute.h"
#include "curve.h"
#include "door.h"
#include "lookup.h"
#include "map.h"
#include "number.h"

struct wanted {
    enum hsm_kind kind;
    struct hsm_public *ret_public;
};

static CK_RV read_ec(struct hsm_session *session, CK_OBJECT_HANDLE key, struct hsm_public *public)
{
    HSM_TRY(hsm_read_curve(session, key, &public->curve));
    CK_RV rv = hsm_read_point(session, key, public->curve, &public->ec);
    return rv == CKR_ATTRIBUTE_TYPE_INVALID ? HSM_RV_NO_MECHANISM : rv;
}

static CK_RV read_kind(struct hsm_session *session, CK_OBJECT_HANDLE key, void *context)
{
    const struct wanted *wanted = context;

    switch (wanted->kind) {
    case HSM_RSA:
        return hsm_read_rsa(session, key, &wanted->ret_public->rsa);
    case HSM_EC:
        return read_ec(session, key, wanted->ret_public);
    case HSM_AES:
        break;
    }
    return CKR_ARGUMENTS_BAD;
}

CK_RV hsm_read_rsa(struct hsm_session *session, CK_OBJECT_HANDLE object,
                   struct hsm_rsa_public *ret_public)
{
    unsigned char modulus[HSM_NUMBER_MAX], exponent[HSM_NUMBER_MAX];
    struct hsm_rsa_public public;
    CK_ATTRIBUTE template[] = {
        HSM_ATTRIBUTE(CKA_MODULUS, modulus),
        HSM_ATTRIBUTE(CKA_PUBLIC_EXPONENT, exponent),
    };

    HSM_TRY(HSM_CALL(session, C_GetAttributeValue, object, template, KV_COUNT(template)));
    public.modulus_len =
        hsm_number_copy(modulus, template[0].ulValueLen, public.modulus, sizeof(public.modulus));
    public.exponent_len =
        hsm_number_copy(exponent, template[1].ulValueLen, public.exponent, sizeof(public.exponent));
    if (public.modulus_len == 0 || public.exponent_len == 0) {
        return CKR_PUBLIC_KEY_INVALID;
    }
    *ret_public = public;
    return CKR_OK;
}

CK_RV hsm_read_curve(struct hsm_session *session, CK_OBJECT_HANDLE object,
                     enum hsm_curve *ret_curve)
{
    unsigned char params[32];
    CK_ATTRIBUTE attribute = HSM_ATTRIBUTE(CKA_EC_PARAMS, params);

    HSM_TRY(HSM_CALL(session, C_GetAttributeValue, object, &attribute, 1));
    return hsm_curve_find(params, attribute.ulValueLen, ret_curve) ? CKR_OK
                                                                   : CKR_PUBLIC_KEY_INVALID;
}

CK_RV hsm_read_point(struct hsm_session *session, CK_OBJECT_HANDLE object, enum hsm_curve curve,
                     struct hsm_ec_public *ret_public)
{
    unsigned char point[HSM_POINT_MAX];
    CK_ATTRIBUTE attribute = HSM_ATTRIBUTE(CKA_EC_POINT, point);

    HSM_TRY(HSM_CALL(session, C_GetAttributeValue, object, &attribute, 1));
    return hsm_point_parse(curve, point, attribute.ulValueLen, ret_public);
}

CK_RV hsm_read_public(struct hsm *hsm, const unsigned char id[HSM_ID_LENGTH], enum hsm_kind kind,
                      struct hsm_public *ret_public)
{
    kv_auto(hsm_session_release) struct hsm_session *session = NULL;
    struct hsm_public public;
    struct wanted wanted = { kind, &public };

    HSM_TRY(hsm_session_acquire(hsm, &session));
    HSM_TRY(hsm_use_key(session, id, HSM_KEY, read_kind, &wanted));
    *ret_public = public;
    return CKR_OK;
}

static CK_RV tell_curve(struct hsm_session *session, CK_OBJECT_HANDLE key, void *context)
{
    return hsm_read_curve(session, key, context);
}

CK_RV hsm_key_curve(struct hsm *hsm, const unsigned char id[HSM_ID_LENGTH],
                    enum hsm_curve *ret_curve)
{
    kv_auto(hsm_session_release) struct hsm_session *session = NULL;

    HSM_TRY(hsm_session_acquire(hsm, &session));
    return hsm_use_key(session, id, HSM_KEY, tell_curve, ret_curve);
}
