/* SPDX-License-Identifier: Apache-2.0 */
/* The gate that asks whether the caller may do what the route stands for: contract §9.3, §14. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "private.h"

/* contract §9.3; a name is there for users alone. */
static void print_caller(const struct kv_principal *who, char ret_caller[GATE_CALLER_SIZE])
{
    bool has_name = who->name[0] != '\0';

    snprintf(ret_caller, GATE_CALLER_SIZE, "%s%s%sappid=%s;oid=%s;iss=%s", has_name ? "name=" : "",
             who->name, has_name ? ";" : "", who->app_id, who->object_id, who->issuer);
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

void gate_ask(const struct kv_request *request, char ret_caller[GATE_CALLER_SIZE],
              struct kv_access_question *ret_question)
{
    const struct kv_call *call = kv_call_of(request);

    print_caller(&call->principal, ret_caller);
    *ret_question = (struct kv_access_question){
        .vault = call->vault,
        .object_id = call->principal.object_id,
        .app_id = call->principal.app_id,
        .caller = ret_caller,
        .permission = kv_terms_of(request->route)->permission,
        .now = request->now,
    };
    ret_question->key = find_key(request, &ret_question->at_keys);
}

enum kv_code gate_authorize(struct kv_request *request, struct kv_response *response,
                            struct kv_err *err)
{
    struct kv_call *call = request->context;
    struct kv_access_question question;
    char caller[GATE_CALLER_SIZE];

    (void) response;
    if (kv_identity_auth(request->app->identity) == KV_AUTH_OFF) { /* nobody knows who asks */
        return KV_OK;
    }
    gate_ask(request, caller, &question);
    return kv_access_check(request->app->access, &question, call->assignment, err);
}
