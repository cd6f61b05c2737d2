/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Graph as a site of the HTTPS port: graph.microsoft.com and graph.localhost, and of other hosts that are
 * no vault's the paths below /v1.0. Every token for it may read everything.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "kv/app/api.h"
#include "kv/base/json.h"
#include "private.h"

/* Of Graph, which it accepts as its name. */
#define GRAPH_APP_ID "00000003-0000-0000-c000-000000000000"

static bool is_vaults(const struct kv_request *request)
{
    char name[KV_VAULT_NAME_MAX + 1];

    return kv_public_names_vault(&request->app->public_url, request->host, name);
}

static bool serves(const struct kv_request *request)
{
    return strcasecmp(request->host, "graph.microsoft.com") == 0
           || strcasecmp(request->host, "graph.localhost") == 0
           || (request->segments > 0 && strcasecmp(request->segment[0], "v1.0") == 0
               && !is_vaults(request));
}

/* --- who calls --- */

static enum kv_code refuse_token(const char *message, struct kv_err *err)
{
    return KV_FAIL(err, KV_ARM_TOKEN_INVALID, 0, "%s", message);
}

static enum kv_code verify(struct kv_request *request, const char *token, struct kv_err *err)
{
    char own[2][sizeof("https:///") + 256];
    const char *const audiences[] = { "https://graph.microsoft.com", "https://graph.microsoft.com/",
                                      own[0], own[1], NULL };
    const struct kv_token_demand demand = {
        .audiences = audiences,
        .app_id = GRAPH_APP_ID,
        .when = kv_clock_token_time(request->app->clock),
    };
    struct graph_call *call = request->context;
    struct kv_token_verdict verdict;
    struct kv_err why = { .code = KV_OK };

    (void) snprintf(own[0], sizeof(own[0]), "https://%.256s", request->authority);
    (void) snprintf(own[1], sizeof(own[1]), "https://%.255s/", request->authority);

    enum kv_code code = kv_identity_verify(request->app->identity, token, strlen(token), &demand,
                                           &call->caller, &verdict, &why);
    if (code == KV_UNAUTHORIZED) {
        return refuse_token(why.text == KV_TEXT_TOKEN_AUDIENCE
                                ? "Access token validation failure. Invalid audience."
                                : "Access token validation failure.",
                            err);
    }
    if (code != KV_OK) {
        *err = why;
        return code;
    }
    call->has_caller = true;
    return verdict.must_wait ? kv_wait_for_keys(request) : KV_OK;
}

enum kv_code graph_authenticate(struct kv_request *request, struct kv_response *response,
                                struct kv_err *err)
{
    static const char scheme[] = "Bearer ";
    const char *authorization = kv_request_header(request, "Authorization");

    (void) response;
    if (request->context == NULL) { /* asked again after a wait, it has one */
        request->context = calloc(1, sizeof(struct graph_call));
        request->context_free = free;
    }
    if (request->context == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    if (kv_identity_auth(request->app->identity) == KV_AUTH_OFF) {
        return KV_OK;
    }
    if (authorization == NULL || strncasecmp(authorization, scheme, strlen(scheme)) != 0) {
        return refuse_token("Access token is empty.", err);
    }
    authorization += strlen(scheme);
    return verify(request, authorization + strspn(authorization, " "), err);
}

/* --- answers --- */

static enum kv_code check_url(struct kv_request *request, struct kv_response *response,
                              struct kv_err *err)
{
    (void) response;
    return request->target_is_valid
               ? KV_OK
               : KV_FAIL(err, KV_GRAPH_BAD_REQUEST, 0, "The URL of the request is not valid.");
}

static enum kv_code refuse_unmatched(struct kv_request *request, struct kv_response *response,
                                     unsigned verbs_of_path, struct kv_err *err)
{
    (void) response;
    if (verbs_of_path == 0) {
        return KV_FAIL(err, KV_GRAPH_BAD_REQUEST, 0,
                       "coffer's Graph has no such resource: it shows servicePrincipals, users, "
                       "groups, applications and directoryObjects.");
    }
    return KV_FAIL(
        err, KV_GRAPH_DENIED, 0,
        "%s is not possible here: coffer's Graph only shows the directory. Principals are "
        "made with 'coffer identity create'.",
        request->method);
}

/* {"error":{"code","message","innerError":{"date","request-id","client-request-id"}}} */
static void render_error(struct kv_request *request, const struct kv_err *err,
                         struct kv_response *response)
{
    const struct kv_err_row *row = kv_err_row(err->code);
    const char *client = kv_request_header(request, "client-request-id");
    kv_auto(cJSON_Delete) cJSON *body = cJSON_CreateObject();
    char date[KV_ISO_DATE_SIZE];
    bool ok = body != NULL;

