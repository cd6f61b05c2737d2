/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The resources that services run for: one that a template made is WORKSPACE-SERVICE, as its host says, and
 * goes with its resource (docs/fhir.md).
 */
#include "consumer_resource.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "kv/base/json.h"
#include "kv/consumer/consumer.h"
#include "kv/resources/resources.h"

#define TYPE "Microsoft.HealthcareApis/workspaces/"

static const char *const types[] = { TYPE "fhirservices", TYPE "dicomservices" };

/* Where the last `count` segments of an id begin; NULL: it has fewer. */
static const char *find_end(const char *id, unsigned count)
{
    const char *at = id + strlen(id);

    while (at > id && count > 0) {
        at--;
        count -= *at == '/';
    }
    return count == 0 ? at + 1 : NULL;
}

/* ".../workspaces/WS1/fhirservices/fhir1" is ws1-fhir1. */
static bool read_name(const char *id, char ret_name[KV_CONSUMER_NAME_MAX + 1])
{
    const char *workspace = find_end(id, 3), *service = find_end(id, 1);

    if (workspace == NULL) {
        return false;
    }
    (void) snprintf(ret_name, KV_CONSUMER_NAME_MAX + 1, "%.*s-%s", (int) strcspn(workspace, "/"),
                    workspace, service);
    for (char *at = ret_name; *at != '\0'; at++) {
        *at = (char) tolower((unsigned char) *at);
    }
    return true;
}

static enum kv_code add(void *index, const struct kv_resource *resource, struct kv_err *err)
{
    char name[KV_CONSUMER_NAME_MAX + 1];
    bool ok = true;

    if (read_name(resource->id, name)) {
        kv_json_add_text(index, name, resource->id, &ok);
    }
    return ok ? KV_OK : KV_OUT_OF_MEMORY(err);
}

enum kv_code consumer_resources_read(const struct kv_app *app, cJSON **ret_index,
                                     struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *index = cJSON_CreateObject();

    if (index == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    for (size_t i = 0; app->resources != NULL && i < KV_COUNT(types); i++) {
        const struct kv_resource_range range = { .below = "",
                                                 .type = types[i],
                                                 .count = KV_CONSUMERS_MAX };

        KV_TRY(kv_resource_list(app->resources, &range, add, index, err));
    }
    *ret_index = kv_take(index);
    return KV_OK;
}

const char *consumer_resource_find(const cJSON *index, const char *name)
{
    return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(index, name));
}
