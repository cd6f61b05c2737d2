/* SPDX-License-Identifier: Apache-2.0 */
/* The probe of RSA, and of the wrapping of private keys, which takes one. */
#include "probe_parts.h"

#include <string.h>

#include "core.h"
#include "door.h"
#include "kwp.h"
#include "oaep.h"
#include "probe_key.h"
#include "template.h"

#define HSM_RSA_BITS_MIN 512 /* modules take less, down to what no padding fits in */

static const enum hsm_hash hashes[] = { HSM_SHA1, HSM_SHA256, HSM_SHA384, HSM_SHA512 };

/* Whether the module lists the mechanism for that use. */
static bool is_promised(struct hsm *hsm, CK_MECHANISM_TYPE type, CK_FLAGS flag,
                        CK_MECHANISM_INFO *ret_info)
{
    return HSM_DOOR(&hsm->module, C_GetMechanismInfo, hsm->slot, type, ret_info) == CKR_OK
           && (ret_info->flags & flag) != 0;
}

static void probe_generation(struct hsm *hsm, struct hsm_capabilities *can)
{
    CK_MECHANISM_INFO info;

    can->rsa_generate = is_promised(hsm, CKM_RSA_PKCS_KEY_PAIR_GEN, CKF_GENERATE_KEY_PAIR, &info);
    if (can->rsa_generate) {
        can->rsa_bits_min =
            info.ulMinKeySize > HSM_RSA_BITS_MIN ? info.ulMinKeySize : HSM_RSA_BITS_MIN;
        can->rsa_bits_max =
            info.ulMaxKeySize < HSM_MODULUS_MAX * 8 ? info.ulMaxKeySize : HSM_MODULUS_MAX * 8;
    }
}

#define ADD(template, type, value) hsm_template_add((template), (type), (value), sizeof(value))

static bool import_private(struct hsm_session *session, CK_OBJECT_HANDLE *ret_key)
{
    struct hsm_template template = { .count = 0 };

    hsm_template_passing(&template, CKO_PRIVATE_KEY, CKK_RSA);
    hsm_template_flag(&template, CKA_PRIVATE, true);
    hsm_template_flag(&template, CKA_SENSITIVE, true);
    hsm_template_flag(&template, CKA_EXTRACTABLE, true);
    hsm_template_flag(&template, CKA_DECRYPT, true);
    hsm_template_flag(&template, CKA_SIGN, true);
    hsm_template_flag(&template, CKA_UNWRAP, true);
    ADD(&template, CKA_MODULUS, probe_modulus);
    ADD(&template, CKA_PUBLIC_EXPONENT, probe_public_exponent);
    ADD(&template, CKA_PRIVATE_EXPONENT, probe_private_exponent);
    ADD(&template, CKA_PRIME_1, probe_prime_1);
    ADD(&template, CKA_PRIME_2, probe_prime_2);
    ADD(&template, CKA_EXPONENT_1, probe_exponent_1);
    ADD(&template, CKA_EXPONENT_2, probe_exponent_2);
    ADD(&template, CKA_COEFFICIENT, probe_coefficient);
    return HSM_CALL(session, C_CreateObject, template.items, template.count, ret_key) == CKR_OK;
}

static bool import_public(struct hsm_session *session, CK_OBJECT_HANDLE *ret_key)
{
    struct hsm_rsa_public public = {
        .modulus_len = sizeof(probe_modulus),
        .exponent_len = sizeof(probe_public_exponent),
    };

    memcpy(public.modulus, probe_modulus, sizeof(probe_modulus));
    memcpy(public.exponent, probe_public_exponent, sizeof(probe_public_exponent));
    return hsm_oaep_target(session, &public, ret_key) == CKR_OK;
}

/* An AES key to wrap with, or to be wrapped. */
static bool generate_secret(struct hsm_session *session, CK_OBJECT_HANDLE *ret_key)
{
    CK_MECHANISM mechanism = { CKM_AES_KEY_GEN, NULL, 0 };
    struct hsm_template template = { .count = 0 };
    CK_ULONG length = HSM_AES_MAX;

    hsm_template_passing(&template, CKO_SECRET_KEY, CKK_AES);
    hsm_template_flag(&template, CKA_EXTRACTABLE, true);
    hsm_template_flag(&template, CKA_WRAP, true);
    hsm_template_add(&template, CKA_VALUE_LEN, &length, sizeof(length));
    return HSM_CALL(session, C_GenerateKey, &mechanism, template.items, template.count, ret_key)
           == CKR_OK;
}

