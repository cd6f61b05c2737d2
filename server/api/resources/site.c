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
#include "private.h"

#define OWN_HOST "management.localhost"

static bool is_vaults(const struct kv_request *request)
{
    char name[KV_VAULT_NAME_MAX + 1];
    enum kv_vault_kind kind;

    return kv_vault_host_parse(request->host, &kind, name)
           || kv_public_host_parse(&request->app->public_url, request->host, name);
}

static bool is_ours(const struct kv_request *request)
{
    static const char *const firsts[] = { "subscriptions", "tenants" };

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
        return KV_FAIL(err, KV_NOT_FOUND, 0,
                       "coffer has no such resource; it answers what clients ask while they log "
                       "in.");
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

    kv_response_error(response, err);
    if (description != NULL) {
        char challenge[512];

        (void) snprintf(challenge, sizeof(challenge),
                        "Bearer authorization_uri=\"https://login.windows.net/%s\", "
                        "error=\"invalid_token\", error_description=\"%s\"",
                        kv_identity_tenant(request->app->identity), description);
        KV_IGNORE(kv_response_header(response, NULL, "WWW-Authenticate", challenge));
    }
}

/* A header is left out if memory is short; the answer is still right. */
static void finish(struct kv_request *request, struct kv_response *response)
{
    char date[KV_HTTP_DATE_SIZE];

    kv_time_render_http(kv_seconds(request->now), date);
    KV_IGNORE(kv_response_header(response, NULL, "Cache-Control", "no-cache"));
    KV_IGNORE(kv_response_header(response, NULL, "Pragma", "no-cache"));
    KV_IGNORE(kv_response_header(response, NULL, "Expires", "-1"));
    KV_IGNORE(kv_response_header(response, NULL, "x-ms-request-id", request->id));
    KV_IGNORE(kv_response_header(response, NULL, "x-ms-correlation-request-id", request->id));
    KV_IGNORE(kv_response_header(response, NULL, "Strict-Transport-Security",
                                 "max-age=31536000; includeSubDomains"));
    KV_IGNORE(kv_response_header(response, NULL, "X-Content-Type-Options", "nosniff"));
    KV_IGNORE(kv_response_header(response, NULL, "Date", date));
}

const struct kv_route kv_resource_routes[] = {
    { KV_GET, "/metadata/endpoints", cloud_describe, KV_LANE_INLINE },
    { KV_GET, "/subscriptions", subscriptions_list, KV_LANE_INLINE },
    { KV_GET, "/subscriptions/{subscription}", subscription_get, KV_LANE_INLINE },
    { KV_GET, "/tenants", tenants_list, KV_LANE_INLINE },
    { 0 },
};

static const struct kv_gate gates[] = {
    { "authenticate", resources_authenticate },
    { "api-version", check_api_version },
    { "route", kv_route_match },
    { 0 },
};

static const struct kv_route *const tables[] = { kv_resource_routes, NULL };

const struct kv_site kv_resource_site = {
    .name = "resources",
    .serves = serves,
    .tables = tables,
    .gates = gates,
    .unmatched = refuse_unmatched,
    .render_error = render_error,
    .finish = finish,
    .after = kv_log_access,
};
