/* SPDX-License-Identifier: Apache-2.0 */
/*
 * AES key wrap over the caller's bytes. Some modules offer it for encryption. Others only wrap keys
 * with it, so the bytes become a key, a session object that ends with its session.
 */
#include <string.h>

#include "core.h"
#include "door.h"
#include "hot.h"
#include "kwp.h"
#include "map.h"
#include "sentinel.h"
#include "template.h"
#include "verdict.h"

struct work {
    CK_MECHANISM_TYPE type;
    const unsigned char *in;
    size_t len;
    unsigned char *out;
    size_t size;
    size_t *ret_len;
};

static CK_RV check_value(CK_MECHANISM_TYPE type, size_t len)
{
    if (len > HSM_VALUE_MAX) {
        return CKR_DATA_LEN_RANGE;
    }
    switch (type) {
    case CKM_AES_KEY_WRAP:
        return len >= 2 * HSM_SEMIBLOCK && len % HSM_SEMIBLOCK == 0 ? CKR_OK : CKR_DATA_LEN_RANGE;
    case CKM_AES_KEY_WRAP_PAD:
        return len > 0 ? CKR_OK : CKR_DATA_LEN_RANGE;
    default:
        return HSM_RV_NO_MECHANISM;
    }
}

static CK_RV check_wrapped(CK_MECHANISM_TYPE type, size_t len)
{
    size_t least = type == CKM_AES_KEY_WRAP ? 3 * HSM_SEMIBLOCK : 2 * HSM_SEMIBLOCK;

    if (type != CKM_AES_KEY_WRAP && type != CKM_AES_KEY_WRAP_PAD) {
        return HSM_RV_NO_MECHANISM;
    }
    return len >= least && len % HSM_SEMIBLOCK == 0 && len <= HSM_SEMIBLOCK + HSM_VALUE_MAX
               ? CKR_OK
               : CKR_ENCRYPTED_DATA_LEN_RANGE;
}

/* It can be read, which gives nothing away: the caller has it or gets it. */
static void describe_value(struct hsm_template *template)
{
    hsm_template_passing(template, CKO_SECRET_KEY, CKK_GENERIC_SECRET);
    hsm_template_flag(template, CKA_PRIVATE, true);
    hsm_template_flag(template, CKA_SENSITIVE, false);
    hsm_template_flag(template, CKA_EXTRACTABLE, true);
}

static CK_MECHANISM choose_mechanism(const struct hsm *hsm, CK_MECHANISM_TYPE type)
{
    return type == CKM_AES_KEY_WRAP_PAD ? hsm_kwp_mechanism(hsm) : (CK_MECHANISM){ type, NULL, 0 };
}

static CK_RV encrypt(struct hsm_session *session, CK_OBJECT_HANDLE key, CK_MECHANISM *mechanism,
                     const struct work *work)
{
    CK_ULONG out_len = work->size;

    HSM_TRY(HSM_CALL(session, C_EncryptInit, mechanism, key));
    HSM_TRY(HSM_CALL(session, C_Encrypt, (CK_BYTE *) work->in, work->len, work->out, &out_len));
    *work->ret_len = out_len;
    return CKR_OK;
}

static CK_RV decrypt(struct hsm_session *session, CK_OBJECT_HANDLE key, CK_MECHANISM *mechanism,
                     const struct work *work)
{
    CK_ULONG out_len = work->size;

    HSM_TRY(HSM_CALL(session, C_DecryptInit, mechanism, key));
    CK_RV rv = HSM_CALL(session, C_Decrypt, (CK_BYTE *) work->in, work->len, work->out, &out_len);
    HSM_TRY(hsm_judge(session, rv, CKR_ENCRYPTED_DATA_INVALID));
    *work->ret_len = out_len;
    return CKR_OK;
}

