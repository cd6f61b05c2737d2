/* SPDX-License-Identifier: Apache-2.0 */
/* Role assignments at every scope (control-plane.md §2.4). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "kv/base/json.h"
#include "kv/resources/resources.h"
#include "private.h"

#define TYPE "Microsoft.Authorization/roleAssignments"

/* --- on the wire --- */

static void add_maybe(cJSON *object, const char *name, const char *text, bool *ok)
{
    kv_json_add_take(object, name, text != NULL ? cJSON_CreateString(text) : cJSON_CreateNull(),
                     ok);
}

static void add_date(cJSON *object, const char *name, kv_millis when, bool *ok)
{
    char date[KV_ISO_DATE_SIZE];

    kv_time_render_iso(when, date);
    kv_json_add_text(object, name, date, ok);
}

static const char *type_word(const struct kv_principal_entry *entry)
{
    switch (entry->type) {
    case KV_PRINCIPAL_USER:
        return "User";
    case KV_PRINCIPAL_GROUP:
        return "Group";
    case KV_PRINCIPAL_APPLICATION:
    case KV_PRINCIPAL_SYSTEM_ASSIGNED:
    case KV_PRINCIPAL_USER_ASSIGNED:
        break;
    }
    return "ServicePrincipal";
}

/* As its maker said, or else as the directory knows it; of one that is gone it is not known. */
static const char *type_of(const struct arm_call *call, const struct kv_scoped_assignment *one)
{
    struct kv_principal_entry entry;

    if (one->principal_type[0] != '\0') {
        return one->principal_type;
    }
    return kv_principals_find_object(call->app->principals, one->principal, &entry, NULL) == KV_OK
               ? type_word(&entry)
               : "Unknown";
}

static void print_id(const struct kv_scoped_assignment *one, char ret_id[KV_RESOURCE_ID_MAX + 1])
{
    (void) snprintf(ret_id, KV_RESOURCE_ID_MAX + 1, "%s/providers/" TYPE "/%s",
                    strcmp(one->scope, "/") == 0 ? "" : one->scope, one->name);
}

static void add_properties(const struct arm_call *call, const struct kv_scoped_assignment *one,
                           bool shows_maker, cJSON *item, bool *ok)
{
    cJSON *properties = kv_json_add_object(item, "properties", ok);
    char role[DEFINITION_ID_SIZE];

    authorization_definition_id(call->app, one->role, role);
    kv_json_add_text(properties, "roleDefinitionId", role, ok);
    kv_json_add_text(properties, "principalId", one->principal, ok);
    kv_json_add_text(properties, "principalType", type_of(call, one), ok);
    kv_json_add_text(properties, "scope", one->scope, ok);
    add_maybe(properties, "condition", one->condition, ok);
    add_maybe(properties, "conditionVersion", one->condition_version, ok);
    add_date(properties, "createdOn", one->made, ok);
    add_date(properties, "updatedOn", one->changed, ok);
    add_maybe(properties, "createdBy", shows_maker && one->made_by[0] != '\0' ? one->made_by : NULL,
              ok);
    add_maybe(properties, "updatedBy", one->changed_by[0] != '\0' ? one->changed_by : NULL, ok);
    add_maybe(properties, "delegatedManagedIdentityResourceId", NULL, ok);
    add_maybe(properties, "description", one->description, ok);
}

/* The answer to a PUT does not say yet who made it. */
static enum kv_code render(const struct arm_call *call, const struct kv_scoped_assignment *one,
                           bool shows_maker, cJSON **ret_item, struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *item = cJSON_CreateObject();
    char id[KV_RESOURCE_ID_MAX + 1];
    bool ok = item != NULL;

    add_properties(call, one, shows_maker, item, &ok);
    print_id(one, id);
    kv_json_add_text(item, "id", id, &ok);
    kv_json_add_text(item, "type", TYPE, &ok);
    kv_json_add_text(item, "name", one->name, &ok);
    if (!ok) {
        return KV_OUT_OF_MEMORY(err);
    }
    *ret_item = kv_take(item);
    return KV_OK;
}

enum kv_code azure_assignment_get(struct arm_call *call, struct arm_reply *reply,
                                  struct kv_err *err)
{
    kv_auto(kv_scoped_assignment_done) struct kv_scoped_assignment one = { .scope = NULL };

    KV_TRY(kv_access_get_at(call->app->access, authorization_scope(call), call->id->leaf, false,
                            &one, err));
    return render(call, &one, true, &reply->body, err);
}

/* 204 when there is none: control-plane.md §2.4 */
enum kv_code azure_assignment_delete(struct arm_call *call, struct arm_reply *reply,
                                     struct kv_err *err)
{
    kv_auto(kv_scoped_assignment_done) struct kv_scoped_assignment one = { .scope = NULL };
    struct kv_access *access = call->app->access;
    const char *scope = authorization_scope(call);
    enum kv_code code = kv_access_get_at(access, scope, call->id->leaf, false, &one, err);

