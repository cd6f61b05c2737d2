/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What clients read before they log in: OpenID Connect Discovery 1.0 §4, and Microsoft's instance
 * discovery. URLs name the host that was asked; issuers are those that the tokens name, whatever it is.
 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "kv/base/json.h"
#include "private.h"

#define URL_SIZE 768
#define ANY_TENANT "{tenantid}" /* what the service says where the tenant is not known yet */

/* A member that is a URL below the tenant's. */
struct url_row {
    const char *name, *tail;
};

/* A list of texts; a NULL ends it. */
struct list_row {
    const char *name;
    const char *const *items;
};

/* What one version of the endpoints says; ends of tables are { 0 }. */
struct version {
    const struct url_row *urls;
    const struct list_row *lists;
    const char *issuer, *issuer_tail; /* the tenant stands between them */
};

static const struct url_row urls_v1[] = {
    { "token_endpoint", "/oauth2/token" },
    { "jwks_uri", "/discovery/keys" },
    { "authorization_endpoint", "/oauth2/authorize" },
    { "device_authorization_endpoint", "/oauth2/devicecode" },
    { "end_session_endpoint", "/oauth2/logout" },
    { 0 },
};

static const struct url_row urls_v2[] = {
    { "token_endpoint", "/oauth2/v2.0/token" },
    { "jwks_uri", "/discovery/v2.0/keys" },
    { "authorization_endpoint", "/oauth2/v2.0/authorize" },
    { "device_authorization_endpoint", "/oauth2/v2.0/devicecode" },
    { "end_session_endpoint", "/oauth2/v2.0/logout" },
    { 0 },
};

static const char *const methods[] = { "client_secret_post", "private_key_jwt",
                                       "client_secret_basic", NULL };
static const char *const modes[] = { "query", "fragment", "form_post", NULL };
static const char *const subjects[] = { "pairwise", NULL };
static const char *const algorithms[] = { "RS256", NULL };
static const char *const responses_v1[] = { "code",           "id_token", "code id_token",
                                            "token id_token", "token",    NULL };
static const char *const responses_v2[] = { "code", "id_token", "code id_token", "id_token token",
                                            NULL };
static const char *const scopes_v1[] = { "openid", NULL };
static const char *const scopes_v2[] = { "openid", "profile", "email", "offline_access", NULL };
static const char *const grants[] = { "client_credentials", "refresh_token",
                                      "urn:ietf:params:oauth:grant-type:device_code", NULL };

static const struct list_row lists_v1[] = {
    { "token_endpoint_auth_methods_supported", methods },
    { "response_modes_supported", modes },
    { "subject_types_supported", subjects },
    { "id_token_signing_alg_values_supported", algorithms },
    { "response_types_supported", responses_v1 },
    { "scopes_supported", scopes_v1 },
    { "grant_types_supported", grants },
    { 0 },
};

static const struct list_row lists_v2[] = {
    { "token_endpoint_auth_methods_supported", methods },
    { "response_modes_supported", modes },
    { "subject_types_supported", subjects },
    { "id_token_signing_alg_values_supported", algorithms },
    { "response_types_supported", responses_v2 },
    { "scopes_supported", scopes_v2 },
    { "grant_types_supported", grants },
    { 0 },
};

static const struct version version_1 = { urls_v1, lists_v1, "https://sts.windows.net/", "/" };
static const struct version version_2 = { urls_v2, lists_v2, "https://login.microsoftonline.com/",
                                          "/v2.0" };

/* Which cloud this is. */
static const struct {
    const char *name, *value;
} cloud[] = {
    { "tenant_region_scope", "NA" },
    { "cloud_instance_name", "microsoftonline.com" },
    { "cloud_graph_host_name", "graph.windows.net" },
    { "msgraph_host", "graph.microsoft.com" },
    { "rbac_url", "https://pas.windows.net" },
};

static void add_list(cJSON *body, const struct list_row *row, bool *ok)
{
    cJSON *list = kv_json_add_array(body, row->name, ok);

    for (const char *const *item = row->items; *item != NULL; item++) {
        kv_json_append_text(list, *item, ok);
    }
}

static void add_url(cJSON *body, const char *name, const char *authority, const char *tenant,
                    const char *tail, bool *ok)
{
    char url[URL_SIZE];

    *ok = *ok
          && snprintf(url, sizeof(url), "https://%s/%s%s", authority, tenant, tail)
                 < (int) sizeof(url);
    kv_json_add_text(body, name, url, ok);
}

static void add_issuer(cJSON *body, const struct version *version,
                       const struct authority_tenant *tenant, bool *ok)
{
    char issuer[URL_SIZE];

    (void) snprintf(issuer, sizeof(issuer), "%s%s%s", version->issuer,
                    tenant->is_any ? ANY_TENANT : tenant->id, version->issuer_tail);
    kv_json_add_text(body, "issuer", issuer, ok);
}

static cJSON *make_configuration(const char *authority, const struct version *version,
                                 const struct authority_tenant *tenant)
{
    kv_auto(cJSON_Delete) cJSON *body = cJSON_CreateObject();
    bool ok = body != NULL;

    add_issuer(body, version, tenant, &ok);
    for (const struct url_row *row = version->urls; row->name != NULL; row++) {
        add_url(body, row->name, authority, tenant->name, row->tail, &ok);
    }
    for (const struct list_row *row = version->lists; row->name != NULL; row++) {
        add_list(body, row, &ok);
    }
    kv_json_add_bool(body, "request_uri_parameter_supported", false, &ok);
    kv_json_add_text(body, "userinfo_endpoint", "https://graph.microsoft.com/oidc/userinfo", &ok);
    kv_json_add_bool(body, "http_logout_supported", true, &ok);
    kv_json_add_bool(body, "frontchannel_logout_supported", true, &ok);
    for (size_t i = 0; i < KV_COUNT(cloud); i++) {
        kv_json_add_text(body, cloud[i].name, cloud[i].value, &ok);
    }
    return ok ? kv_take(body) : NULL;
}

