/* SPDX-License-Identifier: Apache-2.0 */
/* The headers of every answer, a row each in the order of the wire: contract §3, §9.8. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <openssl/evp.h>

#include "private.h"

#define VALUE_SIZE 1024

/* What a header's value can depend on, and room for a computed value. */
struct answer {
    const struct kv_request *request;
    const struct kv_response *response;
    char text[VALUE_SIZE];
};

/* The value, borrowed from the answer; NULL: this answer has no such header. */
typedef const char *value_fn(struct answer *answer);

/* A table ends with { 0 }. */
struct header {
    const char *name;
    const char *literal; /* NULL: ask `value` */
    value_fn *value;
};

void gate_resource(const struct kv_request *request, char ret_resource[RESOURCE_SIZE])
{
    static const char *const parents[] = { ".vault.", ".managedhsm." };
    const struct kv_call *call = kv_call_of(request);
    char public_domain[KV_PUBLIC_AUTHORITY_SIZE];
    const char *domain = request->authority;

    if (call != NULL && call->public_authority[0] != '\0') {
        kv_public_resource(&request->app->public_url, public_domain);
        domain = public_domain;
    }
    for (size_t i = 0; i < KV_COUNT(parents); i++) {
        const char *parent = strstr(request->authority, parents[i]);

        if (parent != NULL) {
            domain = parent + 1;
        }
    }
    snprintf(ret_resource, RESOURCE_SIZE, "https://%s", domain);
}

/*
 * Claims that a new token must have: issued later than that (OpenID Connect's `claims` parameter, as
 * Entra ID takes it). They are as many bytes as make base64 without padding, which the parsers of
 * some SDKs take for a further equals sign.
 */
static void append_claims(struct answer *answer, kv_time reissue_after)
{
    unsigned char claims[96], encoded[sizeof(claims) / 3 * 4 + 1];
    size_t len = strlen(answer->text);
    int claims_len = snprintf((char *) claims, sizeof(claims) - 2,
                              "{\"access_token\":{\"nbf\":{\"essential\":true,"
                              "\"value\":\"%" PRId64 "\"}}}",
                              reissue_after);

    while (claims_len % 3 != 0) {
        claims[claims_len++] = ' ';
    }
    EVP_EncodeBlock(encoded, claims, claims_len);
    snprintf(answer->text + len, sizeof(answer->text) - len,
             ", error=\"insufficient_claims\", claims=\"%s\"", encoded);
}

/* Where the service sends clients, or where coffer was told to. */
static void name_authority(const struct kv_request *request, char ret_url[KV_AUTHORITY_URL_SIZE])
{
    const struct kv_app *app = request->app;
    const char *host = gate_is_hsm(request) ? "login.microsoftonline.com" : app->build->authority;

    if (app->authority_url[0] != '\0') {
        snprintf(ret_url, KV_AUTHORITY_URL_SIZE, "%s", app->authority_url);
    } else {
        snprintf(ret_url, KV_AUTHORITY_URL_SIZE, "https://%s/%s", host,
                 kv_identity_tenant(app->identity));
    }
}

/* contract §2.1, in the one spelling every SDK's parser takes (clients.md §2) */
static const char *challenge(struct answer *answer)
{
    const struct kv_call *call = kv_call_of(answer->request);
    char authority[KV_AUTHORITY_URL_SIZE], resource[RESOURCE_SIZE];

    if (answer->response->status != 401) {
        return NULL;
    }
    gate_resource(answer->request, resource);
    name_authority(answer->request, authority);
    snprintf(answer->text, sizeof(answer->text), "Bearer authorization=\"%s\", resource=\"%s\"",
             authority, resource);
    if (call != NULL && call->reissue_after > 0) {
        append_claims(answer, call->reissue_after);
    }
    return answer->text;
}

static const char *allow(struct answer *answer)
{
    _Static_assert(KV_VERBS_SIZE <= VALUE_SIZE, "a list of verbs fits");
    if (answer->response->status != 405) {
        return NULL;
    }
    kv_verbs_list(kv_call_of(answer->request)->allowed, answer->text);
    return answer->text;
}

