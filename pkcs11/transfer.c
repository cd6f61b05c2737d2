/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keys on their way between tokens, in the form of CKM_RSA_AES_KEY_WRAP (PKCS#11 v2.40 mechanisms
 * §2.1.21): an AES transport key encrypted by OAEP, then the key wrapped by that. Done in its two
 * steps, which more modules have than the mechanism. The transport key goes with the session.
 */
#include <string.h>

#include "core.h"
#include "door.h"
#include "lookup.h"
#include "map.h"
#include "object.h"
#include "public.h"
#include "template.h"
#include "transport.h"
#include "twin.h"
#include "wrap.h"

struct arrival {
    struct hsm_parcel parcel; /* the transport key's bytes come first */
    struct hsm_twins twins;
};

struct departure {
    const struct hsm_rsa_public *target;
    enum hsm_hash hash;
    hsm_oaep_fn *oaep;
    unsigned char *out;
    size_t size;
    size_t *ret_len;
};

/* The value as it is: there is no way to append zeros. */
static CK_RV add_twin(struct hsm_session *session, CK_OBJECT_HANDLE transport,
                      const struct hsm_parcel *parcel, struct hsm_twins *twins)
{
    if (parcel->kind != HSM_AES || session->hsm->capabilities.hmac_native) {
        return CKR_OK;
    }
    CK_RV rv = hsm_unwrap_twin(session, transport, parcel, &twins->twin);
    if (rv != CKR_OK) {
        hsm_discard(session, twins->key);
    }
    return rv;
}

static CK_RV arrive(struct hsm_session *session, CK_OBJECT_HANDLE kek, void *context)
{
    struct arrival *arrival = context;
    struct hsm_parcel parcel = arrival->parcel;
    struct hsm_twins twins = { CK_INVALID_HANDLE, CK_INVALID_HANDLE };
    struct hsm_rsa_public public;
    CK_OBJECT_HANDLE transport;

    HSM_TRY(hsm_read_rsa(session, kek, &public));
    if (parcel.len <= public.modulus_len) {
        return CKR_WRAPPED_KEY_LEN_RANGE;
    }
    HSM_TRY(hsm_transport_open(session, kek, HSM_SHA1, CKA_UNWRAP, parcel.in, public.modulus_len,
                               &transport));
    parcel.in += public.modulus_len;
    parcel.len -= public.modulus_len;
    HSM_TRY(hsm_unwrap_key(session, transport, &parcel, &twins.key));
    HSM_TRY(add_twin(session, transport, &parcel, &twins));
    arrival->twins = twins;
    return CKR_OK;
}

/* Generates the transport key and encrypts it to the target, all on the token. */
static CK_RV seal_inside(struct hsm_session *session, const struct departure *departure,
                         CK_OBJECT_HANDLE *ret_transport)
{
    size_t len;

    HSM_TRY(hsm_transport_generate(session, ret_transport));
    return hsm_transport_seal(session, *ret_transport, departure->target, departure->hash,
                              departure->out, departure->size, &len);
}

static CK_RV create_transport(struct hsm_session *session, const unsigned char *value,
                              CK_OBJECT_HANDLE *ret_transport)
{
    struct hsm_template template = { .count = 0 };

    hsm_transport_describe(&template);
    hsm_template_add(&template, CKA_VALUE, value, HSM_AES_MAX);
    HSM_TRY(HSM_CALL(session, C_CreateObject, template.items, template.count, ret_transport));
    session->spent = true;
    return CKR_OK;
}

/* The same with the caller's OAEP. */
static CK_RV seal_outside(struct hsm_session *session, const struct departure *departure,
                          CK_OBJECT_HANDLE *ret_transport)
{
    unsigned char value[HSM_AES_MAX];

    CK_RV rv = HSM_CALL(session, C_GenerateRandom, value, sizeof(value));
    if (rv == CKR_OK) {
        rv = departure->oaep(departure->target, departure->hash, value, sizeof(value),
                             departure->out);
    }
    if (rv == CKR_OK) {
        rv = create_transport(session, value, ret_transport);
    }
    explicit_bzero(value, sizeof(value));
    return rv;
}

static CK_RV depart(struct hsm_session *session, CK_OBJECT_HANDLE key, void *context)
{
    const struct departure *departure = context;
    size_t head = departure->target->modulus_len, len;
    CK_OBJECT_HANDLE transport;

    if (session->hsm->capabilities.rsa_oaep & HSM_BIT(departure->hash)) {
        HSM_TRY(seal_inside(session, departure, &transport));
    } else {
        HSM_TRY(seal_outside(session, departure, &transport));
    }
    HSM_TRY(
        hsm_wrap_key(session, transport, key, departure->out + head, departure->size - head, &len));
    *departure->ret_len = head + len;
    return CKR_OK;
}

static CK_RV check_departure(const struct hsm_capabilities *can, const struct departure *departure)
{
    if (!can->aes_key_wrap_pad
        || (!departure->oaep && !(can->rsa_oaep & HSM_BIT(departure->hash)))) {
        return HSM_RV_NO_MECHANISM;
    }
    return departure->size > departure->target->modulus_len ? CKR_OK : CKR_BUFFER_TOO_SMALL;
}

static CK_RV run(struct hsm *hsm, const unsigned char *id, struct departure *departure)
{
    kv_auto(hsm_session_release) struct hsm_session *session = NULL;

    HSM_TRY(check_departure(&hsm->capabilities, departure));
    HSM_TRY(hsm_session_acquire(hsm, &session));
    return hsm_use_key(session, id, HSM_KEY, depart, departure);
}

CK_RV hsm_import_transfer(struct hsm *hsm, const unsigned char kek[HSM_ID_LENGTH],
                          const unsigned char id[HSM_ID_LENGTH], enum hsm_bond bond,
                          enum hsm_kind kind, const unsigned char *in, size_t len)
{
    kv_auto(hsm_session_release) struct hsm_session *session = NULL;
    struct arrival arrival = { .parcel = { id, bond, kind, in, len } };

    if (!hsm->capabilities.rsa_aes_key_wrap) {
        return HSM_RV_NO_MECHANISM;
    }
    HSM_TRY(hsm_session_acquire_to_make(hsm, &session));
    session->key = id;
    HSM_TRY(hsm_use_key(session, kek, HSM_KEY, arrive, &arrival));
    return hsm_keep_twins(session, id, &arrival.twins);
}

CK_RV hsm_export_transfer(struct hsm *hsm, const unsigned char id[HSM_ID_LENGTH],
                          const struct hsm_rsa_public *target, enum hsm_hash hash,
                          hsm_oaep_fn *oaep, unsigned char *out, size_t size, size_t *ret_len)
{
    struct departure departure = { target, hash, oaep, out, size, ret_len };
    CK_RV rv = run(hsm, id, &departure);

    if (rv != CKR_OK) {
        explicit_bzero(out, size);
    }
    return rv;
}
