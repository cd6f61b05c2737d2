/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The managed-identity endpoints as a site: who may use them, and how refusals look. There is no
 * challenge: everybody who can reach the loopback port may have a token, except web pages.
 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "kv/app/api.h"
#include "kv/http/loopback.h"
#include "private.h"

/* The address of the real IMDS, for networks that route it here (clients.md §5.1). */
#define IMDS_ADDRESS "169.254.169.254"

static bool serves(const struct kv_request *request)
{
    return request->segments > 0
           && (strcasecmp(request->segment[0], "msi") == 0
               || strcasecmp(request->segment[0], "metadata") == 0
               || strcasecmp(request->segment[0], "arc") == 0);
}

static enum kv_code refuse_strangers(struct kv_request *request, struct kv_response *response,
                                     struct kv_err *err)
{
    (void) response;
    return kv_loopback_check(request, IMDS_ADDRESS, request->app->control_names,
                             request->app->serves_siblings, err);
}

static enum kv_code refuse_unmatched(struct kv_request *request, struct kv_response *response,
                                     unsigned verbs_of_path, struct kv_err *err)
{
    (void) response;
    if (verbs_of_path != 0) {
        return KV_FAIL(err, KV_METHOD_NOT_ALLOWED, 0, "%s is not supported, only GET is.",
                       request->method);
    }
    return KV_FAIL(err, KV_NOT_FOUND, 0, "There is no such token endpoint.");
}

/* OAuth 2.0 has words for what went wrong (RFC 6749 §4.1.2.1, §5.2). */
static const char *error_word(int status)
{
    static const struct {
        int status;
        const char *word;
    } rows[] = {
        { 403, "access_denied" },
        { 429, "too_many_requests" },
        { 500, "server_error" },
        { 503, "temporarily_unavailable" },
    };

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        if (rows[i].status == status) {
            return rows[i].word;
        }
    }
    return "invalid_request";
}

static void render_error(struct kv_request *request, const struct kv_err *err,
                         struct kv_response *response)
{
    int status = kv_err_row(err->code)->status;

    if (token_render_refusal(request, status, error_word(status), err->message, response, NULL)
        != KV_OK) {
        response->status = status; /* out of memory: the status alone must do */
    }
    if (status == 405) { /* an answer without the header is still one */
        KV_IGNORE(kv_response_header(response, NULL, "Allow", "GET"));
    }
}

static void log_and_note(const struct kv_request *request, const struct kv_response *response,
                         const struct kv_err *err, int64_t micros)
{
    kv_log_access(request, response, err, micros);
    kv_journal_answer(KV_JOURNAL_TOKEN, request, response, err, micros);
}

const struct kv_route kv_token_routes[] = {
    { KV_GET, "/msi/token", token_of_app_service, KV_LANE_WORK, NULL,
      KV_OPERATION_APP_SERVICE_TOKEN },
    { KV_GET, "/metadata/identity/oauth2/token", token_of_imds, KV_LANE_WORK, NULL,
      KV_OPERATION_IMDS_TOKEN },
    { KV_GET, "/arc/metadata/identity/oauth2/token", token_of_arc, KV_LANE_WORK, NULL,
      KV_OPERATION_ARC_TOKEN },
    { 0 },
};

static const struct kv_gate gates[] = {
    { "strangers", refuse_strangers },
    { "faults-on-arrival", kv_fault_on_arrival },
    { "route", kv_route_match },
    { "faults", kv_fault_on_request },
    { 0 },
};

static const struct kv_gate at_answer[] = {
    { "faults-on-answer", kv_fault_on_answer },
    { 0 },
};

static const struct kv_route *const tables[] = { kv_token_routes, NULL };

const struct kv_site kv_token_site = {
    .name = "token",
    .serves = serves,
    .tables = tables,
    .gates = gates,
    .at_answer = at_answer,
    .unmatched = refuse_unmatched,
    .render_error = render_error,
    .finish = kv_loopback_finish,
    .after = log_and_note,
};
