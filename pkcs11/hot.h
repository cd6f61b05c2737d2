/* SPDX-License-Identifier: Apache-2.0 */
/* hot.h - using keys that are in constant use. */
#pragma once

#include "lookup.h"
#include "map.h"

/*
 * hsm_use_key() for operations that a client may request many times a second. The work of a key in
 * constant use is done by a copy, which is a session object (§10.1 of the base: C_CopyObject): just
 * as private, sensitive and unextractable, but not looked up in the token's files at each use. The
 * key itself is used every HSM_COPY_TRUST ms, so that its loss is noticed within that time. Where
 * the module takes long for one use, that is so many times what the last ones took, within bounds:
 * nobody could use a key of such a module more often than that.
 */
#define HSM_COPY_TRUST 20 /* ms that a copy is trusted after a successful use of the key itself */
#define HSM_COPY_TIMES 4  /* what a use takes */
#define HSM_COPY_MOST 250 /* ms */
#define HSM_COPY_AFTER 64 /* uses, each within that time of the one before */
CK_RV hsm_use_hot_key(struct hsm_session *session, const unsigned char id[HSM_ID_LENGTH],
                      enum hsm_role role, hsm_use_fn *use, void *context) kv_must_check;

/* How many ms a copy of that key is trusted. */
int64_t hsm_copy_trust(const struct hsm_place *place);
