/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Destroying objects: a key with everything that has its CKA_ID, and objects that nothing refers
 * to. Their absence is believed only while the token itself is there: SoftHSM goes on listing
 * objects of a folder that has vanished, and lists none of a folder it may not read.
 */
#include "copies.h"
#include "core.h"
#include "door.h"
#include "map.h"
#include "object.h"
#include "sentinel.h"
#include "verdict.h"

#define STRAY_TRIES 16

static CK_RV find_by_id(struct hsm_session *session, const unsigned char *id,
                        struct hsm_handles *ret_handles)
{
    CK_ATTRIBUTE template[] = { { CKA_ID, (void *) id, HSM_ID_LENGTH } };

    return hsm_find_objects(session, template, KV_COUNT(template), ret_handles);
}

/* One already destroyed by another thread counts as destroyed; a copy ends by itself. Counts all
 * that were tried. */
static CK_RV destroy_objects(struct hsm_session *session, const struct hsm_handles *handles,
                             size_t *tried)
{
    for (size_t i = 0; i < handles->count; i++) {
        if (hsm_is_copy(session->hsm, handles->items[i])) {
            continue;
        }
        CK_RV rv = HSM_CALL(session, C_DestroyObject, handles->items[i]);

        (*tried)++;
        if (!hsm_rv_is_lost(rv)) {
            HSM_TRY(rv);
        }
    }
    return CKR_OK;
}

/*
 * Objects that nothing refers to, of any class or none, and not only those with CKA_TOKEN: SoftHSM
 * writes an object's attributes one by one before it applies the template, so a killed generation
 * leaves an object with some or all attributes at their defaults, and it lies on the token all the
 * same.
 */
static CK_RV find_strays(struct hsm_session *session, struct hsm_handles *ret_handles)
{
    unsigned char id[HSM_ID_LENGTH];
    size_t strays = 0;

    HSM_TRY(hsm_find_objects(session, NULL, 0, ret_handles));
    for (size_t i = 0; i < ret_handles->count; i++) {
        CK_RV rv = hsm_read_id(session, ret_handles->items[i], id);

        if (rv == HSM_RV_NO_KEY) {
            ret_handles->items[strays++] = ret_handles->items[i];
        } else if (!hsm_rv_is_lost(rv)) {
            HSM_TRY(rv);
        }
    }
    ret_handles->count = strays;
    return CKR_OK;
}

CK_RV hsm_destroy(struct hsm *hsm, const unsigned char id[HSM_ID_LENGTH])
{
    kv_auto(hsm_session_release) struct hsm_session *session = NULL;
    kv_auto(hsm_handles_done) struct hsm_handles handles = { 0 };
    size_t tried = 0;

    HSM_TRY(hsm_session_acquire_to_destroy(hsm, &session));
    session->key = id;
    hsm_copies_end(hsm, id);
    HSM_TRY(find_by_id(session, id, &handles));
    HSM_TRY(destroy_objects(session, &handles, &tried));
    HSM_TRY(hsm_look(session));
    hsm_map_remove(hsm->map, id);
    return CKR_OK;
}

static CK_RV destroy_found_strays(struct hsm_session *session, size_t *tried)
{
    kv_auto(hsm_handles_done) struct hsm_handles handles = { 0 };

    HSM_TRY(find_strays(session, &handles));
    return destroy_objects(session, &handles, tried);
}

/* SoftHSM reports failure when it destroys an object that lacks one of its two files, and yet the
 * object is gone: then a second search finds the others. */
CK_RV hsm_destroy_strays(struct hsm *hsm, size_t *ret_destroyed)
{
    kv_auto(hsm_session_release) struct hsm_session *session = NULL;
    size_t destroyed = 0;

    HSM_TRY(hsm_session_acquire_to_destroy(hsm, &session));
    CK_RV rv = destroy_found_strays(session, &destroyed);
    for (int tries = 1; rv == CKR_FUNCTION_FAILED && tries < STRAY_TRIES; tries++) {
        HSM_TRY(hsm_session_renew(session));
        rv = destroy_found_strays(session, &destroyed);
    }
    HSM_TRY(rv);
    HSM_TRY(hsm_look(session));
    *ret_destroyed = destroyed;
    return CKR_OK;
}
