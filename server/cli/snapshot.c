/* SPDX-License-Identifier: Apache-2.0 */
/* coffer snapshot ...: named states of an instance. The server says what cannot be. */

#include "cli.h"

#include "server.h"

#define PATH "/control/v1/snapshots"
#define PATH_MAX_BYTES 4096
#define PATIENCE_MS 130000L /* the server's own, for those that wait for everybody */

static enum kv_code find_server(const struct kv_options *options, struct kv_cli_server *ret_server,
                                struct kv_err *err)
{
    KV_TRY(kv_cli_find_server(options, ret_server, err));
    ret_server->patience = PATIENCE_MS;
    return KV_OK;
}

/* To the one that the options name; `behind` is put behind it. */
static enum kv_code send(const struct kv_options *options, const char *verb, const char *behind,
                         const cJSON *body, struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *answer = NULL;
    kv_auto(kv_buf_done) struct kv_buf path;
    struct kv_cli_server server;

    kv_buf_init(&path, PATH_MAX_BYTES);
    KV_TRY(kv_buf_printf(&path, err, "%s/", PATH));
    KV_TRY(kv_cli_append_escaped(&path, kv_option_text(options, KV_OPTION_SNAPSHOT), err));
    KV_TRY(kv_buf_printf(&path, err, "%s", behind));
    KV_TRY(find_server(options, &server, err));
    return kv_cli_send(&server, verb, path.data, body, &answer, err);
}

enum kv_code kv_cli_snapshot_save(const struct kv_options *options, struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *body = cJSON_CreateObject();
    kv_auto(cJSON_Delete) cJSON *answer = NULL;
    struct kv_cli_server server;
    bool ok = body != NULL;

    kv_json_add_text(body, "name", kv_option_text(options, KV_OPTION_SNAPSHOT), &ok);
    KV_TRY(ok ? find_server(options, &server, err) : KV_OUT_OF_MEMORY(err));
    return kv_cli_send(&server, "POST", PATH, body, &answer, err);
}

/* NAME, when it was made, and what is wrong with it. */
static enum kv_code print_line(const cJSON *snapshot, struct kv_err *err)
{
    const cJSON *made = cJSON_GetObjectItemCaseSensitive(snapshot, "made");
    const cJSON *damaged = cJSON_GetObjectItemCaseSensitive(snapshot, "damaged");
    const char *name = NULL;

    KV_TRY(kv_cli_read_text(snapshot, "name", &name, err));
    kv_cli_print_text(name);
    (void) putchar('\t');
    kv_cli_print_text(cJSON_IsString(damaged) ? damaged->valuestring
                      : cJSON_IsString(made)  ? made->valuestring
                                              : "");
    (void) putchar('\n');
    return KV_OK;
}

enum kv_code kv_cli_snapshot_list(const struct kv_options *options, struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *answer = NULL;
    struct kv_cli_server server;
    const cJSON *snapshot;

    KV_TRY(kv_cli_find_server(options, &server, err));
    KV_TRY(kv_cli_get_json(&server, PATH, &answer, err));
    cJSON_ArrayForEach (snapshot, cJSON_GetObjectItemCaseSensitive(answer, "snapshots")) {
        KV_TRY(print_line(snapshot, err));
    }
    return KV_OK;
}

enum kv_code kv_cli_snapshot_restore(const struct kv_options *options, struct kv_err *err)
{
    const char *vault = kv_option_text(options, KV_OPTION_SNAPSHOT_VAULT);
    kv_auto(cJSON_Delete) cJSON *body = cJSON_CreateObject();
    bool ok = body != NULL;

    if (*vault != '\0') {
        kv_json_add_text(body, "vault", vault, &ok);
    }
    return ok ? send(options, "POST", "/restore", body, err) : KV_OUT_OF_MEMORY(err);
}

enum kv_code kv_cli_snapshot_delete(const struct kv_options *options, struct kv_err *err)
{
    return send(options, "DELETE", "", NULL, err);
}
