/* SPDX-License-Identifier: Apache-2.0 */
/* Envelopes on the wire: location, tags, systemData (control-plane.md §1.2), and provisioning that takes its time. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kv/base/json.h"
#include "private.h"

#define TAGS_MAX 50
#define TAG_NAME_MAX 512
#define TAG_VALUE_MAX 256

static void add_by(cJSON *data, const char *by, const char *by_type, const char *who, bool is_user,
                   bool *ok)
{
    kv_json_add_text(data, by, who, ok);
    kv_json_add_text(data, by_type, is_user ? "User" : "Application", ok);
}

static void add_system_data(cJSON *item, const struct kv_resource *resource, bool *ok)
{
    cJSON *data = kv_json_add_object(item, "systemData", ok);
    char date[KV_ISO_DATE_SIZE];

    add_by(data, "createdBy", "createdByType", resource->created_by, resource->created_by_user, ok);
    kv_time_render_iso(resource->created, date);
    kv_json_add_text(data, "createdAt", date, ok);
    add_by(data, "lastModifiedBy", "lastModifiedByType", resource->changed_by,
           resource->changed_by_user, ok);
    kv_time_render_iso(resource->changed, date);
    kv_json_add_text(data, "lastModifiedAt", date, ok);
}

cJSON *arm_render(const struct kv_resource *resource, bool shows_system_data)
{
    cJSON *item = cJSON_CreateObject();
    const cJSON *member;
    bool ok = item != NULL;

    kv_json_add_text(item, "id", resource->id, &ok);
    kv_json_add_text(item, "name", resource->name, &ok);
    kv_json_add_text(item, "type", resource->type, &ok);
    if (resource->location[0] != '\0') {
        kv_json_add_text(item, "location", resource->location, &ok);
        kv_json_add_take(item, "tags",
                         resource->tags != NULL ? cJSON_Duplicate(resource->tags, true)
                                                : cJSON_CreateObject(),
                         &ok);
    }
    if (shows_system_data) {
        add_system_data(item, resource, &ok);
    }
    cJSON_ArrayForEach (member, resource->content) {
        kv_json_add_take(item, member->string, cJSON_Duplicate(member, true), &ok);
    }
    if (!ok) {
        cJSON_Delete(kv_take(item));
    }
    return item;
}

static enum kv_code check_tag(const cJSON *tag, struct kv_err *err)
{
    if (!cJSON_IsString(tag) || strlen(tag->string) > TAG_NAME_MAX
        || strlen(tag->valuestring) > TAG_VALUE_MAX) {
        return KV_FAIL(err, KV_ARM_BAD_REQUEST, 0,
                       "The tag '%.64s' is not valid: a tag is a text of at most %d characters, "
                       "under a name of at most %d.",
                       tag->string, TAG_VALUE_MAX, TAG_NAME_MAX);
    }
    return KV_OK;
}

enum kv_code arm_take_tags(const cJSON *tags, cJSON **ret_tags, struct kv_err *err)
{
    const cJSON *tag;

    if (tags != NULL && !cJSON_IsObject(tags) && !cJSON_IsNull(tags)) {
        return KV_FAIL(err, KV_ARM_BAD_REQUEST, 0, "The tags have to be an object of texts.");
    }
    if (cJSON_GetArraySize(tags) > TAGS_MAX) {
        return KV_FAIL(err, KV_ARM_BAD_REQUEST, 0, "A resource has at most %d tags.", TAGS_MAX);
    }
    cJSON_ArrayForEach (tag, tags) {
        KV_TRY(check_tag(tag, err));
    }
    *ret_tags = cJSON_IsObject(tags) ? cJSON_Duplicate(tags, true) : cJSON_CreateObject();
    return *ret_tags != NULL ? KV_OK : KV_OUT_OF_MEMORY(err);
}

/* "East US" and "eastus" are the same place. */
enum kv_code arm_take_location(const cJSON *location, char ret_location[KV_RESOURCE_LOCATION_SIZE],
                               struct kv_err *err)
{
    size_t len = 0;

