/* SPDX-License-Identifier: Apache-2.0 */
/* What every request of the data plane passes before its handler, in the order of contract §19
 * row 26: who is asked, who asks, for what, in which version, and whether that is allowed. */
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "kv/app/api.h"
#include "kv/base/log.h"
#include "kv/wire/version.h"
#include "private.h"

#define EXTERNAL_SINCE "2026-01-01-preview" /* contract §6.12 */

/* contract §9.8: what the HTTP layer in front of the service answers, before any challenge */
static enum kv_code check_url(struct kv_request *request, struct kv_response *response,
                              struct kv_err *err)
{
    (void) response;
    if (!request->target_is_valid) {
        return KV_FAIL(err, KV_BAD_URL, 0, "The request URL is invalid.");
    }
    if (request->authority[0] == '\0') {
        return KV_FAIL(err, KV_BAD_HOST, 0, "The request hostname is invalid.");
    }
    if (request->segments == 0) {
        return KV_FAIL(err, KV_ROOT_FORBIDDEN, 0,
                       "You do not have permission to view this directory or page using the "
                       "credentials that you supplied.");
    }
    return KV_OK;
}

static void end_call(void *context)
{
    struct kv_call *call = context;

    kv_vault_release(call->vault);
    free(call);
}

static const struct kv_vault *acquire_vault(const struct kv_app *app, const char *host)
{
    char name[KV_VAULT_NAME_MAX + 1];

    if (kv_public_host_parse(&app->public_url, host, name)) {
        return kv_vaults_acquire(app->vaults, name);
    }
    return kv_vaults_acquire_host(app->vaults, host);
}

static enum kv_code find_vault(struct kv_request *request, struct kv_response *response,
                               struct kv_err *err)
{
    struct kv_call *call = calloc(1, sizeof(*call));

    if (call == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    request->context = call;
    request->context_free = end_call;
    call->vault = acquire_vault(request->app, request->host);
    if (call->vault == NULL) { /* a DNS failure in the real world (control-plane.md §4.5) */
        return KV_FAIL(err, KV_VAULT_NOT_FOUND, 0, "The vault '%s' was not found.", request->host);
    }
    request->vault = call->vault->name;
    if (kv_public_authority(&request->app->public_url, call->vault, call->public_authority)) {
        request->authority = call->public_authority;
    }
    if (call->vault->kind == KV_MANAGED_HSM) { /* contract §12 */
        kv_uuid_of_time(request->now, request->id);
        response->sorted = true;
    }
    return KV_OK;
}

static enum kv_code refuse_operation(const struct kv_request *request, struct kv_err *err)
{
    size_t last = request->segments < KV_SEGMENTS_MAX ? request->segments : KV_SEGMENTS_MAX;

    return KV_FAIL(err, KV_BAD_PARAMETER, 0, "Method %s does not allow operation '%s'",
                   request->method, request->segment[last - 1]);
}

/*
 * What else a vault of the service has, and coffer does not. A secrets client pointed at coffer
 * gets a puzzling refusal, so the log says it in plain words, once for each.
 */
static void log_keys_only(const struct kv_request *request)
{
    static const char *const kinds[] = { "secrets",      "deletedsecrets",
                                         "certificates", "deletedcertificates",
                                         "storage",      "deletedstorage" };

    for (unsigned i = 0; i < KV_COUNT(kinds); i++) {
        if (strcasecmp(request->segment[0], kinds[i]) == 0
            && (atomic_fetch_or(&request->app->told_keys_only, 1U << i) & 1U << i) == 0) {
            kv_log(KV_LOG_WARNING, "keys_only", KV_LOG_TEXT_FIELD("asked_for", kinds[i]),
                   KV_LOG_TEXT_FIELD("vault", request->vault),
                   KV_LOG_TEXT_FIELD("reason", "coffer serves keys, and nothing else of a vault"));
        }
    }
}

/* What the web server in front of a vault treats as its own file (contract §9.8). */
static bool names_version_with_dashes(const struct kv_request *request)
{
    return !gate_is_hsm(request) && request->verb == KV_POST && request->segments == 4
           && strcasecmp(request->segment[0], "keys") == 0 && kv_uuid_is_valid(request->segment[2]);
}

/* contract §1.1: what no route matches is a method and an operation that do not go together */
static enum kv_code refuse_unmatched(struct kv_request *request, struct kv_response *response,
                                     unsigned verbs_of_path, struct kv_err *err)
{
    static const unsigned used =
        1U << KV_GET | 1U << KV_POST | 1U << KV_PUT | 1U << KV_PATCH | 1U << KV_DELETE;
    struct kv_call *call = request->context;

    (void) response;
    log_keys_only(request);
    if (!(used & 1U << request->verb)) {
        call->allowed = verbs_of_path != 0 ? verbs_of_path : used;
        return KV_FAIL(err, KV_METHOD_NOT_ALLOWED, 0,
                       "The requested resource does not support http method '%s'.",
                       request->method);
    }
    if (request->verb == KV_POST && request->segments == 2
        && strcasecmp(request->segment[0], "keys") == 0) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "Operation not specified");
    }
    if (names_version_with_dashes(request)) {
        return KV_FAIL(err, KV_FILE_NOT_FOUND, 0,
                       "The resource you are looking for might have been removed, had its name "
                       "changed, or is temporarily unavailable.");
    }
    return refuse_operation(request, err);
}

