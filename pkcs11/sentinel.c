/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The wrapping keys, and the check of the token that they make possible. Serial number and login
 * survive when another process re-initialises a SoftHSM token; these objects do not.
 */
#include "sentinel.h"

#include <string.h>

#include "attribute.h"
#include "bytes.h"
#include "core.h"
#include "door.h"
#include "held.h"
#include "object.h"
#include "settle.h"
#include "slot.h"
#include "template.h"
#include "verdict.h"

static CK_RV find_by_id(struct hsm_session *session, const unsigned char *id,
                        CK_OBJECT_HANDLE *ret_handle)
{
    kv_auto(hsm_handles_done) struct hsm_handles handles = { 0 };
    CK_OBJECT_CLASS class = CKO_SECRET_KEY;
    CK_BBOOL yes = CK_TRUE;
    CK_ATTRIBUTE template[] = {
        HSM_ATTRIBUTE(CKA_CLASS, class),
        HSM_ATTRIBUTE(CKA_TOKEN, yes),
        { CKA_ID, (void *) id, HSM_ID_LENGTH },
    };

    HSM_TRY(hsm_find_objects(session, template, KV_COUNT(template), &handles));
    if (handles.count == 0) {
        return HSM_RV_OTHER_TOKEN;
    }
    *ret_handle = handles.items[0];
    return CKR_OK;
}

/* By the handle it had, which costs the same on a token of any size. */
static CK_RV confirm_handle(struct hsm_session *session, const unsigned char *id,
                            CK_OBJECT_HANDLE handle)
{
    unsigned char found[HSM_ID_LENGTH];
    CK_RV rv = hsm_read_id(session, handle, found);

    if (rv == CKR_OK && hsm_bytes_are_equal(found, id, HSM_ID_LENGTH)) {
        return CKR_OK;
    }
    /* Handles are reassigned at each opening: another object means the same as none. */
    return rv == CKR_OK || rv == HSM_RV_NO_KEY ? CKR_OBJECT_HANDLE_INVALID : rv;
}

static CK_RV look_for(struct hsm_session *session, enum hsm_wrapping which)
{
    unsigned char id[HSM_ID_LENGTH];
    CK_OBJECT_HANDLE handle;

    if (!hsm_held_read(session->hsm, which, id, &handle)) {
        return CKR_OK;
    }
    CK_RV rv = confirm_handle(session, id, handle);
    if (!hsm_rv_is_lost(rv)) {
        return rv;
    }
    HSM_TRY(find_by_id(session, id, &handle));
    hsm_hold(session->hsm, which, id, handle);
    return CKR_OK;
}

/* Another part of the process may have logged out; some modules still show objects then. */
static CK_RV check_login(struct hsm_session *session)
{
    CK_SESSION_INFO info;

    HSM_TRY(HSM_CALL(session, C_GetSessionInfo, &info));
    return info.state == CKS_RW_USER_FUNCTIONS ? CKR_OK : CKR_USER_NOT_LOGGED_IN;
}

CK_RV hsm_create_sentinel(struct hsm *hsm, const unsigned char id[HSM_ID_LENGTH])
{
    kv_auto(hsm_session_release) struct hsm_session *session = NULL;
    CK_MECHANISM mechanism = { CKM_AES_KEY_GEN, NULL, 0 };
    struct hsm_template template = { .count = 0 };
    CK_OBJECT_HANDLE made, key;

    if (!hsm->capabilities.aes_generate) {
        return HSM_RV_NO_MECHANISM;
    }
    hsm_template_wrapping(&template, id, "coffer wrapping key");
    hsm_template_flag(&template, CKA_TOKEN, !hsm->capabilities.settles);
    hsm_template_flag(&template, CKA_PRIVATE, true);
    HSM_TRY(hsm_session_acquire(hsm, &session));
    HSM_TRY(HSM_CALL(session, C_GenerateKey, &mechanism, template.items, template.count, &made));
    return hsm_settle_unlisted(session, made, &key);
}

/* A search reads every object of the token, which the walk at its opening has just done. */
static CK_RV find_sentinel(struct hsm_session *session, const unsigned char *id,
                           CK_OBJECT_HANDLE *ret_handle)
{
    if (hsm_held_recall(session->hsm, HSM_SENTINEL, id, ret_handle)
        && confirm_handle(session, id, *ret_handle) == CKR_OK) {
        return CKR_OK;
    }
    HSM_TRY(hsm_session_renew(session));
    return find_by_id(session, id, ret_handle);
}

CK_RV hsm_adopt_sentinel(struct hsm *hsm, const unsigned char id[HSM_ID_LENGTH])
{
    kv_auto(hsm_session_release) struct hsm_session *session = NULL;
    CK_OBJECT_HANDLE handle;

    HSM_TRY(hsm_session_acquire(hsm, &session));
    HSM_TRY(find_sentinel(session, id, &handle));
    hsm_hold(hsm, HSM_SENTINEL, id, handle);
    return CKR_OK;
}

CK_RV hsm_find_wrapping_key(struct hsm_session *session, enum hsm_wrapping which,
                            CK_OBJECT_HANDLE *ret_key)
{
    unsigned char id[HSM_ID_LENGTH];

    HSM_TRY(look_for(session, which));
    return hsm_held_read(session->hsm, which, id, ret_key) ? CKR_OK : HSM_RV_OTHER_TOKEN;
}

CK_RV hsm_look(struct hsm_session *session)
{
    struct hsm *hsm = session->hsm;
    CK_TOKEN_INFO info;

    HSM_TRY(HSM_DOOR(&hsm->module, C_GetTokenInfo, hsm->slot, &info));
    if (!hsm_label_matches(&info, hsm->label)) {
        return HSM_RV_OTHER_TOKEN;
    }
    HSM_TRY(check_login(session));
    return look_for(session, HSM_SENTINEL);
}

CK_RV hsm_judge(struct hsm_session *session, CK_RV rv, CK_RV bad_input)
{
    switch (rv) {
    case CKR_GENERAL_ERROR:
    case CKR_FUNCTION_FAILED:
        break;
    case CKR_ARGUMENTS_BAD: /* NSS, of a number that is not below the modulus */
        return bad_input;
    default:
        return rv;
    }
    HSM_TRY(hsm_session_renew(session));
    HSM_TRY(hsm_look(session));
    return bad_input;
}
