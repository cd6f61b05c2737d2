/* SPDX-License-Identifier: Apache-2.0 */
/* Role assignments: contract §12. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "private.h"

#define ASSIGNMENT_ID "/providers/Microsoft.Authorization/roleAssignments/"

/* The id names no scope, wherever the assignment is. */
static void add_assignment(cJSON *object, const struct kv_role_assignment *assignment, bool *ok)
{
    char id[sizeof(ASSIGNMENT_ID) + KV_UUID_LENGTH];
    char definition[sizeof(DEFINITION_ID) + KV_UUID_LENGTH];
    cJSON *properties;

    snprintf(id, sizeof(id), ASSIGNMENT_ID "%s", assignment->name);
    snprintf(definition, sizeof(definition), DEFINITION_ID "%s", assignment->definition);
    kv_json_add_text(object, "id", id, ok);
    kv_json_add_text(object, "name", assignment->name, ok);
    kv_json_add_text(object, "type", "Microsoft.Authorization/roleAssignments", ok);
    properties = kv_json_add_object(object, "properties", ok);
    kv_json_add_text(properties, "scope", assignment->scope, ok);
    kv_json_add_text(properties, "roleDefinitionId", definition, ok);
    kv_json_add_text(properties, "principalId", assignment->principal, ok);
}

static enum kv_code respond(const struct kv_role_assignment *assignment, int status,
                            struct kv_response *response, struct kv_err *err)
{
    bool ok = true;
    kv_auto(cJSON_Delete) cJSON *body = cJSON_CreateObject();

    add_assignment(body, assignment, &ok);
    return kv_response_json(response, status, ok ? body : NULL, err);
}

/* Takes the GUID of `principalId eq GUID`, which may stand in quotes. */
static bool take_principal(const char *text, char ret_principal[KV_UUID_LENGTH + 1])
{
    static const char head[] = "principalId eq ";
    bool is_quoted;

    if (strncasecmp(text, head, strlen(head)) != 0) {
        return false;
    }
    text += strlen(head);
    is_quoted = *text == '\'';
    text += is_quoted;
    if (strlen(text) != KV_UUID_LENGTH + (size_t) is_quoted
        || (is_quoted && text[KV_UUID_LENGTH] != '\'')) {
        return false;
    }
    memcpy(ret_principal, text, KV_UUID_LENGTH);
    ret_principal[KV_UUID_LENGTH] = '\0';
    return kv_uuid_is_valid(ret_principal);
}

/* atScope(), or a principal; without a filter everything is wanted. */
static enum kv_code parse_filter(const char *text, char ret_principal[KV_UUID_LENGTH + 1],
                                 struct kv_role_filter *filter, struct kv_err *err)
{
    if (text == NULL || text[0] == '\0') {
        return KV_OK;
    }
    if (strcasecmp(text, "atScope()") == 0) {
        filter->not_below = true;
        return KV_OK;
    }
    if (take_principal(text, ret_principal)) {
        filter->principal = ret_principal;
        return KV_OK;
    }
    return KV_FAIL(err, KV_BAD_PARAMETER, 0,
                   "The filter of role assignments can be atScope() or principalId eq GUID.");
}

enum kv_code assignment_list(struct kv_request *request, struct kv_response *response,
                             struct kv_err *err)
{
    kv_auto(kv_role_assignment_list_done) struct kv_role_assignment_list list = { .count = 0 };
    kv_auto(cJSON_Delete) cJSON *body = cJSON_CreateObject();
    char scope[KV_ROLE_SCOPE_MAX + 1];
    char principal[KV_UUID_LENGTH + 1];
    struct kv_role_filter filter = { .scope = scope };
    bool ok = true;
    cJSON *items = kv_json_add_array(body, "value", &ok);

    KV_TRY(scope_parse(request, scope, err));
    KV_TRY(parse_filter(kv_request_query(request, "$filter"), principal, &filter, err));
    KV_TRY(kv_role_assignment_list(request->app->roles, hsm_of(request), &filter, &list, err));
    for (size_t i = 0; i < list.count; i++) {
        cJSON *item = cJSON_CreateObject();

        kv_json_add_take(items, NULL, item, &ok);
        add_assignment(item, &list.assignment[i], &ok);
    }
    return kv_response_json(response, 200, ok ? body : NULL, err);
}

enum kv_code assignment_get(struct kv_request *request, struct kv_response *response,
                            struct kv_err *err)
{
    struct kv_role_assignment assignment;
    char scope[KV_ROLE_SCOPE_MAX + 1];

    KV_TRY(scope_parse(request, scope, err));
    KV_TRY(kv_role_assignment_get(request->app->roles, hsm_of(request), scope,
                                  kv_request_capture(request, "name"), &assignment, err));
    return respond(&assignment, 200, response, err);
}

struct sent_assignment {
    const char *definition, *principal;
};

enum kv_code assignment_put(struct kv_request *request, struct kv_response *response,
                            struct kv_err *err)
{
    static const struct kv_json_field fields[] = {
        KV_JSON_FIELD(struct sent_assignment, definition, "roleDefinitionId", KV_JSON_STRING),
        KV_JSON_FIELD(struct sent_assignment, principal, "principalId", KV_JSON_STRING),
    };
    kv_auto(cJSON_Delete) cJSON *body = NULL;
    const cJSON *properties;
    struct sent_assignment sent = { .definition = NULL };
    struct kv_role_assignment assignment;
    char scope[KV_ROLE_SCOPE_MAX + 1];

    KV_TRY(scope_parse(request, scope, err));
    KV_TRY(properties_parse(request, &body, &properties, err));
    KV_TRY(kv_json_bind(properties, fields, KV_COUNT(fields), &sent, err));
    if (sent.definition == NULL || sent.principal == NULL) {
        return fail_property(err);
    }

    const char *slash = strrchr(sent.definition, '/');
    const struct kv_role_assignment_args args = {
        .name = kv_request_capture(request, "name"),
        .scope = scope,
        .principal = sent.principal,
        .definition = slash != NULL ? slash + 1 : sent.definition,
    };

    KV_TRY(kv_role_assignment_put(request->app->roles, hsm_of(request), &args, &assignment, err));
    return respond(&assignment, 201, response, err);
}

enum kv_code assignment_delete(struct kv_request *request, struct kv_response *response,
                               struct kv_err *err)
{
    struct kv_role_assignment assignment;
    char scope[KV_ROLE_SCOPE_MAX + 1];

    KV_TRY(scope_parse(request, scope, err));
    KV_TRY(kv_role_assignment_delete(request->app->roles, hsm_of(request), scope,
                                     kv_request_capture(request, "name"), &assignment, err));
    return respond(&assignment, 200, response, err);
}
