/* SPDX-License-Identifier: Apache-2.0 */
#include "wrap.h"

#include <string.h>

#include "attribute.h"
#include "core.h"
#include "door.h"
#include "held.h"
#include "kwp.h"
#include "lookup.h"
#include "map.h"
#include "object.h"
#include "public.h"
#include "sentinel.h"
#include "template.h"
#include "twin.h"
#include "verdict.h"

#define TWIN_WRAPPED (HSM_SEMIBLOCK + HSM_TWIN_LENGTH)

/* NSS asks for this of a private EC key it unwraps: the name it is stored under. */
#define NSS_DB 0xd5a0db00UL

struct room {
    enum hsm_bond bond;
    unsigned char *out;
    size_t size, len;
};

static CK_RV check_extractable(struct hsm_session *session, CK_OBJECT_HANDLE key)
{
    CK_BBOOL extractable = CK_FALSE;
    CK_ATTRIBUTE attribute = HSM_ATTRIBUTE(CKA_EXTRACTABLE, extractable);

    HSM_TRY(HSM_CALL(session, C_GetAttributeValue, key, &attribute, 1));
    return extractable ? CKR_OK : CKR_KEY_UNEXTRACTABLE;
}

static bool is_aes(size_t len)
{
    return len == 16 || len == 24 || len == 32;
}

/* Not every module gives the length of a key it has unwrapped: find out by using it. */
static CK_RV examine_aes(struct hsm_session *session, CK_OBJECT_HANDLE key)
{
    unsigned char iv[16] = { 0 }, block[16] = { 0 }, out[16];
    CK_MECHANISM mechanism = { CKM_AES_CBC, iv, sizeof(iv) };
    CK_ULONG len = sizeof(out);

    HSM_TRY(HSM_CALL(session, C_EncryptInit, &mechanism, key));
    return HSM_CALL(session, C_Encrypt, block, sizeof(block), out, &len);
}

/* Our templates are complete and consistent: a module that says otherwise means the content. */
static bool is_content_at_fault(CK_RV rv)
{
    switch (rv) {
    case CKR_TEMPLATE_INCOMPLETE:
    case CKR_TEMPLATE_INCONSISTENT:
    case CKR_KEY_TYPE_INCONSISTENT:
    case CKR_ATTRIBUTE_TYPE_INVALID:
    case CKR_PUBLIC_KEY_INVALID:
        return true;
    default:
        return hsm_rv_is_missing(rv);
    }
}

/* Modules take AES keys of any length, curves that are told by their numbers and numbers longer
 * than any of ours, which have no room here, and may tell late that PKCS#8 was none. */
static CK_RV examine(struct hsm_session *session, CK_OBJECT_HANDLE key, enum hsm_kind kind)
{
    struct hsm_rsa_public public;
    enum hsm_curve curve;
    CK_RV rv = CKR_OK;

    switch (kind) {
    case HSM_RSA:
        rv = hsm_read_rsa(session, key, &public);
        break;
    case HSM_EC:
        rv = hsm_read_curve(session, key, &curve);
        break;
    case HSM_AES:
        rv = examine_aes(session, key);
        break;
    }
    return is_content_at_fault(rv) || rv == CKR_BUFFER_TOO_SMALL ? CKR_WRAPPED_KEY_INVALID : rv;
}

/* A PKCS#8 is never as short as an AES key. */
static bool is_plausible(enum hsm_kind kind, size_t len)
{
    return len > HSM_SEMIBLOCK && len % HSM_SEMIBLOCK == 0 && len <= HSM_WRAPPED_MAX
           && is_aes(len - HSM_SEMIBLOCK) == (kind == HSM_AES);
}

static CK_RV call_unwrap(struct hsm_session *session, CK_OBJECT_HANDLE unwrapping,
                         struct hsm_template *template, const struct hsm_parcel *parcel,
                         CK_OBJECT_HANDLE *ret_key)
{
    CK_MECHANISM mechanism = hsm_kwp_mechanism(session->hsm);

    return HSM_CALL(session, C_UnwrapKey, &mechanism, unwrapping, (CK_BYTE *) parcel->in,
                    parcel->len, template->items, template->count, ret_key);
}

