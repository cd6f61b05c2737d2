/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of the probe have in common. */
#include "probe_parts.h"

#include "door.h"

bool hsm_probe_sign(struct hsm_session *session, CK_OBJECT_HANDLE key, CK_MECHANISM *mechanism,
                    CK_ULONG len, CK_ULONG signature_len)
{
    unsigned char bytes[64] = { 1 }, signature[HSM_MODULUS_MAX];
    CK_ULONG found_len = sizeof(signature);

    return HSM_CALL(session, C_SignInit, mechanism, key) == CKR_OK
           && HSM_CALL(session, C_Sign, bytes, len, signature, &found_len) == CKR_OK
           && found_len == signature_len;
}
