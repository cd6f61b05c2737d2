/* SPDX-License-Identifier: Apache-2.0 */
/* wrap.h - wrapping keys of a vault by another key, by AES key wrap with padding, in the token. */
#pragma once

#include "session.h"

/* CKR_KEY_UNEXTRACTABLE when the key may not leave, which modules say in different ways. */
CK_RV hsm_wrap_key(struct hsm_session *session, CK_OBJECT_HANDLE wrapping, CK_OBJECT_HANDLE key,
                   unsigned char *out, size_t size, size_t *ret_len) kv_must_check;

/* The bytes of a wrapped key, and what it should be. All borrowed. */
struct hsm_parcel {
    const unsigned char *id;
    enum hsm_bond bond;
    enum hsm_kind kind;
    const unsigned char *in;
    size_t len;
};

/* Puts the key on the token as a vault's key, verified to be what `kind` says;
 * CKR_WRAPPED_KEY_INVALID if the bytes are not that. */
CK_RV hsm_unwrap_key(struct hsm_session *session, CK_OBJECT_HANDLE unwrapping,
                     const struct hsm_parcel *parcel, CK_OBJECT_HANDLE *ret_key) kv_must_check;
CK_RV hsm_unwrap_twin(struct hsm_session *session, CK_OBJECT_HANDLE unwrapping,
                      const struct hsm_parcel *parcel, CK_OBJECT_HANDLE *ret_twin) kv_must_check;