static CK_RV judge_content(struct hsm_session *session, CK_RV rv)
{
    return is_content_at_fault(rv) ? CKR_WRAPPED_KEY_INVALID
                                   : hsm_judge(session, rv, CKR_WRAPPED_KEY_INVALID);
}

static enum hsm_wrapping choose_wrapping(struct hsm *hsm, enum hsm_bond bond)
{
    return bond == HSM_BOUND && hsm_has_trusted(hsm) ? HSM_TRUSTED : HSM_SENTINEL;
}

/* Appends one object of a key. */
static CK_RV export_object(struct hsm_session *session, CK_OBJECT_HANDLE key, void *context)
{
    struct room *room = context;
    CK_OBJECT_HANDLE wrapping;
    size_t len;

    HSM_TRY(hsm_find_wrapping_key(session, choose_wrapping(session->hsm, room->bond), &wrapping));
    HSM_TRY(
        hsm_wrap_key(session, wrapping, key, room->out + room->len, room->size - room->len, &len));
    room->len += len;
    return CKR_OK;
}

static CK_RV export(struct hsm *hsm, const unsigned char *id, struct room *room)
{
    kv_auto(hsm_session_release) struct hsm_session *session = NULL;
    CK_OBJECT_HANDLE twin;

    HSM_TRY(hsm_session_acquire(hsm, &session));
    HSM_TRY(hsm_use_key(session, id, HSM_KEY, export_object, room));
    if (!hsm_map_find(hsm->map, id, HSM_TWIN, &twin)) {
        return CKR_OK;
    }
    return hsm_use_key(session, id, HSM_TWIN, export_object, room);
}

/*
 * Where the twin begins in what was exported of an AES key: it follows, in 72 bytes, or, if the
 * module has made it from what hsm_import_transfer() was given, in as many as the key itself. The
 * sums of all combinations differ.
 */
static size_t find_twin(size_t len)
{
    if (len > TWIN_WRAPPED + HSM_SEMIBLOCK) {
        return len - TWIN_WRAPPED;
    }
    return len > HSM_SEMIBLOCK + HSM_AES_MAX ? len / 2 : len;
}

/* What hsm_import_secret() made: no key and twin together are as long. */
static bool is_secret(size_t len)
{
    return len == TWIN_WRAPPED;
}

static CK_RV import_secret(struct hsm_session *session, CK_OBJECT_HANDLE unwrapping,
                           const struct hsm_parcel *parcel, struct hsm_twins *ret_twins)
{
    struct hsm_template template = { .count = 0 };

    hsm_template_secret(&template, session->hsm, parcel->id, parcel->bond);
    return judge_content(session,
                         call_unwrap(session, unwrapping, &template, parcel, &ret_twins->key));
}

static CK_RV import_aes(struct hsm_session *session, CK_OBJECT_HANDLE unwrapping,
                        const struct hsm_parcel *parcel, struct hsm_twins *ret_twins)
{
    struct hsm_parcel key = *parcel, twin = *parcel;

    key.len = find_twin(parcel->len);
    twin.in += key.len;
    twin.len -= key.len;
    HSM_TRY(hsm_unwrap_key(session, unwrapping, &key, &ret_twins->key));
    if (twin.len == 0) {
        return CKR_OK;
    }
    CK_RV rv = hsm_unwrap_twin(session, unwrapping, &twin, &ret_twins->twin);
    if (rv != CKR_OK) {
        hsm_discard(session, ret_twins->key);
    }
    return rv;
}

static CK_RV import_under(struct hsm_session *session, enum hsm_wrapping which,
                          const struct hsm_parcel *parcel, struct hsm_twins *ret_twins)
{
    CK_OBJECT_HANDLE unwrapping;

    *ret_twins = (struct hsm_twins){ CK_INVALID_HANDLE, CK_INVALID_HANDLE };
    HSM_TRY(hsm_find_wrapping_key(session, which, &unwrapping));
    if (parcel->kind != HSM_AES) {
        return hsm_unwrap_key(session, unwrapping, parcel, &ret_twins->key);
    }
    return is_secret(parcel->len) ? import_secret(session, unwrapping, parcel, ret_twins)
                                  : import_aes(session, unwrapping, parcel, ret_twins);
}

