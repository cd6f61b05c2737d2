/* SPDX-License-Identifier: Apache-2.0 */
/* sentinel.h - checking the token, and what that says about a verdict; the wrapping keys. */
#pragma once

#include "held.h"
#include "session.h"

/* Whether the token answers, has our label and holds the sentinel, if one was adopted. */
CK_RV hsm_look(struct hsm_session *session) kv_must_check;

/*
 * The verdict on an operation with the caller's bytes that returned `rv`: modules answer bad ones
 * with a general error, so then the token is checked, and `bad_input` returned if it is healthy; or
 * they speak of bad arguments, of which the caller's are the only ones that were not in order.
 */
CK_RV hsm_judge(struct hsm_session *session, CK_RV rv, CK_RV bad_input) kv_must_check;

/* The handle of a wrapping key; HSM_RV_OTHER_TOKEN if there is none. */
CK_RV hsm_find_wrapping_key(struct hsm_session *session, enum hsm_wrapping which,
                            CK_OBJECT_HANDLE *ret_key) kv_must_check;
