/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a CKA_ID to the objects that have it. Their absence is believed only while the token itself
 * is there: SoftHSM goes on listing objects of a folder that has vanished, and lists none of a
 * folder it may not read.
 */
#include "lookup.h"

#include "attribute.h"
#include "copies.h"
#include "core.h"
#include "door.h"
#include "held.h"
#include "map.h"
#include "object.h"
#include "sentinel.h"
#include "trusted.h"
#include "verdict.h"

/* HSM_RV_NO_KEY for an object that lacks any of them: half-made, or a certificate. */
static CK_RV read_attributes(struct hsm_session *session, CK_OBJECT_HANDLE object,
                             CK_ATTRIBUTE *template, CK_ULONG count)
{
    CK_RV rv = HSM_CALL(session, C_GetAttributeValue, object, template, count);

    return rv == CKR_ATTRIBUTE_TYPE_INVALID || rv == CKR_ATTRIBUTE_VALUE_INVALID ? HSM_RV_NO_KEY
                                                                                 : rv;
}

/* An AES key of a vault encrypts; the wrapping key does not, and does not belong in the map. */
static CK_RV confirm_use(struct hsm_session *session, CK_OBJECT_HANDLE object)
{
    CK_BBOOL encrypts = CK_FALSE;
    CK_ATTRIBUTE attribute = HSM_ATTRIBUTE(CKA_ENCRYPT, encrypts);

    HSM_TRY(read_attributes(session, object, &attribute, 1));
    return encrypts ? CKR_OK : HSM_RV_NO_KEY;
}

/* A generic secret that may verify is a key by itself; one that may not is another key's twin. */
static CK_RV read_secret_role(struct hsm_session *session, CK_OBJECT_HANDLE object,
                              enum hsm_role *ret_role)
{
    CK_BBOOL verifies = CK_FALSE;
    CK_ATTRIBUTE attribute = HSM_ATTRIBUTE(CKA_VERIFY, verifies);

    HSM_TRY(read_attributes(session, object, &attribute, 1));
    *ret_role = verifies ? HSM_KEY : HSM_TWIN;
    return CKR_OK;
}

/* HSM_RV_NO_KEY for anything that is not a vault's key. */
static CK_RV read_role(struct hsm_session *session, CK_OBJECT_HANDLE object,
                       enum hsm_role *ret_role)
{
    CK_OBJECT_CLASS class = CKO_DATA;
    CK_KEY_TYPE type = CKK_VENDOR_DEFINED;
    CK_ATTRIBUTE template[] = {
        HSM_ATTRIBUTE(CKA_CLASS, class),
        HSM_ATTRIBUTE(CKA_KEY_TYPE, type),
    };

    HSM_TRY(read_attributes(session, object, template, KV_COUNT(template)));
    *ret_role = HSM_KEY;
    switch (class) {
    case CKO_PRIVATE_KEY:
        return CKR_OK;
    case CKO_SECRET_KEY:
        return type == CKK_AES ? confirm_use(session, object)
                               : read_secret_role(session, object, ret_role);
    default:
        return HSM_RV_NO_KEY;
    }
}

static CK_RV find_role(struct hsm_session *session, const unsigned char *id, enum hsm_role role,
                       CK_OBJECT_HANDLE *ret_key)
{
    kv_auto(hsm_handles_done) struct hsm_handles handles = { 0 };
    CK_BBOOL yes = CK_TRUE;
    CK_ATTRIBUTE template[] = {
        HSM_ATTRIBUTE(CKA_TOKEN, yes),
        { CKA_ID, (void *) id, HSM_ID_LENGTH },
    };

    HSM_TRY(hsm_find_objects(session, template, KV_COUNT(template), &handles));
    for (size_t i = 0; i < handles.count; i++) {
        enum hsm_role found;
        CK_RV rv = read_role(session, handles.items[i], &found);

        if (rv == CKR_OK && found == role) {
            *ret_key = handles.items[i];
            return CKR_OK;
        }
        if (rv != HSM_RV_NO_KEY) {
            HSM_TRY(rv);
        }
    }
    return HSM_RV_NO_KEY;
}

/* After `stale` was refused: looks up the key again, and forgets it with all its copies if it is
 * not there. The token is checked after the search, because what a token that is gone lists means
 * nothing. */
