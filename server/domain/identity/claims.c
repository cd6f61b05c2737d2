/* SPDX-License-Identifier: Apache-2.0 */
/* Writing the one format that coffer issues; reading it, and what others issue. */

#include "claims.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <openssl/rand.h>

#include "kv/base/base64.h"

#define UNIQUE_BYTES 16 /* of uti, the token's own name */

/*
 * What only coffer reads in its tokens is in `aio`, which the service keeps for itself in the same
 * way: when it was issued, and by which token time. "ISSUED.AGED.EPOCH", milliseconds.
 */
#define MARK_SIZE 80

struct members {
    const char *iss, *oid, *sub, *appid, *azp, *client_id, *tid, *upn, *xms_mirid, *xms_az_rid;
    const char *aio;
    const cJSON *aud, *xms_cc;
    struct kv_maybe_int nbf, exp, iat;
};

static const struct kv_json_field member_fields[] = {
    KV_JSON_FIELD(struct members, aud, "aud", KV_JSON_ANY),
    KV_JSON_FIELD(struct members, iss, "iss", KV_JSON_STRING),
    KV_JSON_FIELD(struct members, iat, "iat", KV_JSON_DATE),
    KV_JSON_FIELD(struct members, nbf, "nbf", KV_JSON_DATE),
    KV_JSON_FIELD(struct members, exp, "exp", KV_JSON_DATE),
    KV_JSON_FIELD(struct members, aio, "aio", KV_JSON_STRING),
    KV_JSON_FIELD(struct members, appid, "appid", KV_JSON_STRING),
    KV_JSON_FIELD(struct members, azp, "azp", KV_JSON_STRING),
    KV_JSON_FIELD(struct members, client_id, "client_id", KV_JSON_STRING),
    KV_JSON_FIELD(struct members, oid, "oid", KV_JSON_STRING),
    KV_JSON_FIELD(struct members, sub, "sub", KV_JSON_STRING),
    KV_JSON_FIELD(struct members, tid, "tid", KV_JSON_STRING),
    KV_JSON_FIELD(struct members, upn, "upn", KV_JSON_STRING),
    KV_JSON_FIELD(struct members, xms_cc, "xms_cc", KV_JSON_ANY),
    KV_JSON_FIELD(struct members, xms_mirid, "xms_mirid", KV_JSON_STRING),
    KV_JSON_FIELD(struct members, xms_az_rid, "xms_az_rid", KV_JSON_STRING),
};

/* Copies a member that may be absent; false if it does not fit, because a cut name is another
 * name. */
static bool copy_text(const char *text, char *ret_copy, size_t size)
{
    return snprintf(ret_copy, size, "%s", text == NULL ? "" : text) < (int) size;
}

/* Appends one text; there is always room for the empty one that ends them. */
static bool add_audience(const cJSON *item, struct kv_claims *claims, size_t *len)
{
    size_t text_len = cJSON_IsString(item) ? strlen(item->valuestring) : 0;

    if (!cJSON_IsString(item) || text_len > KV_RESOURCE_MAX
        || *len + text_len + 2 > sizeof(claims->audiences)) {
        return false;
    }
    memcpy(claims->audiences + *len, item->valuestring, text_len + 1);
    *len += text_len + 1;
    return true;
}

static bool copy_audiences(const cJSON *aud, struct kv_claims *claims)
{
    const cJSON *item;
    size_t len = 0;

    memset(claims->audiences, 0, sizeof(claims->audiences));
    if (!cJSON_IsArray(aud)) {
        return add_audience(aud, claims, &len);
    }
    cJSON_ArrayForEach (item, aud) {
        if (!cJSON_IsString(item) || *item->valuestring == '\0'
            || !add_audience(item, claims, &len)) {
            return false;
        }
    }
    return len > 0;
}

static const char *first_of(const char *a, const char *b)
{
    return a != NULL ? a : b;
}

