/* SPDX-License-Identifier: Apache-2.0 */
/* lookup.h - from a CKA_ID to the objects that have it. */
#pragma once

#include "map.h"
#include "session.h"

/* Refills the map with the keys of the token. */
CK_RV hsm_fill_map(struct hsm_session *session) kv_must_check;

/*
 * Calls `use` with the handle of the key. If the handle turns out to be stale, the key is looked up
 * on the token once; HSM_RV_NO_KEY if the key is not there, another verdict if the token is not.
 */
typedef CK_RV hsm_use_fn(struct hsm_session *session, CK_OBJECT_HANDLE key, void *context);
CK_RV hsm_use_key(struct hsm_session *session, const unsigned char id[HSM_ID_LENGTH],
                  enum hsm_role role, hsm_use_fn *use, void *context) kv_must_check;
