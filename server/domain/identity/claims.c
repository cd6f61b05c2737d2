/* SPDX-License-Identifier: Apache-2.0 */
/* Writing and reading the one format that coffer issues. */

#include "claims.h"

#include <stdio.h>
#include <string.h>

#include <openssl/rand.h>

#include "kv/base/base64.h"

#define UNIQUE_BYTES 16 /* of uti, the token's own name */

struct members {
    const char *aud, *iss, *oid, *appid, *tid, *upn, *xms_mirid;
    struct kv_maybe_int nbf, exp;
};

static const struct kv_json_field member_fields[] = {
    KV_JSON_FIELD(struct members, aud, "aud", KV_JSON_STRING),
    KV_JSON_FIELD(struct members, iss, "iss", KV_JSON_STRING),
    KV_JSON_FIELD(struct members, nbf, "nbf", KV_JSON_INT),
    KV_JSON_FIELD(struct members, exp, "exp", KV_JSON_INT),
    KV_JSON_FIELD(struct members, appid, "appid", KV_JSON_STRING),
    KV_JSON_FIELD(struct members, oid, "oid", KV_JSON_STRING),
    KV_JSON_FIELD(struct members, tid, "tid", KV_JSON_STRING),
    KV_JSON_FIELD(struct members, upn, "upn", KV_JSON_STRING),
    KV_JSON_FIELD(struct members, xms_mirid, "xms_mirid", KV_JSON_STRING),
};

/* Copies a member that may be absent; false if it does not fit, because a cut name is another
 * name. */
static bool copy_text(const char *text, char *ret_copy, size_t size)
{
    return snprintf(ret_copy, size, "%s", text == NULL ? "" : text) < (int) size;
}

static bool copy_members(const struct members *members, struct kv_claims *ret_claims)
{
    struct kv_principal *principal = &ret_claims->principal;

    ret_claims->not_before = members->nbf.value;
    ret_claims->expires = members->exp.value;
    return copy_text(members->aud, ret_claims->audience, sizeof(ret_claims->audience))
           && copy_text(members->iss, principal->issuer, sizeof(principal->issuer))
           && copy_text(members->oid, principal->object_id, sizeof(principal->object_id))
           && copy_text(members->appid, principal->app_id, sizeof(principal->app_id))
           && copy_text(members->tid, principal->tenant, sizeof(principal->tenant))
           && copy_text(members->upn, principal->name, sizeof(principal->name))
           && copy_text(members->xms_mirid, principal->resource, sizeof(principal->resource));
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

void kv_claims_issuer(const char *tenant, char ret_issuer[KV_ISSUER_SIZE])
{
    (void) snprintf(ret_issuer, KV_ISSUER_SIZE, "https://sts.windows.net/%s/", tenant);
}

enum kv_code kv_claims_render(const struct kv_claims_order *order, cJSON **ret_claims,
                              struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *claims = cJSON_CreateObject();
    char issuer[KV_ISSUER_SIZE];
    char unique[KV_BASE64URL_LENGTH(UNIQUE_BYTES) + 1];
    bool ok = claims != NULL && write_unique_name(unique);

    kv_claims_issuer(order->tenant, issuer);
    kv_json_add_text(claims, "aud", order->audience, &ok);
    kv_json_add_text(claims, "iss", issuer, &ok);
    kv_json_add_int(claims, "iat", order->not_before, &ok);
    kv_json_add_int(claims, "nbf", order->not_before, &ok);
    kv_json_add_int(claims, "exp", order->expires, &ok);
    kv_json_add_text(claims, "appid", order->card->client_id, &ok);
    kv_json_add_text(claims, "appidacr", "2", &ok); /* as of a managed identity */
    kv_json_add_text(claims, "idp", issuer, &ok);
    kv_json_add_text(claims, "idtyp", "app", &ok);
    kv_json_add_text(claims, "oid", order->card->object_id, &ok);
    kv_json_add_text(claims, "sub", order->card->object_id, &ok);
    kv_json_add_text(claims, "tid", order->tenant, &ok);
    kv_json_add_text(claims, "uti", unique, &ok);
    kv_json_add_text(claims, "ver", "1.0", &ok);
    kv_json_add_text(claims, "xms_mirid", order->card->resource, &ok);
    if (!ok) {
        return KV_OUT_OF_MEMORY(err);
    }
    *ret_claims = kv_take(claims);
    return KV_OK;
}

enum kv_code kv_claims_parse(const char *payload, size_t len, struct kv_claims *ret_claims,
                             struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *json = NULL;
    struct members members = { 0 };
    struct kv_claims claims;

    if (kv_json_parse(payload, len, &json, NULL) != KV_OK || !kv_json_is_unique(json)
        || kv_json_bind(json, member_fields, KV_COUNT(member_fields), &members, NULL) != KV_OK
        || members.aud == NULL || members.iss == NULL || members.oid == NULL || !members.exp.given
        || !copy_members(&members, &claims)) {
        return KV_FAIL(err, KV_UNAUTHORIZED, 0, KV_TOKEN_INVALID);
    }
    *ret_claims = claims;
    return KV_OK;
}
