/* SPDX-License-Identifier: Apache-2.0 */
/* Finding a running coffer without asking it anything. */

#include "server.h"

#include <stdio.h>
#include <string.h>

#include "kv/base/files.h"

#define RUN_FILE_MAX (256 * 1024) /* bytes; a vault takes some hundred */
#define ADVICE "start one with coffer serve, or name one with --data DIR or --control URL"

static enum kv_code use_option(const char *url, struct kv_cli_server *ret_server,
                               struct kv_err *err)
{
    size_t len = strlen(url);

    while (len > 0 && url[len - 1] == '/') {
        len--;
    }
    if (strncmp(url, "http://", strlen("http://")) != 0 || len >= sizeof(ret_server->url)) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "--control: %s is not an http:// URL", url);
    }
    (void) snprintf(ret_server->url, sizeof(ret_server->url), "%.*s", (int) len, url);
    (void) snprintf(ret_server->origin, sizeof(ret_server->origin), "--control");
    return KV_OK;
}

/* The control port that run.json names; 0 when it names none. */
static int64_t read_control_port(const struct kv_buf *text)
{
    static const struct kv_json_field fields[] = {
        { .name = "control_port", .type = KV_JSON_INT, .offset = 0 },
    };
    kv_auto(cJSON_Delete) cJSON *json = NULL;
    struct kv_maybe_int port = { 0 };

    if (kv_json_parse(text->data, text->len, &json, NULL) != KV_OK
        || kv_json_bind(json, fields, KV_COUNT(fields), &port, NULL) != KV_OK || port.value < 0
        || port.value > 65535) {
        return 0;
    }
    return port.value;
}

static enum kv_code use_run_file(const char *folder, struct kv_cli_server *ret_server,
                                 struct kv_err *err)
{
    kv_auto(kv_buf_done) struct kv_buf text;
    char path[KV_PATH_MAX];

    kv_buf_init(&text, RUN_FILE_MAX);
    KV_TRY(kv_path_join(path, folder, "run.json", err));
    enum kv_code code = kv_file_read(path, &text, err);
    if (code == KV_NOT_FOUND) {
        return KV_FAIL(err, KV_NOT_FOUND, 0, "no coffer is running on %.700s: " ADVICE, folder);
    }
    KV_TRY(code);
    int64_t port = read_control_port(&text);
    if (port == 0) {
        return KV_FAIL(err, KV_INTERNAL, 0, "%.900s does not name a control port", path);
    }
    (void) snprintf(ret_server->url, sizeof(ret_server->url), "http://127.0.0.1:%d", (int) port);
    (void) snprintf(ret_server->origin, sizeof(ret_server->origin), "%s", path);
    return KV_OK;
}

enum kv_code kv_cli_find_server(const struct kv_options *options, struct kv_cli_server *ret_server,
                                struct kv_err *err)
{
    const char *url = kv_option_text(options, KV_OPTION_CONTROL);
    char folder[KV_PATH_MAX];

    if (*url != '\0') {
        return use_option(url, ret_server, err);
    }
    KV_TRY(kv_data_folder(options, folder, err));
    return use_run_file(folder, ret_server, err);
}
