/* SPDX-License-Identifier: Apache-2.0 */
/* A key as the resource manager shows it: never with its public half (control-plane.md §1.5). */
#include <stdio.h>
#include <string.h>

#include "private.h"

#define URL_SIZE                                                                                   \
    (sizeof("https:///keys//") + KV_PUBLIC_AUTHORITY_SIZE + KV_KEY_NAME_MAX + KV_VERSION_LENGTH)

static void add_attributes(cJSON *properties, const struct kv_scope *scope,
                           const struct kv_key *key, bool *ok)
{
    const struct kv_attributes *attributes = &key->attributes;
    cJSON *object = kv_json_add_object(properties, "attributes", ok);

    kv_json_add_bool(object, "enabled", attributes->enabled, ok);
    if (attributes->not_before.given) {
        kv_json_add_int(object, "nbf", attributes->not_before.value, ok);
    }
    if (attributes->expires.given) {
        kv_json_add_int(object, "exp", attributes->expires.value, ok);
    }
    kv_json_add_int(object, "created", attributes->created, ok);
    kv_json_add_int(object, "updated", attributes->updated, ok);
    kv_json_add_text(object, "recoveryLevel", kv_vault_recovery_level(scope->vault), ok);
    if (key->release.exportable) {
        kv_json_add_bool(object, "exportable", true, ok);
    }
}

static void add_shape(cJSON *properties, const struct kv_key *key, bool *ok)
{
    cJSON *ops;

    kv_json_add_text(properties, "kty", kv_kty_row(key->kty)->name, ok);
    ops = kv_json_add_array(properties, "keyOps", ok);
    for (size_t i = 0; i < key->ops.count; i++) {
        kv_json_append_text(ops, kv_key_op_row((enum kv_key_op) key->ops.op[i])->name, ok);
    }
    if (key->material.family == KV_FAMILY_EC) {
        kv_json_add_text(properties, "curveName", kv_curve_row(key->material.curve)->name, ok);
    } else {
        kv_json_add_int(properties, "keySize", key->material.bits, ok);
    }
}

static void add_urls(cJSON *properties, const struct arm_call *call, const struct kv_scope *scope,
                     const struct kv_key *key, bool *ok)
{
    char authority[KV_PUBLIC_AUTHORITY_SIZE], url[URL_SIZE];

    keyvault_authority(call, scope->vault, authority);
    (void) snprintf(url, sizeof(url), "https://%s/keys/%s", authority, key->name);
    kv_json_add_text(properties, "keyUri", url, ok);
    (void) snprintf(url, sizeof(url), "https://%s/keys/%s/%s", authority, key->name, key->version);
    kv_json_add_text(properties, "keyUriWithVersion", url, ok);
}

static void add_action(cJSON *actions, const struct kv_trigger *trigger, const char *type, bool *ok)
{
    bool is_after = kv_duration_is_given(&trigger->after_create);
    cJSON *action, *when;

    if (!is_after && !kv_duration_is_given(&trigger->before_expiry)) {
        return;
    }
    action = cJSON_CreateObject();
    kv_json_add_take(actions, NULL, action, ok);
    when = kv_json_add_object(*ok ? action : NULL, "trigger", ok);
    kv_json_add_text(when, is_after ? "timeAfterCreate" : "timeBeforeExpiry",
                     is_after ? trigger->after_create.text : trigger->before_expiry.text, ok);
    kv_json_add_text(kv_json_add_object(*ok ? action : NULL, "action", ok), "type", type, ok);
}

