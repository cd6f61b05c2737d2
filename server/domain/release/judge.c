/* SPDX-License-Identifier: Apache-2.0 */
/* An attestation against a policy. */
#include "kv/release/release.h"

#include <stdio.h>
#include <string.h>

#include "authority.h"
#include "kv/base/base64.h"
#include "kv/base/json.h"
#include "policy.h"

#define MODULUS_MIN 256 /* bytes; RSA-2048 */

/* A token before anything in it is trusted. */
struct token {
    struct kv_jws jws;
    cJSON *claims;
    const char *issuer;
};

static void token_done(struct token *token)
{
    kv_jws_done(&token->jws);
    cJSON_Delete(token->claims);
}
KV_DEFINE_CLEANUP_VALUE(struct token, token_done)

static enum kv_code refuse_token(struct kv_err *err)
{
    return KV_FAIL(err, KV_BAD_PARAMETER, 0,
                   "Target environment attestation is not a JSON web token signed with RS256.");
}

/* Whatever could not be verified, the answer is the same (contract §9.3); the log tells which. */
static enum kv_code deny(const char *why, struct kv_err *err)
{
    enum kv_code code = KV_REFUSE(err, KV_TEXT_RELEASE_DENIED, 0);

    if (err != NULL) {
        err->detail = why;
    }
    return code;
}

static const char *text_of(const cJSON *object, const char *name)
{
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));

    return text != NULL ? text : "";
}

static enum kv_code read_token(const char *text, struct token *ret_token, struct kv_err *err)
{
    kv_auto(kv_buf_done) struct kv_buf claims;
    size_t len = strlen(text);

    kv_buf_init(&claims, KV_BASE64URL_BYTES(KV_ATTESTATION_MAX));
    if (len > KV_ATTESTATION_MAX || !kv_jws_parse(text, len, &ret_token->jws)
        || kv_jws_read(&ret_token->jws, &claims, NULL) != KV_OK
        || kv_json_parse(claims.data, claims.len, &ret_token->claims, NULL) != KV_OK) {
        return refuse_token(err);
    }
    ret_token->issuer = text_of(ret_token->claims, "iss");
    return KV_OK;
}

/* Not known yet if an authority must be asked first. */
static enum kv_code check_signature(const struct kv_release_case *release,
                                    const struct token *token, struct kv_err *err)
{
    bool is_signed;

    KV_TRY(authority_has_signed(release, token->issuer, &token->jws, &is_signed, err));
    if (release->must_ask != NULL && *release->must_ask != 0) {
        return KV_OK;
    }
    return is_signed ? KV_OK : deny("it is not signed by the authority it names", err);
}

static enum kv_code check_dates(const struct token *token, kv_time now, struct kv_err *err)
{
    const cJSON *expires = cJSON_GetObjectItemCaseSensitive(token->claims, "exp");
    const cJSON *not_before = cJSON_GetObjectItemCaseSensitive(token->claims, "nbf");

    if (!cJSON_IsNumber(expires) || (double) now >= expires->valuedouble) {
        return deny("it has expired", err);
    }
    if (cJSON_IsNumber(not_before) && (double) now < not_before->valuedouble) {
        return deny("it is not yet valid", err);
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

/* A cut name would be another one. */
static void take_kid(const cJSON *key, char ret_kid[KV_RELEASE_KID_MAX + 1])
{
    const char *kid = text_of(key, "kid");

    snprintf(ret_kid, KV_RELEASE_KID_MAX + 1, "%s", strlen(kid) <= KV_RELEASE_KID_MAX ? kid : "");
}

/* Checked whether or not an authority signed it: with an exponent of one the ciphertext would be
 * the key, and an even modulus is not a modulus. */
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
            take_kid(key, target.kid);
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

/* Only authorities named in the policy are asked over the network. */
enum kv_code kv_release_judge(const struct kv_release_case *release,
                              struct kv_release_target *ret_target, struct kv_err *err)
{
    kv_auto(token_done) struct token token = { .claims = NULL };
    kv_auto(cJSON_Delete) cJSON *policy = NULL;
    bool named;
    bool met;

    if (release->must_ask != NULL) {
        *release->must_ask = 0;
    }
    KV_TRY(read_token(release->target, &token, err));
    KV_TRY(kv_json_parse(release->policy, strlen(release->policy), &policy, err));
    hold_against(policy, &token, &named, &met);
    if (!named) {
        return deny("it is of no authority that the release policy names", err);
    }
    KV_TRY(check_signature(release, &token, err));
    if (release->must_ask != NULL && *release->must_ask != 0) {
        return KV_OK;
    }
    KV_TRY(check_dates(&token, release->now, err));
    if (!met) { /* contract §11: 400 */
        return KV_FAIL(err, KV_BAD_PARAMETER, 0,
                       "Target environment attestation does not have the claims that the release "
                       "policy demands.");
    }
    return read_target(token.claims, ret_target, err);
}
