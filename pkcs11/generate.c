/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Key pairs. Only the private half is kept on the token: half the files, half the start-up time,
 * and no public key that a killed generation leaves without its private half.
 */
#include "core.h"
#include "curve.h"
#include "door.h"
#include "number.h"
#include "object.h"
#include "public.h"
#include "settle.h"
#include "template.h"

struct pair {
    CK_OBJECT_HANDLE public, private;
};

static size_t encode_exponent(unsigned long exponent, unsigned char ret_bytes[sizeof(exponent)])
{
    unsigned char bytes[sizeof(exponent)];

    for (size_t i = sizeof(bytes); i > 0; i--) {
        bytes[i - 1] = (unsigned char) exponent;
        exponent >>= 8;
    }
    return hsm_number_copy(bytes, sizeof(bytes), ret_bytes, sizeof(exponent));
}

/* `public` says what to generate. */
static CK_RV generate_pair(struct hsm_session *session, CK_MECHANISM_TYPE type, enum hsm_kind kind,
                           const unsigned char *id, enum hsm_bond bond, struct hsm_template *public,
                           struct pair *ret_pair)
{
    CK_MECHANISM mechanism = { type, NULL, 0 };
    struct hsm_template private = { .count = 0 };

    public->type =
        kind == HSM_RSA ? CKK_RSA : CKK_EC; /* opencryptoki wants it in both or in none */
    hsm_template_add(public, CKA_KEY_TYPE, &public->type, sizeof(public->type));
    hsm_template_flag(public, CKA_TOKEN, false);
    hsm_template_add(public, CKA_ID, id, HSM_ID_LENGTH); /* no stray while it is there */
    hsm_template_key(&private, session->hsm, kind, id, bond);
    return HSM_CALL(session, C_GenerateKeyPair, &mechanism, public->items, public->count,
                    private.items, private.count, &ret_pair->public, &ret_pair->private);
}

static CK_RV generate_rsa_pair(struct hsm_session *session, const unsigned char *id,
                               enum hsm_bond bond, CK_ULONG bits, unsigned long public_exponent,
                               struct pair *ret_pair)
{
    struct hsm_template public = { .count = 0 };
    unsigned char exponent[sizeof(public_exponent)];
    size_t exponent_len = encode_exponent(public_exponent, exponent);

    hsm_template_flag(&public, CKA_WRAP, false);
    hsm_template_add(&public, CKA_MODULUS_BITS, &bits, sizeof(bits));
    hsm_template_add(&public, CKA_PUBLIC_EXPONENT, exponent, exponent_len);
    CK_RV rv =
        generate_pair(session, CKM_RSA_PKCS_KEY_PAIR_GEN, HSM_RSA, id, bond, &public, ret_pair);
    /* NSS, for an exponent that it does not accept; nothing else here depends on the caller. */
    return rv == CKR_ARGUMENTS_BAD ? HSM_RV_NO_MECHANISM : rv;
}

static CK_RV generate_ec_pair(struct hsm_session *session, const unsigned char *id,
                              enum hsm_bond bond, enum hsm_curve curve, struct pair *ret_pair)
{
    struct hsm_template public = { .count = 0 };
    CK_ATTRIBUTE params = hsm_curve_params(curve);

    hsm_template_add(&public, params.type, params.pValue, params.ulValueLen);
    return generate_pair(session, CKM_EC_KEY_PAIR_GEN, HSM_EC, id, bond, &public, ret_pair);
}

/* Settles the private half and enters it into the map, unless reading the public half failed with
 * `rv`. The public half ends with the session. */
static CK_RV keep_pair(struct hsm_session *session, const unsigned char *id,
                       const struct pair *pair, CK_RV rv)
{
    CK_OBJECT_HANDLE key;

    if (rv == CKR_OK) {
        rv = hsm_settle(session, id, HSM_KEY, pair->private, &key);
    } else if (!session->hsm->capabilities.settles) {
        hsm_discard(session, pair->private);
    }
    session->spent = true;
    return rv;
}

static CK_RV read_ordered(struct hsm_session *session, CK_OBJECT_HANDLE public, CK_ULONG bits,
                          struct hsm_rsa_public *ret_public)
{
    HSM_TRY(hsm_read_rsa(session, public, ret_public));
    return ret_public->modulus_len == bits / 8 ? CKR_OK : CKR_PUBLIC_KEY_INVALID;
}

CK_RV hsm_generate_rsa(struct hsm *hsm, const unsigned char id[HSM_ID_LENGTH], enum hsm_bond bond,
                       CK_ULONG bits, unsigned long public_exponent,
                       struct hsm_rsa_public *ret_public)
{
    kv_auto(hsm_session_release) struct hsm_session *session = NULL;
    const struct hsm_capabilities *can = &hsm->capabilities;
    struct hsm_rsa_public public;
    struct pair pair;

    if (!can->rsa_generate) {
        return HSM_RV_NO_MECHANISM;
    }
    if (bits < can->rsa_bits_min || bits > can->rsa_bits_max || bits % 8 != 0) {
        return CKR_KEY_SIZE_RANGE;
    }
    if (public_exponent < 3 || public_exponent % 2 == 0) {
        return CKR_ATTRIBUTE_VALUE_INVALID;
    }
    HSM_TRY(hsm_session_acquire_to_generate(hsm, &session));
    session->key = id;
    HSM_TRY(generate_rsa_pair(session, id, bond, bits, public_exponent, &pair));
    HSM_TRY(keep_pair(session, id, &pair, read_ordered(session, pair.public, bits, &public)));
    *ret_public = public;
    return CKR_OK;
}

CK_RV hsm_generate_ec(struct hsm *hsm, const unsigned char id[HSM_ID_LENGTH], enum hsm_bond bond,
                      enum hsm_curve curve, struct hsm_ec_public *ret_public)
{
    kv_auto(hsm_session_release) struct hsm_session *session = NULL;
    struct hsm_ec_public public;
    struct pair pair;

    if (!(hsm->capabilities.ec_curves & HSM_BIT(curve))) {
        return HSM_RV_NO_MECHANISM;
    }
    HSM_TRY(hsm_session_acquire_to_generate(hsm, &session));
    session->key = id;
    HSM_TRY(generate_ec_pair(session, id, bond, curve, &pair));
    HSM_TRY(keep_pair(session, id, &pair, hsm_read_point(session, pair.public, curve, &public)));
    *ret_public = public;
    return CKR_OK;
}
