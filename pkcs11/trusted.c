/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The SO may set CKA_TRUSTED, but must not create private objects, and SoftHSM accepts the
 * attribute only when a key is created. So the SO creates a public session object, which the user
 * copies to the token as a private one: a copy stays trusted.
 */
#include "trusted.h"

#include <string.h>

#include "attribute.h"
#include "bytes.h"
#include "core.h"
#include "door.h"
#include "held.h"
#include "kwp.h"
#include "object.h"
#include "template.h"
#include "token.h"

static const char label[] = "coffer trusted wrapping key";
static const CK_BBOOL yes = CK_TRUE;

/* What everything it unwraps must have. */
static const CK_ATTRIBUTE protection[] = {
    HSM_ATTRIBUTE(CKA_PRIVATE, yes),
    HSM_ATTRIBUTE(CKA_SENSITIVE, yes),
    HSM_ATTRIBUTE(CKA_WRAP_WITH_TRUSTED, yes),
};

static void add_protection(struct hsm_template *template)
{
    hsm_template_add(template, CKA_UNWRAP_TEMPLATE, protection, sizeof(protection));
}

static CK_RV generate(struct hsm_session *session, struct hsm_template *template,
                      CK_OBJECT_HANDLE *ret_key)
{
    CK_MECHANISM mechanism = { CKM_AES_KEY_GEN, NULL, 0 };

    return HSM_CALL(session, C_GenerateKey, &mechanism, template->items, template->count, ret_key);
}

/* An AES key that may leave, in the one way or in any. */
static CK_RV generate_sample(struct hsm_session *session, bool bound, CK_OBJECT_HANDLE *ret_key)
{
    struct hsm_template template = { .count = 0 };
    CK_ULONG length = HSM_AES_MAX;

    hsm_template_passing(&template, CKO_SECRET_KEY, CKK_AES);
    hsm_template_flag(&template, CKA_PRIVATE, true);
    hsm_template_flag(&template, CKA_SENSITIVE, true);
    hsm_template_flag(&template, CKA_EXTRACTABLE, true);
    hsm_template_flag(&template, CKA_WRAP_WITH_TRUSTED, bound);
    hsm_template_add(&template, CKA_VALUE_LEN, &length, sizeof(length));
    return generate(session, &template, ret_key);
}

/* One like ours, but not trusted. */
static CK_RV generate_wrapping(struct hsm_session *session, CK_OBJECT_HANDLE *ret_key)
{
    static const unsigned char id[HSM_ID_LENGTH];
    struct hsm_template template = { .count = 0 };

    hsm_template_wrapping(&template, id, label);
    hsm_template_flag(&template, CKA_TOKEN, false);
    hsm_template_flag(&template, CKA_PRIVATE, true);
    add_protection(&template);
    return generate(session, &template, ret_key);
}

struct sample {
    CK_OBJECT_HANDLE wrapping;
    unsigned char wrapped[HSM_AES_MAX + HSM_SEMIBLOCK];
    CK_ULONG len;
};

static CK_RV wrap(struct hsm_session *session, struct sample *sample, CK_OBJECT_HANDLE key)
{
    CK_MECHANISM mechanism = hsm_kwp_mechanism(session->hsm);

    sample->len = sizeof(sample->wrapped);
    return HSM_CALL(session, C_WrapKey, &mechanism, sample->wrapping, key, sample->wrapped,
                    &sample->len);
}

static CK_RV unwrap(struct hsm_session *session, struct sample *sample, bool sensitive, bool bound)
{
    CK_MECHANISM mechanism = hsm_kwp_mechanism(session->hsm);
    struct hsm_template template = { .count = 0 };
    CK_OBJECT_HANDLE key;

    hsm_template_passing(&template, CKO_SECRET_KEY, CKK_AES);
    hsm_template_flag(&template, CKA_PRIVATE, true);
    hsm_template_flag(&template, CKA_SENSITIVE, sensitive);
    hsm_template_flag(&template, CKA_WRAP_WITH_TRUSTED, bound);
    return HSM_CALL(session, C_UnwrapKey, &mechanism, sample->wrapping, sample->wrapped,
                    sample->len, template.items, template.count, &key);
}

/* What must be refused is refused, for that reason only; everything else must work. */
static bool keeps_to_it(struct hsm_session *session)
{
    CK_OBJECT_HANDLE bound, loose;
    struct sample sample = { .wrapping = CK_INVALID_HANDLE };

    return generate_wrapping(session, &sample.wrapping) == CKR_OK
           && generate_sample(session, true, &bound) == CKR_OK
           && generate_sample(session, false, &loose) == CKR_OK
           && wrap(session, &sample, bound) == CKR_KEY_NOT_WRAPPABLE
           && wrap(session, &sample, loose) == CKR_OK
           && unwrap(session, &sample, true, true) == CKR_OK
           && unwrap(session, &sample, false, true) == CKR_TEMPLATE_INCONSISTENT
           && unwrap(session, &sample, true, false) == CKR_TEMPLATE_INCONSISTENT;
}

bool hsm_trusted_probe(struct hsm *hsm)
{
    kv_auto(hsm_session_release) struct hsm_session *session = NULL;

    if (hsm_session_acquire(hsm, &session) != CKR_OK) {
        return false;
    }
    bool keeps = keeps_to_it(session);
    session->spent = true; /* closing it destroys the session objects */
    return keeps;
}