    if (!cJSON_IsString(location) || *location->valuestring == '\0') {
        return KV_FAIL(err, KV_ARM_LOCATION_REQUIRED, 0,
                       "The location property is required for this definition.");
    }
    for (const char *at = location->valuestring; *at != '\0'; at++) {
        bool is_letter = (*at >= 'a' && *at <= 'z') || (*at >= 'A' && *at <= 'Z');

        if (!is_letter && (*at < '0' || *at > '9') && *at != ' ') {
            len = KV_RESOURCE_LOCATION_SIZE;
        }
        if (len >= KV_RESOURCE_LOCATION_SIZE - 1) {
            return KV_FAIL(err, KV_ARM_LOCATION_NOT_AVAILABLE, 0,
                           "The provided location '%.64s' is not a location.",
                           location->valuestring);
        }
        if (*at != ' ') {
            ret_location[len++] = *at >= 'A' && *at <= 'Z' ? (char) (*at - 'A' + 'a') : *at;
        }
    }
    ret_location[len] = '\0';
    return KV_OK;
}

void arm_name_caller(const struct arm_call *call, char ret_name[KV_RESOURCE_CALLER_SIZE],
                     bool *ret_is_user)
{
    const struct kv_principal *caller = call->caller;

    *ret_is_user = caller != NULL && caller->name[0] != '\0';
    (void) snprintf(ret_name, KV_RESOURCE_CALLER_SIZE, "%s",
                    caller == NULL    ? "coffer"
                    : *ret_is_user    ? caller->name
                    : *caller->app_id ? caller->app_id
                                      : caller->object_id);
}

enum kv_code arm_begin_envelope(const struct arm_call *call, struct kv_resource *ret_resource,
                                struct kv_err *err)
{
    kv_auto(kv_resource_done) struct kv_resource resource = { 0 };
    const cJSON *location = cJSON_GetObjectItem(call->body, "location");

    resource.id = strdup(call->id->text);
    resource.type = strdup(call->type->name);
    resource.name = strdup(call->id->leaf);
    if (resource.id == NULL || resource.type == NULL || resource.name == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    if (call->type->is_tracked || location != NULL) {
        KV_TRY(arm_take_location(location, resource.location, err));
    }
    KV_TRY(arm_take_tags(cJSON_GetObjectItem(call->body, "tags"), &resource.tags, err));
    arm_name_caller(call, resource.changed_by, &resource.changed_by_user);
    *ret_resource = resource;
    resource = (struct kv_resource){ 0 };
    return KV_OK;
}

/* The edition that an ETag names, "00000001"; of any other text one that there cannot be. */
static int64_t edition_of(const char *etag)
{
    unsigned long long edition;
    char *end = NULL;

    etag += strncmp(etag, "W/", 2) == 0 ? 2 : 0;
    if (*etag != '"' || strspn(etag + 1, "0123456789abcdef") != 8) {
        return INT64_MAX;
    }
    edition = strtoull(etag + 1, &end, 16);
    return strcmp(end, "\"") == 0 && edition > 0 ? (int64_t) edition : INT64_MAX;
}

enum kv_code arm_precondition(const struct arm_call *call, int64_t *ret_before, struct kv_err *err)
{
    *ret_before = KV_RESOURCE_ANY;
    if (call->if_none_match != NULL) {
        if (strcmp(call->if_none_match, "*") != 0) {
            return KV_FAIL(err, KV_ARM_BAD_REQUEST, 0, "If-None-Match can be * only.");
        }
        *ret_before = KV_RESOURCE_ABSENT;
    } else if (call->if_match != NULL) {
        *ret_before =
            strcmp(call->if_match, "*") == 0 ? KV_RESOURCE_THERE : edition_of(call->if_match);
    }
    return KV_OK;
}

void arm_etag(const struct kv_resource *resource, char ret_etag[32])
{
    (void) snprintf(ret_etag, 32, "\"%08llx\"", (unsigned long long) resource->edition);
}

/* Named by what comes behind the scope: "Microsoft.KeyVault/vaults/dev". */
enum kv_code arm_refuse_missing(const struct arm_call *call, struct kv_err *err)
{
    const struct arm_id *id = call->id;
    const char *name = id->text + strlen(id->scope) + strlen("/providers/");

    if (id->group[0] == '\0') {
        return KV_FAIL(err, KV_RESOURCE_NOT_FOUND, 0,
                       "The Resource '%.500s' was not found. For more details please go to "
                       "https://aka.ms/ARMResourceNotFoundFix",
                       name);
    }
    return KV_FAIL(
        err, KV_RESOURCE_NOT_FOUND, 0,
        "The Resource '%.500s' under resource group '%s' was not found. For more details "
        "please go to https://aka.ms/ARMResourceNotFoundFix",
        name, id->group);
}
