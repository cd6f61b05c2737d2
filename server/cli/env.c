/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The variables that make unmodified SDKs find vault, identity and trust (clients.md §4, §5.1).
 */

#include "cli.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ca_file.h"
#include "kv/base/files.h"
#include "kv/base/private_file.h"
#include "login.h"
#include "proxy.h"
#include "server.h"
#include "variables.h"

#define CA_VARIABLES "NODE_EXTRA_CA_CERTS", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE", "CURL_CA_BUNDLE"

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

/* The absolute path of the certificate; false when no folder of this server is known. */
static bool find_ca(const struct kv_cli_server *server, char ret_path[KV_PATH_MAX])
{
    char path[KV_PATH_MAX];

    return server->folder[0] != '\0' && kv_cli_trust_path(server->folder, path, NULL) == KV_OK
           && realpath(path, ret_path) != NULL;
}

/* Only of a file that nobody else can change later on. */
static bool holds(const char *path, const struct kv_buf *pem)
{
    kv_auto(kv_buf_done) struct kv_buf held;
    struct stat status;

    kv_buf_init(&held, KV_CLI_ANSWER_MAX);
    if (lstat(path, &status) != 0 || status.st_uid != geteuid()
        || (status.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
        return false;
    }
    return kv_file_read(path, &held, NULL) == KV_OK && held.len == pem->len
           && strcmp(held.data, pem->data) == 0;
}

static enum kv_code fetch_ca(const struct kv_cli_server *server, struct kv_buf *pem,
                             struct kv_err *err)
{
    static const char start[] = "-----BEGIN CERTIFICATE-----\n";

    KV_TRY(kv_cli_get(server, "/ca.pem", pem, err));
    if (pem->len < strlen(start) || strncmp(pem->data, start, strlen(start)) != 0
        || strlen(pem->data) != pem->len) {
        return KV_FAIL(err, KV_INTERNAL, 0, "%s/ca.pem is not a certificate", server->url);
    }
    return KV_OK;
}

/* A link is followed, but not one that somebody else left in /tmp; and nothing but a file is replaced:
 * not /dev/null, nor a pipe. */
static enum kv_code find_file(const char *wanted, char ret_path[KV_PATH_MAX], struct kv_err *err)
{
    struct stat status;
    unsigned owner;

    if (kv_link_is_of_others(wanted, &owner)) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "--ca-file: %s is a link of user %u", wanted,
                       owner);
    }
    if (stat(wanted, &status) == 0 && !S_ISREG(status.st_mode)) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "--ca-file: %s is not a regular file", wanted);
    }
    if (realpath(wanted, ret_path) == NULL
        && snprintf(ret_path, KV_PATH_MAX, "%s", wanted) >= KV_PATH_MAX) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "--ca-file: the path is too long");
    }
    return KV_OK;
}

/* Into --ca-file, or into the cache of the user. Returns the file's absolute path. */
static enum kv_code save_ca(const struct kv_options *options, const struct kv_cli_server *server,
                            char ret_path[KV_PATH_MAX], struct kv_err *err)
{
    const char *wanted = kv_option_text(options, KV_OPTION_CA_FILE);
    kv_auto(kv_buf_done) struct kv_buf pem;
    char path[KV_PATH_MAX];

    kv_buf_init(&pem, KV_CLI_ANSWER_MAX);
    KV_TRY(fetch_ca(server, &pem, err));
    if (*wanted == '\0') {
        KV_TRY(ca_file_in_cache(options, &pem, path, err));
    } else {
        KV_TRY(find_file(wanted, path, err));
    }
    if (!holds(path, &pem)) {
        KV_TRY(kv_file_write(path, pem.data, pem.len, 0644, err));
    }
    if (realpath(path, ret_path) == NULL) {
        return KV_FAIL(err, KV_INTERNAL, (unsigned long) errno,
                       "%s cannot be resolved to an absolute path", path);
    }
    return KV_OK;
}

/* A file that was asked for has to be there in the end; the rest of the variables are of use even
 * where there is no place to write: then the path is empty. */
