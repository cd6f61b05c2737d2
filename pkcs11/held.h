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
/* Remembers where it may be, until one is adopted: what adopts it need not search the token then. */
void hsm_held_notice(struct hsm *hsm, enum hsm_wrapping which,
                     const unsigned char id[HSM_ID_LENGTH], CK_OBJECT_HANDLE handle);
/* The handle that was noticed last, if it was noticed with that CKA_ID. */
bool hsm_held_recall(struct hsm *hsm, enum hsm_wrapping which,
                     const unsigned char id[HSM_ID_LENGTH], CK_OBJECT_HANDLE *ret_handle);
bool hsm_has_trusted(struct hsm *hsm);
