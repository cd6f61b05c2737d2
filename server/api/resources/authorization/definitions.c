/* SPDX-License-Identifier: Apache-2.0 */
/* Role definitions: the built-in ones, and custom ones (control-plane.md §2.3). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "kv/base/json.h"
#include "private.h"

#define BUILT_IN "BuiltInRole"
#define CUSTOM "CustomRole"

static void add_date(cJSON *object, const char *name, kv_millis when, bool *ok)
{
    char date[KV_ISO_DATE_SIZE];

    kv_time_render_iso(when, date);
    kv_json_add_text(object, name, date, ok);
}

static void add_by(cJSON *object, const char *name, const char *by, bool *ok)
{
    kv_json_add_take(object, name, *by != '\0' ? cJSON_CreateString(by) : cJSON_CreateNull(), ok);
}

static enum kv_code render(const struct kv_app *app, const struct kv_access_role *role,
                           cJSON **ret_item, struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *item = cJSON_CreateObject();
    char id[DEFINITION_ID_SIZE];
    bool ok = item != NULL;

    cJSON *properties = kv_json_add_object(item, "properties", &ok);
    kv_json_add_text(properties, "roleName", role->role_name, &ok);
    kv_json_add_text(properties, "type", role->is_built_in ? BUILT_IN : CUSTOM, &ok);
    kv_json_add_text(properties, "description", role->description, &ok);
    kv_json_add_take(properties, "assignableScopes", cJSON_Duplicate(role->scopes, true), &ok);
    cJSON *permissions = kv_json_add_array(properties, "permissions", &ok);
    if (!ok) {
        return KV_OUT_OF_MEMORY(err);
    }
    KV_TRY(authorization_add_permissions(permissions, role, true, err));
    add_date(properties, "createdOn", role->made, &ok);
    add_date(properties, "updatedOn", role->changed, &ok);
    add_by(properties, "createdBy", role->made_by, &ok);
    add_by(properties, "updatedBy", role->changed_by, &ok);
    authorization_definition_id(app, role->name, id);
    kv_json_add_text(item, "id", id, &ok);
    kv_json_add_text(item, "type", "Microsoft.Authorization/roleDefinitions", &ok);
    kv_json_add_text(item, "name", role->name, &ok);
    if (!ok) {
        return KV_OUT_OF_MEMORY(err);
    }
    *ret_item = kv_take(item);
    return KV_OK;
}

static enum kv_code refuse_missing(const struct arm_call *call, struct kv_err *err)
{
    return KV_FAIL(err, KV_ROLE_DEFINITION_MISSING, 0,
                   "The specified role definition with ID '%.64s' does not exist.", call->id->leaf);
}

static enum kv_code answer(struct arm_call *call, const char *name, struct arm_reply *reply,
                           struct kv_err *err)
{
    kv_auto(kv_access_role_done) struct kv_access_role role = { .actions = NULL };
    enum kv_code code = kv_access_role_get(call->app->access, name, &role, err);

    if (code == KV_ROLE_DEFINITION_NOT_FOUND) {
        return refuse_missing(call, err);
    }
    return code == KV_OK ? render(call->app, &role, &reply->body, err) : code;
}

enum kv_code azure_definition_get(struct arm_call *call, struct arm_reply *reply,
                                  struct kv_err *err)
{
    return answer(call, call->id->leaf, reply, err);
}

/* --- a list --- */

struct listing {
    struct arm_call *call;
    struct arm_page *page;
    struct filter filter;
    size_t skip; /* how many were on pages before */
    size_t seen;
};

static bool is_wanted(const struct listing *listing, const struct kv_access_role *role)
{
    const struct filter *filter = &listing->filter;
    const char *type = role->is_built_in ? BUILT_IN : CUSTOM;

    return (!filter->has[FILTER_ROLE_NAME] || strcasecmp(filter->role_name, role->role_name) == 0)
           && (!filter->has[FILTER_ROLE_TYPE] || strcasecmp(filter->role_type, type) == 0);
}

static enum kv_code add(void *context, const struct kv_access_role *role, struct kv_err *err)
{
    struct listing *listing = context;
    cJSON *item = NULL;
    char mark[24];

    if (!is_wanted(listing, role) || listing->seen++ < listing->skip) {
        return KV_OK;
    }
    if (arm_page_is_full(listing->page)) {
        listing->page->has_more = true;
        return KV_OK;
    }
    KV_TRY(render(listing->call->app, role, &item, err));
    (void) snprintf(mark, sizeof(mark), "%zu", listing->seen);
    return arm_page_add(listing->page, item, mark, err);
}

enum kv_code azure_definitions_list(struct arm_call *call, struct arm_page *page,
                                    struct kv_err *err)
{
    struct listing listing = { .call = call, .page = page };
    bool is_question = call->verb == KV_GET; /* a group that is deleted leaves roles alone */

    KV_TRY(authorization_filter(
        call->filter, 1U << FILTER_AT_SCOPE | 1U << FILTER_ROLE_NAME | 1U << FILTER_ROLE_TYPE,
        &listing.filter, err));
    listing.skip = page->after != NULL ? (size_t) strtoul(page->after, NULL, 10) : 0;
    return is_question ? kv_access_roles_each(call->app->access, false, add, &listing, err) : KV_OK;
}

/* --- a custom one is made --- */

static enum kv_code refuse(const char *what, struct kv_err *err)
{
    return KV_FAIL(err, KV_INVALID_REQUEST_CONTENT, 0,
                   "The request content was invalid and could not be deserialized: '%s'.", what);
}

