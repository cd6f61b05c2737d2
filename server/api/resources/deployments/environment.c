/* SPDX-License-Identifier: Apache-2.0 */
/*
 * environment(): the endpoints of the cloud that a template is deployed in. Asked as Azure's resource manager, coffer
 * is Azure; else it names itself, as /metadata/endpoints does, so that what templates build with it can be reached.
 */
#include <stdio.h>
#include <string.h>

#include "kv/base/json.h"
#include "private.h"

#define AZURE "https://management.azure.com"

static bool is_azure(const struct place *place)
{
    size_t len = strlen(AZURE);

    return strncmp(place->base, AZURE, len) == 0
           && (place->base[len] == '\0' || place->base[len] == ':');
}

/* ".vault.localhost:8443" */
static void name_vaults(const struct place *place, const char *kind, char *ret_suffix, size_t size)
{
    const char *port = strrchr(place->base, ':');
    const struct kv_public_url *public_url = &place->app->public_url;

    if (public_url->is_named) {
        char name[KV_PUBLIC_AUTHORITY_SIZE];

        kv_public_resource(public_url, name);
        (void) snprintf(ret_suffix, size, ".%s", name);
        return;
    }
    (void) snprintf(ret_suffix, size, ".%s.localhost%.6s", kind,
                    port != NULL && port[1] != '/' ? port : "");
}

static void add_suffixes(const struct place *place, cJSON *value, bool *ok)
{
    cJSON *suffixes = kv_json_add_object(value, "suffixes", ok);
    char vaults[KV_PUBLIC_AUTHORITY_SIZE + 16] = ".vault.azure.net";
    char hsms[KV_PUBLIC_AUTHORITY_SIZE + 16] = ".managedhsm.azure.net";

    if (!is_azure(place)) {
        name_vaults(place, "vault", vaults, sizeof(vaults));
        name_vaults(place, "managedhsm", hsms, sizeof(hsms));
    }
    kv_json_add_text(suffixes, "acrLoginServer", ".azurecr.io", ok);
    kv_json_add_text(suffixes, "keyvaultDns", vaults, ok);
    kv_json_add_text(suffixes, "mhsmDns", hsms, ok);
    kv_json_add_text(suffixes, "sqlServerHostname", ".database.windows.net", ok);
    kv_json_add_text(suffixes, "storage", "core.windows.net", ok);
}

static void add_authentication(const char *login, const char *tenant, cJSON *value, bool *ok)
{
    cJSON *authentication = kv_json_add_object(value, "authentication", ok);

    kv_json_add_text(authentication, "loginEndpoint", login, ok);
    cJSON *audiences = kv_json_add_array(authentication, "audiences", ok);
    kv_json_append_text(audiences, "https://management.core.windows.net/", ok);
    kv_json_append_text(audiences, "https://management.azure.com/", ok);
    kv_json_add_text(authentication, "tenant", tenant, ok);
    kv_json_add_text(authentication, "identityProvider", "AAD", ok);
}

cJSON *environment_describe(const struct place *place)
{
    cJSON *value = cJSON_CreateObject();
    bool ok = value != NULL, azure = is_azure(place);
    char url[PLACE_BASE_SIZE + 1];

    (void) snprintf(url, sizeof(url), "%.*s/", PLACE_BASE_SIZE - 1, azure ? AZURE : place->base);
    kv_json_add_text(value, "name", azure ? "AzureCloud" : "coffer", &ok);
    kv_json_add_text(value, "resourceManager", url, &ok);
    kv_json_add_text(value, "graph", "https://graph.windows.net/", &ok);
    add_authentication(azure ? "https://login.microsoftonline.com/" : url, "common", value, &ok);
    add_suffixes(place, value, &ok);
    return value;
}
