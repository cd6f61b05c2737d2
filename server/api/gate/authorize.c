/* SPDX-License-Identifier: Apache-2.0 */
/* The gate that asks whether the caller may do what the route stands for: contract §9.3, §14. */
#include <string.h>
#include <strings.h>

#include "private.h"

/* Most callers are in none: that is asked first. */
static enum kv_code find_groups(const struct kv_request *request, const char *object_id,
                                char ret_ids[][KV_UUID_LENGTH + 1], size_t *ret_count,
                                struct kv_err *err)
{
    struct kv_principal_standing standing;

    *ret_count = 0;
    KV_TRY(kv_principals_standing(request->app->principals, object_id, &standing, err));
    return standing.has_groups ? kv_principals_groups(request->app->principals, object_id, ret_ids,
                                                      KV_PRINCIPAL_GROUPS_MAX, ret_count, err)
                               : KV_OK;
}

/* The key of a scope "/keys/{name}" of a managed HSM, in one segment; NULL: it is another scope. */
static const char *find_key_in_scope(const char *scope, bool *ret_at_keys)
{
    static const char keys[] = "keys";
    size_t len = strlen(keys);

    scope += strspn(scope, "/");
    if (strncasecmp(scope, keys, len) != 0 || (scope[len] != '\0' && scope[len] != '/')) {
        return NULL;
    }
    *ret_at_keys = true;
    scope += len + strspn(scope + len, "/");
    return *scope != '\0' ? scope : NULL;
}

/* Which key the request is about; NULL: none, but *ret_at_keys tells whether it is about keys. */
static const char *find_key(const struct kv_request *request, bool *ret_at_keys)
{
    const char *key = kv_request_capture(request, "key");
    const char *scope = kv_request_capture(request, "scope");
    const char *first = request->segment[0];

    *ret_at_keys = false;
    if (scope != NULL) {
        return find_key_in_scope(scope, ret_at_keys);
    }
    if (strcasecmp(first, "keys") != 0 && strcasecmp(first, "deletedkeys") != 0) {
        return NULL;
    }
    *ret_at_keys = true;
    return key != NULL ? key : kv_request_capture(request, "name");
}

enum kv_code gate_ask(const struct kv_request *request, struct gate_question *ret_asked,
                      struct kv_err *err)
{
    const struct kv_call *call = kv_call_of(request);
    struct kv_access_question *question = &ret_asked->question;

    *question = (struct kv_access_question){
        .vault = call->vault,
        .object_id = call->principal.object_id,
        .app_id = call->principal.app_id,
        .groups = ret_asked->groups,
        .caller = ret_asked->caller,
        .permission = kv_terms_of(request->route)->permission,
        .now = request->now,
    };
    KV_TRY(
        find_groups(request, question->object_id, ret_asked->groups, &question->group_count, err));
    kv_caller_print(&call->principal, question->group_count, ret_asked->caller);
    question->key = find_key(request, &question->at_keys);
    return KV_OK;
}

enum kv_code gate_authorize(struct kv_request *request, struct kv_response *response,
                            struct kv_err *err)
{
    struct kv_call *call = request->context;
    struct gate_question asked;

    (void) response;
    if (kv_identity_auth(request->app->identity) == KV_AUTH_OFF) { /* nobody knows who asks */
        return KV_OK;
    }
    KV_TRY(gate_ask(request, &asked, err));
    return kv_access_check(request->app->access, &asked.question, call->assignment, err);
}
