/* SPDX-License-Identifier: Apache-2.0 */
/*
 * twin.h - AES keys that also do HMAC, on modules that refuse that of an AES key.
 *
 * The twin is a generic secret with the CKA_ID of the AES key, good for CKA_SIGN only. Modules want
 * it no shorter than the hash (SoftHSM: 64 bytes for SHA-512), which no AES key is; but HMAC pads a
 * short key with zeros (RFC 2104 §2), so the value followed by zeros does the same.
 */
#pragma once

#include "session.h"
#include "template.h"

#define HSM_TWIN_LENGTH 64 /* bytes: as SHA-512 wants it, and within the block of every hash */
_Static_assert(HSM_TWIN_LENGTH == HSM_SECRET_MAX, "a secret without an AES key is as long");

/* The objects of one symmetric key. CK_INVALID_HANDLE: none. */
struct hsm_twins {
    CK_OBJECT_HANDLE key, twin;
};

/* Settles both (settle.h); if that fails neither is left. */
CK_RV hsm_keep_twins(struct hsm_session *session, const unsigned char id[HSM_ID_LENGTH],
                     const struct hsm_twins *twins) kv_must_check;
void hsm_discard_twins(struct hsm_session *session, const struct hsm_twins *twins);

/*
 * Makes both inside the token, an AES key of 128, 192 or 256 bits by the template `key` and its
 * twin by `twin`; neither says the length. A module has no way to make one out of the other with
 * zeros behind it. So both are derived from a base key, made for this and gone with the session
 * (which is spent), by encrypting blocks with it: a counter's for the value, and for the zeros the
 * block that encrypts to zeros. That one is found by decrypting them, and is all that is seen.
 */
CK_RV hsm_derive_twins(struct hsm_session *session, CK_ULONG bits, struct hsm_template *key,
                       struct hsm_template *twin, struct hsm_twins *ret_twins) kv_must_check;