/* Shown once the key was given one. */
static enum kv_code add_rotation(cJSON *properties, const struct kv_scope *scope,
                                 const struct kv_key *key, bool *ok, struct kv_err *err)
{
    struct kv_rotation_policy policy;
    cJSON *object, *attributes, *actions;

    KV_TRY(kv_rotation_policy_get(scope, key->name, &policy, err));
    if (!policy.stored) {
        return KV_OK;
    }
    object = kv_json_add_object(properties, "rotationPolicy", ok);
    actions = kv_json_add_array(object, "lifetimeActions", ok);
    add_action(actions, &policy.rotate, "rotate", ok);
    add_action(actions, &policy.notify, "notify", ok);
    attributes = kv_json_add_object(object, "attributes", ok);
    if (kv_duration_is_given(&policy.expiry)) {
        kv_json_add_text(attributes, "expiryTime", policy.expiry.text, ok);
    }
    kv_json_add_int(attributes, "created", policy.created, ok);
    kv_json_add_int(attributes, "updated", policy.updated, ok);
    return KV_OK;
}

static void add_release(cJSON *properties, const struct kv_key *key, bool *ok)
{
    cJSON *object;

    if (key->release.policy == NULL) {
        return;
    }
    object = kv_json_add_object(properties, "release_policy", ok);
    kv_json_add_text(object, "contentType", key->release.content_type, ok);
    kv_json_add_base64url(object, "data", key->release.policy, strlen(key->release.policy), ok);
}

static enum kv_code add_properties(cJSON *body, const struct arm_call *call,
                                   const struct kv_scope *scope, const struct kv_key *key,
                                   bool is_version, bool *ok, struct kv_err *err)
{
    cJSON *properties = kv_json_add_object(body, "properties", ok);

    add_attributes(properties, scope, key, ok);
    add_shape(properties, key, ok);
    add_urls(properties, call, scope, key, ok);
    if (!is_version) {
        KV_TRY(add_rotation(properties, scope, key, ok, err));
    }
    add_release(properties, key, ok);
    return KV_OK;
}

static void add_tags(cJSON *body, const struct kv_tags *tags, bool *ok)
{
    cJSON *object = kv_json_add_object(body, "tags", ok);
    const char *name, *value;

    for (size_t position = 0; kv_tags_next(tags, &position, &name, &value);) {
        kv_json_add_text(object, name, value, ok);
    }
}

/* A managed HSM's keys have no location. */
static void add_type(cJSON *body, const struct kv_scope *scope, bool is_version, bool *ok)
{
    bool is_hsm = scope->vault->kind == KV_MANAGED_HSM;
    char type[64];

    (void) snprintf(type, sizeof(type), "Microsoft.KeyVault/%s/keys%s",
                    is_hsm ? "managedHSMs" : "vaults", is_version ? "/versions" : "");
    kv_json_add_text(body, "type", type, ok);
    if (!is_hsm) {
        kv_json_add_text(body, "location", scope->vault->region, ok);
    }
}

static enum kv_code add_head(cJSON *body, const struct arm_call *call, const struct kv_scope *scope,
                             const struct kv_key *key, bool is_version, bool *ok,
                             struct kv_err *err)
{
    kv_auto(kv_resource_done) struct kv_resource envelope = { .id = NULL };
    char id[KV_RESOURCE_ID_MAX + 1 + 256];

    KV_TRY(keyvault_envelope(call, scope->vault, &envelope, err));
    (void) snprintf(id, sizeof(id), "%s/keys/%s%s%s", envelope.id, key->name,
                    is_version ? "/versions/" : "", is_version ? key->version : "");
    kv_json_add_text(body, "id", id, ok);
    kv_json_add_text(body, "name", is_version ? key->version : key->name, ok);
    add_type(body, scope, is_version, ok);
    add_tags(body, &key->tags, ok);
    return KV_OK;
}

enum kv_code keyvault_key_render(const struct arm_call *call, const struct kv_scope *scope,
                                 const struct kv_key *key, bool is_version, cJSON **ret_body,
                                 struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *body = cJSON_CreateObject();
    bool ok = body != NULL;

    KV_TRY(add_head(body, call, scope, key, is_version, &ok, err));
    KV_TRY(add_properties(body, call, scope, key, is_version, &ok, err));
    if (!ok) {
        return KV_OUT_OF_MEMORY(err);
    }
    *ret_body = kv_take(body);
    return KV_OK;
}
