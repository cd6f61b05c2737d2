/* SPDX-License-Identifier: Apache-2.0 */
/*
 * copies.h - copies of keys on the token, as session objects. Each has a session of its own, and ends
 * with it; one that is in use ends with its last use.
 */
#pragma once

#include "internal.h"

/* A use of the copy with that handle, which lives as long; NULL when it has ended. */
struct hsm_copy *hsm_copy_acquire(struct hsm_copies *copies, CK_OBJECT_HANDLE handle);
void hsm_copy_release(struct hsm *hsm, struct hsm_copy *copy);

/* Makes one of the key, if that can be done now and without waiting for anybody. */
void hsm_copy_make(struct hsm *hsm, const unsigned char id[HSM_ID_LENGTH], enum hsm_role role,
                   CK_OBJECT_HANDLE key);
/* The place of the key does not name that copy any more. */
void hsm_copy_forget(struct hsm *hsm, const unsigned char id[HSM_ID_LENGTH], enum hsm_role role,
                     CK_OBJECT_HANDLE copy);

/* Ends the copies of a key, or, without an id, all. Whoever destroys keys does so before: no new
 * ones are made meanwhile. One that is in use lives until that is over. */
void hsm_copies_end(struct hsm *hsm, const unsigned char id[HSM_ID_LENGTH]);
bool hsm_is_copy(struct hsm *hsm, CK_OBJECT_HANDLE object);
