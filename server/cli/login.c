/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What SDKs read to log in (clients.md §5.1). Without --as and --identity only what managed
 * identities need is set: with AZURE_TENANT_ID and AZURE_CLIENT_ID credential chains try other ways
 * first.
 */
#include "login.h"

#include <stdlib.h>
#include <string.h>

#include "certificate_file.h"
#include "kv/base/files.h"

/* Any value will do; it only has to be there. */
#define IDENTITY_SECRET "coffer"
#define LABEL "coffer env" /* of what is registered here */
#define DEFAULT_NAME "system-assigned"
#define PATH_MAX_BYTES 4096

/* The tenant by which SDKs ask an authority that is not Microsoft's for tokens without asking
 * Microsoft about it before. */
#define TENANT "adfs"
#define AUTHORITY "https://login.localhost"

struct login {
    const struct kv_options *options;
    const struct kv_cli_server *server;
    const char *vault_url;
    const char *name;      /* of the identity, as paths have it */
    const cJSON *identity; /* as the server shows it; NULL: not asked for */
    struct variables *variables;
};

typedef enum kv_code add_fn(const struct login *login, struct kv_err *err);

/* Credentials that a program makes by itself find coffer, too; managed identities do not look. */
static enum kv_code add_authority_host(const struct login *login, struct kv_err *err)
{
    const char *port = strrchr(login->vault_url, ':');

    return variables_add(login->variables, "AZURE_AUTHORITY_HOST", AUTHORITY,
                         port != NULL && port[1] != '/' ? port : "", err);
}

/* --- managed identities --- */

static enum kv_code add_app_service(const struct login *login, struct kv_err *err)
{
    const char *url = login->server->url;

    KV_TRY(variables_add(login->variables, "IDENTITY_ENDPOINT", url, "/msi/token", err));
    KV_TRY(variables_add(login->variables, "IDENTITY_HEADER", IDENTITY_SECRET, "", err));
    KV_TRY(variables_add(login->variables, "MSI_ENDPOINT", url, "/msi/token", err));
    return variables_add(login->variables, "MSI_SECRET", IDENTITY_SECRET, "", err);
}

static enum kv_code add_imds(const struct login *login, struct kv_err *err)
{
    return variables_add(login->variables, "AZURE_POD_IDENTITY_AUTHORITY_HOST", login->server->url,
                         "", err);
}

static enum kv_code add_managed(const struct login *login, struct kv_err *err)
{
    KV_TRY(add_app_service(login, err));
    KV_TRY(add_authority_host(login, err));
    return add_imds(login, err);
}

static enum kv_code add_arc(const struct login *login, struct kv_err *err)
{
    const char *url = login->server->url;

    KV_TRY(variables_add(login->variables, "IDENTITY_ENDPOINT", url,
                         "/arc/metadata/identity/oauth2/token", err));
    return variables_add(login->variables, "IMDS_ENDPOINT", url, "/arc", err);
}

/* --- applications --- */

static enum kv_code add_authority(const struct login *login, struct kv_err *err)
{
    KV_TRY(add_authority_host(login, err));
    return variables_add(login->variables, "AZURE_TENANT_ID", TENANT, "", err);
}

static enum kv_code render_path(const struct login *login, const char *part, struct kv_buf *path,
                                struct kv_err *err)
{
    KV_TRY(kv_buf_printf(path, err, "/control/v1/identities/"));
    KV_TRY(kv_cli_append_escaped(path, login->name, err));
    return kv_buf_printf(path, err, "%s", part);
}

/* The file of the user's cache that belongs to the identity: by its client id, which is a GUID. */
static enum kv_code choose_file(const struct login *login, const char *ending,
                                char ret_path[KV_PATH_MAX], struct kv_err *err)
{
    const char *id = NULL;
    char folder[KV_PATH_MAX], name[64];

    KV_TRY(kv_cli_read_text(login->identity, "client_id", &id, err));
    if (strlen(id) != strspn(id, "0123456789abcdef-")) {
        return KV_FAIL(err, KV_INTERNAL, 0, "the server names a client id that is none");
    }
    (void) snprintf(name, sizeof(name), "%.36s%s", id, ending);
    KV_TRY(kv_cache_folder(login->options, folder, err));
    KV_TRY(kv_folder_make(folder, 0700, err));
    return kv_path_join(ret_path, folder, name, err);
}

static enum kv_code add_workload(const struct login *login, struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *answer = NULL;
    kv_auto(kv_buf_done) struct kv_buf path;
    char file[KV_PATH_MAX];
    const char *token = NULL;

    kv_buf_init(&path, PATH_MAX_BYTES);
    KV_TRY(render_path(login, "/federated-token", &path, err));
    KV_TRY(kv_cli_get_json(login->server, path.data, &answer, err));
    KV_TRY(kv_cli_read_text(answer, "access_token", &token, err));
    KV_TRY(choose_file(login, ".jwt", file, err));
    KV_TRY(kv_file_write(file, token, strlen(token), 0600, err));
    KV_TRY(add_authority(login, err));
    return variables_add(login->variables, "AZURE_FEDERATED_TOKEN_FILE", file, "", err);
}

/* Those that were registered here before go when the new one is there. */
static enum kv_code remove_others(const struct login *login, const char *list, const char *part,
                                  struct kv_err *err)
{
    const cJSON *item;

