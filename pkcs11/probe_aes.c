/* SPDX-License-Identifier: Apache-2.0 */
/* The probe of AES and HMAC. */
#include "probe_parts.h"

#include "core.h"
#include "door.h"
#include "template.h"
#include "twin.h"

#define BLOCK 16
#define GCM_TAG 16

static bool generate(struct hsm_session *session, CK_ULONG len, CK_OBJECT_HANDLE *ret_key)
{
    CK_MECHANISM mechanism = { CKM_AES_KEY_GEN, NULL, 0 };
    struct hsm_template template = { .count = 0 };

    hsm_template_passing(&template, CKO_SECRET_KEY, CKK_AES);
    hsm_template_flag(&template, CKA_EXTRACTABLE, true);
    hsm_template_flag(&template, CKA_ENCRYPT, true);
    hsm_template_flag(&template, CKA_WRAP, true);
    hsm_template_flag(&template, CKA_UNWRAP, true);
    hsm_template_flag(&template, CKA_SIGN, true);
    hsm_template_add(&template, CKA_VALUE_LEN, &len, sizeof(len));
    return HSM_CALL(session, C_GenerateKey, &mechanism, template.items, template.count, ret_key)
           == CKR_OK;
}

/* The number of bytes that one block becomes. */
static bool can_encrypt(struct hsm_session *session, CK_OBJECT_HANDLE key, CK_MECHANISM *mechanism,
                        CK_ULONG expected_len)
{
    unsigned char in[BLOCK] = { 0 }, out[2 * BLOCK];
    CK_ULONG len = sizeof(out);

    return HSM_CALL(session, C_EncryptInit, mechanism, key) == CKR_OK
           && HSM_CALL(session, C_Encrypt, in, sizeof(in), out, &len) == CKR_OK
           && len == expected_len;
}

static void probe_modes(struct hsm_session *session, CK_OBJECT_HANDLE key,
                        struct hsm_capabilities *can)
{
    unsigned char iv[BLOCK] = { 0 };
    CK_GCM_PARAMS params = {
        .pIv = iv,
        .ulIvLen = 12,
        .ulIvBits = 96,
        .ulTagBits = GCM_TAG * 8,
    };
    CK_MECHANISM cbc = { CKM_AES_CBC, iv, sizeof(iv) };
    CK_MECHANISM cbc_pad = { CKM_AES_CBC_PAD, iv, sizeof(iv) };
    CK_MECHANISM gcm = { CKM_AES_GCM, &params, sizeof(params) };

    can->aes_cbc = can_encrypt(session, key, &cbc, BLOCK);
    can->aes_cbc_pad = can_encrypt(session, key, &cbc_pad, 2 * BLOCK);
    can->aes_gcm = can_encrypt(session, key, &gcm, BLOCK + GCM_TAG);
}

/* One key under the other. */
static bool can_wrap(struct hsm_session *session, CK_OBJECT_HANDLE wrapping, CK_OBJECT_HANDLE key)
{
    CK_MECHANISM mechanism = { CKM_AES_KEY_WRAP, NULL, 0 };
    unsigned char out[HSM_AES_MAX + 8];
    CK_ULONG len = sizeof(out);

    return HSM_CALL(session, C_WrapKey, &mechanism, wrapping, key, out, &len) == CKR_OK;
}

static bool can_do_hmac(struct hsm_session *session, CK_OBJECT_HANDLE key)
{
    CK_MECHANISM mechanism = { CKM_SHA512_HMAC, NULL, 0 };

    return hsm_probe_sign(session, key, &mechanism, 1, 64);
}

static bool can_do_hmac_by_twin(struct hsm_session *session, CK_ULONG bits)
{
    struct hsm_template key = { .count = 0 }, twin = { .count = 0 };
    struct hsm_twins twins;

    hsm_template_passing(&key, CKO_SECRET_KEY, CKK_AES);
    hsm_template_passing(&twin, CKO_SECRET_KEY, CKK_GENERIC_SECRET);
    hsm_template_flag(&twin, CKA_SIGN, true);
    return hsm_derive_twins(session, bits, &key, &twin, &twins) == CKR_OK
           && can_do_hmac(session, twins.twin);
}

void hsm_probe_aes(struct hsm_session *session, struct hsm_capabilities *can)
{
    CK_MECHANISM key_wrap = { CKM_AES_KEY_WRAP, NULL, 0 };
    CK_OBJECT_HANDLE small, medium, large;

    can->aes_128 = generate(session, 16, &small);
    can->aes_192 = generate(session, 24, &medium);
    can->aes_256 = generate(session, 32, &large);
    if (!can->aes_256) {
        return;
    }
    probe_modes(session, large, can);
    can->aes_key_wrap = can->aes_128 && can_wrap(session, large, small);
    session->hsm->kwp.encrypts = can_encrypt(session, large, &key_wrap, BLOCK + 8);
    can->hmac_native = can_do_hmac(session, large);
    can->hmac_twin = can_do_hmac_by_twin(session, 128) && can_do_hmac_by_twin(session, 192)
                     && can_do_hmac_by_twin(session, 256);
}
