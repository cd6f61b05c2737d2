/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who may do what to resources: by role assignments, as operators have them (control-plane.md §2.3,
 * §2.4), or everybody with --resource-manager-access open. Nobody has to be given anything first: the
 * default identity is Owner, and so is whoever calls while no tokens are asked for.
 */
#include <stdio.h>
#include <string.h>

#include "kv/access/scopes.h"
#include "private.h"

#define ASSIGNMENTS "Microsoft.Authorization/roleAssignments"

bool arm_is_owner(const struct arm_call *call)
{
    struct kv_identity_card card;

    return call->caller == NULL || call->app->resource_manager_is_open
           || (kv_identity_card(call->app->identity, NULL, &card)
               && strcasecmp(card.object_id, call->caller->object_id) == 0);
}

/* The role that is to be assigned, or is withdrawn: conditions speak of it. */
static void find_role(const struct arm_call *call, char ret_role[KV_UUID_LENGTH + 1])
{
    kv_auto(kv_scoped_assignment_done) struct kv_scoped_assignment one = { .scope = NULL };
    const cJSON *properties = cJSON_GetObjectItem(call->body, "properties");
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItem(properties, "roleDefinitionId"));

    ret_role[0] = '\0';
    if (strcasecmp(call->id->type, ASSIGNMENTS) != 0) {
        return;
    }
    if (call->verb == KV_DELETE
        && kv_access_get_at(call->app->access, NULL, call->id->leaf, false, &one, NULL) == KV_OK) {
        memcpy(ret_role, one.role, sizeof(one.role));
    }
    if (call->verb == KV_PUT && text != NULL) {
        const char *slash = strrchr(text, '/');

        (void) snprintf(ret_role, KV_UUID_LENGTH + 1, "%s", slash != NULL ? slash + 1 : text);
    }
}

static enum kv_code ask(const struct arm_call *call, const char *action, const char *scope,
                        bool *ret_allowed, struct kv_err *err)
{
    char groups[KV_PRINCIPAL_GROUPS_MAX][KV_UUID_LENGTH + 1];
    char role[KV_UUID_LENGTH + 1];
    size_t count = 0;

    KV_TRY(kv_principals_groups(call->app->principals, call->caller->object_id, groups,
                                KV_PRINCIPAL_GROUPS_MAX, &count, err));
    find_role(call, role);

    const struct kv_action_question question = {
        .object_id = call->caller->object_id,
        .groups = (const char(*)[KV_UUID_LENGTH + 1]) groups,
        .group_count = count,
        .action = action,
        .scope = scope,
        .role = role[0] != '\0' ? role : NULL,
        .now = call->now,
    };

    return kv_access_check_action(call->app->access, &question, ret_allowed, err);
}

enum kv_code arm_authorize(const struct arm_call *call, const char *action, const char *scope,
                           struct kv_err *err)
{
    char name[KV_RESOURCE_CALLER_SIZE];
    bool is_user, allowed = false;

    if (arm_is_owner(call)) {
        return KV_OK;
    }
    KV_TRY(ask(call, action, scope, &allowed, err));
    if (allowed) {
        return KV_OK;
    }
    arm_name_caller(call, name, &is_user);
    return KV_FAIL(
        err, KV_AUTHORIZATION_FAILED, 0,
        "The client '%s' with object id '%s' does not have authorization to perform "
        "action '%s' over scope '%.400s' or the scope is invalid. If access was recently "
        "granted, please refresh your credentials.",
        name, call->caller->object_id, action, scope);
}

enum kv_code arm_authorize_linked(const struct arm_call *call, const char *action,
                                  const char *linked, struct kv_err *err)
{
    struct kv_err why = { .code = KV_OK };
    enum kv_code code = arm_authorize(call, action, linked, &why);
    char name[KV_RESOURCE_CALLER_SIZE];
    bool is_user;

    if (code != KV_AUTHORIZATION_FAILED) {
        if (code != KV_OK && err != NULL) {
            *err = why;
        }
        return code;
    }
    arm_name_caller(call, name, &is_user);
    return KV_FAIL(
        err, KV_LINKED_AUTHORIZATION_FAILED, 0,
        "The client '%s' with object id '%s' has permission to perform action '%s/write' "
        "on scope '%.250s'; however, it does not have permission to perform action(s) "
        "'%s' on the linked scope(s) '%.250s' (respectively) or the linked scope(s) are "
        "invalid.",
        name, call->caller->object_id, call->type->name, call->id->text, action, linked);
}