static CK_RV find_again(struct hsm_session *session, const unsigned char *id, enum hsm_role role,
                        CK_OBJECT_HANDLE stale, CK_OBJECT_HANDLE *ret_key)
{
    struct hsm_map *map = session->hsm->map;

    hsm_copies_end(session->hsm, id);
    HSM_TRY(hsm_session_renew(session));
    CK_RV rv = find_role(session, id, role, ret_key);
    HSM_TRY(hsm_look(session));
    if (rv == HSM_RV_NO_KEY) {
        hsm_map_remove_stale(map, id, role, stale);
    }
    HSM_TRY(rv);
    return hsm_map_put(map, id, role, *ret_key);
}

/* One call an object, since that is what a start with many keys takes its time for; HSM_RV_NO_KEY for
 * an object that lacks any of this. */
static CK_RV read_nature(struct hsm_session *session, CK_OBJECT_HANDLE object,
                         unsigned char ret_id[HSM_ID_LENGTH], CK_OBJECT_CLASS *ret_class)
{
    CK_KEY_TYPE type = CKK_VENDOR_DEFINED;
    CK_ATTRIBUTE template[] = {
        { CKA_ID, ret_id, HSM_ID_LENGTH },
        HSM_ATTRIBUTE(CKA_CLASS, *ret_class),
        HSM_ATTRIBUTE(CKA_KEY_TYPE, type),
    };
    CK_RV rv = read_attributes(session, object, template, KV_COUNT(template));

    if (rv == CKR_BUFFER_TOO_SMALL) { /* of a longer CKA_ID */
        return HSM_RV_NO_KEY;
    }
    HSM_TRY(rv);
    return template[0].ulValueLen == HSM_ID_LENGTH ? CKR_OK : HSM_RV_NO_KEY;
}

static CK_RV enter(struct hsm_session *session, struct hsm_map *map, CK_OBJECT_HANDLE object)
{
    unsigned char id[HSM_ID_LENGTH];
    CK_OBJECT_CLASS class = CKO_DATA;
    enum hsm_role role;

    HSM_TRY(read_nature(session, object, id, &class));
    if (class == CKO_PRIVATE_KEY) {
        return hsm_map_put(map, id, HSM_KEY, object);
    }
    CK_RV rv = read_role(session, object, &role);
    if (rv == HSM_RV_NO_KEY && class == CKO_SECRET_KEY) {
        hsm_held_notice(session->hsm, HSM_SENTINEL, id, object);
    }
    if (rv == HSM_RV_NO_KEY) {
        return hsm_trusted_notice(session, object, id);
    }
    HSM_TRY(rv);
    return hsm_map_put(map, id, role, object);
}

CK_RV hsm_fill_map(struct hsm_session *session)
{
    kv_auto(hsm_handles_done) struct hsm_handles handles = { 0 };
    kv_auto(hsm_map_free) struct hsm_map *map = NULL;
    CK_BBOOL yes = CK_TRUE;
    CK_ATTRIBUTE template[] = { HSM_ATTRIBUTE(CKA_TOKEN, yes) };

    HSM_TRY(hsm_map_new(&map));
    HSM_TRY(hsm_find_objects(session, template, KV_COUNT(template), &handles));
    for (size_t i = 0; i < handles.count; i++) {
        CK_RV rv = enter(session, map, handles.items[i]);

        if (rv != HSM_RV_NO_KEY) {
            HSM_TRY(rv);
        }
    }
    hsm_map_replace(session->hsm->map, map);
    return CKR_OK;
}

static CK_RV use_found(struct hsm_session *session, const unsigned char *id, enum hsm_role role,
                       hsm_use_fn *use, void *context)
{
    CK_OBJECT_HANDLE key;

    if (!hsm_map_find(session->hsm->map, id, role, &key)) {
        return HSM_RV_NO_KEY;
    }
    CK_RV rv = use(session, key, context);
    if (!hsm_rv_is_lost(rv)) {
        return rv;
    }
    HSM_TRY(find_again(session, id, role, key, &key));
    rv = use(session, key, context);
    return hsm_rv_is_lost(rv) ? HSM_RV_NO_KEY : rv;
}

CK_RV hsm_use_key(struct hsm_session *session, const unsigned char id[HSM_ID_LENGTH],
                  enum hsm_role role, hsm_use_fn *use, void *context)
{
    const unsigned char *outer = session->key; /* of a key that is made by the use of this one */

    session->key = id;
    CK_RV rv = use_found(session, id, role, use, context);
    session->key = outer;
    return rv;
}

bool hsm_has_key(const struct hsm *hsm, const unsigned char id[HSM_ID_LENGTH])
{
    CK_OBJECT_HANDLE key;

    return hsm_map_find(hsm->map, id, HSM_KEY, &key);
}

void hsm_each_key(const struct hsm *hsm, hsm_visit_fn *visit, void *context)
{
    hsm_map_each(hsm->map, visit, context);
}
