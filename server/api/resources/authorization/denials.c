/* SPDX-License-Identifier: Apache-2.0 */
/* Deny assignments, which nobody makes here but coffer's own ways of granting, and permissions: what all
 * that was granted to the caller lets it do at a scope. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kv/base/json.h"
#include "private.h"

#define TYPE "Microsoft.Authorization/denyAssignments"
#define NOBODY "00000000-0000-0000-0000-000000000000"
#define OWNER "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"

static void add_principals(cJSON *properties, const struct kv_scoped_assignment *one, bool *ok)
{
    cJSON *principals = kv_json_add_array(properties, "principals", ok);
    cJSON *principal = cJSON_CreateObject();

    kv_json_add_text(principal, "id", one->principal, ok);
    kv_json_add_text(principal, "type",
                     one->principal_type[0] != '\0' ? one->principal_type : "ServicePrincipal", ok);
    kv_json_add_take(principals, NULL, principal, ok);
    (void) kv_json_add_array(properties, "excludePrincipals", ok);
}

static enum kv_code render(const struct arm_call *call, const struct kv_scoped_assignment *one,
                           cJSON **ret_item, struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *item = cJSON_CreateObject();
    kv_auto(kv_access_role_done) struct kv_access_role role = { .actions = NULL };
    char id[KV_RESOURCE_ID_MAX + 1];
    bool ok = item != NULL;

    KV_TRY(kv_access_role_get(call->app->access, one->role, &role, err));
    cJSON *properties = kv_json_add_object(item, "properties", &ok);
    kv_json_add_text(properties, "denyAssignmentName", role.role_name, &ok);
    kv_json_add_text(properties, "description", one->description != NULL ? one->description : "",
                     &ok);
    cJSON *permissions = kv_json_add_array(properties, "permissions", &ok);
    if (!ok) {
        return KV_OUT_OF_MEMORY(err);
    }
    KV_TRY(authorization_add_permissions(permissions, &role, false, err));
    kv_json_add_text(properties, "scope", one->scope, &ok);
    kv_json_add_bool(properties, "doNotApplyToChildScopes", false, &ok);
    add_principals(properties, one, &ok);
    kv_json_add_bool(properties, "isSystemProtected", false, &ok);
    (void) snprintf(id, sizeof(id), "%s/providers/" TYPE "/%s",
                    strcmp(one->scope, "/") == 0 ? "" : one->scope, one->name);
    kv_json_add_text(item, "id", id, &ok);
    kv_json_add_text(item, "type", TYPE, &ok);
    kv_json_add_text(item, "name", one->name, &ok);
    *ret_item = kv_take(item);
    return ok ? KV_OK : KV_OUT_OF_MEMORY(err);
}

enum kv_code azure_deny_get(struct arm_call *call, struct arm_reply *reply, struct kv_err *err)
{
    kv_auto(kv_scoped_assignment_done) struct kv_scoped_assignment one = { .scope = NULL };
    enum kv_code code = kv_access_get_at(call->app->access, authorization_scope(call),
                                         call->id->leaf, true, &one, err);

    if (code == KV_ROLE_ASSIGNMENT_NOT_FOUND) {
        return KV_FAIL(err, KV_NOT_FOUND, 0, "The deny assignment '%.64s' is not found.",
                       call->id->leaf);
    }
    return code == KV_OK ? render(call, &one, &reply->body, err) : code;
}

struct listing {
    struct arm_call *call;
    struct arm_page *page;
};

static enum kv_code add_denial(void *context, const struct kv_scoped_assignment *one,
                               bool *ret_enough, struct kv_err *err)
{
    struct listing *listing = context;
    cJSON *item = NULL;
    char mark[24];

    if (arm_page_is_full(listing->page)) {
        listing->page->has_more = true;
        *ret_enough = true;
        return KV_OK;
    }
    KV_TRY(render(listing->call, one, &item, err));
    (void) snprintf(mark, sizeof(mark), "%lld", (long long) one->mark);
    return arm_page_add(listing->page, item, mark, err);
}

enum kv_code azure_deny_list(struct arm_call *call, struct arm_page *page, struct kv_err *err)
{
    char whose[1][KV_UUID_LENGTH + 1];
    struct listing listing = { call, page };
    struct filter filter;

    KV_TRY(authorization_filter(call->filter, 1U << FILTER_AT_SCOPE | 1U << FILTER_PRINCIPAL,
                                &filter, err));
    memcpy(whose[0], filter.principal, sizeof(whose[0]));

    const struct kv_scoped_filter wanted = {
        .scope = authorization_scope(call),
        .deny = true,
        .not_below = filter.has[FILTER_AT_SCOPE],
        .principals =
            filter.has[FILTER_PRINCIPAL] ? (const char(*)[KV_UUID_LENGTH + 1]) whose : NULL,
        .principal_count = 1,
        .after = page->after != NULL ? strtoll(page->after, NULL, 10) : 0,
    };

    return kv_access_each_at(call->app->access, &wanted, add_denial, &listing, err);
}

/* --- permissions --- */

static enum kv_code add_role(const struct listing *listing, const char *name, const char *mark,
                             struct kv_err *err)
{
    kv_auto(kv_access_role_done) struct kv_access_role role = { .actions = NULL };
    kv_auto(cJSON_Delete) cJSON *array = cJSON_CreateArray();

    if (array == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    KV_TRY(kv_access_role_get(listing->call->app->access, name, &role, err));
    KV_TRY(authorization_add_permissions(array, &role, true, err));
    return arm_page_add(listing->page, cJSON_DetachItemFromArray(array, 0), mark, err);
}

static enum kv_code add_permission(void *context, const struct kv_scoped_assignment *one,
                                   bool *ret_enough, struct kv_err *err)
{
    struct listing *listing = context;
    char mark[24];

    if (arm_page_is_full(listing->page)) {
        listing->page->has_more = true;
        *ret_enough = true;
        return KV_OK;
    }
    (void) snprintf(mark, sizeof(mark), "%lld", (long long) one->mark);
    return add_role(listing, one->role, mark, err);
}

enum kv_code azure_permissions_list(struct arm_call *call, struct arm_page *page,
                                    struct kv_err *err)
{
    char whose[PRINCIPALS_SIZE][KV_UUID_LENGTH + 1];
    struct listing listing = { call, page };
    size_t count = 0;

    if (arm_is_owner(call)) {
        return page->after == NULL ? add_role(&listing, OWNER, NOBODY, err) : KV_OK;
    }
    KV_TRY(authorization_whose(call->app, call->caller->object_id, whose, &count, err));

    const struct kv_scoped_filter wanted = {
        .scope = authorization_scope(call),
        .not_below = true,
        .principals = (const char(*)[KV_UUID_LENGTH + 1]) whose,
        .principal_count = count,
        .after = page->after != NULL ? strtoll(page->after, NULL, 10) : 0,
    };

    return kv_access_each_at(call->app->access, &wanted, add_permission, &listing, err);
}
