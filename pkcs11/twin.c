/* SPDX-License-Identifier: Apache-2.0 */
#include "twin.h"

#include <string.h>

#include "core.h"
#include "door.h"
#include "map.h"
#include "object.h"
#include "settle.h"
#include "template.h"

#define BLOCK_MAX 16

/*
 * How a value of that many bits is derived. Modules truncate an overlong result at the end, so the
 * block size must divide the value: triple DES for 192 bits, whose key then has 168 bits.
 */
struct derivation {
    CK_ULONG bits;
    CK_MECHANISM_TYPE generate, ecb, derive;
    CK_KEY_TYPE base_type;
    CK_ULONG base_len; /* 0: the type says it */
    size_t block;
};

#define BY_AES CKM_AES_KEY_GEN, CKM_AES_ECB, CKM_AES_ECB_ENCRYPT_DATA, CKK_AES, HSM_AES_MAX, 16
#define BY_DES3 CKM_DES3_KEY_GEN, CKM_DES3_ECB, CKM_DES3_ECB_ENCRYPT_DATA, CKK_DES3, 0, 8

static const struct derivation derivations[] = {
    { 128, BY_AES },
    { 192, BY_DES3 },
    { 256, BY_AES },
};

static const struct derivation *find_derivation(CK_ULONG bits)
{
    for (size_t i = 0; i < KV_COUNT(derivations); i++) {
        if (derivations[i].bits == bits) {
            return &derivations[i];
        }
    }
    return NULL;
}

static CK_RV generate_base(struct hsm_session *session, const struct derivation *way,
                           CK_OBJECT_HANDLE *ret_base)
{
    CK_MECHANISM mechanism = { way->generate, NULL, 0 };
    struct hsm_template template = { .count = 0 };

    hsm_template_passing(&template, CKO_SECRET_KEY, way->base_type);
    hsm_template_flag(&template, CKA_PRIVATE, true);
    hsm_template_flag(&template, CKA_SENSITIVE, true);
    hsm_template_flag(&template, CKA_EXTRACTABLE, false);
    hsm_template_flag(&template, CKA_DECRYPT, true);
    hsm_template_flag(&template, CKA_DERIVE, true);
    if (way->base_len > 0) {
        hsm_template_add(&template, CKA_VALUE_LEN, &way->base_len, sizeof(way->base_len));
    }
    return HSM_CALL(session, C_GenerateKey, &mechanism, template.items, template.count, ret_base);
}

/* The block that the base key encrypts to zeros. */
static CK_RV find_zero(struct hsm_session *session, const struct derivation *way,
                       CK_OBJECT_HANDLE base, unsigned char ret_block[BLOCK_MAX])
{
    CK_MECHANISM mechanism = { way->ecb, NULL, 0 };
    unsigned char zeros[BLOCK_MAX] = { 0 };
    CK_ULONG len = BLOCK_MAX;

    HSM_TRY(HSM_CALL(session, C_DecryptInit, &mechanism, base));
    HSM_TRY(HSM_CALL(session, C_Decrypt, zeros, way->block, ret_block, &len));
    return len == way->block ? CKR_OK : CKR_GENERAL_ERROR;
}

/* The first `len` bytes of what the data encrypts to become a key. */
static CK_RV derive(struct hsm_session *session, const struct derivation *way,
                    CK_OBJECT_HANDLE base, unsigned char *data, CK_ULONG len,
                    struct hsm_template *template, CK_OBJECT_HANDLE *ret_key)
{
    CK_KEY_DERIVATION_STRING_DATA parameters = { data, len };
    CK_MECHANISM mechanism = { way->derive, &parameters, sizeof(parameters) };

    hsm_template_add(template, CKA_VALUE_LEN, &len, sizeof(len));
    return HSM_CALL(session, C_DeriveKey, &mechanism, base, template->items, template->count,
                    ret_key);
}

/* A counter's blocks, then those that become zeros. */
static void fill_data(const struct derivation *way, const unsigned char *zero,
                      unsigned char ret_data[HSM_TWIN_LENGTH])
{
    size_t secret_len = way->bits / 8;

    memset(ret_data, 0, HSM_TWIN_LENGTH);
    for (size_t at = 0; at < HSM_TWIN_LENGTH; at += way->block) {
        if (at < secret_len) {
            ret_data[at] = (unsigned char) (1 + at / way->block);
        } else {
            memcpy(ret_data + at, zero, way->block);
        }
    }
}

CK_RV hsm_keep_twins(struct hsm_session *session, const unsigned char id[HSM_ID_LENGTH],
                     const struct hsm_twins *twins)
{
    CK_OBJECT_HANDLE key, twin;
    CK_RV rv = hsm_settle(session, id, HSM_KEY, twins->key, &key);

    if (twins->twin == CK_INVALID_HANDLE) {
        return rv;
    }
    if (rv != CKR_OK) {
        hsm_discard(session, twins->twin);
        return rv;
    }
    rv = hsm_settle(session, id, HSM_TWIN, twins->twin, &twin);
    if (rv != CKR_OK) {
        hsm_map_remove(session->hsm->map, id);
        hsm_discard(session, key);
    }
    return rv;
}

void hsm_discard_twins(struct hsm_session *session, const struct hsm_twins *twins)
{
    if (twins->twin != CK_INVALID_HANDLE) {
        hsm_discard(session, twins->twin);
    }
    hsm_discard(session, twins->key);
}

CK_RV hsm_derive_twins(struct hsm_session *session, CK_ULONG bits, struct hsm_template *key,
                       struct hsm_template *twin, struct hsm_twins *ret_twins)
{
    const struct derivation *way = find_derivation(bits);
    struct hsm_twins twins = { CK_INVALID_HANDLE, CK_INVALID_HANDLE };
    unsigned char zero[BLOCK_MAX], data[HSM_TWIN_LENGTH];
    CK_OBJECT_HANDLE base;

    if (!way) {
        return CKR_KEY_SIZE_RANGE;
    }
    HSM_TRY(generate_base(session, way, &base));
    session->spent = true; /* so that the base key ends with it */
    HSM_TRY(find_zero(session, way, base, zero));
    fill_data(way, zero, data);
    HSM_TRY(derive(session, way, base, data, bits / 8, key, &twins.key));
    CK_RV rv = derive(session, way, base, data, sizeof(data), twin, &twins.twin);
    if (rv != CKR_OK) {
        hsm_discard_twins(session, &twins);
        return rv;
    }
    *ret_twins = twins;
    return CKR_OK;
}
