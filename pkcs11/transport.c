/* SPDX-License-Identifier: Apache-2.0 */
/* AES keys that go from RSA key to RSA key and are never outside the token in the clear. */
#include "transport.h"

#include <string.h>

#include "core.h"
#include "door.h"
#include "lookup.h"
#include "map.h"
#include "oaep.h"
#include "sentinel.h"
#include "template.h"

void hsm_transport_describe(struct hsm_template *template)
{
    hsm_template_passing(template, CKO_SECRET_KEY, CKK_AES);
    hsm_template_flag(template, CKA_PRIVATE, true);
    hsm_template_flag(template, CKA_SENSITIVE, true);
    hsm_template_flag(template, CKA_EXTRACTABLE, true);
    hsm_template_flag(template, CKA_WRAP, true);
}

CK_RV hsm_transport_generate(struct hsm_session *session, CK_OBJECT_HANDLE *ret_transport)
{
    CK_MECHANISM generate = { CKM_AES_KEY_GEN, NULL, 0 };
    struct hsm_template template = { .count = 0 };
    CK_ULONG length = HSM_AES_MAX;

    hsm_transport_describe(&template);
    hsm_template_add(&template, CKA_VALUE_LEN, &length, sizeof(length));
    CK_RV rv =
        HSM_CALL(session, C_GenerateKey, &generate, template.items, template.count, ret_transport);
    session->spent = true; /* the key goes with the session */
    return rv;
}

CK_RV hsm_transport_seal(struct hsm_session *session, CK_OBJECT_HANDLE transport,
                         const struct hsm_rsa_public *target, enum hsm_hash hash,
                         unsigned char *out, size_t size, size_t *ret_len)
{
    struct hsm_oaep oaep;
    CK_OBJECT_HANDLE handle;
    CK_ULONG len = size;

    HSM_TRY(hsm_oaep_target(session, target, &handle));
    hsm_oaep_init(&oaep, hash);
    HSM_TRY(HSM_CALL(session, C_WrapKey, &oaep.mechanism, handle, transport, out, &len));
    *ret_len = len;
    return CKR_OK;
}

CK_RV hsm_transport_open(struct hsm_session *session, CK_OBJECT_HANDLE kek, enum hsm_hash hash,
                         CK_ATTRIBUTE_TYPE use, const unsigned char *in, size_t len,
                         CK_OBJECT_HANDLE *ret_transport)
{
    struct hsm_oaep oaep;
    struct hsm_template template = { .count = 0 };

    hsm_oaep_init(&oaep, hash);
    hsm_template_passing(&template, CKO_SECRET_KEY, CKK_AES);
    hsm_template_flag(&template, CKA_PRIVATE, true);
    hsm_template_flag(&template, CKA_SENSITIVE, true);
    hsm_template_flag(&template, CKA_EXTRACTABLE, use == CKA_WRAP);
    hsm_template_flag(&template, use, true);
    CK_RV rv = HSM_CALL(session, C_UnwrapKey, &oaep.mechanism, kek, (CK_BYTE *) in, len,
                        template.items, template.count, ret_transport);
    HSM_TRY(hsm_judge(session, rv, CKR_WRAPPED_KEY_INVALID));
    session->spent = true;
    return CKR_OK;
}

static CK_RV check(struct hsm *hsm, const struct hsm_rsa_public *target, enum hsm_hash hash,
                   size_t size)
{
    if (!(hsm->capabilities.rsa_oaep & HSM_BIT(hash))) {
        return HSM_RV_NO_MECHANISM;
    }
    return size >= target->modulus_len ? CKR_OK : CKR_BUFFER_TOO_SMALL;
}

CK_RV hsm_seal_new(struct hsm *hsm, const struct hsm_rsa_public *target, enum hsm_hash hash,
                   unsigned char *out, size_t size, size_t *ret_len)
{
    kv_auto(hsm_session_release) struct hsm_session *session = NULL;
    CK_OBJECT_HANDLE transport;

    HSM_TRY(check(hsm, target, hash, size));
    HSM_TRY(hsm_session_acquire(hsm, &session));
    HSM_TRY(hsm_transport_generate(session, &transport));
    return hsm_transport_seal(session, transport, target, hash, out, size, ret_len);
}

struct passage {
    const struct hsm_rsa_public *target;
    enum hsm_hash hash;
    const unsigned char *in;
    size_t len;
    unsigned char *out;
    size_t size;
    size_t *ret_len;
};

static CK_RV pass(struct hsm_session *session, CK_OBJECT_HANDLE key, void *context)
{
    const struct passage *passage = context;
    CK_OBJECT_HANDLE transport;

    HSM_TRY(hsm_transport_open(session, key, passage->hash, CKA_WRAP, passage->in, passage->len,
                               &transport));
    return hsm_transport_seal(session, transport, passage->target, passage->hash, passage->out,
                              passage->size, passage->ret_len);
}

CK_RV hsm_seal_again(struct hsm *hsm, const unsigned char id[HSM_ID_LENGTH],
                     const struct hsm_rsa_public *target, enum hsm_hash hash,
                     const unsigned char *in, size_t len, unsigned char *out, size_t size,
                     size_t *ret_len)
{
    kv_auto(hsm_session_release) struct hsm_session *session = NULL;
    struct passage passage = { target, hash, in, len, out, size, ret_len };

    HSM_TRY(check(hsm, target, hash, size));
    HSM_TRY(hsm_session_acquire(hsm, &session));
    return hsm_use_key(session, id, HSM_KEY, pass, &passage);
}
