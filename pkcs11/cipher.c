/* SPDX-License-Identifier: Apache-2.0 */
/* Signatures and encryption: the one-shot operations on the caller's bytes. */
#include <string.h>

#include "core.h"
#include "door.h"
#include "hot.h"
#include "map.h"
#include "sentinel.h"
#include "verdict.h"

struct work {
    const CK_MECHANISM *mechanism;
    const unsigned char *in;
    size_t len;
    unsigned char *out;
    size_t size;
    size_t *ret_len;
};

/* Modules take a null pointer as a query for the length, or as an error. */
static CK_BYTE *input(const struct work *work)
{
    static const CK_BYTE nothing[1];

    return (CK_BYTE *) (work->len > 0 ? work->in : nothing);
}

static CK_RV sign(struct hsm_session *session, CK_OBJECT_HANDLE key, void *context)
{
    const struct work *work = context;
    CK_ULONG out_len = work->size;

    HSM_TRY(HSM_CALL(session, C_SignInit, (CK_MECHANISM *) work->mechanism, key));
    CK_RV rv = HSM_CALL(session, C_Sign, input(work), work->len, work->out, &out_len);
    if (work->mechanism->mechanism == CKM_RSA_PKCS) {
        rv = hsm_judge(session, rv, CKR_DATA_INVALID); /* the one that takes bytes of any length */
    }
    HSM_TRY(rv);
    *work->ret_len = out_len;
    return CKR_OK;
}

static CK_RV encrypt(struct hsm_session *session, CK_OBJECT_HANDLE key, void *context)
{
    const struct work *work = context;
    CK_ULONG out_len = work->size;

    HSM_TRY(HSM_CALL(session, C_EncryptInit, (CK_MECHANISM *) work->mechanism, key));
    HSM_TRY(HSM_CALL(session, C_Encrypt, input(work), work->len, work->out, &out_len));
    *work->ret_len = out_len;
    return CKR_OK;
}

static CK_RV decrypt(struct hsm_session *session, CK_OBJECT_HANDLE key, void *context)
{
    const struct work *work = context;
    CK_ULONG out_len = work->size;

    HSM_TRY(HSM_CALL(session, C_DecryptInit, (CK_MECHANISM *) work->mechanism, key));
    CK_RV rv = HSM_CALL(session, C_Decrypt, input(work), work->len, work->out, &out_len);
    HSM_TRY(hsm_judge(session, rv, CKR_ENCRYPTED_DATA_INVALID));
    *work->ret_len = out_len;
    return CKR_OK;
}

static bool is_hmac(CK_MECHANISM_TYPE type)
{
    return type == CKM_SHA256_HMAC || type == CKM_SHA384_HMAC || type == CKM_SHA512_HMAC;
}

/* HMAC is done by the twin, if there is one. */
static enum hsm_role choose_hmac(const struct hsm *hsm, const unsigned char *id)
{
    CK_OBJECT_HANDLE handle;

    return hsm_map_find(hsm->map, id, HSM_TWIN, &handle) ? HSM_TWIN : HSM_KEY;
}

/* An AES key without a twin cannot do it, and a twin that came by hsm_import_transfer() is too
 * short for some hashes. */
static bool is_refusal_of_hmac(CK_RV rv)
{
    return rv == CKR_KEY_SIZE_RANGE || rv == CKR_KEY_FUNCTION_NOT_PERMITTED
           || rv == CKR_KEY_TYPE_INCONSISTENT;
}

static CK_RV run(struct hsm *hsm, const unsigned char *id, enum hsm_role role, hsm_use_fn *use,
                 struct work *work)
{
    kv_auto(hsm_session_release) struct hsm_session *session = NULL;
    unsigned char nothing[1];

    if (work->size == 0) {
        work->out = nothing;
    }
    CK_RV rv = hsm_session_acquire(hsm, &session);
    if (rv == CKR_OK) {
        rv = hsm_use_hot_key(session, id, role, use, work);
    }
    if (rv != CKR_OK) {
        explicit_bzero(work->out, work->size);
    }
    return hsm_rv_is_missing(rv) ? HSM_RV_NO_MECHANISM : rv;
}

CK_RV hsm_sign(struct hsm *hsm, const unsigned char id[HSM_ID_LENGTH],
               const CK_MECHANISM *mechanism, const unsigned char *in, size_t len,
               unsigned char *out, size_t size, size_t *ret_len)
{
    struct work work = { mechanism, in, len, out, size, ret_len };
    bool hmac = is_hmac(mechanism->mechanism);
    CK_RV rv = run(hsm, id, hmac ? choose_hmac(hsm, id) : HSM_KEY, sign, &work);

    return hmac && is_refusal_of_hmac(rv) ? HSM_RV_NO_MECHANISM : rv;
}

CK_RV hsm_encrypt(struct hsm *hsm, const unsigned char id[HSM_ID_LENGTH],
                  const CK_MECHANISM *mechanism, const unsigned char *in, size_t len,
                  unsigned char *out, size_t size, size_t *ret_len)
{
    struct work work = { mechanism, in, len, out, size, ret_len };

    return run(hsm, id, HSM_KEY, encrypt, &work);
}

CK_RV hsm_decrypt(struct hsm *hsm, const unsigned char id[HSM_ID_LENGTH],
                  const CK_MECHANISM *mechanism, const unsigned char *in, size_t len,
                  unsigned char *out, size_t size, size_t *ret_len)
{
    struct work work = { mechanism, in, len, out, size, ret_len };

    return run(hsm, id, HSM_KEY, decrypt, &work);
}
