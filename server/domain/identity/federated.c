/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tokens that are exchanged for others: those that coffer hands out in place of a cluster's issuer, and
 * who has signed one that comes in.
 */
#include <string.h>

#include "core.h"
#include "kv/base/json.h"
#include "kv/base/jws.h"

#define CLAIMS_MAX 2048 /* bytes */

static cJSON *make_claims(const char *client_id, kv_time now, kv_time lifetime)
{
    kv_auto(cJSON_Delete) cJSON *claims = cJSON_CreateObject();
    bool ok = claims != NULL;

    kv_json_add_text(claims, "iss", KV_FEDERATED_ISSUER, &ok);
    kv_json_add_text(claims, "sub", client_id, &ok);
    kv_json_add_text(claims, "aud", KV_FEDERATED_AUDIENCE, &ok);
    kv_json_add_int(claims, "iat", now, &ok);
    kv_json_add_int(claims, "nbf", now, &ok);
    kv_json_add_int(claims, "exp", now + lifetime, &ok);
    return ok ? kv_take(claims) : NULL;
}

enum kv_code kv_identity_issue_federated(struct kv_identity *identity, const char *client_id,
                                         const struct kv_token_time *when, kv_time lifetime,
                                         struct kv_token *ret_token, struct kv_err *err)
{
    kv_time now = kv_seconds(when->real);
    kv_auto(cJSON_Delete) cJSON *claims = make_claims(client_id, now, lifetime);
    kv_auto(kv_buf_done) struct kv_buf payload;
    char *text = NULL;

    kv_buf_init(&payload, CLAIMS_MAX);
    if (claims == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    KV_TRY(kv_json_print(claims, &payload, err));
    KV_TRY(kv_identity_sign(identity, payload.data, payload.len, &text, err));
    *ret_token = (struct kv_token){ .text = text, .not_before = now, .expires = now + lifetime };
    return KV_OK;
}

/* The answer of a trusted issuer's keys, in the words of the whole. */
static enum kv_signature check_trusted(struct kv_identity *identity, const struct kv_jws *jws,
                                       const char *issuer)
{
    size_t place = 0;

    if (identity->trust == NULL || !kv_trust_find(identity->trust, issuer, &place)) {
        return KV_SIGNATURE_UNKNOWN;
    }
    switch (kv_trust_check(identity->trust, place, jws)) {
    case KV_TRUST_SIGNED:
        return KV_SIGNATURE_TRUSTED;
    case KV_TRUST_FORGED:
        return KV_SIGNATURE_FORGED;
    case KV_TRUST_UNKNOWN:
        return KV_SIGNATURE_UNKNOWN;
    case KV_TRUST_PENDING:
        break;
    }
    return KV_SIGNATURE_PENDING;
}

enum kv_signature kv_identity_check_signature(struct kv_identity *identity,
                                              const struct kv_jws *jws, const char *issuer)
{
    const struct kv_jws_key *key = kv_issuer_find_key(identity->issuer);

    if (key == NULL || !kv_jws_key_is_named(key, jws->kid)) {
        return check_trusted(identity, jws, issuer);
    }
    return jws->alg == KV_JWS_RS256 && kv_jws_is_signed(jws, key) ? KV_SIGNATURE_OWN
                                                                  : KV_SIGNATURE_FORGED;
}
