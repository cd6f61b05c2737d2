/* SPDX-License-Identifier: Apache-2.0 */
/* From keys to JSON, members in the order of contract §4.2. */
#include <stdio.h>
#include <string.h>

#include "private.h"

#define WIDE_EXPONENT 4

void key_url(const struct kv_request *request, const char *collection, const char *name,
             const char *part, char ret_url[KEY_URL_SIZE])
{
    snprintf(ret_url, KEY_URL_SIZE, "https://%s/%s/%s%s%s", request->authority, collection, name,
             part != NULL ? "/" : "", part != NULL ? part : "");
}

static void add_url(cJSON *parent, const char *name, const struct kv_request *request,
                    const char *collection, const struct kv_key *key, bool with_version, bool *ok)
{
    char url[KEY_URL_SIZE];

    key_url(request, collection, key->name, with_version ? key->version : NULL, url);
    kv_json_add_text(parent, name, url, ok);
}

/* contract §4.2, §4.3: none at all are an empty list of a vault, and nothing of a Managed HSM */
static void add_ops(cJSON *parent, const struct kv_request *request, const struct kv_key_ops *ops,
                    bool *ok)
{
    cJSON *array =
        ops->count > 0 || !is_hsm(request) ? kv_json_add_array(parent, "key_ops", ok) : NULL;

    for (size_t i = 0; i < ops->count; i++) {
        kv_json_append_text(array, kv_key_op_row(ops->op[i])->name, ok);
    }
}

/* An older HSM platform gave the exponent as a 32-bit number (contract §4.2). */
static void add_exponent(cJSON *jwk, const struct kv_request *request, const struct kv_key *key,
                         bool *ok)
{
    const struct kv_material *material = &key->material;
    unsigned char wide[WIDE_EXPONENT] = { 0 };

    if (!request->app->build->widens_exponent || !kv_kty_row(key->kty)->hsm
        || kv_call_of(request)->vault->kind != KV_VAULT || material->exponent_len > sizeof(wide)) {
        kv_json_add_base64url(jwk, "e", material->exponent, material->exponent_len, ok);
        return;
    }
    memcpy(wide + sizeof(wide) - material->exponent_len, material->exponent,
           material->exponent_len);
    kv_json_add_base64url(jwk, "e", wide, sizeof(wide), ok);
}

/* Coordinates have the full width of the curve, leading zeros included. */
static void add_point(cJSON *jwk, const struct kv_material *material, bool *ok)
{
    const struct kv_curve_row *curve = kv_curve_row(material->curve);

    kv_json_add_text(jwk, "crv", curve->name, ok);
    kv_json_add_base64url(jwk, "x", material->x, curve->coordinate, ok);
    kv_json_add_base64url(jwk, "y", material->y, curve->coordinate, ok);
}

/* What an imported JWK had beyond its key comes back as it was (contract §6.2). */
static void add_members(cJSON *jwk, const char *members, bool *ok)
{
    kv_auto(cJSON_Delete) cJSON *object = cJSON_Parse(members);

    *ok = *ok && object != NULL;
    while (*ok && object->child != NULL) {
        cJSON *member = cJSON_DetachItemViaPointer(object, object->child);

        kv_json_add_take(jwk, member->string, member, ok);
    }
}

void add_jwk(cJSON *parent, const struct kv_request *request, const struct kv_key *key, bool *ok)
{
    cJSON *jwk = kv_json_add_object(parent, "key", ok);

    add_url(jwk, "kid", request, "keys", key, true, ok);
    kv_json_add_text(jwk, "kty", kv_kty_row(key->kty)->name, ok);
    add_ops(jwk, request, &key->ops, ok);
    switch (key->material.family) {
    case KV_FAMILY_RSA:
        kv_json_add_base64url(jwk, "n", key->material.modulus, key->material.modulus_len, ok);
        add_exponent(jwk, request, key, ok);
        break;
    case KV_FAMILY_EC:
        add_point(jwk, &key->material, ok);
        break;
    case KV_FAMILY_OCT:
        break;
    }
    if (key->members != NULL) {
        add_members(jwk, key->members, ok);
    }
}

/* contract §4.2, §4.3: a vault tells it of RSA keys, a Managed HSM of symmetric ones while they are
 * not deleted */
static bool shows_size(const struct kv_vault *vault, const struct kv_key *key)
{
    switch (key->material.family) {
    case KV_FAMILY_RSA:
        return vault->kind == KV_VAULT;
    case KV_FAMILY_EC:
        return false;
    case KV_FAMILY_OCT:
        break;
    }
    return vault->kind == KV_VAULT || key->scheduled_purge == 0;
}

