/* SPDX-License-Identifier: Apache-2.0 */
/* /metadata: what a FHIR front can do, as a CapabilityStatement (FHIR R4). Nothing of it is data. */
#include <stdio.h>

#include "private.h"

static const char *const interactions[] = { "create", "read", "vread", "update", "search-type" };

static void add_type(cJSON *list, const char *type, bool *ok)
{
    cJSON *resource = cJSON_CreateObject();
    cJSON *parameter = cJSON_CreateObject();

    kv_json_add_text(resource, "type", type, ok);
    cJSON *allowed = kv_json_add_array(resource, "interaction", ok);
    for (size_t i = 0; i < KV_COUNT(interactions); i++) {
        cJSON *interaction = cJSON_CreateObject();

        kv_json_add_text(interaction, "code", interactions[i], ok);
        kv_json_add_take(allowed, NULL, interaction, ok);
    }
    kv_json_add_text(resource, "versioning", "versioned-update", ok);
    kv_json_add_bool(resource, "readHistory", true, ok);
    kv_json_add_bool(resource, "updateCreate", true, ok);
    cJSON *parameters = kv_json_add_array(resource, "searchParam", ok);
    kv_json_add_text(parameter, "name", "_id", ok);
    kv_json_add_text(parameter, "type", "token", ok);
    kv_json_add_take(parameters, NULL, parameter, ok);
    kv_json_add_take(list, NULL, resource, ok);
}

static void add_rest(cJSON *body, bool *ok)
{
    cJSON *list = kv_json_add_array(body, "rest", ok);
    cJSON *rest = cJSON_CreateObject();

    kv_json_add_text(rest, "mode", "server", ok);
    cJSON *resources = kv_json_add_array(rest, "resource", ok);
    for (size_t i = 0; fhir_types[i] != NULL; i++) {
        add_type(resources, fhir_types[i], ok);
    }
    kv_json_add_take(list, NULL, rest, ok);
}

enum kv_code front_capabilities(struct kv_request *request, struct kv_response *response,
                                struct kv_err *err)
{
    cJSON *body = cJSON_CreateObject();
    char url[320], date[KV_ISO_DATE_SIZE];
    bool ok = body != NULL;

    (void) snprintf(url, sizeof(url), "https://%.250s/metadata", request->authority);
    kv_time_render_iso(request->now, date);
    kv_json_add_text(body, "resourceType", "CapabilityStatement", &ok);
    kv_json_add_text(body, "url", url, &ok);
    kv_json_add_text(body, "name", "coffer", &ok);
    kv_json_add_text(body, "status", "active", &ok);
    kv_json_add_text(body, "date", date, &ok);
    kv_json_add_text(body, "kind", "instance", &ok);
    kv_json_add_text(body, "fhirVersion", "4.0.1", &ok);
    kv_json_append_text(kv_json_add_array(body, "format", &ok), "json", &ok);
    add_rest(body, &ok);
    if (!ok) {
        cJSON_Delete(body);
        return KV_OUT_OF_MEMORY(err);
    }
    return front_send(200, body, response, err);
}
