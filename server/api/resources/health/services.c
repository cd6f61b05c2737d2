/* SPDX-License-Identifier: Apache-2.0 */
/*
 * FHIR and DICOM services: a deployment checks the key as both documents want it, has the service log in as its
 * identity and use it, and only then is the resource what was sent. What becomes of it later, when the key is
 * lost, is the consumer's (kv/consumer/consumer.h); it does not change the resource.
 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "kv/base/json.h"
#include "private.h"

#define DEPLOY_MS INT64_C(60000)

/* What is different between the two. */
struct kind {
    const char *type;         /* the last part of it */
    const char *profile;      /* of consumers */
    enum kv_cmk_profile cmk;  /* of the rules of its key */
    const char *default_kind; /* "kind" of one that names none; NULL: it has none */
    const char *host_word;
};

static const struct kind kinds[] = {
    { "fhirservices", "fhir", KV_CMK_FHIR_BEST_PRACTICE, "fhir-R4", "fhir" },
    { "dicomservices", "dicom", KV_CMK_DICOM, NULL, "dicom" },
};

static const struct kind *kind_of(const struct arm_call *call)
{
    const char *type = strrchr(call->type->name, '/') + 1;

    return strcasecmp(type, kinds[1].type) == 0 ? &kinds[1] : &kinds[0];
}

void health_name(const struct arm_id *id, char ret_name[HEALTH_NAME_SIZE])
{
    size_t len = 0;

    for (const char *at = id->name; *at != '\0' && len < HEALTH_NAME_SIZE - 1; at++) {
        ret_name[len++] = *at == '/'                 ? '-'
                          : *at >= 'A' && *at <= 'Z' ? (char) (*at - 'A' + 'a')
                                                     : *at;
    }
    ret_name[len] = '\0';
}

/* Letters, digits and hyphens, 3 to 24 of them, as the service takes them. */
static enum kv_code check_name(const struct arm_call *call, struct kv_err *err)
{
    const char *leaf = call->id->leaf;
    size_t len = strlen(leaf);
    size_t fine = strspn(leaf, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-");

    return len >= 3 && len <= 24 && fine == len && leaf[0] != '-' && leaf[len - 1] != '-'
               ? KV_OK
               : KV_FAIL(err, KV_ARM_INVALID_NAME, 0,
                         "The name '%.64s' of a service is not valid: it has 3 to 24 letters, "
                         "digits and hyphens, with no hyphen at either end.",
                         leaf);
}

static const cJSON *find(const cJSON *tree, const char *const *path)
{
    for (; *path != NULL && tree != NULL; path++) {
        tree = cJSON_GetObjectItem(tree, *path);
    }
    return tree;
}

/* The key's URL; "": the service's own key. */
static enum kv_code find_key(const struct arm_call *call, const cJSON *content,
                             const char **ret_url, struct kv_err *err)
{
    static const char *const path[] = { "properties", "encryption", "customerManagedKeyEncryption",
                                        "keyEncryptionKeyUrl", NULL };
    const cJSON *url = find(content, path);

    *ret_url = "";
    if (url == NULL || cJSON_IsNull(url)) {
        return KV_OK;
    }
    if (!cJSON_IsString(url)) {
        return KV_FAIL(err, KV_ARM_BAD_REQUEST, 0, "keyEncryptionKeyUrl has to be a text.");
    }
    if (url->valuestring[0] == '\0' && call->app->refuses_empty_key_url) {
        return KV_FAIL(err, KV_ARM_BAD_REQUEST, 0,
                       "keyEncryptionKeyUrl is empty: give the URL of a version of a key, or leave "
                       "out customerManagedKeyEncryption.");
    }
    *ret_url = url->valuestring;
    return KV_OK;
}

/* --- defaults that the service fills in --- */

static void add_default_text(cJSON *object, const char *name, const char *text, bool *ok)
{
    if (cJSON_GetObjectItem(object, name) == NULL) {
        kv_json_add_text(object, name, text, ok);
    }
}

static void fill_authentication(const struct arm_call *call, const struct kind *kind,
                                cJSON *properties, bool *ok)
{
    cJSON *old = cJSON_GetObjectItem(properties, "authenticationConfiguration");
    cJSON *authentication = cJSON_IsObject(old)
                                ? old
                                : kv_json_add_object(properties, "authenticationConfiguration", ok);
    char name[HEALTH_NAME_SIZE];
    char text[256];

    health_name(call->id, name);
    (void) snprintf(text, sizeof(text), "https://login.microsoftonline.com/%s",
                    kv_identity_tenant(call->app->identity));
    add_default_text(authentication, "authority", text, ok);
    if (kind->default_kind == NULL) {
        return;
    }
    (void) snprintf(text, sizeof(text), "https://%s.fhir.azurehealthcareapis.com", name);
    add_default_text(authentication, "audience", text, ok);
    if (cJSON_GetObjectItem(authentication, "smartProxyEnabled") == NULL) {
        kv_json_add_bool(authentication, "smartProxyEnabled", false, ok);
    }
}

static enum kv_code fill(const struct arm_call *call, const struct kind *kind, cJSON *content,
                         struct kv_err *err)
{
    cJSON *properties = cJSON_GetObjectItem(content, "properties");
    char name[HEALTH_NAME_SIZE];
    char text[256];
    bool ok = true;

