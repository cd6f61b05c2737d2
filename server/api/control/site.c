/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The control API as a site: who may use it, and how refusals look. It is protected by listening on
 * loopback, by keeping web pages out and, where the options give one, by a token (docs/security.md).
 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "kv/app/api.h"
#include "kv/base/control_token.h"
#include "kv/base/json.h"
#include "kv/base/secret.h"
#include "kv/http/loopback.h"
#include "page/page.h"
#include "private.h"

static enum kv_code refuse_strangers(struct kv_request *request, struct kv_response *response,
                                     struct kv_err *err)
{
    (void) response;
    return kv_loopback_check(request, NULL, request->app->control_names,
                             request->app->serves_siblings, err);
}

/* It has no path, which is not the path of the page. */
static enum kv_code check_target(struct kv_request *request, struct kv_response *response,
                                 struct kv_err *err)
{
    (void) response;
    return request->target_is_valid
               ? KV_OK
               : KV_FAIL(err, KV_BAD_PARAMETER, 0,
                         "The URL is none that a path and a query can be read from: it has a "
                         "control character, is not UTF-8, or breaks the rules of RFC 3986.");
}

/* Not so what probes, scrapers and clients ask for that have no way to send a token: it changes
 * nothing. The test authority answers everybody, as one that is trusted does. */
static bool is_guarded(const struct kv_request *request)
{
    return request->segments > 0 && strcasecmp(request->segment[0], "control") == 0;
}

/* The digests have one length, whatever was sent. */
static bool is_right(const struct kv_app *app, const char *token)
{
    unsigned char digest[KV_SECRET_DIGEST_SIZE];

    return kv_secret_digest(token, strlen(token), digest)
           && kv_secret_equal(digest, sizeof(digest), app->control_token, sizeof(digest));
}

static enum kv_code check_token(struct kv_request *request, struct kv_response *response,
                                struct kv_err *err)
{
    const char *header = kv_request_header(request, "Authorization");
    const char *token = header != NULL ? kv_control_token_shown(header) : NULL;

    (void) response;
    if (!request->app->wants_control_token || !is_guarded(request)) {
        return KV_OK;
    }
    if (token == NULL) {
        return KV_FAIL(err, KV_UNAUTHORIZED, 0,
                       "A control token is wanted: Authorization: Bearer TOKEN, by "
                       "--control-token-file or COFFER_CONTROL_TOKEN.");
    }
    return is_right(request->app, token)
               ? KV_OK
               : KV_FAIL(err, KV_UNAUTHORIZED, 0, "The control token is not the right one.");
}

static bool is_write(enum kv_verb verb)
{
    return verb != KV_GET && verb != KV_HEAD && verb != KV_OPTIONS;
}

/* A form of a page cannot send this type without asking first, and asking is refused; nor can it
 * send the other verbs, which may go without a body. */
static enum kv_code check_media_type(struct kv_request *request, struct kv_response *response,
                                     struct kv_err *err)
{
    static const char json[] = "application/json";
    const char *type = kv_request_header(request, "Content-Type");
    size_t len = type == NULL ? 0 : strcspn(type, "; \t");

    (void) response;
    if (request->verb != KV_POST && request->body.len == 0) {
        return KV_OK;
    }
    if (is_write(request->verb) && (len != strlen(json) || strncasecmp(type, json, len) != 0)) {
        return KV_FAIL(err, KV_UNSUPPORTED_MEDIA_TYPE, 0,
                       "A write needs Content-Type: application/json.");
    }
    return KV_OK;
}

static void render_error(struct kv_request *request, const struct kv_err *err,
                         struct kv_response *response)
{
    (void) request;
    kv_response_error(response, err);
    if (response->status == 401) { /* an answer without the header is still one */
        KV_IGNORE(kv_response_header(response, NULL, "WWW-Authenticate", "Bearer"));
    }
}

