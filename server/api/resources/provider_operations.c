/* SPDX-License-Identifier: Apache-2.0 */
/*
 * GET /providers/{namespace}/operations: the actions that roles can allow, those of the provider's rows and of the data
 * plane. For whoever has a token, as in the service. The service's own words for people are not known: they are ours.
 */
#include <stdio.h>
#include <string.h>

#include "kv/access/permission.h"
#include "kv/base/json.h"
#include "private.h"

struct operations {
    const char *namespace; /* as its rows write it */
    size_t len;
    cJSON *list;
    bool ok;
};

static void add(struct operations *operations, const char *resource, const char *suffix,
                bool is_data)
{
    cJSON *item = cJSON_CreateObject();
    char name[ARM_TYPE_MAX + ARM_SEGMENT_MAX + 16];
    bool *ok = &operations->ok;

    (void) snprintf(name, sizeof(name), "%.*s/%s/%s", (int) operations->len, operations->namespace,
                    resource, suffix);
    kv_json_add_text(item, "name", name, ok);
    kv_json_add_bool(item, "isDataAction", is_data, ok);
    cJSON *display = kv_json_add_object(item, "display", ok);
    (void) snprintf(name, sizeof(name), "%.*s", (int) operations->len, operations->namespace);
    kv_json_add_text(display, "provider", name, ok);
    kv_json_add_text(display, "resource", resource, ok);
    kv_json_add_text(display, "operation", suffix, ok);
    (void) snprintf(name, sizeof(name), "%s of %s", suffix, resource);
    kv_json_add_text(display, "description", name, ok);
    kv_json_add_text(item, "origin", "user,system", ok);
    kv_json_add_take(operations->list, NULL, item, ok);
}

static void add_type(struct operations *operations, const struct arm_type *type)
{
    const char *resource = type->name + operations->len + 1;
    const struct arm_action *action = type->actions;
    char suffix[ARM_SEGMENT_MAX + 8];

    if (type->get != NULL || type->list != NULL) {
        add(operations, resource, "read", false);
    }
    if (type->put != NULL || type->patch != NULL) {
        add(operations, resource, "write", false);
    }
    if (type->delete != NULL) {
        add(operations, resource, "delete", false);
    }
    for (; action != NULL && action->name != NULL; action++) {
        (void) snprintf(suffix, sizeof(suffix), "%s/action", action->name);
        add(operations, resource, action->permission != NULL ? action->permission : suffix, false);
    }
}

/* Several permissions may be one action. */
static bool is_repeated(enum kv_permission permission, bool is_hsm)
{
    const struct kv_permission_row *row = kv_permission_row(permission), *other;

    for (enum kv_permission i = KV_PERMISSION_NONE + 1; i < permission; i++) {
        other = kv_permission_row(i);
        const char *action = is_hsm ? other->hsm_action : other->vault_action;

        if (action != NULL && strcmp(action, is_hsm ? row->hsm_action : row->vault_action) == 0) {
            return true;
        }
    }
    return false;
}

static void add_data_actions(struct operations *operations, bool is_hsm)
{
    for (enum kv_permission i = KV_PERMISSION_NONE + 1; i < KV_PERMISSION_COUNT; i++) {
        const struct kv_permission_row *row = kv_permission_row(i);
        const char *action = is_hsm ? row->hsm_action : row->vault_action;

        if (action != NULL && !is_repeated(i, is_hsm)) {
            add(operations, is_hsm ? "managedHsm" : "vaults", action, true);
        }
    }
}

/* The namespace as its rows write it; false: there is none. */
static bool find_namespace(const struct kv_request *request, struct operations *operations)
{
    const char *wanted = kv_request_capture(request, "namespace");
    size_t len = strlen(wanted);

    for (size_t i = 0; arm_type_at(request->app, i) != NULL; i++) {
        const char *name = arm_type_at(request->app, i)->name;

        if (strncasecmp(name, wanted, len) == 0 && name[len] == '/') {
            operations->namespace = name;
            operations->len = len;
            return true;
        }
    }
    return false;
}

enum kv_code provider_operations(struct kv_request *request, struct kv_response *response,
                                 struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *body = cJSON_CreateObject();
    struct operations operations = { .ok = body != NULL };

    if (!find_namespace(request, &operations)) {
        return KV_FAIL(err, KV_ARM_INVALID_NAMESPACE, 0,
                       "The resource namespace '%.128s' is invalid.",
                       kv_request_capture(request, "namespace"));
    }
    operations.list = kv_json_add_array(body, "value", &operations.ok);
    for (size_t i = 0; arm_type_at(request->app, i) != NULL; i++) {
        const char *name = arm_type_at(request->app, i)->name;

        if (strncasecmp(name, operations.namespace, operations.len + 1) == 0) {
            add_type(&operations, arm_type_at(request->app, i));
        }
    }
    if (strncmp(operations.namespace, "Microsoft.KeyVault/", operations.len + 1) == 0) {
        add_data_actions(&operations, false);
        add_data_actions(&operations, true);
    }
    return kv_response_json(response, 200, operations.ok ? body : NULL, err);
}
