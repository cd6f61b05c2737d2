/* SPDX-License-Identifier: Apache-2.0 */
/* coffer seed, coffer export: an instance from a JSON file, and to one. */

#include "cli.h"

#include "kv/base/files.h"
#include "server.h"

#define SEED_MAX (1024 * 1024) /* bytes, as the server takes them */
#define SEED_VALUES_MAX 100000
#define PATH_MAX_BYTES 1024
#define EXPORT_MAX ((size_t) 4 * KV_CLI_ANSWER_MAX) /* bytes: it comes without blanks */
#define PATIENCE_MS 130000L                         /* keys may be generated */

enum kv_code kv_cli_seed(const struct kv_options *options, struct kv_err *err)
{
    const char *path = kv_option_text(options, KV_OPTION_SEED);
    kv_auto(cJSON_Delete) cJSON *seed = NULL;
    kv_auto(cJSON_Delete) cJSON *answer = NULL;
    kv_auto(kv_buf_done) struct kv_buf text;
    struct kv_cli_server server;

    kv_buf_init(&text, SEED_MAX);
    KV_TRY(kv_file_read(path, &text, err));
    KV_TRY(kv_cli_parse_text(path, &text, SEED_VALUES_MAX, &seed, err));
    KV_TRY(kv_cli_find_server(options, &server, err));
    server.patience = PATIENCE_MS;
    return kv_cli_send(&server, "POST", "/control/v1/seed", seed, &answer, err);
}

static enum kv_code print_seed(const cJSON *seed, struct kv_err *err)
{
    kv_auto(kv_buf_done) struct kv_buf text;

    kv_buf_init(&text, EXPORT_MAX);
    KV_TRY(kv_json_print_lines(seed, &text, err));
    (void) fputs(text.data, stdout);
    return KV_OK;
}

enum kv_code kv_cli_export(const struct kv_options *options, struct kv_err *err)
{
    const char *vault = kv_option_text(options, KV_OPTION_EXPORT_VAULT);
    kv_auto(cJSON_Delete) cJSON *seed = NULL;
    kv_auto(kv_buf_done) struct kv_buf path;
    struct kv_cli_server server;

    kv_buf_init(&path, PATH_MAX_BYTES);
    KV_TRY(kv_buf_printf(&path, err, "/control/v1/export%s", *vault != '\0' ? "?vault=" : ""));
    KV_TRY(kv_cli_append_escaped(&path, vault, err));
    KV_TRY(kv_cli_find_server(options, &server, err));
    KV_TRY(kv_cli_get_json(&server, path.data, &seed, err));
    return print_seed(seed, err);
}
