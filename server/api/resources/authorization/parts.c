/* SPDX-License-Identifier: Apache-2.0 */
/* What answers of Microsoft.Authorization have in common, and what its calls are about. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "kv/base/json.h"
#include "private.h"

void authorization_definition_id(const struct kv_app *app, const char *role,
                                 char ret_id[DEFINITION_ID_SIZE])
{
    char scope[ARM_SUBSCRIPTION_SIZE];

    arm_subscription(app, scope);
    (void) snprintf(ret_id, DEFINITION_ID_SIZE,
                    "%s/providers/Microsoft.Authorization/roleDefinitions/%s", scope, role);
}

const char *authorization_scope(const struct arm_call *call)
{
    return call->id->scope[0] != '\0' ? call->id->scope : "/";
}

enum kv_code authorization_whose(const struct kv_app *app, const char *object_id,
                                 char ret_ids[PRINCIPALS_SIZE][KV_UUID_LENGTH + 1],
                                 size_t *ret_count, struct kv_err *err)
{
    (void) snprintf(ret_ids[0], KV_UUID_LENGTH + 1, "%.36s", object_id);
    KV_TRY(kv_principals_groups(app->principals, object_id, ret_ids + 1, KV_PRINCIPAL_GROUPS_MAX,
                                ret_count, err));
    *ret_count += 1;
    return KV_OK;
}

enum kv_code authorization_text(const cJSON *object, const char *name, const char **ret_text,
                                struct kv_err *err)
{
    const cJSON *item = cJSON_GetObjectItem(object, name);

    if (item != NULL && !cJSON_IsString(item) && !cJSON_IsNull(item)) {
        return KV_FAIL(err, KV_INVALID_REQUEST_CONTENT, 0,
                       "The request content was invalid and could not be deserialized: '%s has to "
                       "be a text'.",
                       name);
    }
    *ret_text = cJSON_GetStringValue(item);
    return KV_OK;
}

static void add_list(cJSON *object, const char *name, const cJSON *list, bool *ok)
{
    kv_json_add_take(object, name, cJSON_Duplicate(list, true), ok);
}

static void add_condition(cJSON *object, const char *condition, bool *ok)
{
    if (*condition == '\0') {
        return;
    }
    kv_json_add_text(object, "condition", condition, ok);
    kv_json_add_text(object, "conditionVersion", "2.0", ok);
}

enum kv_code authorization_add_permissions(cJSON *array, const struct kv_access_role *role,
                                           bool shows_condition, struct kv_err *err)
{
    kv_auto(kv_buf_done) struct kv_buf condition = { .max = KV_ACCESS_CONDITION_MAX };
    cJSON *one = cJSON_CreateObject();
    bool ok = one != NULL;

    kv_json_add_take(array, NULL, one, &ok);
    add_list(one, "actions", role->actions, &ok);
    add_list(one, "notActions", role->not_actions, &ok);
    add_list(one, "dataActions", role->data_actions, &ok);
    add_list(one, "notDataActions", role->not_data_actions, &ok);
    if (!ok) {
        return KV_OUT_OF_MEMORY(err);
    }
    KV_TRY(kv_access_role_condition(role->name, &condition, err));
    if (shows_condition && condition.len > 0) {
        add_condition(one, condition.data, &ok);
    }
    return ok ? KV_OK : KV_OUT_OF_MEMORY(err);
}
