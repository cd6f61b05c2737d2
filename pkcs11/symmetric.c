/* SPDX-License-Identifier: Apache-2.0 */
/* AES keys: generated on the token, or imported. */
#include <string.h>

#include "core.h"
#include "door.h"
#include "object.h"
#include "template.h"
#include "twin.h"

static bool is_offered(const struct hsm_capabilities *can, CK_ULONG bits)
{
    switch (bits) {
    case 128:
        return can->aes_128;
    case 192:
        return can->aes_192;
    default:
        return can->aes_256;
    }
}

static bool is_size(CK_ULONG bits)
{
    return bits == 128 || bits == 192 || bits == 256;
}

static CK_RV generate_alone(struct hsm_session *session, CK_ULONG bits, struct hsm_template *key,
                            struct hsm_twins *ret_twins)
{
    CK_MECHANISM mechanism = { CKM_AES_KEY_GEN, NULL, 0 };
    CK_ULONG len = bits / 8;

    hsm_template_add(key, CKA_VALUE_LEN, &len, sizeof(len));
    ret_twins->twin = CK_INVALID_HANDLE;
    return HSM_CALL(session, C_GenerateKey, &mechanism, key->items, key->count, &ret_twins->key);
}

static CK_RV generate(struct hsm_session *session, const unsigned char *id, enum hsm_bond bond,
                      CK_ULONG bits, struct hsm_twins *ret_twins)
{
    struct hsm *hsm = session->hsm;
    struct hsm_template key = { .count = 0 }, twin = { .count = 0 };

    hsm_template_key(&key, hsm, HSM_AES, id, bond);
    if (hsm->capabilities.hmac_native || !hsm->capabilities.hmac_twin) {
        return generate_alone(session, bits, &key, ret_twins);
    }
    hsm_template_twin(&twin, hsm, id, bond);
    return hsm_derive_twins(session, bits, &key, &twin, ret_twins);
}

static CK_RV create(struct hsm_session *session, struct hsm_template *template,
                    const unsigned char *value, size_t len, CK_OBJECT_HANDLE *ret_key)
{
    hsm_template_add(template, CKA_VALUE, value, len);
    return HSM_CALL(session, C_CreateObject, template->items, template->count, ret_key);
}

/* The value, followed by zeros, as the template describes it. */
static CK_RV create_padded(struct hsm_session *session, struct hsm_template *template,
                           const unsigned char *value, size_t len, CK_OBJECT_HANDLE *ret_object)
{
    unsigned char padded[HSM_TWIN_LENGTH] = { 0 };

    memcpy(padded, value, len);
    CK_RV rv = create(session, template, padded, sizeof(padded), ret_object);
    explicit_bzero(padded, sizeof(padded));
    return rv;
}

static CK_RV create_both(struct hsm_session *session, const unsigned char *id, enum hsm_bond bond,
                         const unsigned char *value, size_t len, struct hsm_twins *ret_twins)
{
    struct hsm_template template = { .count = 0 }, twin = { .count = 0 };

    hsm_template_key(&template, session->hsm, HSM_AES, id, bond);
    ret_twins->twin = CK_INVALID_HANDLE;
    HSM_TRY(create(session, &template, value, len, &ret_twins->key));
    if (session->hsm->capabilities.hmac_native) {
        return CKR_OK;
    }
    hsm_template_twin(&twin, session->hsm, id, bond);
    CK_RV rv = create_padded(session, &twin, value, len, &ret_twins->twin);
    if (rv != CKR_OK) {
        hsm_discard(session, ret_twins->key);
    }
    return rv;
}

CK_RV hsm_generate_aes(struct hsm *hsm, const unsigned char id[HSM_ID_LENGTH], enum hsm_bond bond,
                       CK_ULONG bits)
{
    kv_auto(hsm_session_release) struct hsm_session *session = NULL;
    struct hsm_twins twins;

    if (!is_size(bits)) {
        return CKR_KEY_SIZE_RANGE;
    }
    if (!is_offered(&hsm->capabilities, bits)) {
        return HSM_RV_NO_MECHANISM;
    }
    HSM_TRY(hsm_session_acquire_to_make(hsm, &session));
    session->key = id;
    HSM_TRY(generate(session, id, bond, bits, &twins));
    return hsm_keep_twins(session, id, &twins);
}

CK_RV hsm_import_aes(struct hsm *hsm, const unsigned char id[HSM_ID_LENGTH], enum hsm_bond bond,
                     const unsigned char *value, size_t len)
{
    kv_auto(hsm_session_release) struct hsm_session *session = NULL;
    struct hsm_twins twins;

    if (!is_size(8 * len)) {
        return CKR_KEY_SIZE_RANGE;
    }
    HSM_TRY(hsm_session_acquire_to_make(hsm, &session));
    session->key = id;
    HSM_TRY(create_both(session, id, bond, value, len, &twins));
    return hsm_keep_twins(session, id, &twins);
}

CK_RV hsm_import_secret(struct hsm *hsm, const unsigned char id[HSM_ID_LENGTH], enum hsm_bond bond,
                        const unsigned char *value, size_t len)
{
    kv_auto(hsm_session_release) struct hsm_session *session = NULL;
    struct hsm_template template = { .count = 0 };
    struct hsm_twins lone = { CK_INVALID_HANDLE, CK_INVALID_HANDLE };

    if (len == 0 || len > HSM_SECRET_MAX) {
        return CKR_KEY_SIZE_RANGE;
    }
    hsm_template_secret(&template, hsm, id, bond);
    HSM_TRY(hsm_session_acquire_to_make(hsm, &session));
    session->key = id;
    HSM_TRY(create_padded(session, &template, value, len, &lone.key));
    return hsm_keep_twins(session, id, &lone);
}