static const char *content_type(struct answer *answer)
{
    return answer->response->content_type;
}

static const char *client_request_id(struct answer *answer)
{
    return kv_request_header(answer->request, "x-ms-client-request-id");
}

static const char *request_id(struct answer *answer)
{
    return answer->request->id;
}

static const char *service_version(struct answer *answer)
{
    return answer->request->app->build->version;
}

static const char *network_info(struct answer *answer)
{
    const struct kv_request *request = answer->request;

    snprintf(answer->text, sizeof(answer->text), "conn_type=%s;addr=%s;act_addr_fam=%s;",
             request->client_is_ipv6 ? "Ipv6" : "Ipv4", request->client,
             request->client_is_ipv6 ? "InterNetworkV6" : "InterNetwork");
    return answer->text;
}

/* Whatever the answer is, once the caller was let in: contract §3.1. */
static const char *assignment_id(struct answer *answer)
{
    const struct kv_call *call = kv_call_of(answer->request);

    return call != NULL && call->assignment[0] != '\0' ? call->assignment : NULL;
}

/* Without dashes, in newer builds. */
static const char *short_assignment_id(struct answer *answer)
{
    const char *id = assignment_id(answer);
    size_t len = 0;

    for (; id != NULL && *id != '\0'; id++) {
        if (*id != '-') {
            answer->text[len++] = *id;
        }
    }
    answer->text[len] = '\0';
    return len > 0 ? answer->text : NULL;
}

/* A managed HSM sends its network info only with a success (contract §3.2). */
static bool is_refused(const struct kv_response *response)
{
    return response->status / 100 != 2;
}

static const char *hsm_network_info(struct answer *answer)
{
    const struct kv_request *request = answer->request;
    const char *family = request->client_is_ipv6 ? "Ipv6" : "Ipv4";

    if (is_refused(answer->response)) {
        return NULL;
    }
    snprintf(answer->text, sizeof(answer->text), "conn_type=%s;addr=%s;act_addr_fam=%s;", family,
             request->client, family);
    return answer->text;
}

/* Also of a host that is no vault: the page that answers there is of some region. */
static const char *region(struct answer *answer)
{
    const struct kv_call *call = kv_call_of(answer->request);

    return call != NULL && call->vault != NULL ? call->vault->region : KV_REGION;
}

static const char *hsm_region(struct answer *answer)
{
    return is_refused(answer->response) ? NULL : region(answer);
}

static const char *hsm_version(struct answer *answer)
{
    return answer->request->verb == KV_GET ? answer->request->app->build->hsm_version : NULL;
}

static const char *hsm_content_type(struct answer *answer)
{
    const char *type = answer->response->content_type;

    return type != NULL ? type : "application/json; charset=utf-8";
}

/* For an answer with a body the HTTP library sends it, after all others. */
static const char *hsm_content_length(struct answer *answer)
{
    return answer->response->status == 204 ? "0" : NULL;
}

static const char *latency(struct answer *answer)
{
    snprintf(answer->text, sizeof(answer->text), "%" PRId64,
             (kv_clock_monotonic_us() - answer->request->arrived) / 1000);
    return answer->text;
}

static const char *date(struct answer *answer)
{
    _Static_assert(KV_HTTP_DATE_SIZE <= VALUE_SIZE, "a date fits");
    kv_time_render_http(kv_seconds(answer->request->now), answer->text);
    return answer->text;
}

#define HSTS "max-age=31536000;includeSubDomains"

