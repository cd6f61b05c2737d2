/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The authority as a site: where clients that log in get their tokens, in place of
 * login.microsoftonline.com (control-plane.md §5.1, clients.md §5.2).
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "form.h"
#include "kv/app/api.h"
#include "private.h"

#define TENANT_PART "/{tenant}/"
#define HSTS "max-age=31536000; includeSubDomains"

static enum kv_code begin_call(struct kv_request *request, struct kv_response *response,
                               struct kv_err *err)
{
    struct authority_call *call = calloc(1, sizeof(*call));
    const char *sent = kv_request_header(request, "client-request-id");

    (void) response;
    if (call == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    request->context = call;
    request->context_free = free;
    sent = sent != NULL ? sent : kv_request_query(request, "client-request-id");
    call->is_echoed = sent != NULL && kv_uuid_is_valid(sent);
    if (call->is_echoed) {
        memcpy(call->correlation, sent, sizeof(call->correlation));
    } else {
        kv_uuid_random(call->correlation);
    }
    return KV_OK;
}

static enum kv_code check_url(struct kv_request *request, struct kv_response *response,
                              struct kv_err *err)
{
    (void) response;
    if (!request->target_is_valid || request->authority[0] == '\0') {
        return AADSTS_REFUSE(err, 9002313);
    }
    return KV_OK;
}

static enum kv_code check_body(struct kv_request *request, struct kv_response *response,
                               struct kv_err *err)
{
    (void) response;
    if (request->body_is_too_large) {
        return KV_FAIL(err, KV_BODY_TOO_LARGE, 0, "A form may have %d bytes.", FORM_MAX);
    }
    return KV_OK;
}

static size_t choose_body_max(const struct kv_request *request)
{
    (void) request;
    return FORM_MAX;
}

static enum kv_code refuse_unmatched(struct kv_request *request, struct kv_response *response,
                                     unsigned verbs_of_path, struct kv_err *err)
{
    struct authority_call *call = request->context; /* begin_call() was the first gate */

    (void) response;
    if (verbs_of_path != 0) {
        kv_verbs_list(verbs_of_path, call->allow);
        return AADSTS_REFUSE(err, 900561, call->allow, request->method);
    }
    return KV_FAIL(err, KV_NOT_FOUND, 0, "The authority has no such endpoint.");
}

/* Left out if memory is short: the answer is still right. */
static void add_header(struct kv_response *response, const char *name, const char *value)
{
    KV_IGNORE(kv_response_header(response, NULL, name, value));
}

/* The order of the service's; what belongs to its own machines (cookies, x-ms-ests-server) is not
 * there. */
static void finish(struct kv_request *request, struct kv_response *response)
{
    const struct authority_call *call = authority_call_of(request);
    const char *allow = call != NULL ? call->allow : "";
    bool is_public = response->status == 200 && request->verb == KV_GET;
    char date[KV_HTTP_DATE_SIZE];

    kv_time_render_http(kv_seconds(request->now), date);
    add_header(response, "Cache-Control",
               is_public ? "max-age=86400, private" : "no-store, no-cache");
    if (!is_public) {
        add_header(response, "Pragma", "no-cache");
    }
    if (response->content_type != NULL) {
        add_header(response, "Content-Type", response->content_type);
    }
    if (!is_public) {
        add_header(response, "Expires", "-1");
    }
    add_header(response, "Strict-Transport-Security", HSTS);
    add_header(response, "X-Content-Type-Options", "nosniff");
    if (call != NULL && call->is_echoed) {
        add_header(response, "client-request-id", call->correlation);
    }
    add_header(response, "x-ms-request-id", request->id);
    if (allow[0] != '\0') {
        add_header(response, "Allow", allow);
    }
    add_header(response, "Date", date);
}

static const struct kv_route routes[] = {
    { KV_GET, "/{tenant}/.well-known/openid-configuration", authority_discover_v1, KV_LANE_INLINE,
      NULL, KV_OPERATION_AUTHORITY_DISCOVERY },
    { KV_GET, "/{tenant}/v2.0/.well-known/openid-configuration", authority_discover_v2,
      KV_LANE_INLINE, NULL, KV_OPERATION_AUTHORITY_DISCOVERY },
    { KV_GET, "/{tenant}/adfs/.well-known/openid-configuration", authority_discover_v1,
      KV_LANE_INLINE, NULL, KV_OPERATION_AUTHORITY_DISCOVERY },
    { KV_GET, "/{tenant}/discovery/instance", authority_discover_instance, KV_LANE_INLINE, NULL,
      KV_OPERATION_AUTHORITY_DISCOVERY },
    { KV_GET, "/{tenant}/discovery/keys", authority_keys_v1, KV_LANE_WORK, NULL,
      KV_OPERATION_AUTHORITY_KEYS },
    { KV_GET, "/{tenant}/discovery/v2.0/keys", authority_keys_v2, KV_LANE_WORK, NULL,
      KV_OPERATION_AUTHORITY_KEYS },
    { KV_POST, "/{tenant}/oauth2/token", authority_token_v1, KV_LANE_WORK, NULL,
      KV_OPERATION_AUTHORITY_TOKEN },
    { KV_POST, "/{tenant}/oauth2/v2.0/token", authority_token_v2, KV_LANE_WORK, NULL,
      KV_OPERATION_AUTHORITY_TOKEN },
    { KV_POST, "/{tenant}/oauth2/devicecode", authority_device_v1, KV_LANE_WORK, NULL,
      KV_OPERATION_AUTHORITY_DEVICE_CODE },
    { KV_POST, "/{tenant}/oauth2/v2.0/devicecode", authority_device_v2, KV_LANE_WORK, NULL,
      KV_OPERATION_AUTHORITY_DEVICE_CODE },
    { 0 },
};

static const char *const hosts[] = {
    "login.localhost",
    "login.microsoftonline.com",
    "login.windows.net",
};

static bool is_login_host(const char *host)
{
    for (size_t i = 0; i < KV_COUNT(hosts); i++) {
        if (strcmp(hosts[i], host) == 0) {
            return true;
        }
    }
    return false;
}

/* Whether the segments behind the tenant's are those of the route's path, which has no further
 * placeholder. */
static bool tail_fits(const char *tail, const struct kv_request *request)
{
    for (size_t i = 1; i < request->segments; i++) {
        size_t len = strcspn(tail, "/");

        if (strlen(request->segment[i]) != len
            || strncasecmp(tail, request->segment[i], len) != 0) {
            return false;
        }
        tail += len + (tail[len] == '/');
    }
    return *tail == '\0';
}

static bool is_endpoint(const struct kv_request *request)
{
    for (const struct kv_route *route = routes; route->path != NULL; route++) {
        if (tail_fits(route->path + strlen(TENANT_PART), request)) {
            return true;
        }
    }
    return false;
}

/* A path of the data plane begins with a word of its own, which is no tenant's name. */
static bool serves(const struct kv_request *request)
{
    if (is_login_host(request->host)) {
        return true;
    }
    return request->segments > 1 && request->segments <= KV_SEGMENTS_MAX
           && authority_is_tenant(request->segment[0]) && is_endpoint(request);
}

static void log_and_note(const struct kv_request *request, const struct kv_response *response,
                         const struct kv_err *err, int64_t micros)
{
    kv_log_access(request, response, err, micros);
    kv_journal_answer(KV_JOURNAL_TOKEN, request, response, err, micros);
}

static const struct kv_gate gates[] = {
    { "call", begin_call },
    { "url", check_url },
    { "faults-on-arrival", kv_fault_on_arrival },
    { "route", kv_route_match },
    { "body", check_body },
    { "faults", kv_fault_on_request },
    { "keys", authority_await_keys },
    { 0 },
};

static const struct kv_gate at_answer[] = {
    { "faults-on-answer", kv_fault_on_answer },
    { 0 },
};

static const struct kv_route *const tables[] = { routes, NULL };

const struct kv_site kv_authority_site = {
    .name = "authority",
    .serves = serves,
    .tables = tables,
    .body_max = choose_body_max,
    .gates = gates,
    .at_answer = at_answer,
    .unmatched = refuse_unmatched,
    .render_error = authority_render_error,
    .finish = finish,
    .after = log_and_note,
};