    if (!cJSON_IsObject(properties)) {
        return KV_FAIL(err, KV_ARM_BAD_REQUEST, 0, "The properties have to be an object.");
    }
    if (kind->default_kind != NULL) {
        add_default_text(content, "kind", kind->default_kind, &ok);
    }
    fill_authentication(call, kind, properties, &ok);
    add_default_text(properties, "publicNetworkAccess", "Enabled", &ok);
    add_default_text(properties, "eventState", "Disabled", &ok);
    if (kind->default_kind == NULL) {
        health_name(call->id, name);
        (void) snprintf(text, sizeof(text), "https://%s.dicom.azurehealthcareapis.com", name);
        add_default_text(properties, "serviceUrl", text, &ok);
    }
    return ok ? KV_OK : KV_OUT_OF_MEMORY(err);
}

/* --- the consumer behind it --- */

static enum kv_code refuse_deployment(const struct kv_err *why, struct kv_err *err)
{
    if (why->code == KV_CONFLICT || why->code == KV_BAD_PARAMETER || why->code == KV_UNAVAILABLE) {
        return KV_FAIL(err, KV_ARM_BAD_REQUEST, 0,
                       "The customer-managed key cannot be used. %.900s", why->message);
    }
    if (err != NULL) {
        *err = *why;
    }
    return why->code;
}

static enum kv_code deploy(const struct arm_call *call, const struct kind *kind, const char *url,
                           const char *identity, struct kv_err *err)
{
    char name[HEALTH_NAME_SIZE];
    const struct kv_consumer_order order = {
        .name = name,
        .profile = kind->profile,
        .key = url,
        .identity = identity,
        .rules = "none", /* they were held against it before */
    };
    struct kv_err why = { .code = KV_OK };
    struct kv_consumer_view view;
    enum kv_code code;
    bool is_new;

    health_name(call->id, name);
    is_new = kv_consumers_find(call->app->consumers, name, &view, NULL) == KV_NOT_FOUND;
    code = kv_consumers_deploy(call->app->consumers, &order, DEPLOY_MS, &view, &why);
    if (code != KV_OK && is_new) {
        KV_IGNORE(kv_consumers_remove(call->app->consumers, name, NULL)); /* it may not be there */
    }
    return code != KV_OK ? refuse_deployment(&why, err) : KV_OK;
}

/* --- put, patch, delete --- */

/* By what the managed-identity endpoints know whom the service acts as; "": nobody. */
static enum kv_code find_identity(const struct arm_call *call, const cJSON *block,
                                  struct kv_principal_entry *ret_entry, struct kv_err *err)
{
    enum kv_code code = arm_identity_of(call->app, call->id->text, block, ret_entry, err);

    if (code == KV_NOT_FOUND) {
        ret_entry->resource[0] = '\0';
    }
    return code == KV_NOT_FOUND ? KV_OK : code;
}

/* A key needs an identity, and rules; then the service itself has to be able to use it. */
static enum kv_code take_key(const struct arm_call *call, const struct kv_resource *resource,
                             const cJSON *block, struct kv_err *err)
{
    const struct kind *kind = kind_of(call);
    struct kv_principal_entry entry;
    const char *url;

    KV_TRY(find_key(call, resource->content, &url, err));
    KV_TRY(find_identity(call, block, &entry, err));
    if (*url != '\0' && entry.resource[0] == '\0') {
        return KV_FAIL(err, KV_ARM_BAD_REQUEST, 0,
                       "A service with a customer-managed key needs a managed identity that can "
                       "use it.");
    }
    if (*url != '\0') {
        KV_TRY(health_check_key(call, kind->cmk, url, resource->location, err));
    }
    return deploy(call, kind, url, entry.resource, err);
}

/* "identity" of a service, or of an answer about it, as it is today. */
static enum kv_code set_identity(const struct arm_call *call, const cJSON *block, cJSON *content,
                                 struct kv_err *err)
{
    cJSON *shown = NULL;
    bool ok = true;

