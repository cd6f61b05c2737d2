/* SPDX-License-Identifier: Apache-2.0 */
/* Finding a running coffer without asking it anything. */

#include "server.h"

#include <stdio.h>
#include <string.h>

#include "kv/base/ephemeral.h"
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

/* The address of the control port that run.json names; false when it names none. One that
 * does not say it is on 127.0.0.1. */
static bool read_control(const struct kv_buf *text, char *ret_url, size_t size)
{
    static const struct kv_json_field fields[] = {
        { .name = "control_port", .type = KV_JSON_INT, .offset = 0 },
    };
    kv_auto(cJSON_Delete) cJSON *json = NULL;
    struct kv_maybe_int port = { 0 };

    if (kv_json_parse(text->data, text->len, &json, NULL) != KV_OK
        || kv_json_bind(json, fields, KV_COUNT(fields), &port, NULL) != KV_OK || port.value <= 0
        || port.value > 65535) {
        return false;
    }
    const char *url = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, "control_url"));
    int len = url != NULL ? snprintf(ret_url, size, "%s", url)
                          : snprintf(ret_url, size, "http://127.0.0.1:%d", (int) port.value);
    return len < (int) size && strncmp(ret_url, "http://", strlen("http://")) == 0;
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
    if (!read_control(&text, ret_server->url, sizeof(ret_server->url))) {
        return KV_FAIL(err, KV_INTERNAL, 0, "%.900s does not name a control port", path);
    }
    (void) snprintf(ret_server->origin, sizeof(ret_server->origin), "%s", path);
    (void) snprintf(ret_server->folder, sizeof(ret_server->folder), "%s", folder);
    return KV_OK;
}

struct search {
    struct kv_cli_server *server;
    unsigned found;
};

/* One that has no run.json yet is not ready. */
static void try_ephemeral(const char *path, bool is_alive, void *context)
{
    struct search *search = context;

    if (is_alive && use_run_file(path, search->server, NULL) == KV_OK) {
        search->found++;
    }
}

/* Where nothing lasting runs, what runs with --ephemeral is meant, if that is one. `code` is the
 * refusal that stands in `err` already. */
static enum kv_code use_ephemeral(enum kv_code code, struct kv_cli_server *ret_server,
                                  struct kv_err *err)
{
    struct search search = { .server = ret_server };

    kv_ephemeral_each(try_ephemeral, &search);
    if (search.found > 1) {
        return KV_FAIL(err, KV_CONFLICT, 0,
                       "%u coffers are running with --ephemeral: name one with --control URL",
                       search.found);
    }
    return search.found == 1 ? KV_OK : code;
}

enum kv_code kv_cli_find_server(const struct kv_options *options, struct kv_cli_server *ret_server,
                                struct kv_err *err)
{
    const char *url = kv_option_text(options, KV_OPTION_CONTROL);
    bool has_folder = *kv_option_text(options, KV_OPTION_DATA) != '\0';
    char folder[KV_PATH_MAX];

    *ret_server = (struct kv_cli_server){ .options = options };
    if (*url != '\0') {
        KV_TRY(use_option(url, ret_server, err));
        return has_folder ? kv_data_folder(options, ret_server->folder, err) : KV_OK;
    }
    enum kv_code code = kv_data_folder(options, folder, err);
    if (code == KV_OK) {
        code = use_run_file(folder, ret_server, err);
    }
    bool is_nowhere = code == KV_NOT_FOUND || code == KV_BAD_PARAMETER;
    return is_nowhere && !has_folder ? use_ephemeral(code, ret_server, err) : code;
}

enum kv_code kv_cli_trust_path(const char *folder, char ret_path[KV_PATH_MAX], struct kv_err *err)
{
    KV_TRY(kv_path_join(ret_path, folder, "trust.pem", err));
    return kv_file_exists(ret_path) ? KV_OK : kv_path_join(ret_path, folder, "ca.pem", err);
}
