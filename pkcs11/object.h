/* SPDX-License-Identifier: Apache-2.0 */
/* object.h - objects on the token: finding, reading, discarding them. */
#pragma once

#include "session.h"

/* Handles of all objects that match; free with hsm_handles_done(). */
struct hsm_handles {
    CK_OBJECT_HANDLE *items;
    size_t count;
};
void hsm_handles_done(struct hsm_handles *handles);
KV_DEFINE_CLEANUP_VALUE(struct hsm_handles, hsm_handles_done)
CK_RV hsm_find_objects(struct hsm_session *session, CK_ATTRIBUTE *template, CK_ULONG count,
                       struct hsm_handles *ret_handles) kv_must_check;

/* HSM_RV_NO_KEY for an object that is there and has no CKA_ID of our length. */
CK_RV hsm_read_id(struct hsm_session *session, CK_OBJECT_HANDLE object,
                  unsigned char ret_id[HSM_ID_LENGTH]) kv_must_check;

/* Discards what a call made before it failed: destroyed, if the token allows it. */
void hsm_discard(struct hsm_session *session, CK_OBJECT_HANDLE object);
