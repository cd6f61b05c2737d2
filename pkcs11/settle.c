/* SPDX-License-Identifier: Apache-2.0 */
#include "settle.h"

#include "attribute.h"
#include "core.h"
#include "curve.h"
#include "door.h"
#include "object.h"
#include "template.h"

/* What says where a key comes from, and that nobody outside has ever seen it. */
struct origin {
    CK_BBOOL local, always_sensitive, never_extractable;
};

static CK_RV read_origin(struct hsm_session *session, CK_OBJECT_HANDLE key,
                         struct origin *ret_origin)
{
    CK_ATTRIBUTE template[] = {
        HSM_ATTRIBUTE(CKA_LOCAL, ret_origin->local),
        HSM_ATTRIBUTE(CKA_ALWAYS_SENSITIVE, ret_origin->always_sensitive),
        HSM_ATTRIBUTE(CKA_NEVER_EXTRACTABLE, ret_origin->never_extractable),
    };

    *ret_origin = (struct origin){ CK_FALSE, CK_FALSE, CK_FALSE };
    return HSM_CALL(session, C_GetAttributeValue, key, template, KV_COUNT(template));
}

static CK_RV copy_to_token(struct hsm_session *session, CK_OBJECT_HANDLE draft,
                           CK_OBJECT_HANDLE *ret_copy)
{
    CK_BBOOL yes = CK_TRUE;
    CK_ATTRIBUTE template[] = { HSM_ATTRIBUTE(CKA_TOKEN, yes) };

    return HSM_CALL(session, C_CopyObject, draft, template, KV_COUNT(template), ret_copy);
}

static CK_RV generate_sample(struct hsm_session *session, CK_OBJECT_HANDLE *ret_key)
{
    CK_MECHANISM mechanism = { CKM_EC_KEY_PAIR_GEN, NULL, 0 };
    struct hsm_template public = { .count = 0 }, private = { .count = 0 };
    CK_ATTRIBUTE params = hsm_curve_params(HSM_P256);
    CK_OBJECT_HANDLE public_key;

    hsm_template_passing(&public, CKO_PUBLIC_KEY, CKK_EC);
    hsm_template_add(&public, params.type, params.pValue, params.ulValueLen);
    hsm_template_flag(&private, CKA_TOKEN, false);
    hsm_template_flag(&private, CKA_PRIVATE, true);
    hsm_template_flag(&private, CKA_SENSITIVE, true);
    hsm_template_flag(&private, CKA_EXTRACTABLE, false);
    hsm_template_flag(&private, CKA_SIGN, true);
    return HSM_CALL(session, C_GenerateKeyPair, &mechanism, public.items, public.count,
                    private.items, private.count, &public_key, ret_key);
}

static bool is_whole(struct hsm_session *session, CK_OBJECT_HANDLE copy)
{
    struct origin origin;

    return read_origin(session, copy, &origin) == CKR_OK && origin.local && origin.always_sensitive
           && origin.never_extractable;
}

bool hsm_settle_probe(struct hsm_session *session)
{
    CK_OBJECT_HANDLE draft, copy;

    if (generate_sample(session, &draft) != CKR_OK || !is_whole(session, draft)
        || copy_to_token(session, draft, &copy) != CKR_OK) {
        return false;
    }
    bool whole = is_whole(session, copy);

    return HSM_CALL(session, C_DestroyObject, copy) == CKR_OK && whole;
}

/*
 * The draft ends with its session. C_DestroyObject would end it at once, but SoftHSM looks for it
 * without a lock then, among session objects that other threads are making meanwhile.
 */
CK_RV hsm_settle_unlisted(struct hsm_session *session, CK_OBJECT_HANDLE made,
                          CK_OBJECT_HANDLE *ret_key)
{
    *ret_key = made;
    if (!session->hsm->capabilities.settles) {
        return CKR_OK;
    }
    hsm_session_begin_to_make(session);
    CK_RV rv = copy_to_token(session, made, ret_key);
    session->spent = true;
    return rv;
}

CK_RV hsm_settle(struct hsm_session *session, const unsigned char id[HSM_ID_LENGTH],
                 enum hsm_role role, CK_OBJECT_HANDLE made, CK_OBJECT_HANDLE *ret_key)
{
    HSM_TRY(hsm_settle_unlisted(session, made, ret_key));
    CK_RV rv = hsm_map_put(session->hsm->map, id, role, *ret_key);

    if (rv != CKR_OK) {
        hsm_discard(session, *ret_key);
    }
    return rv;
}
