/* SPDX-License-Identifier: Apache-2.0 */
/*
 * trusted.h - the trusted wrapping key: whether the module supports one, making it, finding it.
 *
 * With the user PIN anybody can wrap extractable keys with a key they supply, unless the keys have
 * CKA_WRAP_WITH_TRUSTED; only the SO can set CKA_TRUSTED (PKCS#11 §4.9, §4.10). So hsm_open() makes
 * such a key with the SO's PIN if the token has none, the module was seen to enforce both, and keys
 * are extractable. Nobody can read or change it or decrypt with it, and what it unwraps stays
 * protected (CKA_UNWRAP_TEMPLATE). Existing keys stay as they are.
 */
#pragma once

#include "session.h"

/* Whether the module lets keys that have CKA_WRAP_WITH_TRUSTED be wrapped by a trusted key only, and
 * unwraps by a key's CKA_UNWRAP_TEMPLATE only. Tried on session objects, within a millisecond. */
bool hsm_trusted_probe(struct hsm *hsm);

/*
 * Makes it, if the module and the PIN allow; if not, it is not found afterwards. Logs out and in
 * again, which invalidates every handle, so no other thread may be inside; the verdict is that of
 * the user's login. Refill the map afterwards.
 */
CK_RV hsm_trusted_make(struct hsm *hsm, const char *so_pin, size_t so_pin_len) kv_must_check;

/* Adopts the object if it is complete; always returns HSM_RV_NO_KEY, unless the token fails. */
CK_RV hsm_trusted_notice(struct hsm_session *session, CK_OBJECT_HANDLE object,
                         const unsigned char id[HSM_ID_LENGTH]) kv_must_check;