    KV_TRY(arm_identity_show(call->app, call->id->text, block, &shown, err));
    cJSON_DeleteItemFromObject(content, "identity");
    if (shown != NULL) {
        kv_json_add_take(content, "identity", shown, &ok);
    }
    return ok ? KV_OK : KV_OUT_OF_MEMORY(err);
}

/* These services have one kind of identity at a time (control-plane.md §2.2). */
static enum kv_code read_identity(const struct arm_call *call, const cJSON *content,
                                  cJSON **ret_block, struct kv_err *err)
{
    const char *type;

    KV_TRY(arm_identity_read(call, cJSON_GetObjectItem(content, "identity"), ret_block, err));
    type = cJSON_GetStringValue(cJSON_GetObjectItem(*ret_block, "type"));
    if (type != NULL && strchr(type, ',') != NULL) {
        return KV_FAIL(err, KV_ARM_BAD_REQUEST, 0,
                       "The service can have a system-assigned identity or a user-assigned one, "
                       "not both.");
    }
    return KV_OK;
}

static enum kv_code apply(struct arm_call *call, struct kv_resource *resource, bool is_new,
                          struct arm_reply *reply, struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *block = NULL;
    enum kv_code code;

    KV_TRY(fill(call, kind_of(call), resource->content, err));
    KV_TRY(read_identity(call, resource->content, &block, err));
    KV_TRY(arm_identity_settle(call, block, err));
    code = take_key(call, resource, block, err);
    if (code != KV_OK && is_new) {
        KV_IGNORE(arm_identity_drop(call, NULL)); /* it came for nothing */
    }
    KV_TRY(code);
    KV_TRY(set_identity(call, block, resource->content, err));
    return arm_keep(call, resource, reply, err);
}

static bool is_there(const struct arm_call *call)
{
    kv_auto(kv_resource_done) struct kv_resource before = { 0 };

    return arm_find(call, &before, NULL) == KV_OK;
}

enum kv_code service_get(struct arm_call *call, struct arm_reply *reply, struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *block = NULL;

    KV_TRY(arm_kept_get(call, reply, err));
    block = cJSON_DetachItemFromObject(reply->body, "identity");
    return set_identity(call, block, reply->body, err);
}

enum kv_code service_put(struct arm_call *call, struct arm_reply *reply, struct kv_err *err)
{
    kv_auto(kv_resource_done) struct kv_resource resource = { 0 };
    int64_t edition;

    KV_TRY(check_name(call, err));
    KV_TRY(arm_precondition(call, &edition, err)); /* before anything is done */
    KV_TRY(arm_begin_envelope(call, &resource, err));
    KV_TRY(arm_take_content(call->body, &resource.content, err));
    KV_TRY(arm_check_location(call, &resource, err));
    return apply(call, &resource, !is_there(call), reply, err);
}

enum kv_code service_patch(struct arm_call *call, struct arm_reply *reply, struct kv_err *err)
{
    kv_auto(kv_resource_done) struct kv_resource resource = { 0 };

    KV_TRY(arm_find(call, &resource, err));
    KV_TRY(arm_apply_patch(call, &resource, err));
    arm_name_caller(call, resource.changed_by, &resource.changed_by_user);
    return apply(call, &resource, false, reply, err);
}

enum kv_code service_check(struct arm_call *call, struct arm_reply *reply, struct kv_err *err)
{
    char location[KV_RESOURCE_LOCATION_SIZE];

    (void) reply;
    KV_TRY(check_name(call, err));
    return arm_take_location(cJSON_GetObjectItem(call->body, "location"), location, err);
}

enum kv_code service_delete(struct arm_call *call, struct arm_reply *reply, struct kv_err *err)
{
    char name[HEALTH_NAME_SIZE];
    enum kv_code code;

    health_name(call->id, name);
    KV_TRY(arm_kept_delete(call, reply, err));
    KV_TRY(arm_identity_drop(call, err));
    code = kv_consumers_remove(call->app->consumers, name, err);
    return code == KV_NOT_FOUND ? KV_OK : code;
}