static enum kv_code discover(const struct kv_request *request, const struct version *version,
                             struct kv_response *response, struct kv_err *err)
{
    struct authority_tenant tenant;
    kv_auto(cJSON_Delete) cJSON *body = NULL;

    KV_TRY(authority_find_tenant(request, &tenant, err));
    body = make_configuration(request->authority, version, &tenant);
    return kv_response_json(response, 200, body, err);
}

enum kv_code authority_discover_v1(struct kv_request *request, struct kv_response *response,
                                   struct kv_err *err)
{
    return discover(request, &version_1, response, err);
}

enum kv_code authority_discover_v2(struct kv_request *request, struct kv_response *response,
                                   struct kv_err *err)
{
    return discover(request, &version_2, response, err);
}

/* --- instance discovery --- */

static const char *const microsoft[] = { "login.microsoftonline.com", "login.windows.net",
                                         "login.microsoft.com", "sts.windows.net", NULL };

static bool is_microsoft(const char *host)
{
    for (const char *const *name = microsoft; *name != NULL; name++) {
        if (strcasecmp(*name, host) == 0) {
            return true;
        }
    }
    return false;
}

/* Host and port of an https URL; false for anything else, and for one that is too long. */
static bool read_authority(const char *url, char ret_authority[URL_SIZE])
{
    static const char scheme[] = "https://";

    if (strncasecmp(url, scheme, strlen(scheme)) != 0) {
        return false;
    }
    url += strlen(scheme);
    size_t len = strcspn(url, "/?#");

    return len > 0 && memchr(url, '@', len) == NULL
           && snprintf(ret_authority, URL_SIZE, "%.*s", (int) len, url) < URL_SIZE;
}

static bool is_below_localhost(const char *host)
{
    static const char localhost[] = "localhost";
    size_t len = strlen(host), tail = strlen(localhost);

    return len >= tail && strcasecmp(host + len - tail, localhost) == 0
           && (len == tail || host[len - tail - 1] == '.');
}

/* Whether coffer may be behind that host and port: under a name of Microsoft's, of this machine, or
 * the one that was asked. */
static bool is_known(const struct kv_request *request, const char *authority)
{
    char host[URL_SIZE];

    (void) snprintf(host, sizeof(host), "%.*s", (int) strcspn(authority, ":"), authority);
    return is_microsoft(authority) || strcasecmp(authority, request->authority) == 0
           || is_below_localhost(host) || strcmp(host, "127.0.0.1") == 0;
}

static void add_instance(cJSON *metadata, const char *network, const char *cache,
                         const char *const *aliases, bool *ok)
{
    cJSON *instance = cJSON_CreateObject();

    kv_json_add_text(instance, "preferred_network", network, ok);
    kv_json_add_text(instance, "preferred_cache", cache, ok);
    add_list(instance, &(const struct list_row){ "aliases", aliases }, ok);
    kv_json_add_take(metadata, NULL, instance, ok);
}

static cJSON *make_instances(const char *authority, const char *version,
                             const struct authority_tenant *tenant)
{
    kv_auto(cJSON_Delete) cJSON *body = cJSON_CreateObject();
    const char *const own[] = { authority, NULL };
    bool ok = body != NULL;

    add_url(body, "tenant_discovery_endpoint", authority, tenant->name,
            "/v2.0/.well-known/openid-configuration", &ok);
    kv_json_add_text(body, "api-version", version, &ok);
    cJSON *metadata = kv_json_add_array(body, "metadata", &ok);
    add_instance(metadata, microsoft[0], microsoft[1], microsoft, &ok);
    if (!is_microsoft(authority)) {
        add_instance(metadata, authority, authority, own, &ok);
    }
    return ok ? kv_take(body) : NULL;
}

/* The first segment of the path of the endpoint that was asked about is its tenant. */
static void read_tenant(const char *url, struct authority_tenant *tenant, char ret_name[URL_SIZE])
{
    const char *path = strchr(url + strlen("https://"), '/');
    size_t len = path != NULL ? strcspn(path + 1, "/?#") : 0;

    if (len > 0 && len < URL_SIZE) {
        (void) snprintf(ret_name, URL_SIZE, "%.*s", (int) len, path + 1);
        tenant->name = ret_name;
    }
}

enum kv_code authority_discover_instance(struct kv_request *request, struct kv_response *response,
                                         struct kv_err *err)
{
    const char *endpoint = kv_request_query(request, "authorization_endpoint");
    const char *version = kv_request_query(request, "api-version");
    struct authority_tenant tenant;
    char authority[URL_SIZE], name[URL_SIZE];
    kv_auto(cJSON_Delete) cJSON *body = NULL;

    KV_TRY(authority_find_tenant(request, &tenant, err));
    if (endpoint == NULL) {
        return AADSTS_REFUSE(err, 900144, "authorization_endpoint");
    }
    if (!read_authority(endpoint, authority) || !is_known(request, authority)) {
        return AADSTS_REFUSE(err, 50049);
    }
    read_tenant(endpoint, &tenant, name);
    body = make_instances(authority, version != NULL ? version : "1.1", &tenant);
    return kv_response_json(response, 200, body, err);
}
