/* SPDX-License-Identifier: Apache-2.0 */
/* Other requests to a key or the token: the raw RSA operation, facts, random bytes. */
#include <string.h>

#include "attribute.h"
#include "core.h"
#include "door.h"
#include "hot.h"
#include "map.h"

struct raw {
    const unsigned char *in;
    size_t len;
    unsigned char *out;
};

/* Decrypts into a local buffer, so that a refusal leaves the caller's untouched. */
static CK_RV decrypt_raw(struct hsm_session *session, CK_OBJECT_HANDLE key, void *context)
{
    const struct raw *raw = context;
    CK_MECHANISM mechanism = { CKM_RSA_X_509, NULL, 0 };
    unsigned char out[HSM_MODULUS_MAX] = { 0 }; /* whatever the module left in it */
    CK_ULONG out_len = sizeof(out);

    HSM_TRY(HSM_CALL(session, C_DecryptInit, &mechanism, key));
    CK_RV rv = HSM_CALL(session, C_Decrypt, (CK_BYTE *) raw->in, raw->len, out, &out_len);
    if (rv == CKR_OK && out_len != raw->len) {
        rv = CKR_ENCRYPTED_DATA_LEN_RANGE; /* the modulus has another length */
    }
    if (rv == CKR_OK) {
        memcpy(raw->out, out, raw->len);
    }
    explicit_bzero(out, sizeof(out));
    return rv;
}

static CK_RV read_facts(struct hsm_session *session, CK_OBJECT_HANDLE key, void *context)
{
    struct hsm_key_facts *facts = context;
    CK_BBOOL token, private, sensitive, always_sensitive, extractable, never_extractable, local;
    CK_ATTRIBUTE template[] = {
        HSM_ATTRIBUTE(CKA_TOKEN, token),
        HSM_ATTRIBUTE(CKA_PRIVATE, private),
        HSM_ATTRIBUTE(CKA_SENSITIVE, sensitive),
        HSM_ATTRIBUTE(CKA_ALWAYS_SENSITIVE, always_sensitive),
        HSM_ATTRIBUTE(CKA_EXTRACTABLE, extractable),
        HSM_ATTRIBUTE(CKA_NEVER_EXTRACTABLE, never_extractable),
        HSM_ATTRIBUTE(CKA_LOCAL, local),
    };

    HSM_TRY(HSM_CALL(session, C_GetAttributeValue, key, template, KV_COUNT(template)));
    *facts = (struct hsm_key_facts){
        .on_token = token != CK_FALSE,
        .is_private = private != CK_FALSE,
        .sensitive = sensitive != CK_FALSE,
        .always_sensitive = always_sensitive != CK_FALSE,
        .extractable = extractable != CK_FALSE,
        .never_extractable = never_extractable != CK_FALSE,
        .local = local != CK_FALSE,
    };
    return CKR_OK;
}

CK_RV hsm_rsa_raw(struct hsm *hsm, const unsigned char id[HSM_ID_LENGTH], const unsigned char *in,
                  size_t len, unsigned char *ret_out)
{
    kv_auto(hsm_session_release) struct hsm_session *session = NULL;
    struct raw raw = { .in = in, .len = len, .out = ret_out };

    if (!hsm->capabilities.rsa_raw) {
        return HSM_RV_NO_MECHANISM;
    }
    if (len == 0 || len > HSM_MODULUS_MAX) {
        return CKR_ENCRYPTED_DATA_LEN_RANGE;
    }
    HSM_TRY(hsm_session_acquire(hsm, &session));
    return hsm_use_hot_key(session, id, HSM_KEY, decrypt_raw, &raw);
}

CK_RV hsm_key_facts(struct hsm *hsm, const unsigned char id[HSM_ID_LENGTH],
                    struct hsm_key_facts *ret_facts)
{
    kv_auto(hsm_session_release) struct hsm_session *session = NULL;

    HSM_TRY(hsm_session_acquire(hsm, &session));
    return hsm_use_key(session, id, HSM_KEY, read_facts, ret_facts);
}

CK_RV hsm_random(struct hsm *hsm, unsigned char *ret_bytes, size_t len)
{
    kv_auto(hsm_session_release) struct hsm_session *session = NULL;

    HSM_TRY(hsm_session_acquire(hsm, &session));
    return HSM_CALL(session, C_GenerateRandom, ret_bytes, len);
}