/* clang-format off */
/* Connection and Content-Length have no row: the HTTP library puts them last, in any build. */
static const struct header new_headers[] = {
    { "Cache-Control",                 "no-cache", NULL },
    { "Pragma",                        "no-cache", NULL },
    { "Allow",                         NULL,       allow },
    { "Content-Type",                  NULL,       content_type },
    { "Expires",                       "-1",       NULL },
    { "WWW-Authenticate",              NULL,       challenge },
    { "x-ms-keyvault-region",          NULL,       region },
    { "x-ms-client-request-id",        NULL,       client_request_id },
    { "x-ms-request-id",               NULL,       request_id },
    { "x-ms-keyvault-service-version", NULL,       service_version },
    { "x-ms-keyvault-network-info",    NULL,       network_info },
    { "x-ms-keyvault-rbac-assignment-id", NULL,    short_assignment_id },
    { "X-Content-Type-Options",        "nosniff",  NULL },
    { "Strict-Transport-Security",     HSTS,       NULL },
    { "Date",                          NULL,       date },
    { 0 },
};

static const struct header old_headers[] = {
    { "Cache-Control",                 "no-cache", NULL },
    { "Pragma",                        "no-cache", NULL },
    { "Allow",                         NULL,       allow },
    { "Content-Type",                  NULL,       content_type },
    { "Expires",                       "-1",       NULL },
    { "WWW-Authenticate",              NULL,       challenge },
    { "x-ms-keyvault-region",          NULL,       region },
    { "x-ms-client-request-id",        NULL,       client_request_id },
    { "x-ms-request-id",               NULL,       request_id },
    { "x-ms-keyvault-service-version", NULL,       service_version },
    { "x-ms-keyvault-network-info",    NULL,       network_info },
    { "x-ms-keyvault-rbac-assignment-id", NULL,    assignment_id },
    { "X-Powered-By",                  "ASP.NET",  NULL },
    { "Strict-Transport-Security",     HSTS,       NULL },
    { "X-Content-Type-Options",        "nosniff",  NULL },
    { "Date",                          NULL,       date },
    { 0 },
};

static const struct header hsm_headers[] = {
    { "allow",                         NULL,       allow },
    { "cache-control",                 "no-cache", NULL },
    { "content-length",                NULL,       hsm_content_length },
    { "content-security-policy",       "default-src 'self'", NULL },
    { "content-type",                  NULL,       hsm_content_type },
    { "strict-transport-security",     "max-age=31536000; includeSubDomains", NULL },
    { "www-authenticate",              NULL,       challenge },
    { "x-content-type-options",        "nosniff",  NULL },
    { "x-frame-options",               "SAMEORIGIN", NULL },
    { "x-ms-keyvault-network-info",    NULL,       hsm_network_info },
    { "x-ms-keyvault-region",          NULL,       hsm_region },
    { "x-ms-request-id",               NULL,       request_id },
    { "x-ms-server-latency",           NULL,       latency },
    { "x-ms-build-version",            NULL,       hsm_version },
    { 0 },
};

/* What answers of the layer in front of the service carry (contract §9.8). */
static const struct header page_headers[] = {
    { "Content-Type",                  NULL,       content_type },
    { "Strict-Transport-Security",     HSTS,       NULL },
    { "X-Content-Type-Options",        "nosniff",  NULL },
    { "Date",                          NULL,       date },
    { 0 },
};
/* clang-format on */

static const struct header *choose_headers(const struct kv_request *request,
                                           const struct kv_response *response)
{
    const char *type = response->content_type;

    if (type != NULL && strncmp(type, "text/html", strlen("text/html")) == 0) {
        return page_headers;
    }
    if (gate_is_hsm(request)) {
        return hsm_headers;
    }
    switch (request->app->build->headers) {
    case KV_HEADERS_OLD:
        return old_headers;
    case KV_HEADERS_NEW:
        break;
    }
    return new_headers;
}

void gate_finish(struct kv_request *request, struct kv_response *response)
{
    struct answer answer = { .request = request, .response = response };
    const struct header *header = choose_headers(request, response);

    for (; header->name != NULL; header++) {
        const char *value = header->literal != NULL ? header->literal : header->value(&answer);

        /* What a fault rule says comes first. */
        if (request->fate != NULL && kv_response_has_header(response, header->name)) {
            continue;
        }
        if (value != NULL) { /* left out if memory is short: the answer is still right */
            KV_IGNORE(kv_response_header(response, NULL, header->name, value));
        }
    }
}
