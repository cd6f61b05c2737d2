/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The resource manager as a site of the HTTPS port: whose requests it takes, and how its answers
 * look. It has the names management.azure.com and management.localhost for itself; of other hosts it
 * has the paths below, unless the host is a vault's: there every path is the vault's.
 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "kv/app/api.h"
#include "kv/templates/templates.h"
#include "private.h"

#define OWN_HOST "management.localhost"

static bool is_vaults(const struct kv_request *request)
{
    char name[KV_VAULT_NAME_MAX + 1];

    return kv_public_names_vault(&request->app->public_url, request->host, name);
}

static bool is_ours(const struct kv_request *request)
{
    static const char *const firsts[] = { "subscriptions", "tenants", "providers" };

    if (request->segments > 1 && strcasecmp(request->segment[0], "metadata") == 0) {
        return strcasecmp(request->segment[1], "endpoints") == 0;
    }
    for (size_t i = 0; request->segments > 0 && i < KV_COUNT(firsts); i++) {
        if (strcasecmp(request->segment[0], firsts[i]) == 0) {
            return true;
        }
    }
    return false;
}

static bool serves(const struct kv_request *request)
{
    return resources_are_azures(request) || strcasecmp(request->host, OWN_HOST) == 0
           || (is_ours(request) && !is_vaults(request));
}

/* yyyy-mm-dd, and perhaps a word behind it: "-preview" */
static bool is_api_version(const char *text)
{
    static const char form[] = "dddd-dd-dd";

    for (const char *at = form; *at != '\0'; at++, text++) {
        if (*at == 'd' ? *text < '0' || *text > '9' : *text != *at) {
            return false;
        }
    }
    return *text == '\0' || *text == '-';
}

/* Of a URL that cannot be read no parameter is known either. */
static enum kv_code check_url(struct kv_request *request, struct kv_response *response,
                              struct kv_err *err)
{
    (void) response;
    return request->target_is_valid
               ? KV_OK
               : KV_FAIL(err, KV_ARM_INVALID_ID, 0, "The URL of the request is not valid.");
}

static enum kv_code check_api_version(struct kv_request *request, struct kv_response *response,
                                      struct kv_err *err)
{
    const char *version = kv_request_query(request, "api-version");

    (void) response;
    if (version == NULL || *version == '\0') {
        return KV_FAIL(err, KV_ARM_VERSION_MISSING, 0,
                       "The api-version query parameter (?api-version=) is required for all "
                       "requests.");
    }
    if (!is_api_version(version)) {
        return KV_FAIL(err, KV_ARM_VERSION_INVALID, 0, "The api-version '%.40s' is invalid.",
                       version);
    }
    return KV_OK;
}

static enum kv_code refuse_unmatched(struct kv_request *request, struct kv_response *response,
                                     unsigned verbs_of_path, struct kv_err *err)
{
    char verbs[KV_VERBS_SIZE];

    (void) response;
    if (verbs_of_path == 0) {
        return KV_FAIL(err, KV_NOT_FOUND, 0, "There is no such path.");
    }
    kv_verbs_list(verbs_of_path, verbs);
    return KV_FAIL(err, KV_METHOD_NOT_ALLOWED, 0, "%s is not supported here, only %s.",
                   request->method, verbs);
}

/* control-plane.md §1.4: the envelope */
static void render_error(struct kv_request *request, const struct kv_err *err,
                         struct kv_response *response)
{
    const char *description = resources_describe_401(err->code);
    int status = kv_err_row(err->code)->status;

    kv_response_error(response, err);
    if (status == 404 || status == 403) { /* by the resource manager itself, not by a provider */
        KV_IGNORE(kv_response_header(response, NULL, "x-ms-failure-cause", "gateway"));
    }
    if (description != NULL) {
        char challenge[512];

        (void) snprintf(challenge, sizeof(challenge),
                        "Bearer authorization_uri=\"https://login.windows.net/%s\", "
                        "error=\"invalid_token\", error_description=\"%s\"",
                        kv_identity_tenant(request->app->identity), description);
        KV_IGNORE(kv_response_header(response, NULL, "WWW-Authenticate", challenge));
    }
}

/* What a client has left of its subscription's hour: as much as ever, since nothing is counted. */
static void add_rates(const struct kv_request *request, struct kv_response *response)
{
    bool reads = request->verb == KV_GET || request->verb == KV_HEAD;
    bool deletes = request->verb == KV_DELETE;

    KV_IGNORE(kv_response_header(response, NULL,
                                 reads     ? "x-ms-ratelimit-remaining-subscription-reads"
                                 : deletes ? "x-ms-ratelimit-remaining-subscription-deletes"
                                           : "x-ms-ratelimit-remaining-subscription-writes",
                                 reads     ? "11999"
                                 : deletes ? "14999"
                                           : "1199"));
}

