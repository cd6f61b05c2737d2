/* SPDX-License-Identifier: Apache-2.0 */
/* Role definitions: contract §12. They exist at the scope / and apply below it. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "private.h"

static void add_definition(cJSON *object, const struct kv_role *role, bool *ok)
{
    char id[sizeof(DEFINITION_ID) + KV_UUID_LENGTH];
    cJSON *properties;

    snprintf(id, sizeof(id), DEFINITION_ID "%s", role->name);
    kv_json_add_text(object, "id", id, ok);
    kv_json_add_text(object, "name", role->name, ok);
    kv_json_add_text(object, "type", "Microsoft.Authorization/roleDefinitions", ok);
    properties = kv_json_add_object(object, "properties", ok);
    kv_json_add_text(properties, "roleName", role->role_name, ok);
    kv_json_add_text(properties, "description", role->description, ok);
    kv_json_add_text(properties, "type", role->is_built_in ? "AKVBuiltInRole" : "CustomRole", ok);
    kv_json_add_take(properties, "permissions", cJSON_Duplicate(role->permissions, true), ok);
    kv_json_add_take(properties, "assignableScopes", cJSON_Duplicate(role->scopes, true), ok);
}

static enum kv_code respond(const struct kv_role *role, int status, struct kv_response *response,
                            struct kv_err *err)
{
    bool ok = true;
    kv_auto(cJSON_Delete) cJSON *body = cJSON_CreateObject();

    add_definition(body, role, &ok);
    return kv_response_json(response, status, ok ? body : NULL, err);
}

/* The filter atScopeAndBelow() adds nothing, because all definitions are at the top. */
static enum kv_code check_filter(const struct kv_request *request, struct kv_err *err)
{
    const char *filter = kv_request_query(request, "$filter");

    if (filter != NULL && filter[0] != '\0' && strcasecmp(filter, "atScopeAndBelow()") != 0) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0,
                       "The filter of role definitions can be atScopeAndBelow() only.");
    }
    return KV_OK;
}

enum kv_code definition_list(struct kv_request *request, struct kv_response *response,
                             struct kv_err *err)
{
    kv_auto(kv_role_list_done) struct kv_role_list list = { .role = NULL };
    kv_auto(cJSON_Delete) cJSON *body = cJSON_CreateObject();
    char scope[KV_ROLE_SCOPE_MAX + 1];
    bool ok = true;
    cJSON *items = kv_json_add_array(body, "value", &ok);

    KV_TRY(scope_parse(request, scope, err));
    KV_TRY(check_filter(request, err));
    KV_TRY(kv_role_list(request->app->roles, hsm_of(request), &list, err));
    for (size_t i = 0; i < list.count; i++) {
        cJSON *item = cJSON_CreateObject();

        kv_json_add_take(items, NULL, item, &ok);
        add_definition(item, &list.role[i], &ok);
    }
    return kv_response_json(response, 200, ok ? body : NULL, err);
}

enum kv_code definition_get(struct kv_request *request, struct kv_response *response,
                            struct kv_err *err)
{
    kv_auto(kv_role_done) struct kv_role role = { .permissions = NULL };
    char scope[KV_ROLE_SCOPE_MAX + 1];

    KV_TRY(scope_parse(request, scope, err));
    KV_TRY(kv_role_get(request->app->roles, hsm_of(request), kv_request_capture(request, "name"),
                       &role, err));
    return respond(&role, 200, response, err);
}

static enum kv_code require_top(const struct kv_request *request, struct kv_err *err)
{
    char scope[KV_ROLE_SCOPE_MAX + 1];

    KV_TRY(scope_parse(request, scope, err));
    if (strcmp(scope, "/") != 0) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "Role definitions exist at the scope / only.");
    }
    return KV_OK;
}

/* Appends copies of the texts of an array, which may be absent. */
static enum kv_code copy_texts(const cJSON *from, cJSON *to, struct kv_err *err)
{
    const cJSON *item;
    bool ok = to != NULL;

    cJSON_ArrayForEach (item, from) {
        if (!cJSON_IsString(item)) {
            return fail_property(err);
        }
        kv_json_append_text(to, item->valuestring, &ok);
    }
    return ok ? KV_OK : KV_OUT_OF_MEMORY(err);
}

/* Copies the four lists of a permission, and nothing else that a client may have put there. */
static enum kv_code add_permission(const cJSON *from, cJSON *permissions, struct kv_err *err)
{
    static const char *const lists[] = { "actions", "dataActions", "notActions", "notDataActions" };
    cJSON *permission = cJSON_CreateObject();
    bool ok = true;

