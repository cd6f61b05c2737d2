/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Assertions in place of a secret (RFC 7523): one that the application has signed itself, by the key of
 * a certificate that is registered for it; or the token of another issuer, which it is trusted by
 * (workload identity). Clients date both by the clock of their machine, and so they are judged.
 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "kv/base/json.h"
#include "kv/base/jws.h"
#include "private.h"

#define LEEWAY 300 /* seconds, as for tokens of other issuers */
#define AUDIENCES_MAX 16
#define DATE_SIZE 32

struct claims {
    const char *iss, *sub;
    const cJSON *aud;
    struct kv_maybe_int nbf, exp;
};

/* An assertion, taken apart. */
struct assertion {
    struct kv_jws jws;
    cJSON *payload;
    struct claims claims;
};

static void assertion_done(struct assertion *assertion)
{
    kv_jws_done(&assertion->jws);
    cJSON_Delete(assertion->payload);
}
KV_DEFINE_CLEANUP_VALUE(struct assertion, assertion_done)

static bool read_claims(struct assertion *assertion)
{
    static const struct kv_json_field fields[] = {
        KV_JSON_FIELD(struct claims, iss, "iss", KV_JSON_STRING),
        KV_JSON_FIELD(struct claims, sub, "sub", KV_JSON_STRING),
        KV_JSON_FIELD(struct claims, aud, "aud", KV_JSON_ANY),
        KV_JSON_FIELD(struct claims, nbf, "nbf", KV_JSON_DATE),
        KV_JSON_FIELD(struct claims, exp, "exp", KV_JSON_DATE),
    };
    kv_auto(kv_buf_done) struct kv_buf payload;
    struct claims *claims = &assertion->claims;

    kv_buf_init(&payload, KV_TOKEN_MAX);
    return kv_jws_read(&assertion->jws, &payload, NULL) == KV_OK
           && kv_json_parse(payload.data, payload.len, &assertion->payload, NULL) == KV_OK
           && kv_json_is_unique(assertion->payload)
           && kv_json_bind(assertion->payload, fields, KV_COUNT(fields), claims, NULL) == KV_OK
           && claims->iss != NULL && claims->sub != NULL && claims->exp.given
           && (cJSON_IsString(claims->aud) || cJSON_IsArray(claims->aud))
           && cJSON_GetArraySize(claims->aud) <= AUDIENCES_MAX;
}

static enum kv_code read_assertion(const char *text, struct assertion *assertion,
                                   struct kv_err *err)
{
    size_t len = strlen(text);

    if (len > KV_TOKEN_MAX) {
        return AADSTS_REFUSE(err, 50027, "it is too long");
    }
    if (!kv_jws_parse_as(text, len, KV_JWS_ANY, &assertion->jws)) {
        return AADSTS_REFUSE(err, 50027,
                             "it is not signed by RS256, PS256 or ES256 in compact form");
    }
    if (!read_claims(assertion)) {
        return AADSTS_REFUSE(err, 50027, "iss, sub, aud or exp are missing, or something twice");
    }
    return KV_OK;
}

static void write_date(int64_t seconds, char ret_text[DATE_SIZE])
{
    bool is_date = seconds >= 0 && seconds <= KV_TIME_MAX;
    char date[KV_ISO_DATE_SIZE];

    kv_time_render_iso(is_date ? seconds * 1000 : KV_TIME_MAX * 1000, date);
    (void) snprintf(ret_text, DATE_SIZE, "%s", date);
}

static enum kv_code judge_dates(const struct claims *claims, struct kv_err *err)
{
    kv_time now = kv_seconds(kv_clock_real());
    char dates[3][DATE_SIZE];

    if ((!claims->nbf.given || claims->nbf.value <= now + LEEWAY)
        && claims->exp.value > now - LEEWAY) {
        return KV_OK;
    }
    write_date(now, dates[0]);
    write_date(claims->nbf.value, dates[1]);
    write_date(claims->exp.value, dates[2]);
    return AADSTS_REFUSE(err, 700024, dates[0], dates[1], dates[2]);
}

