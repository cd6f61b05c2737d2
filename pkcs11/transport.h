/* SPDX-License-Identifier: Apache-2.0 */
/*
 * transport.h - session AES keys that are exchanged by OAEP with an RSA key: to carry other keys,
 * or for an attested environment.
 */
#pragma once

#include "session.h"

struct hsm_template;

/* The template of such a key that goes out: it can be wrapped, and wraps. */
void hsm_transport_describe(struct hsm_template *template);

/* Makes one of 256 bits. */
CK_RV hsm_transport_generate(struct hsm_session *session,
                             CK_OBJECT_HANDLE *ret_transport) kv_must_check;

/* Encrypts it to an RSA key; `size` is the room in `out`. */
CK_RV hsm_transport_seal(struct hsm_session *session, CK_OBJECT_HANDLE transport,
                         const struct hsm_rsa_public *target, enum hsm_hash hash,
                         unsigned char *out, size_t size, size_t *ret_len) kv_must_check;

/* Imports one that was encrypted to `kek`, a key of the token. `use`: CKA_UNWRAP for one that
 * stays, or CKA_WRAP for one that goes out again. CKR_WRAPPED_KEY_INVALID if it is not such a
 * key. */
CK_RV hsm_transport_open(struct hsm_session *session, CK_OBJECT_HANDLE kek, enum hsm_hash hash,
                         CK_ATTRIBUTE_TYPE use, const unsigned char *in, size_t len,
                         CK_OBJECT_HANDLE *ret_transport) kv_must_check;