static bool copy_members(const struct members *members, struct kv_claims *ret_claims)
{
    struct kv_principal *principal = &ret_claims->principal;

    ret_claims->not_before = members->nbf.value;
    ret_claims->expires = members->exp.value;
    ret_claims->issued = members->iat.value * 1000;
    ret_claims->announces_cp1 = kv_claims_announce_cp1(members->xms_cc);
    return copy_audiences(members->aud, ret_claims)
           && copy_text(members->iss, principal->issuer, sizeof(principal->issuer))
           && copy_text(members->oid, principal->object_id, sizeof(principal->object_id))
           && copy_text(members->appid, principal->app_id, sizeof(principal->app_id))
           && copy_text(members->tid, principal->tenant, sizeof(principal->tenant))
           && copy_text(members->upn, principal->name, sizeof(principal->name))
           && copy_text(members->xms_mirid, principal->resource, sizeof(principal->resource))
           && copy_text(members->xms_az_rid, principal->host, sizeof(principal->host));
}

static void write_mark(const struct kv_token_time *when, char ret_mark[MARK_SIZE])
{
    (void) snprintf(ret_mark, MARK_SIZE, "%" PRId64 ".%" PRId64 ".%" PRId64, when->real, when->aged,
                    when->epoch);
}

/* Tokens of older builds have none; it was written by us, since we have signed it. */
static bool read_mark(const char *mark, struct kv_claims *claims)
{
    kv_millis *const targets[] = { &claims->issued, &claims->aged, &claims->epoch };
    char *end = NULL;

    for (size_t i = 0; mark != NULL && i < KV_COUNT(targets); i++) {
        errno = 0;
        *targets[i] = strtoll(mark, &end, 10);
        if (errno != 0 || end == mark || *end != (i + 1 < KV_COUNT(targets) ? '.' : '\0')) {
            return false;
        }
        mark = end + 1;
    }
    return claims->aged >= -KV_CLOCK_END && claims->aged <= KV_CLOCK_END;
}

static bool write_unique_name(char ret_text[])
{
    unsigned char bytes[UNIQUE_BYTES];

    if (RAND_bytes(bytes, sizeof(bytes)) != 1) {
        return false;
    }
    kv_base64url_encode(bytes, sizeof(bytes), ret_text);
    return true;
}

void kv_identity_issuer(const char *tenant, char ret_issuer[KV_ISSUER_SIZE])
{
    (void) snprintf(ret_issuer, KV_ISSUER_SIZE, "https://sts.windows.net/%s/", tenant);
}

/* What the service says of a user who is logged in, and only of one. */
static void add_user(cJSON *claims, const struct kv_token_order *order, bool *ok)
{
    if (order->group_count > 0) {
        cJSON *groups = kv_json_add_array(claims, "groups", ok);
        for (size_t i = 0; i < order->group_count; i++) {
            kv_json_append_text(groups, order->groups[i], ok);
        }
    }
    kv_json_append_text(kv_json_add_array(claims, "amr", ok), "pwd", ok);
    kv_json_add_text(claims, "name", order->upn, ok);
    kv_json_add_text(claims, "scp", order->scope, ok);
    kv_json_add_text(claims, "unique_name", order->upn, ok);
    kv_json_add_text(claims, "upn", order->upn, ok);
}

enum kv_code kv_claims_render(const struct kv_token_order *order, cJSON **ret_claims,
                              struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *claims = cJSON_CreateObject();
    char issuer[KV_ISSUER_SIZE];
    char unique[KV_BASE64URL_LENGTH(UNIQUE_BYTES) + 1];
    char mark[MARK_SIZE];
    kv_time now = kv_seconds(order->when.real);
    const bool is_user = order->upn != NULL && *order->upn != '\0';
    bool ok = claims != NULL && write_unique_name(unique);

    kv_identity_issuer(order->tenant, issuer);
    write_mark(&order->when, mark);
    kv_json_add_text(claims, "aud", order->audience, &ok);
    kv_json_add_text(claims, "iss", issuer, &ok);
    kv_json_add_int(claims, "iat", now - order->early, &ok);
    kv_json_add_int(claims, "nbf", now - order->early, &ok);
    kv_json_add_int(claims, "exp", now + order->lifetime, &ok);
    kv_json_add_text(claims, "aio", mark, &ok);
    kv_json_add_text(claims, "appid", order->card->client_id, &ok);
    kv_json_add_text(claims, "appidacr", order->proof, &ok);
    kv_json_add_text(claims, "idp", issuer, &ok);
    kv_json_add_text(claims, "idtyp", is_user ? "user" : "app", &ok);
    kv_json_add_text(claims, "oid", order->card->object_id, &ok);
    kv_json_add_text(claims, "sub", order->card->object_id, &ok);
    kv_json_add_text(claims, "tid", order->tenant, &ok);
    kv_json_add_text(claims, "uti", unique, &ok);
    kv_json_add_text(claims, "ver", "1.0", &ok);
    if (order->announces_cp1) {
        kv_json_append_text(kv_json_add_array(claims, "xms_cc", &ok), "CP1", &ok);
    }
    if (order->card->resource[0] != '\0') {
        kv_json_add_text(claims, "xms_mirid", order->card->resource, &ok);
    }
    if (is_user) {
        add_user(claims, order, &ok);
    }
    if (!ok) {
        return KV_OUT_OF_MEMORY(err);
    }
    *ret_claims = kv_take(claims);
    return KV_OK;
}