/* The answer to a wrong verb is made here: only here it is known which are right. */
static enum kv_code refuse_unmatched(struct kv_request *request, struct kv_response *response,
                                     unsigned verbs_of_path, struct kv_err *err)
{
    char verbs[KV_VERBS_SIZE];

    if (verbs_of_path == 0) {
        return KV_FAIL(err, KV_NOT_FOUND, 0, "There is nothing under this path.");
    }
    kv_verbs_list(verbs_of_path, verbs);
    KV_IGNORE(KV_FAIL(err, KV_METHOD_NOT_ALLOWED, 0, "%s is not supported here, only %s.",
                      request->method, verbs)); /* rendered at once */
    render_error(request, err, response);
    KV_TRY(kv_response_header(response, err, "Allow", verbs));
    return kv_step_answer(request);
}

/* Probes and scrapers ask every few seconds: what only reads and succeeds is not worth a line. */
static void log_what_matters(const struct kv_request *request, const struct kv_response *response,
                             const struct kv_err *err, int64_t micros)
{
    if (response->status >= 400 || is_write(request->verb)) {
        kv_log_access(request, response, err, micros);
    }
    kv_journal_answer(KV_JOURNAL_CONTROL, request, response, err, micros);
}

/* The site's own column of a row: the members that the query may have, separated by blanks. None
 * where there is no such column; and any where others than coffer's own tools ask, who may add what
 * they like: probes, scrapers, clients of an attestation service. */
#define QUERY_ANY "*"

#define NOTHING(name)
#define FILTER(name) " " name
#define X(symbol, name, max, by) by(name)
static const char query_filter[] = "since kind status principal api-version"
#include "kv/journal/text.def"
    ;
static const char query_list[] = "limit format since kind status principal api-version"
#include "kv/journal/text.def"
    ;
#undef X
#undef FILTER
#undef NOTHING

