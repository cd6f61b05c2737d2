/* SPDX-License-Identifier: Apache-2.0 */
/* Custom roles of Azure; the built-in ones can be looked at. */
#include <stdio.h>
#include <string.h>

#include "kv/access/grants.h"
#include "kv/base/json.h"
#include "private.h"

static enum kv_code respond(const struct kv_access_role *role, int status,
                            struct kv_response *response, struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *body = cJSON_CreateObject();
    bool ok = true;

    kv_json_add_text(body, "id", role->name, &ok);
    kv_json_add_text(body, "name", role->role_name, &ok);
    kv_json_add_bool(body, "built_in", role->is_built_in, &ok);
    kv_json_add_take(body, "data_actions", cJSON_Duplicate(role->data_actions, true), &ok);
    kv_json_add_take(body, "not_data_actions", cJSON_Duplicate(role->not_data_actions, true), &ok);
    return kv_response_json(response, status, ok ? body : NULL, err);
}

static enum kv_code show(const struct kv_request *request, int status, struct kv_response *response,
                         struct kv_err *err)
{
    kv_auto(kv_access_role_done) struct kv_access_role role = { .data_actions = NULL };

    KV_TRY(
        kv_access_role_get(request->app->access, kv_request_capture(request, "role"), &role, err));
    return respond(&role, status, response, err);
}

enum kv_code control_role_get(struct kv_request *request, struct kv_response *response,
                              struct kv_err *err)
{
    return show(request, 200, response, err);
}

struct sent_role {
    const char *name;
    const cJSON *data_actions, *not_data_actions;
};

/* A list that was not sent is empty. */
static cJSON *copy_list(const cJSON *list)
{
    return list != NULL ? cJSON_Duplicate(list, true) : cJSON_CreateArray();
}

static enum kv_code fill_role(const struct kv_request *request, const struct sent_role *sent,
                              struct kv_access_role *role, struct kv_err *err)
{
    const char *name = sent->name != NULL ? sent->name : "";

    if (snprintf(role->role_name, sizeof(role->role_name), "%s", name) > KV_ACCESS_NAME_MAX
        || snprintf(role->name, sizeof(role->name), "%s", kv_request_capture(request, "role"))
               > KV_UUID_LENGTH) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0,
                       "A role is named by a GUID in the path, and has a name of %d bytes at most.",
                       KV_ACCESS_NAME_MAX);
    }
    role->is_data_only = true; /* what else it has is not said here */
    role->changed = request->now;
    role->data_actions = copy_list(sent->data_actions);
    role->not_data_actions = copy_list(sent->not_data_actions);
    return role->data_actions != NULL && role->not_data_actions != NULL ? KV_OK
                                                                        : KV_OUT_OF_MEMORY(err);
}

enum kv_code control_role_put(struct kv_request *request, struct kv_response *response,
                              struct kv_err *err)
{
    static const struct kv_json_field fields[] = {
        KV_JSON_FIELD(struct sent_role, name, "name", KV_JSON_STRING),
        KV_JSON_FIELD(struct sent_role, data_actions, "data_actions", KV_JSON_ARRAY),
        KV_JSON_FIELD(struct sent_role, not_data_actions, "not_data_actions", KV_JSON_ARRAY),
    };
    kv_auto(kv_access_role_done) struct kv_access_role role = { .data_actions = NULL };
    kv_auto(cJSON_Delete) cJSON *body = NULL;
    struct sent_role sent = { .name = NULL };
    bool is_new;

    KV_TRY(control_bind_body(request, fields, KV_COUNT(fields), &sent, &body, err));
    KV_TRY(fill_role(request, &sent, &role, err));
    KV_TRY(kv_access_role_put(request->app->access, &role, &is_new, err));
    return show(request, is_new ? 201 : 200, response, err);
}

enum kv_code control_role_delete(struct kv_request *request, struct kv_response *response,
                                 struct kv_err *err)
{
    KV_TRY(kv_access_role_delete(request->app->access, kv_request_capture(request, "role"), err));
    response->status = 204;
    return KV_OK;
}