/* False for what is not a JSON object of the right types without a member given twice. */
static bool read_members(const char *payload, size_t len, cJSON **ret_json,
                         struct members *ret_members)
{
    return kv_json_parse(payload, len, ret_json, NULL) == KV_OK && kv_json_is_unique(*ret_json)
           && kv_json_bind(*ret_json, member_fields, KV_COUNT(member_fields), ret_members, NULL)
                  == KV_OK
           && ret_members->aud != NULL && ret_members->iss != NULL && ret_members->exp.given;
}

enum kv_code kv_claims_parse(const char *payload, size_t len, struct kv_claims *ret_claims,
                             struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *json = NULL;
    struct members members = { 0 };
    struct kv_claims claims = { .is_foreign = false };

    if (!read_members(payload, len, &json, &members) || !cJSON_IsString(members.aud)
        || members.oid == NULL || !copy_members(&members, &claims)
        || !read_mark(members.aio, &claims)) {
        return KV_FAIL(err, KV_UNAUTHORIZED, 0, KV_TOKEN_INVALID);
    }
    *ret_claims = claims;
    return KV_OK;
}

enum kv_code kv_claims_parse_foreign(const char *payload, size_t len, struct kv_claims *ret_claims,
                                     struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *json = NULL;
    struct members members = { 0 };
    struct kv_claims claims = { .is_foreign = true };
    bool ok = read_members(payload, len, &json, &members);

    members.oid = first_of(members.oid, members.sub);
    members.appid = first_of(first_of(members.appid, members.azp), members.client_id);
    if (!ok || members.oid == NULL || *members.oid == '\0' || !copy_members(&members, &claims)) {
        return KV_FAIL(err, KV_UNAUTHORIZED, 0, KV_TOKEN_INVALID);
    }
    *ret_claims = claims;
    return KV_OK;
}

bool kv_claims_are_for(const struct kv_claims *claims, const char *audience)
{
    const char *text = claims->audiences;

    do {
        if (strcmp(text, audience) == 0) {
            return true;
        }
        text += strlen(text) + 1;
    } while (*text != '\0');
    return false;
}

/* Where on the token's own time line we are: clock.h. */
static kv_time read_age(const struct kv_claims *claims, const struct kv_token_time *when)
{
    bool is_of_epoch = claims->epoch == when->epoch;

    return kv_seconds(when->real + when->aged - (is_of_epoch ? claims->aged : 0));
}

enum kv_code kv_claims_judge_dates(const struct kv_claims *claims, const struct kv_token_time *when,
                                   struct kv_err *err)
{
    kv_time now = read_age(claims, when);
    kv_time leeway = claims->is_foreign ? KV_TOKEN_LEEWAY : 0;

    if (now + leeway < claims->not_before) {
        return KV_REFUSE(err, KV_TEXT_TOKEN_TOO_EARLY, 0);
    }
    if (now - leeway >= claims->expires) {
        return KV_REFUSE(err, KV_TEXT_TOKEN_EXPIRED, 0);
    }
    return KV_OK;
}

static bool is_cp1(const cJSON *word)
{
    return cJSON_IsString(word) && strcasecmp(word->valuestring, "cp1") == 0;
}

bool kv_claims_announce_cp1(const cJSON *xms_cc)
{
    const cJSON *word;

    if (is_cp1(xms_cc)) {
        return true;
    }
    cJSON_ArrayForEach (word, xms_cc) {
        if (is_cp1(word)) {
            return true;
        }
    }
    return false;
}
