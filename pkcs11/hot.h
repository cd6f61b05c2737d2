/* SPDX-License-Identifier: Apache-2.0 */
/* hot.h - the use of keys that are used all the time. */
#pragma once

#include "lookup.h"

/*
 * hsm_use_key() for what a client may ask for many times a second. The work of a key that is used all
 * the time is done by a copy, which is a session object (§10.1 of the base: C_CopyObject): as
 * private, as sensitive and as little extractable, and not looked up in the token's files at each
 * use. The key itself works every HSM_COPY_TRUST ms, so one that is gone is missed as soon.
 */
#define HSM_COPY_TRUST 20 /* ms that a copy is believed in after the key was good for a use */
#define HSM_COPY_AFTER 64 /* uses, none longer than that after the one before */
CK_RV hsm_use_hot_key(struct hsm_session *session, const unsigned char id[HSM_ID_LENGTH],
                      enum hsm_role role, hsm_use_fn *use, void *context) kv_must_check;