    if (code == KV_ROLE_ASSIGNMENT_NOT_FOUND) {
        reply->status = 204;
        return KV_OK;
    }
    KV_TRY(code);
    KV_TRY(render(call, &one, true, &reply->body, err));
    return kv_access_delete_at(access, scope, one.name, call->now, err);
}

/* --- a list --- */

struct listing {
    struct arm_call *call;
    struct arm_page *page;
};

static enum kv_code add(void *context, const struct kv_scoped_assignment *one, bool *ret_enough,
                        struct kv_err *err)
{
    struct listing *listing = context;
    cJSON *item = NULL;
    char mark[24];

    if (arm_page_is_full(listing->page)) {
        listing->page->has_more = true;
        *ret_enough = true;
        return KV_OK;
    }
    if (listing->call->verb != KV_GET /* what goes with a group: not what is above it */
        && !kv_scope_is_within(listing->call->app->access, one->scope, listing->call->id->parent)) {
        return KV_OK;
    }
    KV_TRY(render(listing->call, one, true, &item, err));
    (void) snprintf(mark, sizeof(mark), "%lld", (long long) one->mark);
    return arm_page_add(listing->page, item, mark, err);
}

enum kv_code azure_assignments_list(struct arm_call *call, struct arm_page *page,
                                    struct kv_err *err)
{
    char whose[PRINCIPALS_SIZE][KV_UUID_LENGTH + 1];
    struct listing listing = { call, page };
    struct filter filter;
    size_t count = 0;

    KV_TRY(authorization_filter(
        call->filter, 1U << FILTER_AT_SCOPE | 1U << FILTER_PRINCIPAL | 1U << FILTER_ASSIGNED_TO,
        &filter, err));
    if (filter.has[FILTER_ASSIGNED_TO]) {
        KV_TRY(authorization_whose(call->app, filter.principal, whose, &count, err));
    } else if (filter.has[FILTER_PRINCIPAL]) {
        memcpy(whose[0], filter.principal, sizeof(whose[0]));
        count = 1;
    }

    const struct kv_scoped_filter wanted = {
        .scope = authorization_scope(call),
        .not_below = filter.has[FILTER_AT_SCOPE],
        .principals = count > 0 ? (const char(*)[KV_UUID_LENGTH + 1]) whose : NULL,
        .principal_count = count,
        .after = page->after != NULL ? strtoll(page->after, NULL, 10) : 0,
    };

    return kv_access_each_at(call->app->access, &wanted, add, &listing, err);
}

/* --- one is made --- */

static enum kv_code refuse(const char *what, struct kv_err *err)
{
    return KV_FAIL(err, KV_INVALID_REQUEST_CONTENT, 0,
                   "The request content was invalid and could not be deserialized: '%s'.", what);
}

static enum kv_code read_body(const struct arm_call *call, struct kv_scoped_draft *ret_draft,
                              struct kv_err *err)
{
    const cJSON *body = cJSON_GetObjectItem(call->body, "properties");
    struct kv_scoped_draft draft = {
        .name = call->id->leaf,
        .scope = authorization_scope(call),
        .by = call->caller != NULL ? call->caller->object_id : NULL,
    };

    if (!cJSON_IsObject(body)) {
        return refuse("properties has to be an object", err);
    }
    KV_TRY(authorization_text(body, "roleDefinitionId", &draft.role, err));
    KV_TRY(authorization_text(body, "principalId", &draft.principal, err));
    KV_TRY(authorization_text(body, "principalType", &draft.principal_type, err));
    KV_TRY(authorization_text(body, "description", &draft.description, err));
    KV_TRY(authorization_text(body, "condition", &draft.condition, err));
    KV_TRY(authorization_text(body, "conditionVersion", &draft.condition_version, err));
    if (draft.role == NULL || draft.principal == NULL) {
        return refuse("roleDefinitionId and principalId are required", err);
    }
    if (!kv_uuid_is_valid(draft.principal)) {
        return refuse("principalId has to be a GUID", err);
    }
    *ret_draft = draft;
    return KV_OK;
}

static enum kv_code take_type(struct kv_scoped_draft *draft, struct kv_err *err)
{
    static const char *const types[] = { "User", "Group", "ServicePrincipal", "ForeignGroup",
                                         "Device" };

    for (size_t i = 0; i < KV_COUNT(types); i++) {
        if (strcasecmp(types[i], draft->principal_type) == 0) {
            draft->principal_type = types[i];
            return KV_OK;
        }
    }
    return refuse("principalType has to be User, Group, ServicePrincipal, ForeignGroup or Device",
                  err);
}

