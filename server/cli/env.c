/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The variables that make unmodified SDKs find vault, identity and trust (clients.md §4, §5.1).
 * AZURE_TENANT_ID and AZURE_CLIENT_ID are not among them: with those, credential chains try other
 * ways than the managed identity first.
 */

#include "cli.h"

#include <stdlib.h>
#include <string.h>

#include "kv/files.h"
#include "server.h"

/* Any value will do; it only has to be there. */
#define IDENTITY_SECRET "coffer"

#define CA_VARIABLES "NODE_EXTRA_CA_CERTS", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE", "CURL_CA_BUNDLE"

/* In single quotes, so that sh takes every character as it is. */
static void print_export(const char *name, const char *value, const char *tail)
{
    (void) printf("export %s='", name);
    for (; *value != '\0'; value++) {
        (void) fputs(*value == '\'' ? "'\\''" : (const char[]){ *value, '\0' }, stdout);
    }
    (void) printf("%s'\n", tail);
}

/* The first vault, or the one --vault names. */
static enum kv_code pick_vault(const cJSON *info, const char *wanted, const char **ret_name,
                               const char **ret_url, struct kv_err *err)
{
    const cJSON *vault;

    cJSON_ArrayForEach (vault, cJSON_GetObjectItemCaseSensitive(info, "vaults")) {
        KV_TRY(kv_cli_read_text(vault, "name", ret_name, err));
        if (*wanted == '\0' || strcmp(wanted, *ret_name) == 0) {
            return kv_cli_read_text(vault, "url", ret_url, err);
        }
    }
    return KV_FAIL(err, KV_NOT_FOUND, 0, "there is no vault%s%.100s",
                   *wanted == '\0' ? "" : " named ", wanted);
}

static void print_identity(const char *control_url)
{
    print_export("IDENTITY_ENDPOINT", control_url, "/msi/token");
    print_export("IDENTITY_HEADER", IDENTITY_SECRET, "");
    print_export("MSI_ENDPOINT", control_url, "/msi/token");
    print_export("MSI_SECRET", IDENTITY_SECRET, "");
    print_export("AZURE_POD_IDENTITY_AUTHORITY_HOST", control_url, "");
}

/* The absolute path of the certificate; false when no folder of this server is known. */
static bool find_ca(const struct kv_options *options, char ret_path[KV_PATH_MAX])
{
    bool is_named_alone = *kv_option_text(options, KV_OPTION_CONTROL) != '\0'
                          && *kv_option_text(options, KV_OPTION_DATA) == '\0';
    char folder[KV_PATH_MAX], path[KV_PATH_MAX];

    return !is_named_alone && kv_data_folder(options, folder, NULL) == KV_OK
           && kv_path_join(path, folder, "ca.pem", NULL) == KV_OK
           && realpath(path, ret_path) != NULL;
}

static void print_trust(const struct kv_options *options, const char *control_url)
{
    static const char *const names[] = { CA_VARIABLES };
    char path[KV_PATH_MAX];
    bool found = find_ca(options, path);

    if (!found) {
        (void) printf("# Save %s/ca.pem to a file and set these to its path:\n", control_url);
    }
    for (size_t i = 0; i < KV_COUNT(names); i++) {
        if (found) {
            print_export(names[i], path, "");
        } else {
            (void) printf("# %s\n", names[i]);
        }
    }
}

enum kv_code kv_cli_env(const struct kv_options *options, struct kv_err *err)
{
    const char *wanted = kv_option_text(options, KV_OPTION_VAULT_NAME);
    kv_auto(cJSON_Delete) cJSON *info = NULL;
    struct kv_cli_server server;
    const char *name = NULL, *url = NULL;

    KV_TRY(kv_cli_find_server(options, &server, err));
    KV_TRY(kv_cli_get_json(&server, "/control/v1/info", &info, err));
    KV_TRY(pick_vault(info, wanted, &name, &url, err));
    print_export("AZURE_KEYVAULT_URL", url, "");
    print_export("AZURE_KEYVAULT_NAME", name, "");
    print_export("KEY_VAULT_URI", url, "");
    print_identity(server.url);
    print_trust(options, server.url);
    return KV_OK;
}