const struct kv_route kv_control_routes[] = {
    { KV_GET, "/ready", control_ready, KV_LANE_INLINE, QUERY_ANY },
    { KV_GET, "/health", control_health, KV_LANE_INLINE, QUERY_ANY },
    { KV_GET, "/metrics", control_metrics, KV_LANE_INLINE, QUERY_ANY },
    { KV_GET, "/ca.pem", control_ca, KV_LANE_INLINE, QUERY_ANY },
    { KV_GET, "/ca.p12", control_ca_p12, KV_LANE_INLINE, QUERY_ANY },
    { KV_GET, "/ca.jks", control_ca_jks, KV_LANE_INLINE, QUERY_ANY },
    { KV_GET, "/generate-test-token", authority_attest, KV_LANE_WORK, QUERY_ANY },
    { KV_GET, "/.well-known/openid-configuration", authority_describe, KV_LANE_INLINE, QUERY_ANY },
    { KV_GET, "/certs", authority_keys, KV_LANE_WORK, QUERY_ANY },
    { KV_GET, "/control/v1/openapi.json", control_openapi, KV_LANE_WORK },
    { KV_GET, "/control/v1/info", control_info, KV_LANE_INLINE },
    { KV_GET, "/control/v1/hsm", control_hsm, KV_LANE_WORK }, /* it may be re-opening */
    { KV_GET, "/control/v1/hsm/faults", hsm_fault_list, KV_LANE_INLINE },
    { KV_POST, "/control/v1/hsm/faults", hsm_fault_add, KV_LANE_WORK },
    { KV_DELETE, "/control/v1/hsm/faults", hsm_fault_clear, KV_LANE_INLINE, "kind" },
    { KV_GET, "/control/v1/hsm/faults/{id}", hsm_fault_get, KV_LANE_INLINE },
    { KV_DELETE, "/control/v1/hsm/faults/{id}", hsm_fault_remove, KV_LANE_INLINE },
    { KV_GET, "/control/v1/clock", control_clock_get, KV_LANE_INLINE },
    { KV_POST, "/control/v1/clock", control_clock_move, KV_LANE_INLINE },
    { KV_PUT, "/control/v1/clock", control_clock_move, KV_LANE_INLINE },
    { KV_POST, "/control/v1/clock/advance", control_clock_move, KV_LANE_INLINE },
    { KV_POST, "/control/v1/clock/run-to-next-event", control_clock_move, KV_LANE_INLINE },
    { KV_GET, "/control/v1/vaults", control_vaults, KV_LANE_WORK }, /* 10 000 are megabytes */
    { KV_GET, "/control/v1/vaults/{name}", control_vault_get, KV_LANE_WORK },
    { KV_PUT, "/control/v1/vaults/{name}", control_vault_put, KV_LANE_WORK },
    { KV_PATCH, "/control/v1/vaults/{name}", control_vault_patch, KV_LANE_WORK },
    { KV_DELETE, "/control/v1/vaults/{name}", control_vault_delete, KV_LANE_WORK },
    { KV_POST, "/control/v1/vaults/{name}/recover", control_vault_recover, KV_LANE_WORK },
    { KV_POST, "/control/v1/vaults/{name}/purge", control_vault_purge, KV_LANE_WORK },
    { KV_GET, "/control/v1/vaults/{name}/access", control_access, KV_LANE_WORK },
    { KV_PUT, "/control/v1/vaults/{name}/policies/{principal}", control_policy_put, KV_LANE_WORK },
    { KV_DELETE, "/control/v1/vaults/{name}/policies/{principal}", control_policy_delete,
      KV_LANE_WORK, "application_id" },
    { KV_POST, "/control/v1/vaults/{name}/assignments", control_assignment_post, KV_LANE_WORK },
    { KV_DELETE, "/control/v1/vaults/{name}/assignments", control_assignment_withdraw,
      KV_LANE_WORK },
    { KV_DELETE, "/control/v1/vaults/{name}/assignments/{assignment}", control_assignment_delete,
      KV_LANE_WORK },
    { KV_GET, "/control/v1/vaults/{name}/network", control_network_get, KV_LANE_WORK },
    { KV_PUT, "/control/v1/vaults/{name}/network", control_network_put, KV_LANE_WORK },
    { KV_PATCH, "/control/v1/vaults/{name}/network", control_network_patch, KV_LANE_WORK },
    { KV_POST, "/control/v1/vaults/{name}/network/rules", control_network_allow, KV_LANE_WORK },
    { KV_DELETE, "/control/v1/vaults/{name}/network/rules", control_network_remove, KV_LANE_WORK },
    { KV_GET, "/control/v1/vaults/{name}/why", control_why, KV_LANE_WORK,
      "operation identity principal key version address" },
    { KV_POST, "/control/v1/vaults/{name}/why", control_why_post, KV_LANE_WORK },
    { KV_GET, "/control/v1/roles/{role}", control_role_get, KV_LANE_WORK },
    { KV_PUT, "/control/v1/roles/{role}", control_role_put, KV_LANE_WORK },
    { KV_DELETE, "/control/v1/roles/{role}", control_role_delete, KV_LANE_WORK },
    { KV_GET, "/control/v1/identity", control_identity, KV_LANE_WORK, "name" },
    { KV_POST, "/control/v1/reset", control_reset, KV_LANE_WORK },
    { KV_GET, "/control/v1/requests", control_requests, KV_LANE_WORK, query_list },
    { KV_DELETE, "/control/v1/requests", control_requests_clear, KV_LANE_WORK, query_filter },
    { KV_GET, "/control/v1/requests/retries", control_retries, KV_LANE_WORK, query_filter },
    { KV_POST, "/control/v1/requests/wait", control_requests_wait, KV_LANE_INLINE },
    { KV_POST, "/control/v1/requests/expect", control_requests_expect, KV_LANE_WORK },
    { KV_GET, "/control/v1/events", control_events, KV_LANE_WORK,
      "type state vault key since limit" },
    { KV_DELETE, "/control/v1/events", control_events_clear, KV_LANE_WORK, "vault" },
    { KV_POST, "/control/v1/events/wait", control_events_wait, KV_LANE_WORK },
    { KV_GET, "/control/v1/faults", fault_list, KV_LANE_WORK },
    { KV_POST, "/control/v1/faults", fault_add, KV_LANE_WORK },
    { KV_DELETE, "/control/v1/faults", fault_clear, KV_LANE_WORK, "vault" },
    { KV_GET, "/control/v1/faults/{id}", fault_get, KV_LANE_WORK },
    { KV_PATCH, "/control/v1/faults/{id}", fault_change, KV_LANE_WORK },
    { KV_DELETE, "/control/v1/faults/{id}", fault_remove, KV_LANE_WORK },
    { KV_GET, "/control/v1/scenarios", scenario_list, KV_LANE_WORK },
    { KV_GET, "/control/v1/scenarios/{name}", scenario_get, KV_LANE_WORK },
    { KV_POST, "/control/v1/scenarios/{name}/apply", scenario_apply, KV_LANE_ALONE },
    { KV_POST, "/control/v1/scenarios/{name}/revert", scenario_revert, KV_LANE_ALONE },
    { KV_GET, "/control/v1/state/digest", state_digest, KV_LANE_WORK },
    { KV_GET, "/control/v1/ekm", external_show, KV_LANE_INLINE },
    { KV_POST, "/control/v1/ekm", external_connect, KV_LANE_INLINE },
    { KV_POST, "/control/v1/ekm/keys", external_make, KV_LANE_GENERATE },
    { 0 },
};

