/* SPDX-License-Identifier: Apache-2.0 */
/* public.h - the public half of a key as read from objects. */
#pragma once

#include "session.h"

/* From an object of either class. CKR_PUBLIC_KEY_INVALID for anything that cannot be a key. */
CK_RV hsm_read_rsa(struct hsm_session *session, CK_OBJECT_HANDLE object,
                   struct hsm_rsa_public *ret_public) kv_must_check;
CK_RV hsm_read_point(struct hsm_session *session, CK_OBJECT_HANDLE object, enum hsm_curve curve,
                     struct hsm_ec_public *ret_public) kv_must_check;
/* The curve of either half. */
CK_RV hsm_read_curve(struct hsm_session *session, CK_OBJECT_HANDLE object,
                     enum hsm_curve *ret_curve) kv_must_check;
