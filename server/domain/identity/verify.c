/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who issued a token and what it says does not change, so that is checked once. Audience and dates
 * are checked against every request's demand. There is no leeway for clock skew: issuer and
 * verifier read the same virtual clock.
 */

#include "core.h"

#include <assert.h>
#include <string.h>

#include "claims.h"

#define HEADER_ECHO_MAX 512 /* characters of a header that a refusal repeats */

/* The service's own application id, which it accepts as its name (contract §2.2). */
#define SERVICE_APP_ID "cfa8b339-82a2-471a-a3c9-0fc0be7a4093"

static enum kv_code judge_issuer(const struct kv_identity *identity, const struct kv_claims *claims,
                                 struct kv_err *err)
{
    if (strcmp(claims->principal.issuer, identity->issuer_url) != 0) {
        return KV_FAIL(err, KV_UNAUTHORIZED, 0,
                       "AKV10032: Invalid issuer. Expected one of %s, found %s.",
                       identity->issuer_url, claims->principal.issuer);
    }
    return KV_OK;
}

static enum kv_code judge_audience(const struct kv_claims *claims,
                                   const struct kv_token_demand *demand, struct kv_err *err)
{
    if (strcmp(claims->audience, SERVICE_APP_ID) == 0) {
        return KV_OK;
    }
    for (const char *const *audience = demand->audiences; *audience != NULL; audience++) {
        if (strcmp(claims->audience, *audience) == 0) {
            return KV_OK;
        }
    }
    return KV_REFUSE(err, KV_TEXT_TOKEN_AUDIENCE, 0, demand->audiences[0], SERVICE_APP_ID,
                     claims->audience);
}

static enum kv_code judge_dates(const struct kv_claims *claims, kv_time now, struct kv_err *err)
{
    if (now < claims->not_before) {
        return KV_REFUSE(err, KV_TEXT_TOKEN_TOO_EARLY, 0);
    }
    if (now >= claims->expires) {
        return KV_FAIL(err, KV_UNAUTHORIZED, 0, "[TokenExpired] " KV_TOKEN_INVALID);
    }
    return KV_OK;
}

static enum kv_code judge_signature(const struct kv_jws *jws, const struct kv_jws_key *key,
                                    struct kv_err *err)
{
    size_t echo = jws->header_len < HEADER_ECHO_MAX ? jws->header_len : HEADER_ECHO_MAX;

    if (key == NULL || strcmp(jws->kid, kv_jws_key_id(key)) != 0) {
        return KV_FAIL(err, KV_UNAUTHORIZED, 0,
                       "AKV10046: Unable to resolve the key used for signature validation. "
                       "EncodedJwtHeader: '%.*s'.",
                       (int) echo, jws->text);
    }
    if (!kv_jws_is_signed(jws, key)) {
        return KV_FAIL(err, KV_UNAUTHORIZED, 0, KV_TOKEN_INVALID);
    }
    return KV_OK;
}

/* While there is no key yet, every well-formed token counts as signed by an unknown one. */
static enum kv_code read_token(struct kv_identity *identity, const char *token, size_t len,
                               struct kv_claims *ret_claims, struct kv_err *err)
{
    const struct kv_jws_key *key = kv_issuer_find_key(identity->issuer);
    kv_auto(kv_jws_done) struct kv_jws jws = { .header = NULL };
    kv_auto(kv_buf_done) struct kv_buf payload;

    kv_buf_init(&payload, KV_TOKEN_MAX);
    if (!kv_jws_parse(token, len, &jws)) {
        return KV_FAIL(err, KV_UNAUTHORIZED, 0, KV_TOKEN_INVALID);
    }
    KV_TRY(judge_signature(&jws, key, err));
    KV_TRY(kv_jws_read(&jws, &payload, err));
    KV_TRY(kv_claims_parse(payload.data, payload.len, ret_claims, err));
    return judge_issuer(identity, ret_claims, err);
}

/* A token's content, from memory or by reading it. */
static enum kv_code find_claims(struct kv_identity *identity, const char *token, size_t len,
                                struct kv_claims *ret_claims, struct kv_err *err)
{
    unsigned char digest[KV_DIGEST_LENGTH];

    if (!EVP_Digest(token, len, digest, NULL, identity->sha256, NULL)) {
        return KV_FAIL(err, KV_INTERNAL, 0, "SHA-256 failed");
    }
    if (kv_seen_find(identity->seen, digest, ret_claims)) {
        return KV_OK;
    }
    KV_TRY(read_token(identity, token, len, ret_claims, err));
    kv_seen_add(identity->seen, digest, ret_claims);
    return KV_OK;
}

enum kv_code kv_identity_verify(struct kv_identity *identity, const char *token, size_t len,
                                const struct kv_token_demand *demand,
                                struct kv_principal *ret_principal, struct kv_err *err)
{
    struct kv_claims claims;

    assert(identity->auth != KV_AUTH_OFF);
    if (len == 0 || len > KV_TOKEN_MAX) {
        return KV_FAIL(err, KV_UNAUTHORIZED, 0, KV_TOKEN_INVALID);
    }
    if (identity->auth == KV_AUTH_ANY) {
        *ret_principal = identity->anyone;
        return KV_OK;
    }
    KV_TRY(find_claims(identity, token, len, &claims, err));
    KV_TRY(judge_audience(&claims, demand, err));
    KV_TRY(judge_dates(&claims, demand->now, err));
    *ret_principal = claims.principal;
    return KV_OK;
}
