/* SPDX-License-Identifier: Apache-2.0 */
/* The short commands; env has a file of its own. */

#include "cli.h"

#include <string.h>

#include "kv/base/files.h"
#include "server.h"
#include "system_store.h"

#define HEALTH_PATIENCE 5000L /* milliseconds: who does not answer by then is not ready */
#define RESOURCE_MAX 512      /* characters; the server takes no longer ones */
#define LOGIN_URL "https://login.localhost"
#define PATH_MAX_BYTES 4096 /* two parameters, each character escaped, and the rest */

enum kv_code kv_cli_healthcheck(const struct kv_options *options, struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *json = NULL;
    struct kv_cli_server server;
    const char *status = NULL;

    KV_TRY(kv_cli_find_server(options, &server, err));
    server.patience = HEALTH_PATIENCE;
    KV_TRY(kv_cli_get_json(&server, "/ready", &json, err));
    KV_TRY(kv_cli_read_text(json, "status", &status, err));
    (void) puts(status);
    return KV_OK;
}

static enum kv_code ask_for_ca(const struct kv_options *options, const char *path,
                               struct kv_buf *pem, struct kv_err *err)
{
    struct kv_cli_server server;

    KV_TRY(kv_cli_find_server(options, &server, err));
    return kv_cli_get(&server, path, pem, err);
}

/* The certificate outlives the server that uses it. */
static enum kv_code read_ca(const struct kv_options *options, struct kv_buf *pem,
                            struct kv_err *err)
{
    char folder[KV_PATH_MAX], path[KV_PATH_MAX];

    kv_buf_clear(pem);
    KV_TRY(kv_data_folder(options, folder, err));
    KV_TRY(kv_cli_trust_path(folder, path, err));
    return kv_file_read(path, pem, err);
}

static enum kv_code check_ca_options(const struct kv_options *options, struct kv_err *err)
{
    bool installs = kv_option_flag(options, KV_OPTION_INSTALL);
    bool uninstalls = kv_option_flag(options, KV_OPTION_UNINSTALL);

    if (installs && uninstalls) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "--install and --uninstall contradict each other");
    }
    if (kv_option_flag(options, KV_OPTION_YES) && !installs && !uninstalls) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "--yes needs --install or --uninstall");
    }
    if (installs && !kv_option_is(options, KV_OPTION_FORMAT, "pem")) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "--install takes no --format but pem");
    }
    return KV_OK;
}

enum kv_code kv_cli_ca(const struct kv_options *options, struct kv_err *err)
{
    /* A user who names a server without its folder does not want another server's certificate. */
    bool has_folder = *kv_option_text(options, KV_OPTION_CONTROL) == '\0'
                      || *kv_option_text(options, KV_OPTION_DATA) != '\0';
    bool is_pem = kv_option_is(options, KV_OPTION_FORMAT, "pem");
    bool yes = kv_option_flag(options, KV_OPTION_YES);
    kv_auto(kv_buf_done) struct kv_buf pem;
    char path[16];

    kv_buf_init(&pem, KV_CLI_ANSWER_MAX);
    KV_TRY(check_ca_options(options, err));
    if (kv_option_flag(options, KV_OPTION_UNINSTALL)) {
        return system_store_remove(yes, err);
    }
    (void) snprintf(path, sizeof(path), "/ca.%s", kv_option_text(options, KV_OPTION_FORMAT));
    enum kv_code code = ask_for_ca(options, path, &pem, err);
    if (code != KV_OK && (!is_pem || !has_folder || read_ca(options, &pem, NULL) != KV_OK)) {
        return code;
    }
    if (kv_option_flag(options, KV_OPTION_INSTALL)) {
        return system_store_add(&pem, yes, err);
    }
    (void) fwrite(pem.data, 1, pem.len, stdout);
    return KV_OK;
}

/* Refuses what is no "https://HOST[:PORT]": it must not get into a hosts file. */
static enum kv_code print_host_of(const char *url, struct kv_err *err)
{
    const char *mark = strstr(url, "://");
    const char *host = mark == NULL ? "" : mark + strlen("://");
    int len = (int) strspn(host, "abcdefghijklmnopqrstuvwxyz0123456789.-");

    if (len == 0 || (host[len] != ':' && host[len] != '\0')) {
        return KV_FAIL(err, KV_INTERNAL, 0, "%.200s is not the URL of a vault", url);
    }
    (void) printf("127.0.0.1 %.*s\n::1 %.*s\n", len, host, len, host);
    return KV_OK;
}

enum kv_code kv_cli_hosts(const struct kv_options *options, struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *info = NULL;
    struct kv_cli_server server;
    const cJSON *vault;
    const char *url = NULL;

    KV_TRY(kv_cli_find_server(options, &server, err));
    KV_TRY(kv_cli_get_json(&server, "/control/v1/info", &info, err));
    cJSON_ArrayForEach (vault, cJSON_GetObjectItemCaseSensitive(info, "vaults")) {
        KV_TRY(kv_cli_read_text(vault, "url", &url, err));
        KV_TRY(print_host_of(url, err));
    }
    return print_host_of(LOGIN_URL, err);
}

static enum kv_code append_resource(struct kv_buf *path, const char *resource, struct kv_err *err)
{
    if (strlen(resource) > RESOURCE_MAX) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "the resource is longer than %d characters",
                       RESOURCE_MAX);
    }
    KV_TRY(kv_buf_printf(path, err, "resource="));
    return kv_cli_append_escaped(path, resource, err);
}

/* The managed-identity endpoint knows managed identities alone; the registry knows everybody. */
static enum kv_code start_token_path(struct kv_buf *path, const char *identity, struct kv_err *err)
{
    if (*identity == '\0') {
        return kv_buf_printf(path, err, "/msi/token?api-version=2019-08-01&");
    }
    KV_TRY(kv_buf_printf(path, err, "/control/v1/identities/"));
    KV_TRY(kv_cli_append_escaped(path, identity, err));
    return kv_buf_printf(path, err, "/token?");
}

enum kv_code kv_cli_token(const struct kv_options *options, struct kv_err *err)
{
    const char *resource = kv_option_text(options, KV_OPTION_RESOURCE);
    const char *identity = kv_option_text(options, KV_OPTION_IDENTITY);
    kv_auto(cJSON_Delete) cJSON *answer = NULL;
    kv_auto(kv_buf_done) struct kv_buf path;
    struct kv_cli_server server;
    const char *token = NULL;

    kv_buf_init(&path, PATH_MAX_BYTES);
    KV_TRY(start_token_path(&path, identity, err));
    KV_TRY(append_resource(&path, resource, err));
    KV_TRY(kv_cli_find_server(options, &server, err));
    KV_TRY(kv_cli_get_json(&server, path.data, &answer, err));
    KV_TRY(kv_cli_read_text(answer, "access_token", &token, err));
    (void) puts(token);
    return KV_OK;
}
