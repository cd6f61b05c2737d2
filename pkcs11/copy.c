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
    struct adoption *adoption = context;

    adoption->taken = place->copy == adoption->copy;
    if (adoption->taken) {
        place->copy = CK_INVALID_HANDLE;
    }
}

/* False when somebody else was faster, or the key is gone, and its copies with it. */
static bool give_up(struct hsm_map *map, const unsigned char *id, enum hsm_role role,
                    CK_OBJECT_HANDLE copy)
{
    struct adoption adoption = { .copy = copy };

    return hsm_map_visit(map, id, role, abandon, &adoption) && adoption.taken;
}

/* A thread that still means to use it finds it lost, and turns to the key. */
static void evict_locked(struct hsm *hsm, struct hsm_copy *old)
{
    if (old->handle != CK_INVALID_HANDLE && give_up(hsm->map, old->id, old->role, old->handle)) {
        (void) HSM_CALL(&hsm->anchor, C_DestroyObject, old->handle);
    }
    old->handle = CK_INVALID_HANDLE;
}

static void keep_locked(struct hsm *hsm, const unsigned char *id, enum hsm_role role,
                        const struct adoption *adoption)
{
    struct hsm_copies *copies = &hsm->copies;
    struct hsm_copy *item = &copies->items[copies->next];

    copies->next = (copies->next + 1) % HSM_COPIES_MAX;
    evict_locked(hsm, item);
    memcpy(item->id, id, HSM_ID_LENGTH);
    item->role = role;
    item->handle = adoption->copy;
}

static void copy_locked(struct hsm *hsm, const unsigned char *id, enum hsm_role role,
                        CK_OBJECT_HANDLE key)
{
    struct adoption adoption = { .key = key };
    CK_BBOOL no = CK_FALSE;
    CK_ATTRIBUTE template[] = { HSM_ATTRIBUTE(CKA_TOKEN, no) };

    CK_RV rv =
        HSM_CALL(&hsm->anchor, C_CopyObject, key, template, KV_COUNT(template), &adoption.copy);
    if (rv != CKR_OK) {
        hsm->copies.refused = !hsm_rv_is_lost(rv) && !hsm_rv_wants_check(rv);
        return;
    }
    if (hsm_map_visit(hsm->map, id, role, adopt, &adoption) && adoption.taken) {
        keep_locked(hsm, id, role, &adoption);
    } else {
        (void) HSM_CALL(&hsm->anchor, C_DestroyObject, adoption.copy);
    }
}

/* Who copies is one of those who make objects (hsm_session_acquire_to_make). */
static void try_to_copy(struct hsm *hsm, const unsigned char *id, enum hsm_role role,
                        CK_OBJECT_HANDLE key)
{
    if (pthread_mutex_trylock(&hsm->copies.lock) != 0) {
        return;
    }
    if (!hsm->copies.refused && pthread_rwlock_tryrdlock(&hsm->objects_lock) == 0) {
        copy_locked(hsm, id, role, key);
        pthread_rwlock_unlock(&hsm->objects_lock);
    }
    pthread_mutex_unlock(&hsm->copies.lock);
}

void hsm_copies_forget(struct hsm_copies *copies)
{
    pthread_mutex_lock(&copies->lock);
    memset(copies->items, 0, sizeof(copies->items));
    copies->refused = false;
    pthread_mutex_unlock(&copies->lock);
}

CK_RV hsm_use_hot_key(struct hsm_session *session, const unsigned char id[HSM_ID_LENGTH],
                      enum hsm_role role, hsm_use_fn *use, void *context)
{
    struct hsm *hsm = session->hsm;
    struct choice choice = { .now = read_clock() };

    if (!hsm_map_visit(hsm->map, id, role, choose, &choice)) {
        return HSM_RV_NO_KEY;
    }
    if (choice.copy != CK_INVALID_HANDLE) {
        CK_RV rv = use(session, choice.copy, context);
        if (!hsm_rv_is_lost(rv)) {
            return rv;
        }
        (void) give_up(hsm->map, id, role, choice.copy);
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
