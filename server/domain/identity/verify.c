/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who issued a token and what it says does not change, so that is checked once. Audience and dates
 * are checked against every request's demand.
 *
 * A token that names coffer's key is judged as coffer's, whatever issuer it names. Any other may be
 * of an issuer that is trusted: only to find out which one is its payload looked at before its
 * signature holds.
 */

#include "core.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "claims.h"

#define HEADER_ECHO_MAX 512 /* characters of a header that a refusal repeats */

static enum kv_code judge_issuer(const struct kv_identity *identity, const struct kv_claims *claims,
                                 struct kv_err *err)
{
    if (strcmp(claims->principal.issuer, identity->issuer_url) != 0) {
        return KV_REFUSE(err, KV_TEXT_TOKEN_ISSUER, 0, identity->issuer_url,
                         claims->principal.issuer);
    }
    return KV_OK;
}

/* The one more that an issuer's tokens may be for. */
static bool is_for_issuer(const struct kv_identity *identity, const struct kv_claims *claims)
{
    const char *audience =
        claims->is_foreign ? kv_trust_audience(identity->trust, claims->trusted) : NULL;

    return audience != NULL && kv_claims_are_for(claims, audience);
}

static enum kv_code judge_audience(const struct kv_identity *identity,
                                   const struct kv_claims *claims,
                                   const struct kv_token_demand *demand, struct kv_err *err)
{
    if (kv_claims_are_for(claims, demand->app_id) || is_for_issuer(identity, claims)) {
        return KV_OK;
    }
    for (const char *const *audience = demand->audiences; *audience != NULL; audience++) {
        if (kv_claims_are_for(claims, *audience)) {
            return KV_OK;
        }
    }
    return KV_REFUSE(err, KV_TEXT_TOKEN_AUDIENCE, 0, demand->audiences[0], demand->app_id,
                     claims->audiences);
}

static enum kv_code refuse_key(const struct kv_jws *jws, struct kv_err *err)
{
    size_t echo = jws->header_len < HEADER_ECHO_MAX ? jws->header_len : HEADER_ECHO_MAX;
    char header[HEADER_ECHO_MAX + 1];

    (void) snprintf(header, sizeof(header), "%.*s", (int) echo, jws->text);
    return KV_REFUSE(err, KV_TEXT_TOKEN_KEY_UNKNOWN, 0, header);
}

static enum kv_code refuse_token(struct kv_err *err)
{
    return KV_FAIL(err, KV_UNAUTHORIZED, 0, KV_TOKEN_INVALID);
}

/* A token that claims to be signed by coffer's key. */
static enum kv_code read_own(const struct kv_identity *identity, const struct kv_jws *jws,
                             const struct kv_jws_key *key, struct kv_buf *payload,
                             struct kv_claims *ret_claims, struct kv_err *err)
{
    if (jws->alg != KV_JWS_RS256 || !kv_jws_is_signed(jws, key)) {
        return refuse_token(err);
    }
    KV_TRY(kv_jws_read(jws, payload, err));
    KV_TRY(kv_claims_parse(payload->data, payload->len, ret_claims, err));
    return judge_issuer(identity, ret_claims, err);
}

/* The place of the issuer that the token says it is of, which nobody has vouched for yet. */
static bool find_issuer(const struct kv_identity *identity, const struct kv_buf *payload,
                        size_t *ret_place)
{
    struct kv_claims claims;

    return identity->trust != NULL
           && kv_claims_parse_foreign(payload->data, payload->len, &claims, NULL) == KV_OK
           && kv_trust_find(identity->trust, claims.principal.issuer, ret_place);
}

static enum kv_code read_foreign(const struct kv_identity *identity, const struct kv_jws *jws,
                                 struct kv_buf *payload, struct kv_claims *ret_claims,
                                 struct kv_token_verdict *verdict, struct kv_err *err)
{
    size_t place = 0;

    KV_TRY(kv_jws_read(jws, payload, err));
    if (!find_issuer(identity, payload, &place)) {
        return refuse_key(jws, err);
    }
    switch (kv_trust_check(identity->trust, place, jws)) {
    case KV_TRUST_UNKNOWN:
        return refuse_key(jws, err);
    case KV_TRUST_FORGED:
        return refuse_token(err);
    case KV_TRUST_PENDING:
        verdict->must_wait = true;
        return KV_OK;
    case KV_TRUST_SIGNED:
        break;
    }
    KV_TRY(kv_claims_parse_foreign(payload->data, payload->len, ret_claims, err));
    ret_claims->trusted = place;
    return KV_OK;
}

/* While there is no key yet, every well-formed token counts as signed by an unknown one. */
static enum kv_code read_token(struct kv_identity *identity, const char *token, size_t len,
                               struct kv_claims *ret_claims, struct kv_token_verdict *verdict,
                               struct kv_err *err)
{
    const struct kv_jws_key *key = kv_issuer_find_key(identity->issuer);
    const unsigned algs = identity->trust != NULL ? KV_JWS_ANY : KV_JWS_RS256;
    kv_auto(kv_jws_done) struct kv_jws jws = { .header = NULL };
    kv_auto(kv_buf_done) struct kv_buf payload;

    kv_buf_init(&payload, KV_TOKEN_MAX);
    if (!kv_jws_parse_as(token, len, algs, &jws)) {
        return refuse_token(err);
    }
    if (key != NULL && kv_jws_key_is_named(key, jws.kid)) {
        return read_own(identity, &jws, key, &payload, ret_claims, err);
    }
    return read_foreign(identity, &jws, &payload, ret_claims, verdict, err);
}

/* A token's content, from memory or by reading it. */
static enum kv_code find_claims(struct kv_identity *identity, const char *token, size_t len,
                                struct kv_claims *ret_claims, struct kv_token_verdict *verdict,
                                struct kv_err *err)
{
    unsigned char digest[KV_DIGEST_LENGTH];
    unsigned edition = 0;

    if (!EVP_Digest(token, len, digest, NULL, identity->sha256, NULL)) {
        return KV_FAIL(err, KV_INTERNAL, 0, "SHA-256 failed");
    }
    if (kv_seen_find(identity->seen, digest, ret_claims, &edition)) {
        return KV_OK;
    }
    KV_TRY(read_token(identity, token, len, ret_claims, verdict, err));
    if (!verdict->must_wait) {
        kv_seen_add(identity->seen, digest, ret_claims, edition);
    }
    return KV_OK;
}

enum kv_code kv_identity_verify(struct kv_identity *identity, const char *token, size_t len,
                                const struct kv_token_demand *demand,
                                struct kv_principal *ret_principal,
                                struct kv_token_verdict *ret_verdict, struct kv_err *err)
{
    struct kv_claims claims;

    assert(identity->auth != KV_AUTH_OFF);
    *ret_verdict = (struct kv_token_verdict){ .must_wait = false };
    if (len == 0 || len > KV_TOKEN_MAX) {
        return refuse_token(err);
    }
    if (identity->auth == KV_AUTH_ANY) {
        *ret_principal = identity->anyone;
        ret_verdict->issued = demand->when.real;
        return KV_OK;
    }
    KV_TRY(find_claims(identity, token, len, &claims, ret_verdict, err));
    if (ret_verdict->must_wait) {
        return KV_OK;
    }
    KV_TRY(judge_audience(identity, &claims, demand, err));
    KV_TRY(kv_claims_judge_dates(&claims, &demand->when, err));
    *ret_principal = claims.principal;
    ret_verdict->announces_cp1 = claims.announces_cp1;
    ret_verdict->issued = claims.issued;
    return KV_OK;
}
