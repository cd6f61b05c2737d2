/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a client has to know of a cloud before it logs in: `az cloud register` with nothing but
 * --endpoint-resource-manager asks for it (clients.md §9). Every api-version has a shape of its own.
 */
#include <stdio.h>
#include <string.h>

#include "kv/base/json.h"
#include "private.h"

#define URL_SIZE (sizeof("https://") + KV_PUBLIC_AUTHORITY_SIZE)

/* The names of a cloud: Azure's, where its resource manager was asked, or coffer's. */
struct cloud {
    const char *name;
    char login[URL_SIZE], manager[URL_SIZE], graph[URL_SIZE];
    char vaults[KV_PUBLIC_AUTHORITY_SIZE], hsms[KV_PUBLIC_AUTHORITY_SIZE];
};

static const struct cloud azure = {
    .name = "AzureCloud",
    .login = "https://login.microsoftonline.com",
    .manager = "https://management.azure.com/",
    .graph = "https://graph.microsoft.com/",
    .vaults = "vault.azure.net",
    .hsms = "managedhsm.azure.net",
};

/* ":8443" of a request's authority, which may be an IPv6 literal; "" when it has none. */
static const char *find_port(const struct kv_request *request)
{
    const char *bracket = strrchr(request->authority, ']');
    const char *colon = strchr(bracket != NULL ? bracket : request->authority, ':');

    return colon != NULL ? colon : "";
}

/* coffer's authority answers by its paths under every name, so it is the one that was asked. */
static void find_own(const struct kv_request *request, struct cloud *ret_cloud)
{
    const struct kv_public_url *public_url = &request->app->public_url;
    const char *port = find_port(request);

    ret_cloud->name = "coffer";
    (void) snprintf(ret_cloud->login, URL_SIZE, "https://%.200s", request->authority);
    (void) snprintf(ret_cloud->manager, URL_SIZE, "https://%.200s", request->authority);
    (void) snprintf(ret_cloud->graph, URL_SIZE, "https://%.200s/", request->authority);
    (void) snprintf(ret_cloud->vaults, sizeof(ret_cloud->vaults), "vault.localhost%.6s", port);
    (void) snprintf(ret_cloud->hsms, sizeof(ret_cloud->hsms), "managedhsm.localhost%.6s", port);
    if (public_url->is_named) {
        kv_public_resource(public_url, ret_cloud->vaults);
        memcpy(ret_cloud->hsms, ret_cloud->vaults, sizeof(ret_cloud->hsms));
    }
}

static void add_authentication(cJSON *body, const struct cloud *cloud, bool *ok)
{
    cJSON *authentication = kv_json_add_object(body, "authentication", ok);

    kv_json_add_text(authentication, "loginEndpoint", cloud->login, ok);
    cJSON *audiences = kv_json_add_array(authentication, "audiences", ok);
    kv_json_append_text(audiences, "https://management.core.windows.net/", ok);
    kv_json_append_text(audiences, "https://management.azure.com/", ok);
    kv_json_add_text(authentication, "tenant", "common", ok);
    kv_json_add_text(authentication, "identityProvider", "AAD", ok);
}

static void add_suffixes(cJSON *body, const struct cloud *cloud, bool *ok)
{
    cJSON *suffixes = kv_json_add_object(body, "suffixes", ok);

    kv_json_add_text(suffixes, "keyVaultDns", cloud->vaults, ok);
    kv_json_add_text(suffixes, "mhsmDns", cloud->hsms, ok);
    kv_json_add_text(suffixes, "storage", "core.windows.net", ok);
    kv_json_add_text(suffixes, "sqlServerHostname", "database.windows.net", ok);
}

/* Of 2018-05-01 and later. */
static void fill(cJSON *body, const struct cloud *cloud, bool *ok)
{
    kv_json_add_text(body, "name", cloud->name, ok);
    add_authentication(body, cloud, ok);
    kv_json_add_text(body, "resourceManager", cloud->manager, ok);
    kv_json_add_text(body, "graphAudience", "https://graph.windows.net/", ok);
    kv_json_add_text(body, "microsoftGraphResourceId", cloud->graph, ok);
    add_suffixes(body, cloud, ok);
}

/* Of 2015-01-01. */
static void fill_old(cJSON *body, const struct cloud *cloud, bool *ok)
{
    kv_json_add_text(body, "graphEndpoint", "https://graph.windows.net/", ok);
    add_authentication(body, cloud, ok);
}

enum kv_code cloud_describe(struct kv_request *request, struct kv_response *response,
                            struct kv_err *err)
{
    const char *version = kv_request_query(request, "api-version");
    const bool is_old = strcmp(version, "2018") < 0;
    const bool is_list = !is_old && strcmp(version, "2020") < 0;
    kv_auto(cJSON_Delete) cJSON *body = is_list ? cJSON_CreateArray() : cJSON_CreateObject();
    struct cloud cloud = azure;
    bool ok = true;

    if (!resources_are_azures(request)) {
        find_own(request, &cloud);
    }
    cJSON *entry = body;
    if (is_list) {
        entry = cJSON_CreateObject();
        kv_json_add_take(body, NULL, entry, &ok);
    }
    (is_old ? fill_old : fill)(ok ? entry : NULL, &cloud, &ok);
    return kv_response_json(response, 200, ok ? body : NULL, err);
}