static CK_RV wrap(struct hsm_session *session, CK_OBJECT_HANDLE key, void *context)
{
    const struct work *work = context;
    const struct hsm *hsm = session->hsm;
    CK_MECHANISM mechanism = choose_mechanism(hsm, work->type);
    struct hsm_template template = { .count = 0 };
    CK_ULONG out_len = work->size;
    CK_OBJECT_HANDLE value;

    if (hsm->kwp.encrypts) {
        return encrypt(session, key, &mechanism, work);
    }
    if (work->type == CKM_AES_KEY_WRAP_PAD && work->len % HSM_SEMIBLOCK != 0 && !hsm->kwp.pads) {
        return hsm_kwp_by_blocks(session, key, work->in, work->len, work->out, work->size,
                                 work->ret_len);
    }
    describe_value(&template);
    hsm_template_add(&template, CKA_VALUE, work->in, work->len);
    HSM_TRY(HSM_CALL(session, C_CreateObject, template.items, template.count, &value));
    session->spent = true;
    HSM_TRY(HSM_CALL(session, C_WrapKey, &mechanism, key, value, work->out, &out_len));
    *work->ret_len = out_len;
    return CKR_OK;
}

/* Asks for the length first: NSS looks at the value's only, not at the room. */
static CK_RV read_value(struct hsm_session *session, CK_OBJECT_HANDLE value,
                        const struct work *work)
{
    CK_ATTRIBUTE attribute = { CKA_VALUE, NULL, 0 };

    HSM_TRY(HSM_CALL(session, C_GetAttributeValue, value, &attribute, 1));
    if (attribute.ulValueLen > work->size) {
        return CKR_BUFFER_TOO_SMALL;
    }
    attribute.pValue = work->out;
    HSM_TRY(HSM_CALL(session, C_GetAttributeValue, value, &attribute, 1));
    *work->ret_len = attribute.ulValueLen;
    return CKR_OK;
}

static CK_RV unwrap(struct hsm_session *session, CK_OBJECT_HANDLE key, void *context)
{
    const struct work *work = context;
    CK_MECHANISM mechanism = choose_mechanism(session->hsm, work->type);
    struct hsm_template template = { .count = 0 };
    CK_OBJECT_HANDLE value;

    if (session->hsm->kwp.encrypts) {
        return decrypt(session, key, &mechanism, work);
    }
    describe_value(&template);
    CK_RV rv = HSM_CALL(session, C_UnwrapKey, &mechanism, key, (CK_BYTE *) work->in, work->len,
                        template.items, template.count, &value);
    if (rv == CKR_WRAPPED_KEY_INVALID) {
        rv = CKR_ENCRYPTED_DATA_INVALID; /* what it is to the caller */
    }
    HSM_TRY(hsm_judge(session, rv, CKR_ENCRYPTED_DATA_INVALID));
    session->spent = true;
    return read_value(session, value, work);
}

static CK_RV run(struct hsm *hsm, const unsigned char *id, hsm_use_fn *use, struct work *work)
{
    kv_auto(hsm_session_release) struct hsm_session *session = NULL;

    CK_RV rv = hsm_session_acquire(hsm, &session);
    if (rv == CKR_OK) {
        rv = hsm_use_hot_key(session, id, HSM_KEY, use, work);
    }
    if (rv != CKR_OK) {
        explicit_bzero(work->out, work->size);
    }
    return hsm_rv_is_missing(rv) ? HSM_RV_NO_MECHANISM : rv;
}

CK_RV hsm_wrap_value(struct hsm *hsm, const unsigned char id[HSM_ID_LENGTH], CK_MECHANISM_TYPE type,
                     const unsigned char *value, size_t len, unsigned char *out, size_t size,
                     size_t *ret_len)
{
    struct work work = { type, value, len, out, size, ret_len };

    HSM_TRY(check_value(type, len));
    return run(hsm, id, wrap, &work);
}

CK_RV hsm_unwrap_value(struct hsm *hsm, const unsigned char id[HSM_ID_LENGTH],
                       CK_MECHANISM_TYPE type, const unsigned char *in, size_t len,
                       unsigned char *out, size_t size, size_t *ret_len)
{
    struct work work = { type, in, len, out, size, ret_len };

    HSM_TRY(check_wrapped(type, len));
    return run(hsm, id, unwrap, &work);
}
