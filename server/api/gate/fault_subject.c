/* SPDX-License-Identifier: Apache-2.0 */
/* What fault rules are told about a request. */
#include <string.h>
#include <strings.h>

#include "faults.h"
#include "kv/app/api.h"
#include "kv/identity/principals.h"

static const char *unless_empty(const char *text)
{
    return text != NULL && *text != '\0' ? text : NULL;
}

static const char *find_header(const void *request, const char *name)
{
    return kv_request_header(request, name);
}

/* The name that a resource id ends in: that of a managed identity. */
static const char *last_segment(const char *resource)
{
    const char *slash = strrchr(resource, '/');

    return slash != NULL ? unless_empty(slash + 1) : NULL;
}

/* By the name that it was registered under, too; who is not known has none. */
static void add_name(const struct kv_request *request, struct gate_subject *subject)
{
    const char *id = subject->subject.principal[0];

    if (id != NULL
        && kv_principals_find_object(request->app->principals, id, &subject->who, NULL) == KV_OK) {
        subject->subject.principal[5] = unless_empty(subject->who.name);
    }
}

static void add_caller(const struct kv_principal *who, struct kv_fault_subject *subject)
{
    subject->principal[0] = unless_empty(who->object_id);
    subject->principal[1] = unless_empty(who->app_id);
    subject->principal[2] = unless_empty(who->name);
    subject->principal[3] = unless_empty(who->resource);
    subject->principal[4] = last_segment(who->resource);
}

static void add_front_caller(const struct kv_request *request, struct gate_subject *subject)
{
    const struct kv_principal *caller = kv_front_caller(request);

    if (caller != NULL) {
        add_caller(caller, &subject->subject);
        add_name(request, subject);
    }
}

/* For whom a token is asked, as api/token reads it: what that refuses is nobody here. */
static bool find_identity(const struct kv_request *request, struct kv_principal_entry *ret_who)
{
    static const struct {
        const char *parameter;
        enum kv_code (*find)(struct kv_principals *principals, const char *name,
                             struct kv_principal_entry *ret_entry, struct kv_err *err);
    } rows[] = {
        { "client_id", kv_principals_find_name },   { "clientid", kv_principals_find_name },
        { "mi_res_id", kv_principals_find_name },   { "msi_res_id", kv_principals_find_name },
        { "object_id", kv_principals_find_object }, { "principal_id", kv_principals_find_object },
    };

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        const char *name = unless_empty(kv_request_query(request, rows[i].parameter));

        if (name != NULL) {
            return rows[i].find(request->app->principals, name, ret_who, NULL) == KV_OK;
        }
    }
    return kv_principals_find_managed(request->app->principals, ret_who, NULL) == KV_OK;
}

/* Of whoever a token is asked for, if the request says so. */
static void add_entry(bool is_known, struct gate_subject *subject)
{
    const struct kv_principal_entry *who = &subject->who;

    if (is_known) {
        subject->subject.principal[0] = unless_empty(who->object_id);
        subject->subject.principal[1] = unless_empty(who->client_id);
        subject->subject.principal[2] = unless_empty(who->upn);
        subject->subject.principal[3] = unless_empty(who->resource);
        subject->subject.principal[4] = last_segment(who->resource);
        subject->subject.principal[5] = unless_empty(who->name);
    }
}

/* {name} is a key's below /keys and /deletedkeys, and something else elsewhere. */
static const char *find_key(const struct kv_request *request, const struct kv_route *route)
{
    const char *key = kv_route_capture(route, request, "key");
    const char *first = request->segment[0];

    if (key != NULL || (strcasecmp(first, "keys") != 0 && strcasecmp(first, "deletedkeys") != 0)) {
        return key;
    }
    return kv_route_capture(route, request, "name");
}

static void add_route(const struct kv_request *request, const struct kv_route *route,
                      struct kv_fault_subject *subject)
{
    subject->operation = route->operation;
    if (kv_operation_row(route->operation)->names != KV_NAMES_NOTHING) {
        subject->key = find_key(request, route);
        subject->version = kv_route_capture(route, request, "version");
    }
}

void gate_fault_describe(const struct kv_request *request, enum kv_fault_stage stage,
                         struct gate_subject *ret_subject)
{
    const struct kv_route *route = request->route != NULL ? request->route : kv_route_find(request);
    struct kv_fault_subject *subject = &ret_subject->subject;

    *subject = (struct kv_fault_subject){
        .stage = stage,
        .vault = request->vault,
        .api_version = unless_empty(kv_request_query(request, "api-version")),
        .client = request->client,
        .session = unless_empty(kv_request_header(request, "x-coffer-session")),
        .find_header = find_header,
        .context = request,
        .now = request->now,
    };
    if (route != NULL) {
        add_route(request, route, subject);
    }
    if (kv_front_is_asked(request)) {
        add_front_caller(request, ret_subject);
    } else if (gate_fault_is_of_vault(request)) {
        add_caller(&kv_call_of(request)->principal, subject);
        add_name(request, ret_subject);
    } else if ((UINT64_C(1) << subject->operation & KV_OPERATIONS_OF_MANAGED) != 0) {
        add_entry(find_identity(request, &ret_subject->who), ret_subject);
    } else if (stage == KV_FAULT_REQUEST
               && (UINT64_C(1) << subject->operation & KV_OPERATIONS_OF_LOGIN) != 0) {
        add_entry(kv_authority_find_caller(request, &ret_subject->who), ret_subject);
    }
}
