/* SPDX-License-Identifier: Apache-2.0 */
/*
 * RSA key pairs. Only the private half is kept on the token: half the files, half the start-up
 * time, and no public key that a killed generation leaves without its private half.
 */
#include "internal.h"

#include <string.h>

#include "door.h"

#define NUMBER_MAX (HSM_MODULUS_MAX + 8) /* some modules pad numbers with zeros */

/* Big-endian, without leading zeros; the length, 0 when it does not fit or `len` is no length. */
static size_t trim_number(const unsigned char *number, size_t len, unsigned char *ret_bytes,
                          size_t size)
{
    if (len > NUMBER_MAX) {
        return 0;
    }
    while (len > 0 && *number == 0) {
        number++;
        len--;
    }
    if (len > size) {
        return 0;
    }
    memcpy(ret_bytes, number, len);
    return len;
}

static size_t encode_exponent(unsigned long exponent, unsigned char ret_bytes[sizeof(exponent)])
{
    unsigned char bytes[sizeof(exponent)];

    for (size_t i = sizeof(bytes); i > 0; i--) {
        bytes[i - 1] = (unsigned char) exponent;
        exponent >>= 8;
    }
    return trim_number(bytes, sizeof(bytes), ret_bytes, sizeof(exponent));
}

static CK_RV generate_pair(struct hsm_session *session, const unsigned char *id, CK_ULONG bits,
                           unsigned long public_exponent, CK_OBJECT_HANDLE *ret_public,
                           CK_OBJECT_HANDLE *ret_private)
{
    static const char label[] = "coffer";
    CK_MECHANISM mechanism = { CKM_RSA_PKCS_KEY_PAIR_GEN, NULL, 0 };
    CK_BBOOL yes = CK_TRUE, no = CK_FALSE;
    CK_BBOOL extractable = session->hsm->extractable ? CK_TRUE : CK_FALSE;
    unsigned char exponent[sizeof(public_exponent)];
    size_t exponent_len = encode_exponent(public_exponent, exponent);
    CK_ATTRIBUTE public_template[] = {
        HSM_ATTRIBUTE(CKA_TOKEN, no),           HSM_ATTRIBUTE(CKA_WRAP, no),
        HSM_ATTRIBUTE(CKA_MODULUS_BITS, bits),  { CKA_PUBLIC_EXPONENT, exponent, exponent_len },
        { CKA_ID, (void *) id, HSM_ID_LENGTH }, /* no stray while it is there */
    };
    CK_ATTRIBUTE private_template[] = {
        HSM_ATTRIBUTE(CKA_TOKEN, yes),
        HSM_ATTRIBUTE(CKA_PRIVATE, yes),
        HSM_ATTRIBUTE(CKA_SENSITIVE, yes),
        HSM_ATTRIBUTE(CKA_EXTRACTABLE, extractable),
        HSM_ATTRIBUTE(CKA_DECRYPT, yes),
        HSM_ATTRIBUTE(CKA_SIGN, yes),
        HSM_ATTRIBUTE(CKA_SIGN_RECOVER, no),
        HSM_ATTRIBUTE(CKA_UNWRAP, no),
        HSM_ATTRIBUTE(CKA_DERIVE, no),
        { CKA_ID, (void *) id, HSM_ID_LENGTH },
        { CKA_LABEL, (void *) label, sizeof(label) - 1 },
    };

    return HSM_CALL(session, C_GenerateKeyPair, &mechanism, public_template,
                    KV_COUNT(public_template), private_template, KV_COUNT(private_template),
                    ret_public, ret_private);
}

static CK_RV read_public(struct hsm_session *session, CK_OBJECT_HANDLE key, CK_ULONG bits,
                         struct hsm_rsa_public *ret_public)
{
    unsigned char modulus[NUMBER_MAX], exponent[NUMBER_MAX];
    CK_ATTRIBUTE template[] = {
        HSM_ATTRIBUTE(CKA_MODULUS, modulus),
        HSM_ATTRIBUTE(CKA_PUBLIC_EXPONENT, exponent),
    };

    HSM_TRY(HSM_CALL(session, C_GetAttributeValue, key, template, KV_COUNT(template)));
    ret_public->modulus_len = trim_number(modulus, template[0].ulValueLen, ret_public->modulus,
                                          sizeof(ret_public->modulus));
    ret_public->exponent_len = trim_number(exponent, template[1].ulValueLen, ret_public->exponent,
                                           sizeof(ret_public->exponent));
    if (ret_public->modulus_len != bits / 8 || ret_public->exponent_len == 0) {
        return CKR_PUBLIC_KEY_INVALID; /* not what was ordered */
    }
    return CKR_OK;
}

/* Reads the public half, and enters the private one into the map. */
static CK_RV keep_pair(struct hsm_session *session, const unsigned char *id, CK_ULONG bits,
                       CK_OBJECT_HANDLE public, CK_OBJECT_HANDLE private,
                       struct hsm_rsa_public *ret_public)
{
    struct hsm_rsa_public result;

    HSM_TRY(read_public(session, public, bits, &result));
    HSM_TRY(hsm_map_put(session->hsm->map, id, private));
    *ret_public = result;
    return CKR_OK;
}

/* The public half is a session object: where destroying it fails, it goes with the session. */
static void discard(struct hsm_session *session, CK_OBJECT_HANDLE object)
{
    (void) HSM_CALL(session, C_DestroyObject, object);
}

CK_RV hsm_generate_rsa(struct hsm *hsm, const unsigned char id[HSM_ID_LENGTH], CK_ULONG bits,
                       unsigned long public_exponent, struct hsm_rsa_public *ret_public)
{
    kv_auto(hsm_session_release) struct hsm_session *session = NULL;
    const struct hsm_capabilities *can = &hsm->capabilities;
    CK_OBJECT_HANDLE public, private;

    if (!can->rsa_generate) {
        return HSM_RV_NO_MECHANISM;
    }
    if (bits < can->rsa_bits_min || bits > can->rsa_bits_max || bits % 8 != 0) {
        return CKR_KEY_SIZE_RANGE;
    }
    if (public_exponent < 3 || public_exponent % 2 == 0) {
        return CKR_ATTRIBUTE_VALUE_INVALID;
    }
    HSM_TRY(hsm_session_acquire(hsm, &session));
    HSM_TRY(generate_pair(session, id, bits, public_exponent, &public, &private));
    CK_RV rv = keep_pair(session, id, bits, public, private, ret_public);
    if (rv == CKR_OK) {
        discard(session, public);
        return CKR_OK;
    }
    if (hsm_session_renew(session) == CKR_OK) {
        discard(session, private);
    }
    return rv;
}
