/* SPDX-License-Identifier: Apache-2.0 */
/* Objects on the token: find, read, discard. */
#include "object.h"

#include <stdlib.h>

#include "door.h"

#define FIND_BATCH 256

static CK_RV reserve_batch(struct hsm_handles *handles)
{
    CK_OBJECT_HANDLE *items =
        reallocarray(handles->items, handles->count + FIND_BATCH, sizeof(*items));

    if (!items) {
        return CKR_HOST_MEMORY;
    }
    handles->items = items;
    return CKR_OK;
}

static CK_RV collect_handles(struct hsm_session *session, struct hsm_handles *handles)
{
    CK_ULONG found = 0;

    do {
        HSM_TRY(reserve_batch(handles));
        CK_OBJECT_HANDLE *free_items = handles->items + handles->count;
        HSM_TRY(HSM_CALL(session, C_FindObjects, free_items, FIND_BATCH, &found));
        if (found > FIND_BATCH) {
            return CKR_GENERAL_ERROR; /* more than there was room for */
        }
        handles->count += found;
    } while (found > 0);
    return CKR_OK;
}

void hsm_handles_done(struct hsm_handles *handles)
{
    free(handles->items);
}

CK_RV hsm_find_objects(struct hsm_session *session, CK_ATTRIBUTE *template, CK_ULONG count,
                       struct hsm_handles *ret_handles)
{
    kv_auto(hsm_handles_done) struct hsm_handles handles = { 0 };

    HSM_TRY(HSM_CALL(session, C_FindObjectsInit, template, count));
    CK_RV rv = collect_handles(session, &handles);
    session->spent |= rv != CKR_OK; /* the search is still active, also when memory was short */
    HSM_TRY(rv);
    HSM_TRY(HSM_CALL(session, C_FindObjectsFinal));
    *ret_handles = handles;
    handles.items = NULL;
    return CKR_OK;
}

CK_RV hsm_read_id(struct hsm_session *session, CK_OBJECT_HANDLE object,
                  unsigned char ret_id[HSM_ID_LENGTH])
{
    CK_ATTRIBUTE attribute = { CKA_ID, ret_id, HSM_ID_LENGTH };
    CK_RV rv = HSM_CALL(session, C_GetAttributeValue, object, &attribute, 1);

    switch (rv) {
    case CKR_BUFFER_TOO_SMALL:
    case CKR_ATTRIBUTE_TYPE_INVALID:
    case CKR_ATTRIBUTE_VALUE_INVALID: /* SoftHSM, for an object without a class */
        return HSM_RV_NO_KEY;
    default:
        break;
    }
    HSM_TRY(rv);
    return attribute.ulValueLen == HSM_ID_LENGTH ? CKR_OK : HSM_RV_NO_KEY;
}

void hsm_discard(struct hsm_session *session, CK_OBJECT_HANDLE object)
{
    if (hsm_session_renew(session) == CKR_OK) {
        (void) HSM_CALL(session, C_DestroyObject, object);
    }
}
