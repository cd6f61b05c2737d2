/* SPDX-License-Identifier: Apache-2.0 */
/*
 * User-assigned identities: principals of the directory under their resource id. What only the resource
 * manager knows of one, where it lies and its tags, is its envelope; one that was registered another way
 * has none, and is shown all the same.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "kv/base/json.h"
#include "kv/resources/resources.h"
#include "private.h"

#define LENGTH_MIN 3
#define LENGTH_MAX 128

enum kv_code identity_find(const struct kv_app *app, const char *resource,
                           enum kv_principal_type type, struct kv_principal_entry *ret_entry,
                           struct kv_err *err)
{
    struct kv_principal_entry entry;

    KV_TRY(kv_principals_find_resource(app->principals, resource, &entry, err));
    if (!entry.registered || entry.type != type || strcasecmp(entry.resource, resource) != 0) {
        return KV_FAIL(err, KV_NOT_FOUND, 0, "There is no identity '%.256s'.", resource);
    }
    *ret_entry = entry;
    return KV_OK;
}

/* --- on the wire --- */

/* Recorded: "resourcegroups" in lower case. */
static void print_id(const struct arm_id *id, char ret_id[KV_RESOURCE_ID_MAX + 1])
{
    (void) snprintf(ret_id, KV_RESOURCE_ID_MAX + 1,
                    "/subscriptions/%s/resourcegroups/%s/providers/" IDENTITY_TYPE "/%s",
                    id->subscription, id->group, id->name);
}

static void add_ids(cJSON *item, const struct kv_principal_entry *entry, bool *ok)
{
    cJSON *properties = kv_json_add_object(item, "properties", ok);

    kv_json_add_text(properties, "tenantId", entry->tenant, ok);
    kv_json_add_text(properties, "principalId", entry->object_id, ok);
    kv_json_add_text(properties, "clientId", entry->client_id, ok);
}

static enum kv_code render(const struct arm_call *call, const struct arm_id *id,
                           const struct kv_principal_entry *entry, cJSON **ret_item,
                           struct kv_err *err)
{
    kv_auto(kv_resource_done) struct kv_resource kept = { 0 };
    kv_auto(cJSON_Delete) cJSON *item = cJSON_CreateObject();
    enum kv_code code = kv_resource_get(call->app->resources, id->text, &kept, NULL);
    char text[KV_RESOURCE_ID_MAX + 1];
    bool ok = item != NULL, is_kept = code == KV_OK;

    print_id(id, text);
    kv_json_add_text(item, "location", is_kept && *kept.location ? kept.location : KV_REGION, &ok);
    kv_json_add_take(item, "tags",
                     is_kept && kept.tags != NULL ? cJSON_Duplicate(kept.tags, true)
                                                  : cJSON_CreateObject(),
                     &ok);
    kv_json_add_text(item, "id", text, &ok);
    kv_json_add_text(item, "name", id->leaf, &ok);
    kv_json_add_text(item, "type", IDENTITY_TYPE, &ok);
    add_ids(item, entry, &ok);
    if (!ok) {
        return KV_OUT_OF_MEMORY(err);
    }
    *ret_item = kv_take(item);
    return KV_OK;
}

static enum kv_code find(const struct arm_call *call, struct kv_principal_entry *ret_entry,
                         struct kv_err *err)
{
    enum kv_code code =
        identity_find(call->app, call->id->text, KV_PRINCIPAL_USER_ASSIGNED, ret_entry, err);

    return code == KV_NOT_FOUND ? arm_refuse_missing(call, err) : code;
}

enum kv_code identity_get(struct arm_call *call, struct arm_reply *reply, struct kv_err *err)
{
    struct kv_principal_entry entry;

    KV_TRY(find(call, &entry, err));
    return render(call, call->id, &entry, &reply->body, err);
}

/* --- made --- */

static enum kv_code check_name(const struct arm_call *call, struct kv_err *err)
{
    static const char fine[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
    const char *name = call->id->leaf;
    size_t len = strlen(name);

    if (len < LENGTH_MIN || len > LENGTH_MAX || strspn(name, fine) != len || *name == '-'
        || *name == '_') {
        return KV_FAIL(err, KV_ARM_INVALID_NAME, 0,
                       "The identity name '%.130s' is not valid: it has %d to %d letters, digits, "
                       "hyphens and underscores, and begins with a letter or a digit.",
                       name, LENGTH_MIN, LENGTH_MAX);
    }
    if (strlen(call->id->text) >= KV_PRINCIPAL_RESOURCE_SIZE) {
        return KV_FAIL(
            err, KV_ARM_INVALID_NAME, 0,
            "The id of the identity has more than %d characters: take a shorter name, or "
            "another resource group.",
            KV_PRINCIPAL_RESOURCE_SIZE - 1);
    }
    return KV_OK;
}

enum kv_code identity_check(struct arm_call *call, struct arm_reply *reply, struct kv_err *err)
{
    char location[KV_RESOURCE_LOCATION_SIZE];

