/* SPDX-License-Identifier: Apache-2.0 */
#include "resource.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const fhir_types[] = { "Patient", "Observation", NULL };

#define VERSION_DIGITS 9

enum kv_code fhir_check_type(const char *type, struct kv_err *err)
{
    for (size_t i = 0; fhir_types[i] != NULL; i++) {
        if (strcmp(type, fhir_types[i]) == 0) {
            return KV_OK;
        }
    }
    return KV_FAIL(err, KV_NOT_FOUND, 0,
                   "Resource type '%.64s' is not kept here, only Patient and Observation.", type);
}

enum kv_code fhir_check_id(const char *id, struct kv_err *err)
{
    static const char allowed[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.";
    size_t len = strlen(id);

    if (len == 0 || len >= FHIR_ID_SIZE || strspn(id, allowed) != len) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0,
                       "An id has 1 to 64 characters of A-Z, a-z, 0-9, - and '.'.");
    }
    return KV_OK;
}

/* --- in --- */

static enum kv_code check_media(const struct kv_request *request, struct kv_err *err)
{
    static const char *const known[] = { "application/fhir+json", "application/json" };
    const char *type = kv_request_header(request, "Content-Type");
    size_t len = type != NULL ? strcspn(type, "; \t") : 0;

    for (size_t i = 0; i < KV_COUNT(known); i++) {
        if (len == strlen(known[i]) && strncasecmp(type, known[i], len) == 0) {
            return KV_OK;
        }
    }
    return KV_FAIL(err, KV_UNSUPPORTED_MEDIA_TYPE, 0,
                   "The Content-Type has to be application/fhir+json.");
}

static enum kv_code check_members(const cJSON *resource, const char *type, const char *id,
                                  struct kv_err *err)
{
    const cJSON *given = cJSON_GetObjectItemCaseSensitive(resource, "resourceType");
    const cJSON *own = cJSON_GetObjectItemCaseSensitive(resource, "id");
    const cJSON *meta = cJSON_GetObjectItemCaseSensitive(resource, "meta");

    if (!cJSON_IsString(given) || strcmp(given->valuestring, type) != 0) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "The body's resourceType has to be %.64s.", type);
    }
    if (own != NULL && !cJSON_IsString(own)) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "The id of a resource is a text.");
    }
    if (id != NULL && (own == NULL || strcmp(own->valuestring, id) != 0)) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "The body's id has to be the one of the URL.");
    }
    if (meta != NULL && !cJSON_IsObject(meta)) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "The meta of a resource is an object.");
    }
    return KV_OK;
}

/* What the server decides is not kept. */
static void remove_own(cJSON *resource)
{
    cJSON *meta = cJSON_GetObjectItemCaseSensitive(resource, "meta");

    cJSON_DeleteItemFromObjectCaseSensitive(resource, "id");
    cJSON_DeleteItemFromObjectCaseSensitive(meta, "versionId");
    cJSON_DeleteItemFromObjectCaseSensitive(meta, "lastUpdated");
}

/* On a copy: the look sorts the members, whose order is the client's. */
static enum kv_code check_unique(const cJSON *resource, struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *copy = cJSON_Duplicate(resource, true);

    if (copy == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    if (!kv_json_is_unique(copy)) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "The body has a member twice.");
    }
    return KV_OK;
}

enum kv_code fhir_parse(const struct kv_request *request, const char *type, const char *id,
                        cJSON **ret_resource, struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *resource = NULL;

    KV_TRY(check_media(request, err));
    if (request->body.len == 0
        || kv_json_parse(request->body.data, request->body.len, &resource, NULL) != KV_OK) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "The body is not the JSON of a resource.");
    }
    KV_TRY(check_unique(resource, err));
    KV_TRY(check_members(resource, type, id, err));
    remove_own(resource);
    *ret_resource = kv_take(resource);
    return KV_OK;
}

/* --- out --- */

static void add_meta(cJSON *resource, const struct kv_record *record, bool *ok)
{
    cJSON *meta = cJSON_GetObjectItemCaseSensitive(resource, "meta");
    char version[FHIR_TAG_SIZE], date[KV_ISO_DATE_SIZE];

    if (meta == NULL) {
        meta = kv_json_add_object(resource, "meta", ok);
    }
    (void) snprintf(version, sizeof(version), "%lld", (long long) record->version);
    kv_time_render_iso(record->made, date);
    kv_json_add_text(meta, "versionId", version, ok);
    kv_json_add_text(meta, "lastUpdated", date, ok);
}

enum kv_code fhir_show(const struct kv_record *record, cJSON **ret_resource, struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *resource = NULL;
    bool ok = true;

    KV_TRY(kv_json_parse(record->data.data, record->data.len, &resource, err));
    kv_json_add_text(resource, "id", record->id, &ok);
    add_meta(resource, record, &ok);
    if (!ok) {
        return KV_OUT_OF_MEMORY(err);
    }
    *ret_resource = kv_take(resource);
    return KV_OK;
}

/* --- tags --- */

int64_t fhir_parse_tag(const char *tag)
{
    const char *digits = strncmp(tag, "W/", 2) == 0 ? tag + 2 : tag;

    if (*digits != '"') {
        return -1;
    }
    size_t len = strspn(++digits, "0123456789");
    bool is_tag = len > 0 && len <= VERSION_DIGITS && strcmp(digits + len, "\"") == 0;
    return is_tag ? strtoll(digits, NULL, 10) : -1;
}

void fhir_render_tag(int64_t version, char ret_tag[FHIR_TAG_SIZE])
{
    (void) snprintf(ret_tag, FHIR_TAG_SIZE, "W/\"%lld\"", (long long) version);
}
