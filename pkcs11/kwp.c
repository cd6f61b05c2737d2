/* SPDX-License-Identifier: Apache-2.0 */
#include "kwp.h"

#include <stdint.h>
#include <string.h>

#include "attribute.h"
#include "bytes.h"
#include "core.h"
#include "door.h"
#include "template.h"

#define KEY_WRAP_KWP 0x210bUL /* CKM_AES_KEY_WRAP_KWP of v3.0, which our header does not know */
#define BLOCK 16
#define ROUNDS 6 /* RFC 3394 §2.2.1 */

/* The first example of RFC 5649 §6. */
static const unsigned char example_key[24] = {
    0x58, 0x40, 0xdf, 0x6e, 0x29, 0xb0, 0x2a, 0xf1, 0xab, 0x49, 0x3b, 0x70,
    0x5b, 0xf1, 0x6e, 0xa1, 0xae, 0x83, 0x38, 0xf4, 0xdc, 0xc1, 0x76, 0xa8,
};
static const unsigned char example_value[20] = {
    0xc3, 0x7b, 0x7e, 0x64, 0x92, 0x58, 0x43, 0x40, 0xbe, 0xd1,
    0x22, 0x07, 0x80, 0x89, 0x41, 0x15, 0x50, 0x68, 0xf7, 0x38,
};
static const unsigned char example_wrapped[32] = {
    0x13, 0x8b, 0xde, 0xaa, 0x9b, 0x8f, 0xa7, 0xfc, 0x61, 0xf9, 0x77, 0x42, 0xe7, 0x22, 0x48, 0xee,
    0x5a, 0xe6, 0xae, 0x53, 0x60, 0xd1, 0xae, 0x6a, 0x5f, 0x54, 0xf3, 0x73, 0xfa, 0x54, 0x3b, 0x6a,
};

static bool import_example(struct hsm_session *session, CK_OBJECT_HANDLE *ret_key)
{
    struct hsm_template template = { .count = 0 };

    hsm_template_passing(&template, CKO_SECRET_KEY, CKK_AES);
    hsm_template_flag(&template, CKA_WRAP, true);
    hsm_template_flag(&template, CKA_UNWRAP, true);
    hsm_template_add(&template, CKA_VALUE, example_key, sizeof(example_key));
    return HSM_CALL(session, C_CreateObject, template.items, template.count, ret_key) == CKR_OK;
}

static bool can_unwrap(struct hsm_session *session, CK_OBJECT_HANDLE key, CK_MECHANISM_TYPE type,
                       CK_OBJECT_HANDLE *ret_value)
{
    CK_MECHANISM mechanism = { type, NULL, 0 };
    struct hsm_template template = { .count = 0 };
    unsigned char value[sizeof(example_wrapped)];
    CK_ATTRIBUTE found = HSM_ATTRIBUTE(CKA_VALUE, value);

    hsm_template_passing(&template, CKO_SECRET_KEY, CKK_GENERIC_SECRET);
    hsm_template_flag(&template, CKA_SENSITIVE, false);
    hsm_template_flag(&template, CKA_EXTRACTABLE, true);
    return HSM_CALL(session, C_UnwrapKey, &mechanism, key, (CK_BYTE *) example_wrapped,
                    sizeof(example_wrapped), template.items, template.count, ret_value)
               == CKR_OK
           && HSM_CALL(session, C_GetAttributeValue, *ret_value, &found, 1) == CKR_OK
           && found.ulValueLen == sizeof(example_value)
           && hsm_bytes_are_equal(value, example_value, sizeof(example_value));
}

static bool can_wrap(struct hsm_session *session, CK_OBJECT_HANDLE key, CK_MECHANISM_TYPE type,
                     CK_OBJECT_HANDLE value)
{
    CK_MECHANISM mechanism = { type, NULL, 0 };
    unsigned char wrapped[2 * sizeof(example_wrapped)];
    CK_ULONG len = sizeof(wrapped);

    return HSM_CALL(session, C_WrapKey, &mechanism, key, value, wrapped, &len) == CKR_OK
           && len == sizeof(example_wrapped)
           && hsm_bytes_are_equal(wrapped, example_wrapped, sizeof(example_wrapped));
}

