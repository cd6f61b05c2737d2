/* SPDX-License-Identifier: Apache-2.0 */
/*
 * trusted.h - the trusted wrapping key: whether the module is worth one, made, noticed.
 *
 * With the user PIN anybody can wrap extractable keys under a key of his own, unless they have
 * CKA_WRAP_WITH_TRUSTED; CKA_TRUSTED is the SO's to give (PKCS#11 §4.9, §4.10). So hsm_open() makes
 * such a key with the SO's PIN where the token has none, the module was seen to keep to both, and
 * keys are extractable. Nobody can read, change or decrypt with it, and what it unwraps stays
 * protected (CKA_UNWRAP_TEMPLATE). Keys that were made before stay as they are.
 */
#pragma once

#include "session.h"

/* Whether the module lets keys that have CKA_WRAP_WITH_TRUSTED be wrapped by a trusted key only, and
 * unwraps by a key's CKA_UNWRAP_TEMPLATE only. Tried on session objects, within a millisecond. */
bool hsm_trusted_probe(struct hsm *hsm);

/*
 * Makes it, as far as the module and the PIN let us: one that is not made is not found afterwards.
 * Logs out and in again, which ends every handle, so nobody else may be inside; the verdict is that
 * of the user's login. Fill the map then.
 */
CK_RV hsm_trusted_make(struct hsm *hsm, const char *so_pin, size_t so_pin_len) kv_must_check;

/* Adopts the object if it is a whole one; always HSM_RV_NO_KEY, unless the token cannot tell. */
CK_RV hsm_trusted_notice(struct hsm_session *session, CK_OBJECT_HANDLE object,
                         const unsigned char id[HSM_ID_LENGTH]) kv_must_check;
