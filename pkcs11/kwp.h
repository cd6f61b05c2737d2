/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kwp.h - AES key wrap with padding (RFC 5649), which has two mechanism numbers.
 * CKM_AES_KEY_WRAP_PAD means it in SoftHSM, and RFC 3394 with another padding in NSS; since PKCS#11
 * v3.0 a new number means it. And SoftHSM pads a value with zeros to whole semiblocks before it
 * wraps it, so that they are still there when it is unwrapped: harmless for a PKCS#8, which says
 * where it ends, but not for a bare value.
 */
#pragma once

#include "hsm.h"

struct hsm_session;

#define HSM_SEMIBLOCK 8 /* bytes; a wrapped value is longer by one, and made of them */

/* CKM_AES_KEY_WRAP_PAD as this module has it. */
struct hsm_kwp {
    CK_MECHANISM_TYPE type;
    bool is_believed; /* it was seen to work, or could not be tried */
    bool pads;        /* values that are not whole semiblocks */
    bool encrypts;    /* key wrap is also a mode of encryption, so that values need be no keys */
};

/* The mechanism under the number this module has it by. */
CK_MECHANISM hsm_kwp_mechanism(const struct hsm *hsm);

/* Finds that number, and whether the module pads correctly. */
void hsm_kwp_probe(struct hsm_session *session);

/* Wraps a value using the AES key as a block cipher, for modules that do not pad correctly. */
CK_RV hsm_kwp_by_blocks(struct hsm_session *session, CK_OBJECT_HANDLE key, const unsigned char *in,
                        size_t len, unsigned char *out, size_t size, size_t *ret_len) kv_must_check;