/* --- audiences --- */

/* How an audience may go on behind the tenant. */
static const char *const tails[] = { "/oauth2/v2.0/token", "/oauth2/token", "/v2.0", "", "/" };

/* Takes a prefix off, in any case; false if it is not there. */
static bool skip(const char **text, const char *prefix)
{
    size_t len = strlen(prefix);

    if (strncasecmp(*text, prefix, len) != 0) {
        return false;
    }
    *text += len;
    return true;
}

/* Host and port that was asked, the host alone, or a name that the service has for itself: a client
 * may be told one and reach us by another. */
static bool skip_host(const char **text, const struct kv_request *request)
{
    static const char *const names[] = { "login.microsoftonline.com", "login.windows.net",
                                         "sts.windows.net", "login.localhost" };

    if (skip(text, request->authority) || skip(text, request->host)) {
        return true;
    }
    for (size_t i = 0; i < KV_COUNT(names); i++) {
        if (skip(text, names[i])) {
            return true;
        }
    }
    return false;
}

static bool is_endpoint(const struct authority_order *order, const char *audience)
{
    if (!skip(&audience, "https://") || !skip_host(&audience, order->request)
        || !skip(&audience, "/")
        || (!skip(&audience, order->tenant.name) && !skip(&audience, order->tenant.id))) {
        return false;
    }
    for (size_t i = 0; i < KV_COUNT(tails); i++) {
        if (strcasecmp(audience, tails[i]) == 0) {
            return true;
        }
    }
    return false;
}

/* The next audience of `aud`, which is a text or a list; NULL: there is none. */
static const char *next_audience(const struct claims *claims, size_t *place)
{
    const cJSON *aud = claims->aud;
    const char *text = NULL;

    if (cJSON_IsString(aud)) {
        return (*place)++ == 0 ? aud->valuestring : NULL;
    }
    while (text == NULL && *place < (size_t) cJSON_GetArraySize(aud)) {
        text = cJSON_GetStringValue(cJSON_GetArrayItem(aud, (int) (*place)++));
    }
    return text;
}

static bool is_for_endpoint(const struct authority_order *order, const struct claims *claims)
{
    const char *audience;
    bool found = false;

    for (size_t at = 0; !found && (audience = next_audience(claims, &at)) != NULL;) {
        found = is_endpoint(order, audience);
    }
    return found;
}

/* --- an assertion of the application's own --- */

static enum kv_code judge_own(const struct authority_order *order,
                              const struct assertion *assertion, struct kv_err *err)
{
    const struct claims *claims = &assertion->claims;

    if (strcasecmp(claims->iss, order->client.client_id) != 0
        || strcasecmp(claims->sub, order->client.client_id) != 0) {
        return AADSTS_REFUSE(err, 700021);
    }
    KV_TRY(authority_check_certificate(order, &assertion->jws, err));
    if (!is_for_endpoint(order, claims)) {
        return AADSTS_REFUSE(err, 700023);
    }
    return judge_dates(claims, err);
}

/* --- a token of another issuer --- */

/* Coffer's own federated tokens need no record: they say whose they are. An application that nobody
 * registered takes any issuer that is trusted at all. */
static enum kv_code compare(const struct authority_order *order, const struct claims *claims,
                            const char *audience, enum kv_federation *ret_federation,
                            struct kv_err *err)
{
    bool is_ours = strcmp(claims->iss, KV_FEDERATED_ISSUER) == 0;

    if (order->client.registered && !is_ours) {
        return kv_principals_federation(order->request->app->principals, order->client.object_id,
                                        claims->iss, claims->sub, audience, ret_federation, err);
    }
    if (strcmp(audience, KV_FEDERATED_AUDIENCE) != 0) {
        *ret_federation = KV_FEDERATION_AUDIENCE;
    } else {
        *ret_federation = is_ours && strcmp(claims->sub, order->client.client_id) != 0
                              ? KV_FEDERATION_SUBJECT
                              : KV_FEDERATION_FITS;
    }
    return KV_OK;
}

