/* SPDX-License-Identifier: Apache-2.0 */
/* Which providers there are, with the types and api-versions of their rows: every one is registered. */
#include <stdio.h>
#include <string.h>

#include "kv/base/json.h"
#include "private.h"

/* Whether the type with that number is the first of its namespace. */
static bool is_first(const struct kv_request *request, size_t index)
{
    const char *name = arm_type_at(request->app, index)->name;
    size_t len = strcspn(name, "/") + 1;

    for (size_t i = 0; i < index; i++) {
        if (strncasecmp(arm_type_at(request->app, i)->name, name, len) == 0) {
            return false;
        }
    }
    return true;
}

static void add_versions(cJSON *item, const char *versions, bool *ok)
{
    cJSON *list = kv_json_add_array(item, "apiVersions", ok);
    char version[40];

    for (const char *at = versions; *at != '\0'; at += strspn(at, " ")) {
        size_t len = strcspn(at, " ");

        (void) snprintf(version, sizeof(version), "%.*s", (int) len, at);
        kv_json_append_text(list, version, ok);
        at += len;
    }
}

static void add_type(cJSON *types, const struct arm_type *type, bool *ok)
{
    cJSON *item = cJSON_CreateObject();

    kv_json_add_text(item, "resourceType", strchr(type->name, '/') + 1, ok);
    cJSON *locations = kv_json_add_array(item, "locations", ok);
    if (type->is_tracked) {
        kv_json_append_text(locations, "East US", ok);
    }
    add_versions(item, type->api_versions, ok);
    kv_json_add_text(item, "capabilities",
                     type->is_tracked ? "SupportsTags, SupportsLocation" : "None", ok);
    kv_json_add_take(types, NULL, item, ok);
}

static cJSON *render(const struct kv_request *request, const char *namespace, size_t len)
{
    const char *subscription = kv_request_capture(request, "subscription");
    cJSON *item = cJSON_CreateObject();
    char text[ARM_TYPE_MAX + 1];
    char id[sizeof(text) + ARM_SUBSCRIPTION_SIZE + sizeof("/providers/")];
    bool ok = true;

    (void) snprintf(text, sizeof(text), "%.*s", (int) len, namespace);
    (void) snprintf(id, sizeof(id), "%s%s/providers/%s",
                    subscription != NULL ? "/subscriptions/" : "",
                    subscription != NULL ? subscription : "", text);
    kv_json_add_text(item, "id", id, &ok);
    kv_json_add_text(item, "namespace", text, &ok);
    cJSON *types = kv_json_add_array(item, "resourceTypes", &ok);
    for (size_t i = 0; arm_type_at(request->app, i) != NULL; i++) {
        if (strncasecmp(arm_type_at(request->app, i)->name, text, len) == 0
            && arm_type_at(request->app, i)->name[len] == '/') {
            add_type(types, arm_type_at(request->app, i), &ok);
        }
    }
    kv_json_add_text(item, "registrationState", "Registered", &ok);
    kv_json_add_text(item, "registrationPolicy", "RegistrationRequired", &ok);
    if (!ok) {
        cJSON_Delete(kv_take(item));
    }
    return item;
}

static enum kv_code check(const struct kv_request *request, struct kv_err *err)
{
    const char *subscription = kv_request_capture(request, "subscription");

    return subscription != NULL ? subscription_check(request->app, subscription, err) : KV_OK;
}

enum kv_code providers_list(struct kv_request *request, struct kv_response *response,
                            struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *body = cJSON_CreateObject();
    bool ok = body != NULL;

    KV_TRY(check(request, err));
    cJSON *list = kv_json_add_array(body, "value", &ok);
    for (size_t i = 0; arm_type_at(request->app, i) != NULL; i++) {
        if (is_first(request, i)) {
            const char *name = arm_type_at(request->app, i)->name;

            kv_json_add_take(list, NULL, render(request, name, strcspn(name, "/")), &ok);
        }
    }
    return kv_response_json(response, 200, ok ? body : NULL, err);
}

enum kv_code provider_get(struct kv_request *request, struct kv_response *response,
                          struct kv_err *err)
{
    const char *wanted = kv_request_capture(request, "namespace");
    size_t len = strlen(wanted);

    KV_TRY(check(request, err));
    for (size_t i = 0; arm_type_at(request->app, i) != NULL; i++) {
        const char *name = arm_type_at(request->app, i)->name;

        if (strncasecmp(name, wanted, len) == 0 && name[len] == '/') {
            kv_auto(cJSON_Delete) cJSON *body = render(request, name, len);

            return kv_response_json(response, 200, body, err);
        }
    }
    return KV_FAIL(err, KV_ARM_INVALID_NAMESPACE, 0, "The resource namespace '%.128s' is invalid.",
                   wanted);
}

/* Registered already, as all are. */
enum kv_code provider_register(struct kv_request *request, struct kv_response *response,
                               struct kv_err *err)
{
    return provider_get(request, response, err);
}
