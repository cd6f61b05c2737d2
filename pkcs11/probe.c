/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the module can do, found by doing it on session objects, since mechanism lists promise more
 * than modules keep: SoftHSM lists OAEP and takes it with SHA-1 only. Two things are not tried. Key
 * generation would take a hundred times as long as all the rest. And a token that takes no imported
 * private key leaves nothing to decrypt or wrap with: then the mechanism list is believed, but for
 * OAEP, of which it does not tell the hash.
 */
#include "internal.h"

#include "door.h"
#include "probe_key.h"

static bool promises(struct hsm *hsm, CK_MECHANISM_TYPE type, CK_FLAGS flag,
                     CK_MECHANISM_INFO *ret_info)
{
    return HSM_DOOR(hsm, C_GetMechanismInfo, hsm->slot, type, ret_info) == CKR_OK
           && (ret_info->flags & flag) != 0;
}

static void probe_generation(struct hsm *hsm, struct hsm_capabilities *can)
{
    CK_MECHANISM_INFO info;

    can->rsa_generate = promises(hsm, CKM_RSA_PKCS_KEY_PAIR_GEN, CKF_GENERATE_KEY_PAIR, &info);
    if (can->rsa_generate) {
        can->rsa_bits_min = info.ulMinKeySize;
        can->rsa_bits_max =
            info.ulMaxKeySize < HSM_MODULUS_MAX * 8 ? info.ulMaxKeySize : HSM_MODULUS_MAX * 8;
    }
}

static bool import_key(struct hsm_session *session, CK_OBJECT_HANDLE *ret_key)
{
    CK_OBJECT_CLASS class = CKO_PRIVATE_KEY;
    CK_KEY_TYPE type = CKK_RSA;
    CK_BBOOL yes = CK_TRUE, no = CK_FALSE;
    CK_ATTRIBUTE template[] = {
        HSM_ATTRIBUTE(CKA_CLASS, class),
        HSM_ATTRIBUTE(CKA_KEY_TYPE, type),
        HSM_ATTRIBUTE(CKA_TOKEN, no),
        HSM_ATTRIBUTE(CKA_PRIVATE, yes),
        HSM_ATTRIBUTE(CKA_SENSITIVE, yes),
        HSM_ATTRIBUTE(CKA_EXTRACTABLE, yes),
        HSM_ATTRIBUTE(CKA_DECRYPT, yes),
        HSM_ATTRIBUTE(CKA_MODULUS, probe_modulus),
        HSM_ATTRIBUTE(CKA_PUBLIC_EXPONENT, probe_public_exponent),
        HSM_ATTRIBUTE(CKA_PRIVATE_EXPONENT, probe_private_exponent),
        HSM_ATTRIBUTE(CKA_PRIME_1, probe_prime_1),
        HSM_ATTRIBUTE(CKA_PRIME_2, probe_prime_2),
        HSM_ATTRIBUTE(CKA_EXPONENT_1, probe_exponent_1),
        HSM_ATTRIBUTE(CKA_EXPONENT_2, probe_exponent_2),
        HSM_ATTRIBUTE(CKA_COEFFICIENT, probe_coefficient),
    };

    return HSM_CALL(session, C_CreateObject, template, KV_COUNT(template), ret_key) == CKR_OK;
}

static bool can_decrypt(struct hsm_session *session, CK_OBJECT_HANDLE key, CK_MECHANISM *mechanism,
                        CK_ULONG expected_len)
{
    unsigned char out[sizeof(probe_modulus)];
    CK_ULONG out_len = sizeof(out);

    return HSM_CALL(session, C_DecryptInit, mechanism, key) == CKR_OK
           && HSM_CALL(session, C_Decrypt, (CK_BYTE *) probe_cipher, sizeof(probe_cipher), out,
                       &out_len)
                  == CKR_OK
           && out_len == expected_len;
}

static bool can_decrypt_oaep(struct hsm_session *session, CK_OBJECT_HANDLE key)
{
    CK_RSA_PKCS_OAEP_PARAMS params = {
        .hashAlg = CKM_SHA256,
        .mgf = CKG_MGF1_SHA256,
        .source = CKZ_DATA_SPECIFIED,
    };
    CK_MECHANISM mechanism = { CKM_RSA_PKCS_OAEP, &params, sizeof(params) };

    return can_decrypt(session, key, &mechanism, sizeof("coffer") - 1);
}

static bool generate_wrapping_key(struct hsm_session *session, CK_OBJECT_HANDLE *ret_key)
{
    CK_MECHANISM mechanism = { CKM_AES_KEY_GEN, NULL, 0 };
    CK_BBOOL yes = CK_TRUE, no = CK_FALSE;
    CK_ULONG length = 32;
    CK_ATTRIBUTE template[] = {
        HSM_ATTRIBUTE(CKA_TOKEN, no),
        HSM_ATTRIBUTE(CKA_WRAP, yes),
        HSM_ATTRIBUTE(CKA_VALUE_LEN, length),
    };

    return HSM_CALL(session, C_GenerateKey, &mechanism, template, KV_COUNT(template), ret_key)
           == CKR_OK;
}

static bool can_wrap(struct hsm_session *session, CK_OBJECT_HANDLE wrapping, CK_OBJECT_HANDLE key)
{
    CK_MECHANISM mechanism = { CKM_AES_KEY_WRAP_PAD, NULL, 0 };
    unsigned char out[2048]; /* PKCS#8 of an RSA-2048 key takes some 1220 */
    CK_ULONG out_len = sizeof(out);

    return HSM_CALL(session, C_WrapKey, &mechanism, wrapping, key, out, &out_len) == CKR_OK;
}

static void probe_with_key(struct hsm_session *session, CK_OBJECT_HANDLE key,
                           struct hsm_capabilities *can)
{
    CK_MECHANISM raw = { CKM_RSA_X_509, NULL, 0 };
    CK_OBJECT_HANDLE wrapping;

    can->rsa_raw = can_decrypt(session, key, &raw, sizeof(probe_modulus));
    can->aes_generate = generate_wrapping_key(session, &wrapping);
    can->aes_key_wrap_pad = can->aes_generate && can_wrap(session, wrapping, key);
    /* Last, as it is refused most often: a refusal may leave an operation active. */
    can->rsa_oaep_sha256 = can_decrypt_oaep(session, key);
}

static void probe_without_key(struct hsm_session *session, struct hsm_capabilities *can)
{
    struct hsm *hsm = session->hsm;
    CK_MECHANISM_INFO info;
    CK_OBJECT_HANDLE wrapping;

    can->rsa_raw = promises(hsm, CKM_RSA_X_509, CKF_DECRYPT, &info);
    can->aes_generate = generate_wrapping_key(session, &wrapping);
    can->aes_key_wrap_pad = promises(hsm, CKM_AES_KEY_WRAP_PAD, CKF_WRAP, &info);
}

CK_RV hsm_probe(struct hsm *hsm)
{
    kv_auto(hsm_session_release) struct hsm_session *session = NULL;
    CK_OBJECT_HANDLE key;

    HSM_TRY(hsm_session_acquire(hsm, &session));
    probe_generation(hsm, &hsm->capabilities);
    if (import_key(session, &key)) {
        probe_with_key(session, key, &hsm->capabilities);
    } else {
        probe_without_key(session, &hsm->capabilities);
    }
    session->spent = true; /* closing it destroys the session objects */
    return CKR_OK;
}
