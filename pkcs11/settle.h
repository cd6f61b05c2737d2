/* SPDX-License-Identifier: Apache-2.0 */
/*
 * settle.h - how a new key gets onto the token: made in a session, as a draft, and copied from there.
 *
 * SoftHSM writes a token object that it generates attribute by attribute, 33 times to the disk, but a
 * copy in one go. So where copies are worth as much as what they are copies of, templates of keys say
 * CKA_TOKEN false (template.c), and whoever made a key has it settled before anybody is told of it.
 * A draft that is left over by a kill or a failure ends with its session.
 */
#pragma once

#include "map.h"
#include "session.h"

/*
 * Whether a copy on the token of a key that was generated in a session has CKA_LOCAL,
 * CKA_ALWAYS_SENSITIVE and CKA_NEVER_EXTRACTABLE as that has them (PKCS#11 v2.40 base §4.9, §5.7).
 * Tried with an EC key, and a copy without a CKA_ID, which a kill would leave as a stray.
 */
bool hsm_settle_probe(struct hsm_session *session);

/* Puts what was made by such a template on the token, unless it is there. *ret_key is where it is now. */
CK_RV hsm_settle_unlisted(struct hsm_session *session, CK_OBJECT_HANDLE made,
                          CK_OBJECT_HANDLE *ret_key) kv_must_check;

/* The same, and enters it into the map.
 * *ret_key is where it is now. If that fails nothing of it is left on the token. */
CK_RV hsm_settle(struct hsm_session *session, const unsigned char id[HSM_ID_LENGTH],
                 enum hsm_role role, CK_OBJECT_HANDLE made,
                 CK_OBJECT_HANDLE *ret_key) kv_must_check;