static enum kv_code settle_trust(const struct kv_options *options,
                                 const struct kv_cli_server *server, char ret_path[KV_PATH_MAX],
                                 struct kv_err *err)
{
    bool is_asked = *kv_option_text(options, KV_OPTION_CA_FILE) != '\0';

    if (!is_asked && find_ca(server, ret_path)) {
        return KV_OK;
    }
    enum kv_code code = save_ca(options, server, ret_path, err);
    if (code != KV_OK && !is_asked) {
        (void) fprintf(stderr, "coffer env: the CA certificate is not saved: %s (see --ca-file)\n",
                       err->message);
        ret_path[0] = '\0';
        return KV_OK;
    }
    return code;
}

static enum kv_code add_vault(struct variables *variables, const char *name, const char *url,
                              struct kv_err *err)
{
    KV_TRY(variables_add(variables, "AZURE_KEYVAULT_URL", url, "", err));
    KV_TRY(variables_add(variables, "AZURE_KEYVAULT_NAME", name, "", err));
    return variables_add(variables, "KEY_VAULT_URI", url, "", err);
}

static enum kv_code add_trust(struct variables *variables, const char *path, struct kv_err *err)
{
    static const char *const names[] = { CA_VARIABLES };

    for (size_t i = 0; *path != '\0' && i < KV_COUNT(names); i++) {
        KV_TRY(variables_add(variables, names[i], path, "", err));
    }
    return KV_OK;
}

/* Where there is no file for the certificate: what the user has to do, as comments where the form
 * has them. */
static void print_advice(const char *control_url, FILE *out)
{
    static const char *const names[] = { CA_VARIABLES };

    (void) fprintf(out, "# Save %s/ca.pem to a file and set these to its path:\n", control_url);
    for (size_t i = 0; i < KV_COUNT(names); i++) {
        (void) fprintf(out, "# %s\n", names[i]);
    }
}

/* Before a server is asked: as in `-- "$UNSET"`. */
static enum kv_code check_command(const struct kv_options *options, struct kv_err *err)
{
    if (kv_option_list_count(options, KV_OPTION_ENV_COMMAND) > 0
        && *kv_option_list_item(options, KV_OPTION_ENV_COMMAND, 0) == '\0') {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "the command behind the -- is empty");
    }
    return KV_OK;
}

static enum kv_code hand_over(const struct kv_options *options, const struct variables *variables,
                              struct kv_err *err)
{
    size_t words = kv_option_list_count(options, KV_OPTION_ENV_COMMAND);

    if (words > 0) {
        return variables_run(variables, options, words, err);
    }
    return variables_print(variables, kv_option_text(options, KV_OPTION_ENV_FORMAT), err);
}

enum kv_code kv_cli_env(const struct kv_options *options, struct kv_err *err)
{
    const char *wanted = kv_option_text(options, KV_OPTION_VAULT_NAME);
    bool has_comments = variables_may_have_comments(kv_option_text(options, KV_OPTION_ENV_FORMAT))
                        && kv_option_list_count(options, KV_OPTION_ENV_COMMAND) == 0;
    kv_auto(variables_done) struct variables variables = { .count = 0 };
    kv_auto(cJSON_Delete) cJSON *info = NULL;
    struct kv_cli_server server;
    const char *name = NULL, *url = NULL;
    char ca[KV_PATH_MAX];

    KV_TRY(check_command(options, err));
    KV_TRY(kv_cli_find_server(options, &server, err));
    KV_TRY(kv_cli_get_json(&server, "/control/v1/info", &info, err));
    KV_TRY(pick_vault(info, wanted, &name, &url, err));
    KV_TRY(settle_trust(options, &server, ca, err)); /* all of it is printed, or nothing */
    KV_TRY(add_vault(&variables, name, url, err));
    KV_TRY(login_add(options, &server, url, &variables, err));
    KV_TRY(add_trust(&variables, ca, err));
    KV_TRY(proxy_add_exceptions(
        options, (const char *const[]){ url, server.url, login_authority(options), NULL },
        &variables, err));
    if (*ca == '\0') {
        print_advice(server.url, has_comments ? stdout : stderr);
    }
    return hand_over(options, &variables, err);
}
