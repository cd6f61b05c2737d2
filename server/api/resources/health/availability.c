/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Azure Resource Health (control-plane.md §4.3): of a service what its consumer meets, with a history; of any other
 * resource that is there, that it is available.
 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "kv/base/json.h"
#include "private.h"

/* The resource whose health is asked, which has to be there. */
static enum kv_code find(const struct arm_call *call, struct arm_id *ret_id, struct kv_err *err)
{
    kv_auto(arm_reply_done) struct arm_reply reply = { 0 };
    struct arm_call ask = *call;

    KV_TRY(arm_id_parse(call->id->scope, ret_id, err));
    ask.id = ret_id;
    ask.verb = KV_GET;
    ask.type = arm_type_find(call->app, ret_id->type);
    if (ask.type == NULL || ask.type->get == NULL || ret_id->is_list) {
        return KV_FAIL(err, KV_RESOURCE_NOT_FOUND, 0, "The resource '%.256s' has no health.",
                       call->id->scope);
    }
    return ask.type->get(&ask, &reply, err);
}

static bool is_service(const struct arm_id *id)
{
    return strcasecmp(id->type, "Microsoft.HealthcareApis/workspaces/fhirservices") == 0
           || strcasecmp(id->type, "Microsoft.HealthcareApis/workspaces/dicomservices") == 0;
}

/* What is healthy has no more to say; a service that is not there has nothing. */
static cJSON *make_plain(const struct arm_call *call, bool is_known)
{
    const char *state = is_known ? "Available" : "Unknown";
    cJSON *properties = cJSON_CreateObject();
    char date[KV_ISO_DATE_SIZE];
    bool ok = true;

    kv_time_render_iso(call->now, date);
    kv_json_add_text(properties, "availabilityState", state, &ok);
    kv_json_add_text(properties, "title", state, &ok);
    kv_json_add_text(properties, "summary",
                     is_known ? "There aren't any known Azure platform problems affecting this "
                                "resource."
                              : "The service of this resource is not running: deploy it again.",
                     &ok);
    kv_json_add_text(properties, "reasonType", "", &ok);
    kv_json_add_text(properties, "occuredTime", date, &ok);
    kv_json_add_text(properties, "reportedTime", date, &ok);
    if (!ok) {
        cJSON_Delete(kv_take(properties));
    }
    return properties;
}

static enum kv_code describe(const struct arm_call *call, const struct arm_id *id,
                             cJSON **ret_properties, struct kv_err *err)
{
    bool is_known = !is_service(id);
    char name[HEALTH_NAME_SIZE];

    health_name(id, name);
    if (!is_known
        && kv_consumers_health(call->app->consumers, name, ret_properties, err) == KV_OK) {
        return KV_OK;
    }
    *ret_properties = make_plain(call, is_known);
    return *ret_properties != NULL ? KV_OK : KV_OUT_OF_MEMORY(err);
}

/* Takes `properties`. */
static cJSON *wrap(const struct arm_call *call, const char *name, cJSON *properties)
{
    cJSON *item = cJSON_CreateObject();
    char id[KV_RESOURCE_ID_MAX + 128];
    bool ok = true;

    (void) snprintf(id, sizeof(id), "%s/providers/Microsoft.ResourceHealth/availabilityStatuses/%s",
                    call->id->scope, name);
    kv_json_add_text(item, "id", id, &ok);
    kv_json_add_text(item, "name", name, &ok);
    kv_json_add_text(item, "type", "Microsoft.ResourceHealth/AvailabilityStatuses", &ok);
    kv_json_add_text(item, "location", KV_REGION, &ok);
    kv_json_add_take(item, "properties", properties, &ok);
    if (!ok) {
        cJSON_Delete(kv_take(item));
    }
    return item;
}

enum kv_code availability_get(struct arm_call *call, struct arm_reply *reply, struct kv_err *err)
{
    cJSON *properties = NULL;
    struct arm_id id;

    if (strcasecmp(call->id->leaf, "current") != 0) {
        return arm_refuse_missing(call, err);
    }
    KV_TRY(find(call, &id, err));
    KV_TRY(describe(call, &id, &properties, err));
    reply->body = wrap(call, "current", properties);
    return reply->body != NULL ? KV_OK : KV_OUT_OF_MEMORY(err);
}

static enum kv_code list_history(struct arm_call *call, const struct arm_id *id, cJSON **ret_list,
                                 struct kv_err *err)
{
    char name[HEALTH_NAME_SIZE];
    cJSON *properties = NULL;
    bool ok = true;

    health_name(id, name);
    if (is_service(id)
        && kv_consumers_health_history(call->app->consumers, name, ret_list, err) == KV_OK) {
        return KV_OK;
    }
    KV_TRY(describe(call, id, &properties, err));
    *ret_list = cJSON_CreateArray();
    kv_json_add_take(*ret_list, NULL, properties, &ok);
    return ok ? KV_OK : KV_OUT_OF_MEMORY(err);
}

/* The newest is called "current", the others by their place. Short enough for one page. */
enum kv_code availability_list(struct arm_call *call, struct arm_page *page, struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *list = NULL;
    struct arm_id id;
    char name[24] = "current";
    int count;

    KV_TRY(find(call, &id, err));
    KV_TRY(list_history(call, &id, &list, err));
    count = cJSON_GetArraySize(list);
    for (int i = 0; i < count && !arm_page_is_full(page); i++) {
        cJSON *item = wrap(call, name, cJSON_DetachItemFromArray(list, 0));

        if (item == NULL) {
            return KV_OUT_OF_MEMORY(err);
        }
        KV_TRY(arm_page_add(page, item, name, err));
        (void) snprintf(name, sizeof(name), "%d", i + 1);
    }
    return KV_OK;
}
