/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An attestation against a policy. The signature check is the JOSE library's; it sees a token only
 * when its header has been judged here, because it takes whatever algorithm a header names.
 */
#include "kv/release.h"

#include <string.h>
#include <strings.h>

#include <cjose/header.h>
#include <cjose/jwk.h>
#include <cjose/jws.h>

#include "kv/base64.h"
#include "kv/json.h"
#include "policy.h"

#define URL_MAX 512
#define PART_MAX 49152  /* bytes of a decoded header or payload */
#define MODULUS_MIN 256 /* bytes; RSA-2048 */

KV_DEFINE_CLEANUP(cjose_jwk_t *, cjose_jwk_release)
KV_DEFINE_CLEANUP(cjose_jws_t *, cjose_jws_release)

/* A token before anything of it is believed. */
struct token {
    const char *text;
    cJSON *header, *claims;
    const char *issuer, *kid;
};

static void token_done(struct token *token)
{
    cJSON_Delete(token->header);
    cJSON_Delete(token->claims);
}
KV_DEFINE_CLEANUP_VALUE(struct token, token_done)

bool kv_release_url_is_allowed(const char *url)
{
    static const char *const starts[] = { "https://", "http://localhost", "http://127.0.0.1",
                                          "http://[::1]" };

    for (size_t i = 0; i < KV_COUNT(starts); i++) {
        size_t len = strlen(starts[i]);

        if (strncasecmp(url, starts[i], len) == 0
            && (i == 0 || url[len] == ':' || url[len] == '/' || url[len] == '\0')) {
            return strlen(url) < URL_MAX && strpbrk(url, "@ \t\r\n#?") == NULL;
        }
    }
    return false;
}

static enum kv_code refuse_token(struct kv_err *err)
{
    return KV_FAIL(err, KV_BAD_PARAMETER, 0,
                   "Target environment attestation is not a JSON web token signed with RS256.");
}

static enum kv_code deny(const char *why, struct kv_err *err)
{
    return KV_FAIL(err, KV_RELEASE_DENIED, 0, "Target environment attestation %s.", why);
}

static const char *text_of(const cJSON *object, const char *name)
{
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));

    return text != NULL ? text : "";
}

static bool decode_part(const char *text, size_t len, cJSON **ret_json)
{
    kv_auto(kv_buf_done) struct kv_buf bytes;
    char piece[3];
    size_t piece_len;

    kv_buf_init(&bytes, PART_MAX);
    for (size_t at = 0; at < len; at += 4) {
        size_t count = len - at < 4 ? len - at : 4;

        if (!kv_base64url_decode(text + at, count, piece, &piece_len)
            || kv_buf_append(&bytes, piece, piece_len, NULL) != KV_OK) {
            return false;
        }
    }
    return bytes.len > 0 && kv_json_parse(bytes.data, bytes.len, ret_json, NULL) == KV_OK;
}

static enum kv_code read_token(const char *text, struct token *ret_token, struct kv_err *err)
{
    const char *first = strchr(text, '.');
    const char *second = first != NULL ? strchr(first + 1, '.') : NULL;

    if (strlen(text) > KV_ATTESTATION_MAX || second == NULL || strchr(second + 1, '.') != NULL
        || !decode_part(text, (size_t) (first - text), &ret_token->header)
        || !decode_part(first + 1, (size_t) (second - first - 1), &ret_token->claims)
        || strcmp(text_of(ret_token->header, "alg"), CJOSE_HDR_ALG_RS256) != 0) {
        return refuse_token(err);
    }
    ret_token->text = text;
    ret_token->issuer = text_of(ret_token->claims, "iss");
    ret_token->kid = text_of(ret_token->header, "kid");
    return KV_OK;
}

static enum kv_code fetch_json(kv_fetch_fn *fetch, const char *url, cJSON **ret_json,
                               struct kv_err *err)
{
    kv_auto(kv_buf_done) struct kv_buf body;

    kv_buf_init(&body, KV_AUTHORITY_BODY_MAX);
    if (!kv_release_url_is_allowed(url)) {
        return KV_FAIL(err, KV_UNAVAILABLE, 0, "The attestation authority names a URL of no use.");
    }
    KV_TRY(fetch(url, &body, err));
    if (kv_json_parse(body.data, body.len, ret_json, NULL) != KV_OK) {
        return KV_FAIL(err, KV_UNAVAILABLE, 0, "The attestation authority answers no JSON.");
    }
    return KV_OK;
}

/* {authority}/.well-known/openid-configuration, and the keys it leads to. */
static enum kv_code fetch_keys(kv_fetch_fn *fetch, const char *issuer, cJSON **ret_keys,
                               struct kv_err *err)
{
    static const char path[] = "/.well-known/openid-configuration";
    kv_auto(kv_buf_done) struct kv_buf url;
    kv_auto(cJSON_Delete) cJSON *configuration = NULL;
    size_t len = strlen(issuer);

    kv_buf_init(&url, URL_MAX + sizeof(path));
    len -= len > 0 && issuer[len - 1] == '/';
    if (kv_buf_append(&url, issuer, len, NULL) != KV_OK
        || kv_buf_append(&url, path, sizeof(path) - 1, NULL) != KV_OK) {
        return deny("names an authority that is too long", err);
    }
    KV_TRY(fetch_json(fetch, url.data, &configuration, err));
    return fetch_json(fetch, text_of(configuration, "jwks_uri"), ret_keys, err);
}