    cJSON_ArrayForEach (item, cJSON_GetObjectItemCaseSensitive(login->identity, list)) {
        const char *label = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(item, "label"));
        const char *id = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(item, "id"));
        kv_auto(cJSON_Delete) cJSON *answer = NULL;
        kv_auto(kv_buf_done) struct kv_buf path;

        kv_buf_init(&path, PATH_MAX_BYTES);
        if (id == NULL || label == NULL || strcmp(label, LABEL) != 0) {
            continue;
        }
        KV_TRY(render_path(login, part, &path, err));
        KV_TRY(kv_buf_printf(&path, err, "/"));
        KV_TRY(kv_cli_append_escaped(&path, id, err));
        KV_TRY(kv_cli_send(login->server, "DELETE", path.data, NULL, &answer, err));
    }
    return KV_OK;
}

static enum kv_code register_credential(const struct login *login, const char *part,
                                        const char *member, const char *value, cJSON **ret_answer,
                                        struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *body = cJSON_CreateObject();
    kv_auto(kv_buf_done) struct kv_buf path;
    bool ok = body != NULL;

    kv_buf_init(&path, PATH_MAX_BYTES);
    kv_json_add_text(body, "label", LABEL, &ok);
    if (member != NULL) {
        kv_json_add_text(body, member, value, &ok);
    }
    if (!ok) {
        return KV_OUT_OF_MEMORY(err);
    }
    KV_TRY(render_path(login, part, &path, err));
    return kv_cli_send(login->server, "POST", path.data, body, ret_answer, err);
}

static enum kv_code add_secret(const struct login *login, struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *answer = NULL;
    const char *secret = NULL;

    KV_TRY(remove_others(login, "secrets", "/secrets", err));
    KV_TRY(register_credential(login, "/secrets", NULL, NULL, &answer, err));
    KV_TRY(kv_cli_read_text(answer, "secret", &secret, err));
    KV_TRY(add_authority(login, err));
    return variables_add(login->variables, "AZURE_CLIENT_SECRET", secret, "", err);
}

static enum kv_code add_certificate(const struct login *login, struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *answer = NULL;
    kv_auto(kv_buf_done) struct kv_buf pem, certificate;
    char file[KV_PATH_MAX];

    kv_buf_init(&pem, PATH_MAX_BYTES * 4);
    kv_buf_init(&certificate, PATH_MAX_BYTES * 4);
    KV_TRY(choose_file(login, ".pem", file, err));
    KV_TRY(certificate_file_make(login->name, &pem, &certificate, err));
    KV_TRY(remove_others(login, "certificates", "/certificates", err));
    KV_TRY(register_credential(login, "/certificates", "pem", certificate.data, &answer, err));
    KV_TRY(kv_file_write(file, pem.data, pem.len, 0600, err));
    KV_TRY(add_authority(login, err));
    return variables_add(login->variables, "AZURE_CLIENT_CERTIFICATE_PATH", file, "", err);
}

/* --- which way --- */

static const struct way {
    const char *word;
    add_fn *add;
    bool is_managed;
} ways[] = {
    { "managed-identity", add_managed, true },
    { "app-service", add_app_service, true },
    { "imds", add_imds, true },
    { "arc", add_arc, true },
    { "workload", add_workload, false },
    { "secret", add_secret, false },
    { "certificate", add_certificate, false },
};

static const struct way *find_way(const struct kv_options *options)
{
    for (size_t i = 0; i < KV_COUNT(ways); i++) {
        if (kv_option_is(options, KV_OPTION_ENV_AS, ways[i].word)) {
            return &ways[i];
        }
    }
    return &ways[0]; /* the options take no other word */
}

const char *login_authority(const struct kv_options *options)
{
    return find_way(options)->is_managed ? NULL : AUTHORITY;
}

/* Chains and command lines of SDKs give it to the endpoint. The default identity needs no name. */
static enum kv_code add_client_id(const struct login *login, struct kv_err *err)
{
    const char *id = NULL;

    KV_TRY(kv_cli_read_text(login->identity, "client_id", &id, err));
    return variables_add(login->variables, "AZURE_CLIENT_ID", id, "", err);
}

static enum kv_code check_way(const struct way *way, const char *given, struct kv_err *err)
{
    if (!way->is_managed && *given == '\0') {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "--as %s needs an --identity", way->word);
    }
    return KV_OK;
}

enum kv_code login_add(const struct kv_options *options, const struct kv_cli_server *server,
                       const char *vault_url, struct variables *variables, struct kv_err *err)
{
    const struct way *way = find_way(options);
    const char *given = kv_option_text(options, KV_OPTION_ENV_IDENTITY);
    kv_auto(cJSON_Delete) cJSON *identity = NULL;
    kv_auto(kv_buf_done) struct kv_buf path;
    struct login login = { options, server, vault_url, given, NULL, variables };

    kv_buf_init(&path, PATH_MAX_BYTES);
    KV_TRY(check_way(way, given, err));
    if (*given == '\0') {
        return way->add(&login, err);
    }
    KV_TRY(render_path(&login, "", &path, err));
    KV_TRY(kv_cli_get_json(server, path.data, &identity, err));
    login.identity = identity;
    KV_TRY(way->add(&login, err));
    return strcmp(given, DEFAULT_NAME) == 0 ? KV_OK : add_client_id(&login, err);
}
