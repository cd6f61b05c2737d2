/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Copies of keys that are in use all the time. Nobody ever waits for one: while somebody else is
 * copying, or objects of the token are being destroyed, the key itself does the work.
 */
#include "copies.h"

#include <string.h>

#include "attribute.h"
#include "bytes.h"
#include "core.h"
#include "door.h"
#include "map.h"
#include "verdict.h"

struct adoption {
    CK_OBJECT_HANDLE key, copy;
    bool taken;
};

static void adopt(struct hsm_place *place, void *context)
{
    struct adoption *adoption = context;

    adoption->taken = place->key == adoption->key && place->copy == CK_INVALID_HANDLE;
    if (adoption->taken) {
        place->copy = adoption->copy;
    }
}

static void abandon(struct hsm_place *place, void *context)
{
    const CK_OBJECT_HANDLE *copy = context;

    if (place->copy == *copy) {
        place->copy = CK_INVALID_HANDLE;
    }
}

void hsm_copy_forget(struct hsm *hsm, const unsigned char id[HSM_ID_LENGTH], enum hsm_role role,
                     CK_OBJECT_HANDLE copy)
{
    (void) hsm_map_visit(hsm->map, id, role, abandon, &copy);
}

struct hsm_copy *hsm_copy_acquire(struct hsm_copies *copies, CK_OBJECT_HANDLE handle)
{
    struct hsm_copy *found = NULL;

    pthread_mutex_lock(&copies->lock);
    for (size_t i = 0; i < HSM_COPIES_MAX && !found; i++) {
        if (copies->items[i].handle == handle && !copies->items[i].ended) {
            found = &copies->items[i];
            found->users++;
        }
    }
    pthread_mutex_unlock(&copies->lock);
    return found;
}

/*
 * Ends the session of a copy, and with it the copy; one in use ends with its last use, because
 * SoftHSM crashes if a key disappears while an operation begins. Not by C_DestroyObject, before
 * which SoftHSM looks through all session objects without a lock.
 */
static void end_if_unused(struct hsm *hsm, struct hsm_copy *copy)
{
    CK_SESSION_HANDLE session = CK_INVALID_HANDLE;

    pthread_mutex_lock(&hsm->copies.lock);
    if (copy->ended && copy->users == 0) {
        session = copy->session;
        *copy = (struct hsm_copy){ .handle = CK_INVALID_HANDLE };
    }
    pthread_mutex_unlock(&hsm->copies.lock);
    if (session != CK_INVALID_HANDLE) {
        HSM_CLOSE(&hsm->module, session, C_CloseSession, session);
    }
}

void hsm_copy_release(struct hsm *hsm, struct hsm_copy *copy)
{
    pthread_mutex_lock(&hsm->copies.lock);
    copy->users--;
    pthread_mutex_unlock(&hsm->copies.lock);
    end_if_unused(hsm, copy);
}

/* It gets no new users from now on. */
static void end(struct hsm *hsm, struct hsm_copy *copy)
{
    pthread_mutex_lock(&hsm->copies.lock);
    struct hsm_copy ending = *copy;
    copy->ended = ending.handle != CK_INVALID_HANDLE;
    pthread_mutex_unlock(&hsm->copies.lock);
    if (ending.handle != CK_INVALID_HANDLE) {
        hsm_copy_forget(hsm, ending.id, ending.role, ending.handle);
        end_if_unused(hsm, copy);
    }
}

static bool is_free(struct hsm_copies *copies, const struct hsm_copy *copy)
{
    pthread_mutex_lock(&copies->lock);
    bool free_now = copy->handle == CK_INVALID_HANDLE;
    pthread_mutex_unlock(&copies->lock);
    return free_now;
}