static enum kv_code take_list(const cJSON *object, const char *name, cJSON **ret_list,
                              struct kv_err *err)
{
    const cJSON *list = cJSON_GetObjectItem(object, name);

    if (list == NULL || cJSON_IsNull(list)) {
        return KV_OK;
    }
    if (!cJSON_IsArray(list)) {
        return KV_FAIL(err, KV_INVALID_REQUEST_CONTENT, 0,
                       "The request content was invalid and could not be deserialized: '%s has to "
                       "be an array of texts'.",
                       name);
    }
    *ret_list = cJSON_Duplicate(list, true);
    return *ret_list != NULL ? KV_OK : KV_OUT_OF_MEMORY(err);
}

/* A role has one set of permissions, as the service has for those that people make. */
static enum kv_code take_permissions(const cJSON *properties, struct kv_access_role *role,
                                     struct kv_err *err)
{
    const cJSON *permissions = cJSON_GetObjectItem(properties, "permissions");
    const cJSON *one = cJSON_GetArrayItem(permissions, 0);

    if (!cJSON_IsArray(permissions) || cJSON_GetArraySize(permissions) != 1
        || !cJSON_IsObject(one)) {
        return refuse("permissions has to be an array of one object", err);
    }
    KV_TRY(take_list(one, "actions", &role->actions, err));
    KV_TRY(take_list(one, "notActions", &role->not_actions, err));
    KV_TRY(take_list(one, "dataActions", &role->data_actions, err));
    return take_list(one, "notDataActions", &role->not_data_actions, err);
}

static enum kv_code take_scopes(const cJSON *properties, struct kv_access_role *role,
                                struct kv_err *err)
{
    KV_TRY(take_list(properties, "assignableScopes", &role->scopes, err));
    if (cJSON_GetArraySize(role->scopes) == 0) {
        return refuse("assignableScopes has to name a scope", err);
    }
    return KV_OK;
}

static enum kv_code take_text(const cJSON *properties, const char *name,
                              char ret_text[KV_ACCESS_NAME_MAX + 1], struct kv_err *err)
{
    const char *text = NULL;

    KV_TRY(authorization_text(properties, name, &text, err));
    if (text != NULL && strlen(text) > KV_ACCESS_NAME_MAX) {
        return KV_FAIL(err, KV_ARM_BAD_REQUEST, 0, "The %s is longer than %d characters.", name,
                       KV_ACCESS_NAME_MAX);
    }
    (void) snprintf(ret_text, KV_ACCESS_NAME_MAX + 1, "%s", text != NULL ? text : "");
    return KV_OK;
}

static enum kv_code read_body(const struct arm_call *call, struct kv_access_role *role,
                              struct kv_err *err)
{
    const cJSON *properties = cJSON_GetObjectItem(call->body, "properties");

    if (!cJSON_IsObject(properties)) {
        return refuse("properties has to be an object", err);
    }
    if (!kv_uuid_is_valid(call->id->leaf)) {
        return KV_FAIL(err, KV_ARM_BAD_REQUEST, 0, "The role definition ID '%.64s' is not a GUID.",
                       call->id->leaf);
    }
    (void) snprintf(role->name, sizeof(role->name), "%s", call->id->leaf);
    KV_TRY(take_text(properties, "roleName", role->role_name, err));
    KV_TRY(take_text(properties, "description", role->description, err));
    KV_TRY(take_permissions(properties, role, err));
    role->changed = call->now;
    (void) snprintf(role->changed_by, sizeof(role->changed_by), "%.36s",
                    call->caller != NULL ? call->caller->object_id : "");
    return take_scopes(properties, role, err);
}

/* The domain's words are fine, but for the one that the service has a code for. */
static enum kv_code translate(enum kv_code code, const struct kv_err *why, struct kv_err *err)
{
    switch ((int) code) {
    case KV_ROLE_NAME_TAKEN:
        return KV_FAIL(err, code, 0,
                       "A custom role with the same name already exists in this directory. Use a "
                       "different name.");
    case KV_BAD_PARAMETER:
        return KV_FAIL(err, KV_ARM_BAD_REQUEST, 0, "%s", why->message);
    default:
        if (err != NULL) {
            *err = *why;
        }
        return code;
    }
}

enum kv_code azure_definition_put(struct arm_call *call, struct arm_reply *reply,
                                  struct kv_err *err)
{
    kv_auto(kv_access_role_done) struct kv_access_role role = { .actions = NULL };
    struct kv_err why = { .code = KV_OK };
    enum kv_code code;
    bool is_new = false;

    KV_TRY(read_body(call, &role, err));
    code = kv_access_role_put(call->app->access, &role, &is_new, &why);
    if (code != KV_OK) {
        return translate(code, &why, err);
    }
    reply->status = 201; /* in the service also of one that is changed */
    return answer(call, role.name, reply, err);
}

/* One that is not there is 204 in the service. */
enum kv_code azure_definition_delete(struct arm_call *call, struct arm_reply *reply,
                                     struct kv_err *err)
{
    struct kv_err why = { .code = KV_OK };
    enum kv_code code = answer(call, call->id->leaf, reply, err);

    if (code == KV_ROLE_DEFINITION_MISSING) {
        reply->status = 204;
        return KV_OK;
    }
    KV_TRY(code);
    code = kv_access_role_delete(call->app->access, call->id->leaf, &why);
    if (code == KV_CONFLICT) {
        return KV_FAIL(err, KV_ROLE_HAS_ASSIGNMENTS, 0,
                       "There are existing role assignments referencing role (code: "
                       "RoleDefinitionHasAssignments)");
    }
    return code == KV_OK ? KV_OK : translate(code, &why, err);
}
