/* SPDX-License-Identifier: Apache-2.0 */
/*
 * copies.h - copies of keys on the token, as session objects. Each has its own session, and ends
 * with it; one in use ends with its last use.
 */
#pragma once

#include <pthread.h>

#include "map.h"

#define HSM_COPIES_MAX 64

/* The oldest first from `next` on. */
struct hsm_copies {
    pthread_mutex_t turn; /* lock.def: hsm.turn; its holder makes copies, or ends them */
    bool refused;         /* guarded by turn: this module does not copy keys */
    unsigned next;        /* guarded by turn */

    pthread_mutex_t lock; /* lock.def: hsm.copies; guards the items */
    struct hsm_copy {
        unsigned char id[HSM_ID_LENGTH];
        enum hsm_role role;
        CK_SESSION_HANDLE session;
        CK_OBJECT_HANDLE handle; /* CK_INVALID_HANDLE: a free place */
        unsigned users;
        bool ended; /* ends with its last use */
    } items[HSM_COPIES_MAX];
};

/* Takes a use of the copy with that handle, which keeps it alive; NULL if it has ended. */
struct hsm_copy *hsm_copy_acquire(struct hsm_copies *copies, CK_OBJECT_HANDLE handle);
void hsm_copy_release(struct hsm *hsm, struct hsm_copy *copy);

/* Makes a copy of the key, if that is possible now and without waiting. */
void hsm_copy_make(struct hsm *hsm, const unsigned char id[HSM_ID_LENGTH], enum hsm_role role,
                   CK_OBJECT_HANDLE key);
/* The key's entry no longer names that copy. */
void hsm_copy_forget(struct hsm *hsm, const unsigned char id[HSM_ID_LENGTH], enum hsm_role role,
                     CK_OBJECT_HANDLE copy);

/* Ends the copies of a key, or, without an id, all. Called before keys are destroyed: no new ones
 * are made meanwhile. A copy in use lives until that use is over. */
void hsm_copies_end(struct hsm *hsm, const unsigned char id[HSM_ID_LENGTH]);
bool hsm_is_copy(struct hsm *hsm, CK_OBJECT_HANDLE object);
