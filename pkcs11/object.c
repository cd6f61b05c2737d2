/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Objects on the token: find, read, destroy. What is not there is believed only while the token
 * itself is: SoftHSM goes on listing objects of a folder that has vanished, and lists none of a
 * folder it may not read.
 */
#include "internal.h"

#include <stdlib.h>
#include <string.h>

#include "door.h"

#define FIND_BATCH 256
#define STRAY_TRIES 16

static CK_RV reserve_batch(struct hsm_handles *handles)
{
    CK_OBJECT_HANDLE *items =
        reallocarray(handles->items, handles->count + FIND_BATCH, sizeof(*items));

    if (!items) {
        return CKR_HOST_MEMORY;
    }
    handles->items = items;
    return CKR_OK;
}

static CK_RV collect_handles(struct hsm_session *session, struct hsm_handles *handles)
{
    CK_ULONG found = 0;

    do {
        HSM_TRY(reserve_batch(handles));
        CK_OBJECT_HANDLE *free_items = handles->items + handles->count;
        HSM_TRY(HSM_CALL(session, C_FindObjects, free_items, FIND_BATCH, &found));
        if (found > FIND_BATCH) {
            return CKR_GENERAL_ERROR; /* more than it was given room for */
        }
        handles->count += found;
    } while (found > 0);
    return CKR_OK;
}

static CK_RV find_by_id(struct hsm_session *session, const unsigned char *id,
                        struct hsm_handles *ret_handles)
{
    CK_ATTRIBUTE template[] = { { CKA_ID, (void *) id, HSM_ID_LENGTH } };

    return hsm_find_objects(session, template, KV_COUNT(template), ret_handles);
}

/* One that somebody else destroyed first is as good as destroyed; a copy ends by itself. Counts
 * all that were tried. */
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
 * What nobody can name, of any class and of none, and not only what has CKA_TOKEN: SoftHSM writes
 * an object's attributes one by one before it applies the template, so a killed generation leaves
 * an object with some or all attributes at their defaults, and it lies on the token all the same.
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

void hsm_handles_done(struct hsm_handles *handles)
{
    free(handles->items);
}

CK_RV hsm_find_objects(struct hsm_session *session, CK_ATTRIBUTE *template, CK_ULONG count,
                       struct hsm_handles *ret_handles)
{
    kv_auto(hsm_handles_done) struct hsm_handles handles = { 0 };

    HSM_TRY(HSM_CALL(session, C_FindObjectsInit, template, count));
    CK_RV rv = collect_handles(session, &handles);
    session->spent |= rv != CKR_OK; /* the search is still active, also when memory was short */
    HSM_TRY(rv);
    HSM_TRY(HSM_CALL(session, C_FindObjectsFinal));
    *ret_handles = handles;
    handles.items = NULL;
    return CKR_OK;
}

CK_RV hsm_read_id(struct hsm_session *session, CK_OBJECT_HANDLE object,
                  unsigned char ret_id[HSM_ID_LENGTH])
{
    CK_ATTRIBUTE attribute = { CKA_ID, ret_id, HSM_ID_LENGTH };
    CK_RV rv = HSM_CALL(session, C_GetAttributeValue, object, &attribute, 1);

    switch (rv) {
    case CKR_BUFFER_TOO_SMALL:
    case CKR_ATTRIBUTE_TYPE_INVALID:
    case CKR_ATTRIBUTE_VALUE_INVALID: /* SoftHSM, of an object that has no class */
        return HSM_RV_NO_KEY;
    default:
        break;
    }
    HSM_TRY(rv);
    return attribute.ulValueLen == HSM_ID_LENGTH ? CKR_OK : HSM_RV_NO_KEY;
}

bool hsm_rv_is_lost(CK_RV rv)
{
    switch (rv) {
    case CKR_OBJECT_HANDLE_INVALID:
    case CKR_KEY_HANDLE_INVALID:
    case CKR_WRAPPING_KEY_HANDLE_INVALID:
    case CKR_UNWRAPPING_KEY_HANDLE_INVALID:
        return true;
    default:
        return false;
    }
}

bool hsm_rv_is_missing(CK_RV rv)
{
    return rv == CKR_MECHANISM_INVALID || rv == CKR_FUNCTION_NOT_SUPPORTED;
}

void hsm_discard(struct hsm_session *session, CK_OBJECT_HANDLE object)
{
    if (hsm_session_renew(session) == CKR_OK) {
        (void) HSM_CALL(session, C_DestroyObject, object);
    }
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

/* SoftHSM says that it failed to destroy what lacks one of its two files, and yet it is gone: then
 * a second search finds the others. */
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
