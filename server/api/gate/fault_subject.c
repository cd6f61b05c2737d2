/* SPDX-License-Identifier: Apache-2.0 */
/* What fault rules are told about a request. */
#include <string.h>
#include <strings.h>

#include "faults.h"

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

static void add_caller(const struct kv_principal *who, struct kv_fault_subject *subject)
{
    subject->principal[0] = unless_empty(who->object_id);
    subject->principal[1] = unless_empty(who->app_id);
    subject->principal[2] = unless_empty(who->name);
    subject->principal[3] = unless_empty(who->resource);
    subject->principal[4] = last_segment(who->resource);
}

/* For whom a token is asked, as api/token reads it; a request that names two is refused there. */
static void add_identity(const struct kv_request *request, struct gate_subject *subject)
{
    static const char *const names[] = { "client_id", "clientid", "mi_res_id", "msi_res_id" };
    static const char *const ids[] = { "object_id", "principal_id" };
    struct kv_identity_card *card = &subject->card;
    const char *name = NULL, *id = NULL;

    for (size_t i = 0; name == NULL && i < KV_COUNT(names); i++) {
        name = unless_empty(kv_request_query(request, names[i]));
    }
    for (size_t i = 0; id == NULL && i < KV_COUNT(ids); i++) {
        id = unless_empty(kv_request_query(request, ids[i]));
    }
    if (!(id != NULL ? kv_identity_card_of_object(request->app->identity, id, card)
                     : kv_identity_card(request->app->identity, name, card))) {
        return;
    }
    subject->subject.principal[0] = unless_empty(card->object_id);
    subject->subject.principal[1] = unless_empty(card->client_id);
    subject->subject.principal[2] = name;
    subject->subject.principal[3] = unless_empty(card->resource);
    subject->subject.principal[4] = last_segment(card->resource);
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
    if (gate_fault_is_of_vault(request)) {
        add_caller(&kv_call_of(request)->principal, subject);
    } else {
        add_identity(request, ret_subject);
    }
}