static bool verifies(const char *token, const cJSON *key)
{
    kv_auto(kv_buf_done) struct kv_buf json;
    kv_auto(cjose_jwk_release) cjose_jwk_t *jwk = NULL;
    kv_auto(cjose_jws_release) cjose_jws_t *jws = NULL;
    const char *alg;

    kv_buf_init(&json, KV_AUTHORITY_BODY_MAX);
    if (strcmp(text_of(key, "kty"), "RSA") != 0 || kv_json_print(key, &json, NULL) != KV_OK) {
        return false;
    }
    jwk = cjose_jwk_import(json.data, json.len, NULL);
    jws = cjose_jws_import(token, strlen(token), NULL);
    if (jwk == NULL || jws == NULL) {
        return false;
    }
    alg = cjose_header_get(cjose_jws_get_protected(jws), CJOSE_HDR_ALG, NULL);
    return alg != NULL && strcmp(alg, CJOSE_HDR_ALG_RS256) == 0 && cjose_jws_verify(jws, jwk, NULL);
}

static enum kv_code check_signature(const struct kv_release_case *release,
                                    const struct token *token, struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *keys = NULL;
    const cJSON *key;

    KV_TRY(fetch_keys(release->fetch, token->issuer, &keys, err));
    cJSON_ArrayForEach (key, cJSON_GetObjectItemCaseSensitive(keys, "keys")) {
        if (strcmp(text_of(key, "kid"), token->kid) == 0 && verifies(token->text, key)) {
            return KV_OK;
        }
    }
    return deny("is not signed by the authority it names", err);
}

static enum kv_code check_dates(const struct token *token, kv_time now, struct kv_err *err)
{
    const cJSON *expires = cJSON_GetObjectItemCaseSensitive(token->claims, "exp");
    const cJSON *not_before = cJSON_GetObjectItemCaseSensitive(token->claims, "nbf");

    if (!cJSON_IsNumber(expires) || (double) now >= expires->valuedouble) {
        return deny("has expired", err);
    }
    if (cJSON_IsNumber(not_before) && (double) now < not_before->valuedouble) {
        return deny("is not yet valid", err);
    }
    return KV_OK;
}

static bool read_number(const cJSON *key, const char *name, unsigned char *ret_bytes, size_t max,
                        size_t *ret_len)
{
    const char *text = text_of(key, name);
    size_t len = strlen(text);

    return len > 0 && KV_BASE64URL_BYTES(len) <= max
           && kv_base64url_decode(text, len, ret_bytes, ret_len) && ret_bytes[0] != 0;
}

/* Signed by an authority or not: with an exponent of one the ciphertext would be the key, and an
 * even modulus is none. */
static bool is_safe(const struct kv_release_target *target)
{
    bool is_one = target->exponent_len == 1 && target->exponent[0] == 1;

    return target->modulus_len >= MODULUS_MIN && (target->modulus[target->modulus_len - 1] & 1) != 0
           && (target->exponent[target->exponent_len - 1] & 1) != 0 && !is_one;
}

/* The first RSA key of x-ms-runtime.keys; the text for none is the service's (contract §9.2). */
static enum kv_code read_target(const cJSON *claims, struct kv_release_target *ret_target,
                                struct kv_err *err)
{
    const cJSON *runtime = cJSON_GetObjectItemCaseSensitive(claims, "x-ms-runtime");
    const cJSON *key;

    cJSON_ArrayForEach (key, cJSON_GetObjectItemCaseSensitive(runtime, "keys")) {
        struct kv_release_target target;

        if (strcmp(text_of(key, "kty"), "RSA") == 0
            && read_number(key, "n", target.modulus, sizeof(target.modulus), &target.modulus_len)
            && read_number(key, "e", target.exponent, sizeof(target.exponent), &target.exponent_len)
            && is_safe(&target)) {
            *ret_target = target;
            return KV_OK;
        }
    }
    return KV_FAIL(err, KV_BAD_PARAMETER, 0,
                   "Target environment attestation does not have the required enclave held data "
                   "claim (maa-ehd)");
}

/* Whether one of the authorities that the policy names is the token's, and has its way. */
static void hold_against(const cJSON *policy, const struct token *token, bool *ret_named,
                         bool *ret_met)
{
    const cJSON *authority;

    *ret_named = false;
    *ret_met = false;
    cJSON_ArrayForEach (authority, cJSON_GetObjectItemCaseSensitive(policy, "anyOf")) {
        if (policy_names_authority(authority, token->issuer)) {
            *ret_named = true;
            *ret_met = *ret_met || policy_is_met(authority, token->claims);
        }
    }
}

/* Nobody is asked over the network who is not named in the policy. */
enum kv_code kv_release_judge(const struct kv_release_case *release,
                              struct kv_release_target *ret_target, struct kv_err *err)
{
    kv_auto(token_done) struct token token = { .text = NULL };
    kv_auto(cJSON_Delete) cJSON *policy = NULL;
    bool named;
    bool met;

    KV_TRY(read_token(release->target, &token, err));
    KV_TRY(kv_json_parse(release->policy, strlen(release->policy), &policy, err));
    hold_against(policy, &token, &named, &met);
    if (!named) {
        return deny("is of no authority that the release policy names", err);
    }
    KV_TRY(check_signature(release, &token, err));
    KV_TRY(check_dates(&token, release->now, err));
    if (!met) { /* contract §11: 400 */
        return KV_FAIL(err, KV_BAD_PARAMETER, 0,
                       "Target environment attestation does not have the claims that the release "
                       "policy demands.");
    }
    return read_target(token.claims, ret_target, err);
}