static enum kv_code refuse_principal(const struct arm_call *call, const char *principal,
                                     struct kv_err *err)
{
    return KV_FAIL(
        err, KV_PRINCIPAL_NOT_FOUND, 0,
        "Principal %s does not exist in the directory %s. Check that you have the correct "
        "principal ID. If you are creating this principal and then immediately assigning "
        "a role, this error might be related to a replication delay. In this case, set "
        "the role assignment principalType property to a value, such as ServicePrincipal, "
        "User, or Group.  See https://aka.ms/docs-principaltype",
        principal, kv_identity_tenant(call->app->identity));
}

/* Whether the directory has heard yet of an identity that was made a moment ago (--directory-delay). */
static bool is_replicated(const struct arm_call *call, const struct kv_principal_entry *entry)
{
    kv_auto(kv_resource_done) struct kv_resource resource = { 0 };
    kv_millis delay = call->app->directory_delay;

    return delay == 0 || entry->resource[0] == '\0'
           || kv_resource_get(call->app->resources, entry->resource, &resource, NULL) != KV_OK
           || resource.created + delay <= call->now;
}

/* The directory is asked about whoever is not said to be something. */
static enum kv_code find_type(const struct arm_call *call, struct kv_scoped_draft *draft,
                              struct kv_err *err)
{
    struct kv_principal_entry entry;
    enum kv_code code;

    if (draft->principal_type != NULL && *draft->principal_type != '\0') {
        return take_type(draft, err);
    }
    code = kv_principals_find_object(call->app->principals, draft->principal, &entry, err);
    if (code == KV_NOT_FOUND || (code == KV_OK && !is_replicated(call, &entry))) {
        return refuse_principal(call, draft->principal, err);
    }
    draft->principal_type = code == KV_OK ? type_word(&entry) : NULL;
    return code;
}

/* What the assignment is to be at has to be there, where there is somebody who knows. */
static enum kv_code check_scope(const struct arm_call *call, struct kv_err *err)
{
    kv_auto(arm_reply_done) struct arm_reply reply = { 0 };
    struct arm_call ask = *call;
    struct arm_id scope;

    if (call->id->scope[0] == '\0') {
        return KV_OK;
    }
    KV_TRY(arm_id_parse(call->id->scope, &scope, err));
    ask.type = arm_type_find(call->app, scope.type);
    if (ask.type == NULL || ask.type->get == NULL || scope.is_list) {
        return KV_OK;
    }
    ask.id = &scope;
    ask.verb = KV_GET;
    ask.body = NULL;
    return ask.type->get(&ask, &reply, err);
}

static enum kv_code translate(const struct arm_call *call, enum kv_code code,
                              const struct kv_err *why, struct kv_err *err)
{
    if (code == KV_BAD_PARAMETER) {
        return KV_FAIL(err, KV_ARM_BAD_REQUEST, 0, "%s", why->message);
    }
    if (code == KV_VAULT_NOT_FOUND || code == KV_NOT_FOUND) {
        return KV_FAIL(err, KV_RESOURCE_NOT_FOUND, 0,
                       "The Resource '%.300s' was not found. For more details please go to "
                       "https://aka.ms/ARMResourceNotFoundFix",
                       authorization_scope(call));
    }
    if (err != NULL) {
        *err = *why;
    }
    return code;
}

enum kv_code azure_assignment_put(struct arm_call *call, struct arm_reply *reply,
                                  struct kv_err *err)
{
    kv_auto(kv_scoped_assignment_done) struct kv_scoped_assignment made = { .scope = NULL };
    struct kv_err why = { .code = KV_OK };
    struct kv_scoped_draft draft;
    enum kv_code code;
    bool is_new = false;

    KV_TRY(read_body(call, &draft, err));
    KV_TRY(check_scope(call, err));
    KV_TRY(find_type(call, &draft, err));
    code = kv_access_put_at(call->app->access, &draft, call->now, &is_new, &made, &why);
    if (code != KV_OK) {
        return translate(call, code, &why, err);
    }
    reply->status = is_new ? 201 : 200;
    return render(call, &made, false, &reply->body, err);
}

enum kv_code azure_assignment_check(struct arm_call *call, struct arm_reply *reply,
                                    struct kv_err *err)
{
    struct kv_scoped_draft draft;

    (void) reply;
    if (!kv_uuid_is_valid(call->id->leaf)) {
        return KV_FAIL(
            err, KV_ROLE_ASSIGNMENT_INVALID_ID, 0,
            "The role assignment ID '%.90s' is not valid. The role assignment ID must be "
            "a GUID.",
            call->id->leaf);
    }
    return read_body(call, &draft, err);
}
