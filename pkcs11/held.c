/* SPDX-License-Identifier: Apache-2.0 */
/* Which objects are the wrapping keys, as far as known. */
#include "held.h"

#include <string.h>

#include "bytes.h"
#include "core.h"

bool hsm_held_read(struct hsm *hsm, enum hsm_wrapping which, unsigned char ret_id[HSM_ID_LENGTH],
                   CK_OBJECT_HANDLE *ret_handle)
{
    const struct hsm_held *held = &hsm->held[which];

    pthread_mutex_lock(&hsm->held_lock);
    bool adopted = held->adopted;
    memcpy(ret_id, held->id, HSM_ID_LENGTH);
    *ret_handle = held->handle;
    pthread_mutex_unlock(&hsm->held_lock);
    return adopted;
}

void hsm_hold(struct hsm *hsm, enum hsm_wrapping which, const unsigned char id[HSM_ID_LENGTH],
              CK_OBJECT_HANDLE handle)
{
    struct hsm_held *held = &hsm->held[which];

    pthread_mutex_lock(&hsm->held_lock);
    held->adopted = true;
    memcpy(held->id, id, HSM_ID_LENGTH);
    held->handle = handle;
    pthread_mutex_unlock(&hsm->held_lock);
}

void hsm_held_notice(struct hsm *hsm, enum hsm_wrapping which,
                     const unsigned char id[HSM_ID_LENGTH], CK_OBJECT_HANDLE handle)
{
    struct hsm_held *held = &hsm->held[which];

    pthread_mutex_lock(&hsm->held_lock);
    if (!held->adopted) {
        memcpy(held->id, id, HSM_ID_LENGTH);
        held->handle = handle;
    }
    pthread_mutex_unlock(&hsm->held_lock);
}

bool hsm_held_recall(struct hsm *hsm, enum hsm_wrapping which,
                     const unsigned char id[HSM_ID_LENGTH], CK_OBJECT_HANDLE *ret_handle)
{
    const struct hsm_held *held = &hsm->held[which];

    pthread_mutex_lock(&hsm->held_lock);
    bool known =
        held->handle != CK_INVALID_HANDLE && hsm_bytes_are_equal(held->id, id, HSM_ID_LENGTH);
    *ret_handle = held->handle;
    pthread_mutex_unlock(&hsm->held_lock);
    return known;
}

bool hsm_has_trusted(struct hsm *hsm)
{
    unsigned char id[HSM_ID_LENGTH];
    CK_OBJECT_HANDLE handle;

    return hsm_held_read(hsm, HSM_TRUSTED, id, &handle);
}