    (void) reply;
    KV_TRY(check_name(call, err));
    return arm_take_location(cJSON_GetObjectItem(call->body, "location"), location, err);
}

/* In the default group one is known by its plain name, as it is on the command line, unless that is
 * somebody else's. */
static const char *pick_name(const struct arm_call *call)
{
    struct kv_principal_entry entry;
    const char *leaf = call->id->leaf;

    if (strcasecmp(call->id->group, ARM_DEFAULT_GROUP) != 0
        || kv_principal_get(call->app->principals, call->id->text, &entry, NULL) != KV_OK
        || entry.registered) {
        return call->id->text;
    }
    return kv_principal_get(call->app->principals, leaf, &entry, NULL) == KV_OK
                   && strcasecmp(entry.resource, call->id->text) == 0
               ? leaf
               : call->id->text;
}

static enum kv_code translate(enum kv_code code, const struct kv_err *why, struct kv_err *err)
{
    if (code == KV_BAD_PARAMETER) {
        return KV_FAIL(err, KV_ARM_BAD_REQUEST, 0, "%s", why->message);
    }
    if (code != KV_OK && err != NULL) {
        *err = *why;
    }
    return code;
}

static enum kv_code make(const struct arm_call *call, struct kv_principal_entry *ret_entry,
                         struct kv_err *err)
{
    const enum kv_principal_type type = KV_PRINCIPAL_USER_ASSIGNED;
    const struct kv_principal_draft draft = { .name = pick_name(call), .type = &type };
    struct kv_err why = { .code = KV_OK };
    bool is_new;

    return translate(
        kv_principal_register(call->app->principals, &draft, false, ret_entry, &is_new, &why), &why,
        err);
}

static enum kv_code check_location(const struct arm_call *call, const struct kv_resource *wanted,
                                   struct kv_err *err)
{
    kv_auto(kv_resource_done) struct kv_resource kept = { 0 };

    if (kv_resource_get(call->app->resources, call->id->text, &kept, NULL) != KV_OK
        || strcmp(kept.location, wanted->location) == 0) {
        return KV_OK;
    }
    return KV_FAIL(err, KV_ARM_INVALID_LOCATION, 0,
                   "The resource '%s' already exists in location '%s' in resource group '%s'. A "
                   "resource with the same name cannot be created in location '%s'. Please select "
                   "a new resource name.",
                   call->id->leaf, kept.location, call->id->group, wanted->location);
}

enum kv_code identity_put(struct arm_call *call, struct arm_reply *reply, struct kv_err *err)
{
    kv_auto(kv_resource_done) struct kv_resource resource = { 0 };
    struct kv_principal_entry entry;
    bool is_new =
        identity_find(call->app, call->id->text, KV_PRINCIPAL_USER_ASSIGNED, &entry, NULL) != KV_OK;
    bool ignored;

    KV_TRY(check_name(call, err));
    KV_TRY(arm_begin_envelope(call, &resource, err));
    KV_TRY(check_location(call, &resource, err));
    KV_TRY(make(call, &entry, err));
    KV_TRY(kv_resource_put(call->app->resources, &resource, KV_RESOURCE_ANY, call->now, &ignored,
                           err));
    if (is_new) {
        reply->status = 201;
        reply->location = strdup(call->id->text);
    }
    return render(call, call->id, &entry, &reply->body, err);
}

/* Its envelope; of one that was registered another way a new one. */
static enum kv_code begin_patch(struct arm_call *call, struct kv_resource *resource,
                                struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *body = NULL;
    struct arm_call ask = *call;
    bool ok = true;

    if (kv_resource_get(call->app->resources, call->id->text, resource, NULL) == KV_OK) {
        arm_name_caller(call, resource->changed_by, &resource->changed_by_user);
        return KV_OK;
    }
    body = cJSON_CreateObject();
    kv_json_add_text(body, "location", KV_REGION, &ok);
    ask.body = body;
    return ok ? arm_begin_envelope(&ask, resource, err) : KV_OUT_OF_MEMORY(err);
}

/* Tags alone can be changed. */
enum kv_code identity_patch(struct arm_call *call, struct arm_reply *reply, struct kv_err *err)
{
    const cJSON *tags = cJSON_GetObjectItem(call->body, "tags");
    kv_auto(kv_resource_done) struct kv_resource resource = { 0 };
    struct kv_principal_entry entry;
    bool ignored;

    KV_TRY(find(call, &entry, err));
    KV_TRY(begin_patch(call, &resource, err));
    if (tags != NULL) {
        cJSON_Delete(kv_take(resource.tags));
        KV_TRY(arm_take_tags(tags, &resource.tags, err));
    }
    KV_TRY(kv_resource_put(call->app->resources, &resource, KV_RESOURCE_ANY, call->now, &ignored,
                           err));
    return render(call, call->id, &entry, &reply->body, err);
}

/* What was granted to it stays, and is nobody's: control-plane.md §2.4. */
enum kv_code identity_delete(struct arm_call *call, struct arm_reply *reply, struct kv_err *err)
{
    struct kv_principal_entry entry;
    enum kv_code code =
        identity_find(call->app, call->id->text, KV_PRINCIPAL_USER_ASSIGNED, &entry, err);

    if (code == KV_NOT_FOUND) {
        reply->status = 204;
        return kv_resource_delete_tree(call->app->resources, call->id->text, err);
    }
    KV_TRY(code);
    KV_TRY(kv_principal_delete(call->app->principals, call->id->text, err));
    return kv_resource_delete_tree(call->app->resources, call->id->text, err);
}
