/* SPDX-License-Identifier: Apache-2.0 */
/* held.h - which objects are the wrapping keys, as far as known. Thread-safe. */
#pragma once

#include "hsm.h"

/* The wrapping keys: the loss of the sentinel shows that the token was initialised anew. */
enum hsm_wrapping { HSM_SENTINEL, HSM_TRUSTED };
#define HSM_WRAPPINGS 2

struct hsm_held {
    bool adopted;
    unsigned char id[HSM_ID_LENGTH];
    CK_OBJECT_HANDLE handle; /* its handle when it was last found */
};

/* Its CKA_ID, and its handle when it was last found; false if no such key was adopted. */
bool hsm_held_read(struct hsm *hsm, enum hsm_wrapping which, unsigned char ret_id[HSM_ID_LENGTH],
                   CK_OBJECT_HANDLE *ret_handle);
/* From now on this object is that wrapping key. */
void hsm_hold(struct hsm *hsm, enum hsm_wrapping which, const unsigned char id[HSM_ID_LENGTH],
              CK_OBJECT_HANDLE handle);
bool hsm_has_trusted(struct hsm *hsm);