/* What a kill has left of one: it is trusted, and could still be made to decrypt. */
static void destroy_unfinished(struct hsm_session *session)
{
    kv_auto(hsm_handles_done) struct hsm_handles handles = { 0 };
    CK_ATTRIBUTE template[] = {
        HSM_ATTRIBUTE(CKA_TOKEN, yes),
        HSM_ATTRIBUTE(CKA_TRUSTED, yes),
        { CKA_LABEL, (void *) label, sizeof(label) - 1 },
    };

    if (hsm_find_objects(session, template, KV_COUNT(template), &handles) == CKR_OK) {
        for (size_t i = 0; i < handles.count; i++) {
            (void) HSM_CALL(session, C_DestroyObject, handles.items[i]); /* or it stays unused */
        }
    }
}

static CK_RV make_as_so(struct hsm_session *session, const char *so_pin, size_t so_pin_len,
                        CK_OBJECT_HANDLE *ret_key)
{
    struct hsm_module *module = &session->hsm->module;
    struct hsm_template template = { .count = 0 };
    unsigned char id[HSM_ID_LENGTH];

    HSM_TRY(HSM_CALL(session, C_GenerateRandom, id, sizeof(id)));
    hsm_template_wrapping(&template, id, label);
    hsm_template_flag(&template, CKA_TOKEN, false);
    hsm_template_flag(&template, CKA_PRIVATE, false);
    hsm_template_flag(&template, CKA_TRUSTED, true);
    add_protection(&template);
    HSM_TRY(HSM_ON(module, session->handle, C_Login, CKU_SO, (CK_UTF8CHAR *) so_pin, so_pin_len));
    CK_RV rv = generate(session, &template, ret_key);
    HSM_CLOSE(module, session->handle, C_Logout, session->handle);
    return rv;
}

/* Modules write a copy first and then what changes in it: this comes last, and makes it whole. */
static CK_RV copy_as_user(struct hsm_session *session, CK_OBJECT_HANDLE key)
{
    CK_OBJECT_HANDLE copy;
    CK_BBOOL no = CK_FALSE;
    CK_ATTRIBUTE template[] = {
        HSM_ATTRIBUTE(CKA_TOKEN, yes),
        HSM_ATTRIBUTE(CKA_PRIVATE, yes),
        HSM_ATTRIBUTE(CKA_MODIFIABLE, no),
    };

    return HSM_CALL(session, C_CopyObject, key, template, KV_COUNT(template), &copy);
}

static CK_RV make(struct hsm_session *session, const char *so_pin, size_t so_pin_len)
{
    struct hsm *hsm = session->hsm;
    CK_OBJECT_HANDLE key;

    HSM_TRY(HSM_ON(&hsm->module, session->handle, C_Logout));
    hsm->logged_in = false;
    CK_RV rv = make_as_so(session, so_pin, so_pin_len, &key);
    HSM_TRY(hsm_log_in(hsm));
    if (rv == CKR_OK) {
        (void) copy_as_user(session, key); /* the walk through the objects will show */
    }
    return CKR_OK;
}

CK_RV hsm_trusted_make(struct hsm *hsm, const char *so_pin, size_t so_pin_len)
{
    struct hsm_session session = { .hsm = hsm, .module = &hsm->module };

    HSM_TRY(HSM_DOOR(&hsm->module, C_OpenSession, hsm->slot, CKF_SERIAL_SESSION | CKF_RW_SESSION,
                     NULL, NULL, &session.handle));
    destroy_unfinished(&session);
    CK_RV rv = make(&session, so_pin, so_pin_len);
    /* This removes what the SO made. */
    HSM_CLOSE(&hsm->module, session.handle, C_CloseSession, session.handle);
    return rv;
}

CK_RV hsm_trusted_notice(struct hsm_session *session, CK_OBJECT_HANDLE object,
                         const unsigned char id[HSM_ID_LENGTH])
{
    CK_OBJECT_CLASS class = CKO_DATA;
    CK_BBOOL trusted = CK_FALSE, modifiable = CK_TRUE;
    unsigned char name[sizeof(label) - 1];
    CK_ATTRIBUTE template[] = {
        HSM_ATTRIBUTE(CKA_CLASS, class),
        HSM_ATTRIBUTE(CKA_TRUSTED, trusted),
        HSM_ATTRIBUTE(CKA_MODIFIABLE, modifiable),
        HSM_ATTRIBUTE(CKA_LABEL, name),
    };
    CK_RV rv = HSM_CALL(session, C_GetAttributeValue, object, template, KV_COUNT(template));

    if (rv == CKR_OK && class == CKO_SECRET_KEY && trusted && !modifiable
        && template[3].ulValueLen == sizeof(name)
        && hsm_bytes_are_equal(name, (const unsigned char *) label, sizeof(name))) {
        hsm_hold(session->hsm, HSM_TRUSTED, id, object);
    }
    return rv == CKR_OK || rv == CKR_ATTRIBUTE_TYPE_INVALID || rv == CKR_ATTRIBUTE_VALUE_INVALID
                   || rv == CKR_BUFFER_TOO_SMALL
               ? HSM_RV_NO_KEY
               : rv;
}