    kv_json_add_take(permissions, NULL, permission, &ok);
    if (!ok) {
        return KV_OUT_OF_MEMORY(err);
    }
    for (size_t i = 0; i < KV_COUNT(lists); i++) {
        const cJSON *list = cJSON_GetObjectItemCaseSensitive(from, lists[i]);

        if (list != NULL && !cJSON_IsArray(list) && !cJSON_IsNull(list)) {
            return fail_property(err);
        }
        KV_TRY(copy_texts(list, kv_json_add_array(permission, lists[i], &ok), err));
    }
    return KV_OK;
}

static enum kv_code copy_permissions(const cJSON *from, cJSON *to, struct kv_err *err)
{
    const cJSON *item;

    cJSON_ArrayForEach (item, from) {
        if (!cJSON_IsObject(item)) {
            return fail_property(err);
        }
        KV_TRY(add_permission(item, to, err));
    }
    return KV_OK;
}

/* If nothing was sent, a role may be assigned anywhere. */
static enum kv_code copy_scopes(const cJSON *from, cJSON *to, struct kv_err *err)
{
    const cJSON *item;
    bool ok = true;

    cJSON_ArrayForEach (item, from) {
        char scope[KV_ROLE_SCOPE_MAX + 1];

        if (!cJSON_IsString(item)) {
            return fail_property(err);
        }
        KV_TRY(scope_parse_text(item->valuestring, scope, err));
        kv_json_append_text(to, scope, &ok);
    }
    if (cJSON_GetArraySize(to) == 0) {
        kv_json_append_text(to, "/", &ok);
    }
    return ok ? KV_OK : KV_OUT_OF_MEMORY(err);
}

static enum kv_code copy_text(const char *from, const char *fallback,
                              char ret_text[KV_ROLE_NAME_MAX + 1], struct kv_err *err)
{
    int len = snprintf(ret_text, KV_ROLE_NAME_MAX + 1, "%s", from != NULL ? from : fallback);

    return len <= KV_ROLE_NAME_MAX ? KV_OK : fail_property(err);
}

struct sent_definition {
    const char *role_name, *description, *type;
    const cJSON *permissions, *scopes;
};

static enum kv_code parse_definition(const cJSON *properties, struct kv_role *role,
                                     struct kv_err *err)
{
    static const struct kv_json_field fields[] = {
        KV_JSON_FIELD(struct sent_definition, role_name, "roleName", KV_JSON_STRING),
        KV_JSON_FIELD(struct sent_definition, description, "description", KV_JSON_STRING),
        KV_JSON_FIELD(struct sent_definition, type, "type", KV_JSON_STRING),
        KV_JSON_FIELD(struct sent_definition, permissions, "permissions", KV_JSON_ARRAY),
        KV_JSON_FIELD(struct sent_definition, scopes, "assignableScopes", KV_JSON_ARRAY),
    };
    struct sent_definition sent = { .type = "CustomRole" };

    KV_TRY(kv_json_bind(properties, fields, KV_COUNT(fields), &sent, err));
    if (strcmp(sent.type, "CustomRole") != 0) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "Only roles of type CustomRole can be written.");
    }
    KV_TRY(copy_text(sent.role_name, role->name, role->role_name, err));
    KV_TRY(copy_text(sent.description, "", role->description, err));
    role->permissions = cJSON_CreateArray();
    role->scopes = cJSON_CreateArray();
    if (role->permissions == NULL || role->scopes == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    KV_TRY(copy_permissions(sent.permissions, role->permissions, err));
    return copy_scopes(sent.scopes, role->scopes, err);
}

/* 201 both for a new role and for a changed one. */
enum kv_code definition_put(struct kv_request *request, struct kv_response *response,
                            struct kv_err *err)
{
    kv_auto(kv_role_done) struct kv_role role = { .permissions = NULL };
    kv_auto(cJSON_Delete) cJSON *body = NULL;
    const cJSON *properties;

    KV_TRY(require_top(request, err));
    KV_TRY(properties_parse(request, &body, &properties, err));
    snprintf(role.name, sizeof(role.name), "%s", kv_request_capture(request, "name"));
    KV_TRY(parse_definition(properties, &role, err));
    KV_TRY(kv_role_put(request->app->roles, hsm_of(request), kv_request_capture(request, "name"),
                       &role, err));

    kv_auto(kv_role_done) struct kv_role stored = { .permissions = NULL };

    KV_TRY(kv_role_get(request->app->roles, hsm_of(request), role.name, &stored, err));
    return respond(&stored, 201, response, err);
}

enum kv_code definition_delete(struct kv_request *request, struct kv_response *response,
                               struct kv_err *err)
{
    kv_auto(kv_role_done) struct kv_role role = { .permissions = NULL };

    KV_TRY(require_top(request, err));
    KV_TRY(kv_role_delete(request->app->roles, hsm_of(request), kv_request_capture(request, "name"),
                          &role, err));
    return respond(&role, 200, response, err);
}