/* The length of "type/subtype" at the start of a Content-Type; 0 when there is no such thing. */
static size_t media_type_length(const char *type)
{
    size_t len = strcspn(type, "; \t");
    size_t slash = strcspn(type, "/");
    bool is_one = slash < len && kv_is_http_token(type, slash)
                  && kv_is_http_token(type + slash + 1, len - slash - 1);

    return is_one ? len : 0;
}

/* The framework reads the body if an operation binds it, and ignores that of a GET or DELETE. A
 * malformed Content-Type counts as missing. */
static enum kv_code check_body(struct kv_request *request, struct kv_response *response,
                               struct kv_err *err)
{
    static const unsigned with_body = 1U << KV_POST | 1U << KV_PUT | 1U << KV_PATCH;
    static const char json[] = "application/json";
    const char *type = kv_request_header(request, "Content-Type");
    size_t len = type != NULL ? media_type_length(type) : 0;

    (void) response;
    if (request->body_is_too_large) {
        return KV_FAIL(err, KV_BODY_TOO_LARGE, 0, "Maximum request length exceeded.");
    }
    if (request->body.len == 0 || !(with_body & 1U << request->verb)) {
        return KV_OK;
    }
    if (len == 0) {
        return KV_FAIL(err, KV_UNSUPPORTED_MEDIA_TYPE, 0,
                       "The request contains an entity body but no Content-Type header. The "
                       "inferred media type 'application/octet-stream' is not supported for this "
                       "resource.");
    }
    if (len != strlen(json) || strncasecmp(type, json, len) != 0) {
        return KV_FAIL(err, KV_UNSUPPORTED_MEDIA_TYPE, 0,
                       "The request entity's media type '%.*s' is not supported for this "
                       "resource.",
                       (int) len, type);
    }
    return KV_OK;
}

static enum kv_code check_api_version(struct kv_request *request, struct kv_response *response,
                                      struct kv_err *err)
{
    struct kv_call *call = request->context;
    const char *name = kv_request_query(request, "api-version");
    struct kv_api_version version;

    (void) response;
    if (name == NULL || name[0] == '\0') { /* not established: contract §19 row 1 */
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "The api-version query parameter is missing.");
    }
    if (!kv_api_version_find(name, request->app->api_versions_strict, &version)) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0,
                       "The specified version (%s) is not recognized. Consider using the latest "
                       "supported version (%s).",
                       name, kv_api_version_newest());
    }
    const char *since = kv_terms_of(request->route)->since;
    if (since != NULL && kv_api_version_is_before(&version, since)) {
        return refuse_operation(request, err);
    }
    call->api_version = name;
    call->shows_hsm_platform = version.shows_hsm_platform;
    call->knows_release = version.knows_release;
    call->knows_external =
        call->vault->kind == KV_MANAGED_HSM && !kv_api_version_is_before(&version, EXTERNAL_SINCE);
    return KV_OK;
}

static bool offers(const struct kv_request *request, const struct kv_route *route)
{
    unsigned hosts = kv_terms_of(route)->hosts;

    return hosts == 0 || (hosts & 1U << kv_call_of(request)->vault->kind) != 0;
}

static const struct kv_gate gates[] = {
    { "client", gate_find_client },
    { "url", check_url },
    { "vault", find_vault },
    { "faults-on-arrival", kv_fault_on_arrival },
    { "authenticate", gate_authenticate },
    { "firewall", gate_firewall },
    { "route", kv_route_match },
    { "body", check_body },
    { "api-version", check_api_version },
    { "faults", kv_fault_on_request },
    { "authorize", gate_authorize },
    { "read-only", gate_read_only },
    { "throttle", gate_throttle },
    { "token", gate_await_token },
    { 0 },
};

static const struct kv_gate at_answer[] = {
    { "faults-on-answer", kv_fault_on_answer },
    { 0 },
};

/* A backup of many versions is sent back unchanged (contract §6.7). */
static size_t choose_body_max(const struct kv_request *request)
{
    bool is_restore = request->verb == KV_POST && request->segments == 2
                      && strcasecmp(request->segment[0], "keys") == 0
                      && strcasecmp(request->segment[1], "restore") == 0;

    return is_restore ? KV_RESPONSE_BODY_MAX : KV_BODY_MAX;
}

static const struct kv_route *const tables[] = { kv_key_routes, kv_hsm_routes, NULL };

const struct kv_site kv_data_plane = {
    .name = "keys",
    .body_max = choose_body_max,
    .tables = tables,
    .offers = offers,
    .gates = gates,
    .at_answer = at_answer,
    .unmatched = refuse_unmatched,
    .render_error = gate_render_error,
    .finish = gate_finish,
    .after = gate_log_access,
};