    kv_response_reset(response);
    cJSON *error = kv_json_add_object(body, "error", &ok);
    kv_json_add_text(error, "code", row->code, &ok);
    kv_json_add_text(error, "message", err->message, &ok);
    cJSON *inner = kv_json_add_object(error, "innerError", &ok);
    kv_time_render_iso(request->now, date);
    date[strlen("2026-01-01T00:00:00")] = '\0';
    kv_json_add_text(inner, "date", date, &ok);
    kv_json_add_text(inner, "request-id", request->id, &ok);
    kv_json_add_text(inner, "client-request-id",
                     client != NULL && kv_uuid_is_valid(client) ? client : request->id, &ok);
    if (!ok || kv_response_json(response, row->status, body, NULL) != KV_OK) {
        response->status = row->status;
    }
}

static void finish(struct kv_request *request, struct kv_response *response)
{
    char date[KV_HTTP_DATE_SIZE];

    kv_time_render_http(kv_seconds(request->now), date);
    KV_IGNORE(kv_response_header(response, NULL, "Cache-Control", "no-cache"));
    KV_IGNORE(kv_response_header(response, NULL, "Strict-Transport-Security", "max-age=31536000"));
    KV_IGNORE(kv_response_header(response, NULL, "request-id", request->id));
    KV_IGNORE(kv_response_header(response, NULL, "OData-Version", "4.0"));
    KV_IGNORE(kv_response_header(response, NULL, "Date", date));
}

static const struct kv_route routes[] = {
    { KV_GET, "/v1.0/me", graph_get_me, KV_LANE_WORK },
    { KV_GET, "/v1.0/servicePrincipals", graph_list_service_principals, KV_LANE_WORK },
    { KV_GET, "/v1.0/servicePrincipals/{id}", graph_get_service_principal, KV_LANE_WORK },
    { KV_GET, "/v1.0/users", graph_list_users, KV_LANE_WORK },
    { KV_GET, "/v1.0/users/{id}", graph_get_user, KV_LANE_WORK },
    { KV_GET, "/v1.0/groups", graph_list_groups, KV_LANE_WORK },
    { KV_GET, "/v1.0/groups/{id}", graph_get_group, KV_LANE_WORK },
    { KV_GET, "/v1.0/groups/{id}/members", graph_list_members, KV_LANE_WORK },
    { KV_GET, "/v1.0/applications", graph_list_applications, KV_LANE_WORK },
    { KV_GET, "/v1.0/applications/{id}", graph_get_application, KV_LANE_WORK },
    { KV_GET, "/v1.0/directoryObjects/{id}", graph_get_object, KV_LANE_WORK },
    { KV_POST, "/v1.0/directoryObjects/getByIds", graph_get_by_ids, KV_LANE_WORK },
    { KV_POST, "/v1.0/directoryObjects/{id}/getMemberGroups", graph_get_member_groups,
      KV_LANE_WORK },
    { KV_POST, "/v1.0/users/{id}/getMemberGroups", graph_get_member_groups, KV_LANE_WORK },
    { KV_POST, "/v1.0/servicePrincipals/{id}/getMemberGroups", graph_get_member_groups,
      KV_LANE_WORK },
    { 0 },
};

static const struct kv_gate gates[] = {
    { "authenticate", graph_authenticate },
    { "url", check_url },
    { "route", kv_route_match },
    { 0 },
};

static const struct kv_route *const tables[] = { routes, NULL };

const struct kv_site kv_graph_site = {
    .name = "graph",
    .serves = serves,
    .tables = tables,
    .gates = gates,
    .unmatched = refuse_unmatched,
    .render_error = render_error,
    .finish = finish,
    .after = kv_log_access,
};
