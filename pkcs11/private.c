/* SPDX-License-Identifier: Apache-2.0 */
/* Private keys that come with their numbers. */
#include "core.h"
#include "curve.h"
#include "door.h"
#include "number.h"
#include "settle.h"
#include "template.h"

/* The numbers of an RSA key as attributes. */
static const struct {
    CK_ATTRIBUTE_TYPE type;
    size_t offset;
} numbers[] = {
    { CKA_MODULUS, offsetof(struct hsm_rsa_private, modulus) },
    { CKA_PUBLIC_EXPONENT, offsetof(struct hsm_rsa_private, public_exponent) },
    { CKA_PRIVATE_EXPONENT, offsetof(struct hsm_rsa_private, private_exponent) },
    { CKA_PRIME_1, offsetof(struct hsm_rsa_private, prime_1) },
    { CKA_PRIME_2, offsetof(struct hsm_rsa_private, prime_2) },
    { CKA_EXPONENT_1, offsetof(struct hsm_rsa_private, exponent_1) },
    { CKA_EXPONENT_2, offsetof(struct hsm_rsa_private, exponent_2) },
    { CKA_COEFFICIENT, offsetof(struct hsm_rsa_private, coefficient) },
};

static CK_RV add_numbers(struct hsm_template *template, const struct hsm_rsa_private *key)
{
    for (size_t i = 0; i < KV_COUNT(numbers); i++) {
        const struct hsm_bytes *number = (const void *) ((const char *) key + numbers[i].offset);
        struct hsm_bytes trimmed = hsm_number_trim(number->bytes, number->len);

        if (trimmed.len == 0 || trimmed.len > HSM_MODULUS_MAX) {
            return CKR_KEY_SIZE_RANGE;
        }
        hsm_template_add(template, numbers[i].type, trimmed.bytes, trimmed.len);
    }
    return CKR_OK;
}

static CK_RV create(struct hsm *hsm, const unsigned char *id, struct hsm_template *template)
{
    kv_auto(hsm_session_release) struct hsm_session *session = NULL;
    CK_OBJECT_HANDLE made, key;

    if (!hsm->capabilities.import) {
        return HSM_RV_NO_MECHANISM;
    }
    HSM_TRY(hsm_session_acquire_to_make(hsm, &session));
    session->key = id;
    HSM_TRY(HSM_CALL(session, C_CreateObject, template->items, template->count, &made));
    return hsm_settle(session, id, HSM_KEY, made, &key);
}

CK_RV hsm_import_rsa(struct hsm *hsm, const unsigned char id[HSM_ID_LENGTH], enum hsm_bond bond,
                     const struct hsm_rsa_private *key)
{
    struct hsm_template template = { .count = 0 };

    hsm_template_key(&template, hsm, HSM_RSA, id, bond);
    HSM_TRY(add_numbers(&template, key));
    return create(hsm, id, &template);
}

CK_RV hsm_import_ec(struct hsm *hsm, const unsigned char id[HSM_ID_LENGTH], enum hsm_bond bond,
                    enum hsm_curve curve, const unsigned char *scalar, size_t len,
                    const struct hsm_ec_public *public)
{
    struct hsm_template template = { .count = 0 };
    CK_ATTRIBUTE params = hsm_curve_params(curve);

    if (!(hsm->capabilities.ec_curves & HSM_BIT(curve))) {
        return HSM_RV_NO_MECHANISM;
    }
    if (len != hsm_curve_width(curve) || public->coordinate_len != len) {
        return CKR_KEY_SIZE_RANGE;
    }
    hsm_template_key(&template, hsm, HSM_EC, id, bond);
    hsm_template_add(&template, params.type, params.pValue, params.ulValueLen);
    hsm_template_add(&template, CKA_VALUE, scalar, len);
    return create(hsm, id, &template);
}