static void add_attributes(cJSON *parent, const struct kv_request *request,
                           const struct kv_key *key, bool *ok)
{
    const struct kv_call *call = kv_call_of(request);
    const struct kv_build *build = request->app->build;
    const struct kv_attributes *attributes = &key->attributes;
    const bool managed = is_hsm(request);
    cJSON *object = kv_json_add_object(parent, "attributes", ok);

    kv_json_add_bool(object, "enabled", attributes->enabled, ok);
    if (key->external != NULL) {
        kv_json_add_text(kv_json_add_object(object, "external_key", ok), "id", key->external, ok);
    }
    if (build->shows_key_size && shows_size(call->vault, key)) {
        kv_json_add_int(object, "key_size", key->material.bits, ok);
    }
    if (attributes->not_before.given) {
        kv_json_add_int(object, "nbf", attributes->not_before.value, ok);
    }
    if (attributes->expires.given) {
        kv_json_add_int(object, "exp", attributes->expires.value, ok);
    }
    kv_json_add_int(object, "created", attributes->created, ok);
    kv_json_add_int(object, "updated", attributes->updated, ok);
    kv_json_add_text(object, "recoveryLevel", kv_vault_recovery_level(call->vault), ok);
    kv_json_add_int(object, "recoverableDays", call->vault->retention_days, ok);
    if (build->exportable == KV_EXPORTABLE_ALWAYS || managed || key->release.exportable) {
        kv_json_add_bool(object, "exportable", key->release.exportable, ok);
    }
    if (build->shows_platform && call->shows_hsm_platform && !managed) {
        kv_json_add_text(object, "hsmPlatform", kv_kty_row(key->kty)->hsm ? "2" : "0", ok);
    }
}

static void add_tags(cJSON *parent, const struct kv_tags *tags, bool *ok)
{
    cJSON *object = tags->count > 0 ? kv_json_add_object(parent, "tags", ok) : NULL;
    const char *name;
    const char *value;

    for (size_t position = 0; kv_tags_next(tags, &position, &name, &value);) {
        kv_json_add_text(object, name, value, ok);
    }
}

static void add_deletion(cJSON *parent, const struct kv_request *request, const struct kv_key *key,
                         bool *ok)
{
    add_url(parent, "recoveryId", request, "deletedkeys", key, false, ok);
    kv_json_add_int(parent, "deletedDate", key->deleted, ok);
    kv_json_add_int(parent, "scheduledPurgeDate", key->scheduled_purge, ok);
}

void add_bundle(cJSON *parent, const struct kv_request *request, const struct kv_key *key, bool *ok)
{
    add_jwk(parent, request, key, ok);
    add_attributes(parent, request, key, ok);
    add_tags(parent, &key->tags, ok);
    if (key->scheduled_purge == 0 || is_hsm(request)) { /* contract §4.2, §4.3 */
        add_release_policy(parent, &key->release, ok);
    }
}

enum kv_code respond_key(const struct kv_request *request, const struct kv_key *key,
                         struct kv_response *response, struct kv_err *err)
{
    bool ok = true;
    kv_auto(cJSON_Delete) cJSON *body = cJSON_CreateObject();

    add_bundle(body, request, key, &ok);
    return kv_response_json(response, 200, ok ? body : NULL, err);
}

enum kv_code respond_attested_key(const struct kv_request *request, const struct kv_key *key,
                                  cJSON *attestation, struct kv_response *response,
                                  struct kv_err *err)
{
    bool ok = true;
    kv_auto(cJSON_Delete) cJSON *body = cJSON_CreateObject();

    add_bundle(body, request, key, &ok);
    kv_json_add_take(cJSON_GetObjectItemCaseSensitive(body, "attributes"), "attestation",
                     attestation, &ok);
    return kv_response_json(response, 200, ok ? body : NULL, err);
}

enum kv_code respond_deleted_key(const struct kv_request *request, const struct kv_key *key,
                                 struct kv_response *response, struct kv_err *err)
{
    bool ok = true;
    kv_auto(cJSON_Delete) cJSON *body = cJSON_CreateObject();

    add_deletion(body, request, key, &ok);
    add_bundle(body, request, key, &ok);
    if (kv_call_of(request)->vault->kind == KV_VAULT) { /* contract §4.2: it is not shown there */
        cJSON_DeleteItemFromObjectCaseSensitive(body, "release_policy");
    }
    return kv_response_json(response, 200, ok ? body : NULL, err);
}

void add_item(cJSON *items, const struct kv_request *request, const struct kv_key *key,
              enum item_kind kind, bool *ok)
{
    cJSON *item = cJSON_CreateObject();

    kv_json_add_take(items, NULL, item, ok);
    if (kind == ITEM_DELETED_KEY) {
        add_deletion(item, request, key, ok);
    }
    add_url(item, "kid", request, "keys", key, kind == ITEM_VERSION, ok);
    add_attributes(item, request, key, ok);
    add_tags(item, &key->tags, ok);
}