static CK_RV make(struct hsm *hsm, const unsigned char *id, CK_OBJECT_HANDLE key,
                  CK_SESSION_HANDLE *ret_session, CK_OBJECT_HANDLE *ret_copy)
{
    struct hsm_session session = { .hsm = hsm, .module = &hsm->module, .key = id };
    CK_BBOOL no = CK_FALSE;
    CK_ATTRIBUTE template[] = { HSM_ATTRIBUTE(CKA_TOKEN, no) };

    HSM_TRY(HSM_DOOR(&hsm->module, C_OpenSession, hsm->slot, CKF_SERIAL_SESSION, NULL, NULL,
                     &session.handle));
    CK_RV rv = HSM_CALL(&session, C_CopyObject, key, template, KV_COUNT(template), ret_copy);
    if (rv != CKR_OK) {
        HSM_CLOSE(&hsm->module, session.handle, C_CloseSession, session.handle);
        return rv;
    }
    *ret_session = session.handle;
    return CKR_OK;
}

/* Replaces the oldest copy, unless that is still in its last use. */
static void copy_key(struct hsm *hsm, const unsigned char *id, enum hsm_role role,
                     CK_OBJECT_HANDLE key)
{
    struct hsm_copies *copies = &hsm->copies;
    struct hsm_copy *copy = &copies->items[copies->next];
    struct adoption adoption = { .key = key };
    CK_SESSION_HANDLE session;

    end(hsm, copy);
    if (!is_free(copies, copy)) {
        return;
    }
    CK_RV rv = make(hsm, id, key, &session, &adoption.copy);
    if (rv != CKR_OK) {
        copies->refused = !hsm_rv_is_lost(rv) && !hsm_rv_wants_check(rv);
        return;
    }
    struct hsm_copy made = { .role = role, .session = session, .handle = adoption.copy };
    memcpy(made.id, id, HSM_ID_LENGTH);
    pthread_mutex_lock(&copies->lock);
    *copy = made;
    pthread_mutex_unlock(&copies->lock);
    copies->next = (copies->next + 1) % HSM_COPIES_MAX;
    if (!hsm_map_visit(hsm->map, id, role, adopt, &adoption) || !adoption.taken) {
        end(hsm, copy); /* the key has been replaced by now */
    }
}

/* Copying counts as making objects (hsm_session_acquire_to_make). */
void hsm_copy_make(struct hsm *hsm, const unsigned char id[HSM_ID_LENGTH], enum hsm_role role,
                   CK_OBJECT_HANDLE key)
{
    struct hsm_copies *copies = &hsm->copies;

    if (pthread_rwlock_tryrdlock(&hsm->objects_lock) != 0) {
        return;
    }
    if (pthread_mutex_trylock(&copies->turn) == 0) {
        if (!copies->refused) {
            copy_key(hsm, id, role, key);
        }
        pthread_mutex_unlock(&copies->turn);
    }
    pthread_rwlock_unlock(&hsm->objects_lock);
}

bool hsm_is_copy(struct hsm *hsm, CK_OBJECT_HANDLE object)
{
    bool found = false;

    pthread_mutex_lock(&hsm->copies.lock);
    for (size_t i = 0; i < HSM_COPIES_MAX && !found; i++) {
        found = hsm->copies.items[i].handle == object;
    }
    pthread_mutex_unlock(&hsm->copies.lock);
    return found;
}

static bool is_of_key(struct hsm_copies *copies, const struct hsm_copy *copy,
                      const unsigned char *id)
{
    pthread_mutex_lock(&copies->lock);
    bool is_its = !id || hsm_bytes_are_equal(copy->id, id, HSM_ID_LENGTH);
    pthread_mutex_unlock(&copies->lock);
    return is_its;
}

void hsm_copies_end(struct hsm *hsm, const unsigned char id[HSM_ID_LENGTH])
{
    pthread_mutex_lock(&hsm->copies.turn);
    for (size_t i = 0; i < HSM_COPIES_MAX; i++) {
        if (is_of_key(&hsm->copies, &hsm->copies.items[i], id)) {
            end(hsm, &hsm->copies.items[i]);
        }
    }
    hsm->copies.refused = hsm->copies.refused && id;
    pthread_mutex_unlock(&hsm->copies.turn);
}