/* "EASTUS:20230704T090311Z:" and the request's id */
static void add_ids(const struct kv_request *request, struct kv_response *response)
{
    const char *correlation = kv_request_header(request, "x-ms-correlation-request-id");
    bool is_given = correlation != NULL && kv_uuid_is_valid(correlation);
    char date[KV_ISO_DATE_SIZE];
    char routing[128];

    kv_time_render_iso(request->now, date);
    (void) snprintf(routing, sizeof(routing), "EASTUS:%.4s%.2s%.2sT%.2s%.2s%.2sZ:%s", date,
                    date + 5, date + 8, date + 11, date + 14, date + 17, request->id);
    KV_IGNORE(kv_response_header(response, NULL, "x-ms-request-id", request->id));
    KV_IGNORE(kv_response_header(response, NULL, "x-ms-correlation-request-id",
                                 is_given ? correlation : request->id));
    KV_IGNORE(kv_response_header(response, NULL, "x-ms-routing-request-id", routing));
}

/* A header is left out if memory is short; the answer is still right. */
static void finish(struct kv_request *request, struct kv_response *response)
{
    char date[KV_HTTP_DATE_SIZE];

    kv_time_render_http(kv_seconds(request->now), date);
    KV_IGNORE(kv_response_header(response, NULL, "Cache-Control", "no-cache"));
    KV_IGNORE(kv_response_header(response, NULL, "Pragma", "no-cache"));
    KV_IGNORE(kv_response_header(response, NULL, "Expires", "-1"));
    add_rates(request, response);
    add_ids(request, response);
    KV_IGNORE(kv_response_header(response, NULL, "Strict-Transport-Security",
                                 "max-age=31536000; includeSubDomains"));
    KV_IGNORE(kv_response_header(response, NULL, "X-Content-Type-Options", "nosniff"));
    KV_IGNORE(kv_response_header(response, NULL, "Date", date));
}

const struct kv_route kv_resource_routes[] = {
    { KV_GET, "/metadata/endpoints", cloud_describe, KV_LANE_INLINE },
    { KV_GET, "/tenants", tenants_list, KV_LANE_INLINE },
    { KV_GET, "/subscriptions", subscriptions_list, KV_LANE_INLINE },
    { KV_GET, "/subscriptions/{subscription}", subscription_get, KV_LANE_INLINE },
    { KV_GET, "/subscriptions/{subscription}/locations", locations_list, KV_LANE_INLINE },
    { KV_GET, "/providers", providers_list, KV_LANE_INLINE },
    { KV_GET, "/providers/{namespace}", provider_get, KV_LANE_INLINE },
    { KV_GET, "/providers/{namespace}/operations", provider_operations, KV_LANE_INLINE },
    { KV_GET, "/subscriptions/{subscription}/providers", providers_list, KV_LANE_INLINE },
    { KV_GET, "/subscriptions/{subscription}/providers/{namespace}", provider_get, KV_LANE_INLINE },
    { KV_POST, "/subscriptions/{subscription}/providers/{namespace}/register", provider_register,
      KV_LANE_INLINE },
    { KV_GET, "/subscriptions/{subscription}/resources", resources_list, KV_LANE_WORK },
    { KV_GET, "/subscriptions/{subscription}/resourceGroups/{group}/resources", resources_list,
      KV_LANE_WORK },
    { KV_GET,
      "/subscriptions/{subscription}/providers/{namespace}/locations/{location}/"
      "operationStatuses/{id}",
      operation_status, KV_LANE_WORK },
    { KV_GET,
      "/subscriptions/{subscription}/providers/{namespace}/locations/{location}/operationResults/"
      "{id}",
      operation_result, KV_LANE_WORK },
    { KV_GET, "/subscriptions/{path*}", resource_ask, KV_LANE_INLINE },
    { KV_HEAD, "/subscriptions/{path*}", resource_ask, KV_LANE_INLINE },
    { KV_PUT, "/subscriptions/{path*}", resource_ask, KV_LANE_INLINE },
    { KV_PATCH, "/subscriptions/{path*}", resource_ask, KV_LANE_INLINE },
    { KV_POST, "/subscriptions/{path*}", resource_ask, KV_LANE_INLINE },
    { KV_DELETE, "/subscriptions/{path*}", resource_ask, KV_LANE_INLINE },
    { KV_GET, "/providers/{path*}", resource_ask, KV_LANE_INLINE },
    { KV_HEAD, "/providers/{path*}", resource_ask, KV_LANE_INLINE },
    { KV_PUT, "/providers/{path*}", resource_ask, KV_LANE_INLINE },
    { KV_PATCH, "/providers/{path*}", resource_ask, KV_LANE_INLINE },
    { KV_POST, "/providers/{path*}", resource_ask, KV_LANE_INLINE },
    { KV_DELETE, "/providers/{path*}", resource_ask, KV_LANE_INLINE },
    { 0 },
};

static const struct kv_gate gates[] = {
    { "authenticate", resources_authenticate }, { "url", check_url },
    { "api-version", check_api_version },       { "route", kv_route_match },
    { "token", kv_hold_changes_for_token },     { 0 },
};

static const struct kv_route *const tables[] = { kv_resource_routes, NULL };

/* A template has 4 MB at most, and its parameters come with it. */
static size_t body_max(const struct kv_request *request)
{
    (void) request;
    return KV_TEMPLATE_SIZE_MAX + KV_BODY_MAX;
}

const struct kv_site kv_resource_site = {
    .name = "resources",
    .serves = serves,
    .body_max = body_max,
    .tables = tables,
    .gates = gates,
    .unmatched = refuse_unmatched,
    .render_error = render_error,
    .finish = finish,
    .after = kv_log_access,
};