/* One block of ECB in an ongoing operation. */
static CK_RV encrypt_block(struct hsm_session *session, unsigned char block[BLOCK])
{
    unsigned char out[BLOCK];
    CK_ULONG len = sizeof(out);

    HSM_TRY(HSM_CALL(session, C_EncryptUpdate, block, BLOCK, out, &len));
    if (len != BLOCK) {
        return CKR_FUNCTION_FAILED;
    }
    memcpy(block, out, BLOCK);
    return CKR_OK;
}

static void xor_counter(unsigned char *semiblock, uint64_t counter)
{
    for (size_t i = HSM_SEMIBLOCK; i > 0; i--) {
        semiblock[i - 1] ^= (unsigned char) counter;
        counter >>= 8;
    }
}

/* W of RFC 3394 over `count` semiblocks behind the first one. */
static CK_RV run_rounds(struct hsm_session *session, unsigned char *semiblocks, size_t count)
{
    unsigned char block[BLOCK];
    uint64_t counter = 0;

    memcpy(block, semiblocks, HSM_SEMIBLOCK);
    for (unsigned round = 0; round < ROUNDS; round++) {
        for (size_t i = 1; i <= count; i++) {
            memcpy(block + HSM_SEMIBLOCK, semiblocks + i * HSM_SEMIBLOCK, HSM_SEMIBLOCK);
            HSM_TRY(encrypt_block(session, block));
            memcpy(semiblocks + i * HSM_SEMIBLOCK, block + HSM_SEMIBLOCK, HSM_SEMIBLOCK);
            xor_counter(block, ++counter);
        }
    }
    memcpy(semiblocks, block, HSM_SEMIBLOCK);
    return CKR_OK;
}

CK_MECHANISM hsm_kwp_mechanism(const struct hsm *hsm)
{
    return (CK_MECHANISM){ hsm->kwp.type, NULL, 0 };
}

void hsm_kwp_probe(struct hsm_session *session)
{
    static const CK_MECHANISM_TYPE types[] = { KEY_WRAP_KWP, CKM_AES_KEY_WRAP_PAD };
    struct hsm_kwp *kwp = &session->hsm->kwp;
    CK_OBJECT_HANDLE key, value;

    *kwp = (struct hsm_kwp){ .type = CKM_AES_KEY_WRAP_PAD, .is_believed = true, .pads = true };
    if (!import_example(session, &key)) {
        return;
    }
    kwp->is_believed = false;
    for (size_t i = 0; i < KV_COUNT(types); i++) {
        if (can_unwrap(session, key, types[i], &value)) {
            kwp->type = types[i];
            kwp->is_believed = true;
            kwp->pads = can_wrap(session, key, types[i], value);
            return;
        }
    }
}

CK_RV hsm_kwp_by_blocks(struct hsm_session *session, CK_OBJECT_HANDLE key, const unsigned char *in,
                        size_t len, unsigned char *out, size_t size, size_t *ret_len)
{
    static const unsigned char initial[HSM_SEMIBLOCK] = { 0xa6, 0x59, 0x59,
                                                          0xa6 }; /* RFC 5649 §3 */
    size_t count = (len + HSM_SEMIBLOCK - 1) / HSM_SEMIBLOCK;
    size_t out_len = (1 + count) * HSM_SEMIBLOCK;
    CK_MECHANISM mechanism = { CKM_AES_ECB, NULL, 0 };

    if (size < out_len) {
        return CKR_BUFFER_TOO_SMALL;
    }
    memset(out, 0, out_len);
    memcpy(out, initial, sizeof(initial));
    xor_counter(out, len);
    memcpy(out + HSM_SEMIBLOCK, in, len);
    HSM_TRY(HSM_CALL(session, C_EncryptInit, &mechanism, key));
    session->spent = true; /* the operation is not worth finishing */
    CK_RV rv = count == 1 ? encrypt_block(session, out) : run_rounds(session, out, count);
    HSM_TRY(rv);
    *ret_len = out_len;
    return CKR_OK;
}
