/* SPDX-License-Identifier: Apache-2.0 */
/* Keys in constant use, and when a copy does their work. */
#include "hot.h"

#include "copies.h"
#include "core.h"
#include "door.h"
#include "map.h"
#include "verdict.h"

struct choice {
    int64_t now;
    CK_OBJECT_HANDLE key;
    CK_OBJECT_HANDLE copy; /* CK_INVALID_HANDLE: the key itself is to work */
    bool wants_copy;
};

static int64_t read_clock(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * INT64_C(1000) + now.tv_nsec / 1000000;
}

int64_t hsm_copy_trust(const struct hsm_place *place)
{
    int64_t trust = place->took * HSM_COPY_TIMES;

    if (trust < HSM_COPY_TRUST) {
        return HSM_COPY_TRUST;
    }
    return trust > HSM_COPY_MOST ? HSM_COPY_MOST : trust;
}

static void choose(struct hsm_place *place, void *context)
{
    struct choice *choice = context;
    const int64_t trust = hsm_copy_trust(place);
    bool paused = choice->now - place->used > trust;

    place->run = paused ? 0 : place->run + 1;
    place->used = choice->now;

    bool is_hot = place->run >= HSM_COPY_AFTER;
    bool is_believed = is_hot && choice->now - place->seen <= trust;
    choice->key = place->key;
    choice->copy = is_believed ? place->copy : CK_INVALID_HANDLE;
    choice->wants_copy = is_hot && place->copy == CK_INVALID_HANDLE;
}

/* A use of the key itself. */
struct own_use {
    int64_t begun, ended;
};

/* Half of what is new counts, so that one use that was held up does not. */
static void confirm(struct hsm_place *place, void *context)
{
    const struct own_use *own = context;

    place->seen = own->ended;
    place->took = (place->took + own->ended - own->begun) / 2;
}

static CK_RV use_copy(struct hsm_session *session, const unsigned char *id, struct hsm_copy *copy,
                      hsm_use_fn *use, void *context)
{
    session->key = id;
    CK_RV rv = use(session, copy->handle, context);
    session->key = NULL;

    hsm_copy_release(session->hsm, copy);
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
        copy = hsm_copy_acquire(&hsm->copies, choice.copy);
    }
    if (copy) {
        CK_RV rv = use_copy(session, id, copy, use, context);
        if (!hsm_rv_is_lost(rv)) {
            return rv;
        }
        hsm_copy_forget(hsm, id, role, choice.copy);
        HSM_TRY(hsm_session_renew(session));
    }
    struct own_use own = { .begun = read_clock() };
    HSM_TRY(hsm_use_key(session, id, role, use, context));
    own.ended = read_clock();
    (void) hsm_map_visit(hsm->map, id, role, confirm, &own);
    if (choice.wants_copy) {
        hsm_copy_make(hsm, id, role, choice.key);
    }
    return CKR_OK;
}