static bool is_among(const char *name, const char *names)
{
    size_t len = strlen(name);

    for (; *names != '\0'; names += strcspn(names, " "), names += strspn(names, " ")) {
        if (len == strcspn(names, " ") && strncasecmp(name, names, len) == 0) {
            return true;
        }
    }
    return false;
}

/* A misspelt one must not be ignored: what it was to narrow would be done to all. */
static enum kv_code check_query(struct kv_request *request, struct kv_response *response,
                                struct kv_err *err)
{
    const char *names = request->route->own != NULL ? request->route->own : "";

    (void) response;
    for (size_t i = 0; strcmp(names, QUERY_ANY) != 0 && i < request->query.count; i++) {
        const char *name = request->query.pair[i].name;

        if (!is_among(name, names)) {
            return KV_FAIL(err, KV_BAD_PARAMETER, 0,
                           "'%.63s' is not a member of this query: it can have %s.", name,
                           *names != '\0' ? names : "none");
        }
    }
    return KV_OK;
}

/* Two reads ask the token. */
static enum kv_code await_token(struct kv_request *request, struct kv_response *response,
                                struct kv_err *err)
{
    kv_handler_fn *handler = request->route->handler;

    return handler == control_hsm || handler == state_digest
               ? kv_hold_for_token(request, response, err)
               : kv_hold_changes_for_token(request, response, err);
}

static const struct kv_gate gates[] = {
    { "strangers", refuse_strangers },
    { "target", check_target },
    { "token", check_token },
    { "route", kv_route_match },
    { "media-type", check_media_type },
    { "query", check_query },
    { "hsm", await_token },
    { "journal", control_hold_waiters },
    { "events", control_hold_for_events },
    { "consumers", control_hold_for_consumers },
    { 0 },
};

static const struct kv_route *const tables[] = {
    kv_control_routes, identities_routes, keys_routes, state_routes,
    consumer_routes,   page_routes,       NULL
};

const struct kv_site kv_control_site = {
    .name = "control",
    .tables = tables,
    .gates = gates,
    .unmatched = refuse_unmatched,
    .render_error = render_error,
    .finish = kv_loopback_finish,
    .after = log_what_matters,
};
