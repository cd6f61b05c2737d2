/* SPDX-License-Identifier: Apache-2.0 */
/* oaep.h - CKM_RSA_PKCS_OAEP with the same hash in MGF1 and no label. */
#pragma once

#include "session.h"

/* A mechanism with its parameters; points into itself, not to be copied. */
struct hsm_oaep {
    CK_RSA_PKCS_OAEP_PARAMS params;
    CK_MECHANISM mechanism;
};
void hsm_oaep_init(struct hsm_oaep *oaep, enum hsm_hash hash);

/* CKM_RSA_PKCS_PSS with one hash, and a salt of its length. */
struct hsm_pss {
    CK_RSA_PKCS_PSS_PARAMS params;
    CK_MECHANISM mechanism;
};
void hsm_pss_init(struct hsm_pss *pss, enum hsm_hash hash);

/* A public key as a session object that wraps. */
CK_RV hsm_oaep_target(struct hsm_session *session, const struct hsm_rsa_public *public,
                      CK_OBJECT_HANDLE *ret_target) kv_must_check;