/* What was wrapped before there was a trusted key does not open under it. */
static CK_RV import(struct hsm_session *session, const struct hsm_parcel *parcel,
                    struct hsm_twins *ret_twins)
{
    enum hsm_wrapping which = choose_wrapping(session->hsm, parcel->bond);
    CK_RV rv = import_under(session, which, parcel, ret_twins);

    if (which == HSM_SENTINEL || !hsm_rv_is_bad_input(rv)) {
        return rv;
    }
    HSM_TRY(hsm_session_renew(session));
    return import_under(session, HSM_SENTINEL, parcel, ret_twins);
}

CK_RV hsm_wrap_key(struct hsm_session *session, CK_OBJECT_HANDLE wrapping, CK_OBJECT_HANDLE key,
                   unsigned char *out, size_t size, size_t *ret_len)
{
    CK_MECHANISM mechanism = hsm_kwp_mechanism(session->hsm);
    CK_ULONG len = size;

    HSM_TRY(check_extractable(session, key));
    HSM_TRY(HSM_CALL(session, C_WrapKey, &mechanism, wrapping, key, out, &len));
    *ret_len = len;
    return CKR_OK;
}

CK_RV hsm_unwrap_key(struct hsm_session *session, CK_OBJECT_HANDLE unwrapping,
                     const struct hsm_parcel *parcel, CK_OBJECT_HANDLE *ret_key)
{
    struct hsm_template template = { .count = 0 };

    if (!is_plausible(parcel->kind, parcel->len)) {
        return CKR_WRAPPED_KEY_LEN_RANGE;
    }
    hsm_template_key(&template, session->hsm, parcel->kind, parcel->id, parcel->bond);
    CK_RV rv = call_unwrap(session, unwrapping, &template, parcel, ret_key);
    if (rv == CKR_TEMPLATE_INCOMPLETE && parcel->kind == HSM_EC) {
        hsm_template_add(&template, NSS_DB, parcel->id, HSM_ID_LENGTH);
        rv = call_unwrap(session, unwrapping, &template, parcel, ret_key);
    }
    HSM_TRY(judge_content(session, rv));
    rv = examine(session, *ret_key, parcel->kind);
    if (rv != CKR_OK) {
        hsm_discard(session, *ret_key);
    }
    return rv;
}

CK_RV hsm_unwrap_twin(struct hsm_session *session, CK_OBJECT_HANDLE unwrapping,
                      const struct hsm_parcel *parcel, CK_OBJECT_HANDLE *ret_twin)
{
    struct hsm_template template = { .count = 0 };

    hsm_template_twin(&template, session->hsm, parcel->id, parcel->bond);
    return judge_content(session, call_unwrap(session, unwrapping, &template, parcel, ret_twin));
}

CK_RV hsm_export_wrapped(struct hsm *hsm, const unsigned char id[HSM_ID_LENGTH], enum hsm_bond bond,
                         unsigned char *out, size_t size, size_t *ret_len)
{
    struct room room = { bond, out, size, 0 };

    if (!hsm->capabilities.aes_key_wrap_pad) {
        return HSM_RV_NO_MECHANISM;
    }
    CK_RV rv = export(hsm, id, &room);
    if (rv != CKR_OK) {
        explicit_bzero(out, size);
        return rv;
    }
    *ret_len = room.len;
    return CKR_OK;
}

CK_RV hsm_import_wrapped(struct hsm *hsm, const unsigned char id[HSM_ID_LENGTH], enum hsm_bond bond,
                         enum hsm_kind kind, const unsigned char *in, size_t len)
{
    const struct hsm_parcel parcel = { id, bond, kind, in, len };
    kv_auto(hsm_session_release) struct hsm_session *session = NULL;
    struct hsm_twins twins;

    if (!hsm->capabilities.aes_key_wrap_pad) {
        return HSM_RV_NO_MECHANISM;
    }
    HSM_TRY(hsm_session_acquire_to_make(hsm, &session));
    session->key = id;
    HSM_TRY(import(session, &parcel, &twins));
    return hsm_keep_twins(session, id, &twins);
}
