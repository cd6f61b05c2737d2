/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Copies of keys that are in use all the time. Nobody ever waits for one: while somebody else is
 * copying, or objects of the token are being destroyed, the key itself does the work.
 */
#include <string.h>

#include "door.h"

struct choice {
    int64_t now;
    CK_OBJECT_HANDLE key;
    CK_OBJECT_HANDLE copy; /* CK_INVALID_HANDLE: the key itself is to work */
    bool wants_copy;
};

struct adoption {
    CK_OBJECT_HANDLE key, copy;
    bool taken;
};

static int64_t read_clock(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * INT64_C(1000) + now.tv_nsec / 1000000;
}

static void choose(struct hsm_place *place, void *context)
{
    struct choice *choice = context;
    bool paused = choice->now - place->used > HSM_COPY_TRUST;

    place->run = paused ? 0 : place->run + 1;
    place->used = choice->now;

    bool is_hot = place->run >= HSM_COPY_AFTER;
    bool is_believed = is_hot && choice->now - place->seen <= HSM_COPY_TRUST;
    choice->key = place->key;
    choice->copy = is_believed ? place->copy : CK_INVALID_HANDLE;
    choice->wants_copy = is_hot && place->copy == CK_INVALID_HANDLE;
}

static void confirm(struct hsm_place *place, void *context)
{
    const int64_t *now = context;

    place->seen = *now;
}

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

/* A use of a copy, which lives as long; NULL when it has ended. */
static struct hsm_copy *acquire(struct hsm_copies *copies, CK_OBJECT_HANDLE handle)
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
 * Ends the session of a copy, and with it the copy; what is in use ends with its last use, because
 * SoftHSM crashes over a key that goes while an operation begins. Not by C_DestroyObject, before
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

static void release(struct hsm *hsm, struct hsm_copy *copy)
{
    pthread_mutex_lock(&hsm->copies.lock);
    copy->users--;
    pthread_mutex_unlock(&hsm->copies.lock);
    end_if_unused(hsm, copy);
}

/* Nobody new uses it from now on. */
static void end(struct hsm *hsm, struct hsm_copy *copy)
{
    pthread_mutex_lock(&hsm->copies.lock);
    struct hsm_copy ending = *copy;
    copy->ended = ending.handle != CK_INVALID_HANDLE;
    pthread_mutex_unlock(&hsm->copies.lock);
    if (ending.handle != CK_INVALID_HANDLE) {
        (void) hsm_map_visit(hsm->map, ending.id, ending.role, abandon, &ending.handle);
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
    struct hsm_session session = { .hsm = hsm, .key = id };
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

/* Takes the place of the oldest copy, unless that is being used to its end. */
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
    pthread_mutex_lock(&copies->lock);
    *copy = (struct hsm_copy){ .role = role, .session = session, .handle = adoption.copy };
    memcpy(copy->id, id, HSM_ID_LENGTH);
    pthread_mutex_unlock(&copies->lock);
    copies->next = (copies->next + 1) % HSM_COPIES_MAX;
    if (!hsm_map_visit(hsm->map, id, role, adopt, &adoption) || !adoption.taken) {
        end(hsm, copy); /* the key is another one by now */
    }
}

/* Who copies is one of those who make objects (hsm_session_acquire_to_make). */
static void try_to_copy(struct hsm *hsm, const unsigned char *id, enum hsm_role role,
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

static CK_RV use_copy(struct hsm_session *session, const unsigned char *id, struct hsm_copy *copy,
                      hsm_use_fn *use, void *context)
{
    session->key = id;
    CK_RV rv = use(session, copy->handle, context);
    session->key = NULL;

    release(session->hsm, copy);
    return rv;
}

CK_RV hsm_use_hot_key(struct hsm_session *session, const unsigned char id[HSM_ID_LENGTH],
                      enum hsm_role role, hsm_use_fn *use, void *context)
{
    struct hsm *hsm = session->hsm;
    struct choice choice = { .now = read_clock() };
    struct hsm_copy *copy = NULL;

    if (!hsm_map_visit(hsm->map, id, role, choose, &choice)) {
        return HSM_RV_NO_KEY;
    }
    if (choice.copy != CK_INVALID_HANDLE) {
        copy = acquire(&hsm->copies, choice.copy);
    }
    if (copy) {
        CK_RV rv = use_copy(session, id, copy, use, context);
        if (!hsm_rv_is_lost(rv)) {
            return rv;
        }
        (void) hsm_map_visit(hsm->map, id, role, abandon, &choice.copy);
        HSM_TRY(hsm_session_renew(session));
    }
    HSM_TRY(hsm_use_key(session, id, role, use, context));
    int64_t now = read_clock();
    (void) hsm_map_visit(hsm->map, id, role, confirm, &now);
    if (choice.wants_copy) {
        try_to_copy(hsm, id, role, choice.key);
    }
    return CKR_OK;
}