static bool can_decrypt(struct hsm_session *session, CK_OBJECT_HANDLE key)
{
    CK_MECHANISM mechanism = { CKM_RSA_X_509, NULL, 0 };
    unsigned char out[sizeof(probe_modulus)];
    CK_ULONG out_len = sizeof(out);

    return HSM_CALL(session, C_DecryptInit, &mechanism, key) == CKR_OK
           && HSM_CALL(session, C_Decrypt, (CK_BYTE *) probe_cipher, sizeof(probe_cipher), out,
                       &out_len)
                  == CKR_OK
           && out_len == sizeof(probe_modulus);
}

static bool can_wrap(struct hsm_session *session, CK_OBJECT_HANDLE wrapping, CK_OBJECT_HANDLE key)
{
    CK_MECHANISM mechanism = hsm_kwp_mechanism(session->hsm);
    unsigned char out[2048]; /* PKCS#8 of an RSA-2048 key takes some 1220 */
    CK_ULONG out_len = sizeof(out);

    return HSM_CALL(session, C_WrapKey, &mechanism, wrapping, key, out, &out_len) == CKR_OK;
}

/* To the public key and back again. */
static bool can_transport(struct hsm_session *session, CK_OBJECT_HANDLE public,
                          CK_OBJECT_HANDLE private, CK_OBJECT_HANDLE secret, enum hsm_hash hash)
{
    struct hsm_template template = { .count = 0 };
    struct hsm_oaep oaep;
    unsigned char wrapped[sizeof(probe_modulus)];
    CK_ULONG len = sizeof(wrapped);
    CK_OBJECT_HANDLE back;

    hsm_oaep_init(&oaep, hash);
    hsm_template_passing(&template, CKO_SECRET_KEY, CKK_AES);
    return HSM_CALL(session, C_WrapKey, &oaep.mechanism, public, secret, wrapped, &len) == CKR_OK
           && HSM_CALL(session, C_UnwrapKey, &oaep.mechanism, private, wrapped, len, template.items,
                       template.count, &back)
                  == CKR_OK;
}

static void probe_signatures(struct hsm_session *session, CK_OBJECT_HANDLE key,
                             struct hsm_capabilities *can)
{
    CK_MECHANISM pkcs = { CKM_RSA_PKCS, NULL, 0 };
    struct hsm_pss pss;

    can->rsa_pkcs = hsm_probe_sign(session, key, &pkcs, 1, sizeof(probe_modulus));
    for (size_t i = 1; i < KV_COUNT(hashes); i++) { /* nobody signs with SHA-1 */
        hsm_pss_init(&pss, hashes[i]);
        if (hsm_probe_sign(session, key, &pss.mechanism, pss.params.sLen, sizeof(probe_modulus))) {
            can->rsa_pss |= HSM_BIT(hashes[i]);
        }
    }
}

static void probe_transport(struct hsm_session *session, CK_OBJECT_HANDLE private,
                            CK_OBJECT_HANDLE secret, struct hsm_capabilities *can)
{
    CK_OBJECT_HANDLE public;

    if (!import_public(session, &public)) {
        return;
    }
    for (size_t i = 0; i < KV_COUNT(hashes); i++) {
        if (can_transport(session, public, private, secret, hashes[i])) {
            can->rsa_oaep |= HSM_BIT(hashes[i]);
        }
    }
}

static void probe_with_key(struct hsm_session *session, CK_OBJECT_HANDLE key,
                           struct hsm_capabilities *can)
{
    CK_OBJECT_HANDLE secret;

    can->rsa_raw = can_decrypt(session, key);
    probe_signatures(session, key, can);
    can->aes_generate = generate_secret(session, &secret);
    if (can->aes_generate) {
        can->aes_key_wrap_pad = session->hsm->kwp.is_believed && can_wrap(session, secret, key);
        probe_transport(session, key, secret, can);
    }
}

static void probe_without_key(struct hsm_session *session, struct hsm_capabilities *can)
{
    struct hsm *hsm = session->hsm;
    CK_MECHANISM_INFO info;
    CK_OBJECT_HANDLE secret;

    can->rsa_raw = is_promised(hsm, CKM_RSA_X_509, CKF_DECRYPT, &info);
    can->rsa_pkcs = is_promised(hsm, CKM_RSA_PKCS, CKF_SIGN, &info);
    can->aes_generate = generate_secret(session, &secret);
    can->aes_key_wrap_pad = is_promised(hsm, CKM_AES_KEY_WRAP_PAD, CKF_WRAP, &info);
}

void hsm_probe_rsa(struct hsm_session *session, struct hsm_capabilities *can)
{
    CK_OBJECT_HANDLE key;

    probe_generation(session->hsm, can);
    can->import = import_private(session, &key);
    if (can->import) {
        probe_with_key(session, key, can);
    } else {
        probe_without_key(session, can);
    }
}