/* By the audience that comes nearest. */
static enum kv_code find_nearest(const struct authority_order *order, const struct claims *claims,
                                 enum kv_federation *ret_nearest, const char **ret_audience,
                                 struct kv_err *err)
{
    const char *audience = next_audience(claims, &(size_t){ 0 });

    *ret_audience = audience != NULL ? audience : "";
    KV_TRY(compare(order, claims, *ret_audience, ret_nearest, err));
    for (size_t at = 0; (audience = next_audience(claims, &at)) != NULL;) {
        enum kv_federation nearest;

        KV_TRY(compare(order, claims, audience, &nearest, err));
        if (nearest > *ret_nearest) {
            *ret_nearest = nearest;
            *ret_audience = audience;
        }
    }
    return KV_OK;
}

static enum kv_code refuse_federated(const struct authority_order *order,
                                     const struct claims *claims, enum kv_federation nearest,
                                     const char *audience, struct kv_err *err)
{
    if (order->request->app->build->year == KV_BUILD_2021) {
        return AADSTS_REFUSE(err, 70021, claims->iss, claims->sub, audience);
    }
    switch (nearest) {
    case KV_FEDERATION_NONE:
        return AADSTS_REFUSE(err, 70025, order->client.client_id, order->client.name);
    case KV_FEDERATION_AUDIENCE:
        return AADSTS_REFUSE(err, 700212, audience);
    case KV_FEDERATION_SUBJECT:
        return AADSTS_REFUSE(err, 700213, claims->sub);
    case KV_FEDERATION_CASE:
        return AADSTS_REFUSE(err, 7002138, claims->sub);
    case KV_FEDERATION_ISSUER:
    case KV_FEDERATION_FITS: /* but nobody trusts the issuer */
        break;
    }
    return AADSTS_REFUSE(err, 700211, claims->iss);
}

static enum kv_code judge_federated(const struct authority_order *order,
                                    const struct assertion *assertion, struct kv_err *err)
{
    const struct claims *claims = &assertion->claims;
    enum kv_federation nearest = KV_FEDERATION_NONE;
    const char *audience = "";

    KV_TRY(find_nearest(order, claims, &nearest, &audience, err));
    if (nearest != KV_FEDERATION_FITS) {
        return refuse_federated(order, claims, nearest, audience, err);
    }
    switch (
        kv_identity_check_signature(order->request->app->identity, &assertion->jws, claims->iss)) {
    case KV_SIGNATURE_PENDING: /* the step before has waited long enough */
        return AADSTS_REFUSE(err, 90033);
    case KV_SIGNATURE_FORGED:
        return AADSTS_REFUSE(err, 50013);
    case KV_SIGNATURE_UNKNOWN:
        return order->client.registered ? AADSTS_REFUSE(err, 50013)
                                        : refuse_federated(order, claims, nearest, audience, err);
    case KV_SIGNATURE_TRUSTED:
    case KV_SIGNATURE_OWN:
        break;
    }
    return judge_dates(claims, err);
}

/* An application's issuer is itself, by its client id; that of anybody else is a URL. */
static bool is_own(const struct assertion *assertion)
{
    return kv_uuid_is_valid(assertion->claims.iss);
}

enum kv_code authority_judge_assertion(const struct authority_order *order, struct kv_err *err)
{
    kv_auto(assertion_done) struct assertion assertion = { .payload = NULL };

    KV_TRY(read_assertion(order->assertion, &assertion, err));
    return is_own(&assertion) ? judge_own(order, &assertion, err)
                              : judge_federated(order, &assertion, err);
}

bool authority_lacks_keys(const struct kv_request *request, const char *text)
{
    kv_auto(assertion_done) struct assertion assertion = { .payload = NULL };
    struct kv_err err;

    return read_assertion(text, &assertion, &err) == KV_OK && !is_own(&assertion)
           && kv_identity_check_signature(request->app->identity, &assertion.jws,
                                          assertion.claims.iss)
                  == KV_SIGNATURE_PENDING;
}
