/* SPDX-License-Identifier: Apache-2.0 */
/* Paths of the control port, and what it answers, as commands about one vault need them. */
#include <ctype.h>
#include <string.h>

#include <curl/curl.h>

#include "server.h"

#define NAME_MAX_BYTES 512

KV_DEFINE_CLEANUP(void *, curl_free)

enum kv_code kv_cli_append_escaped(struct kv_buf *path, const char *text, struct kv_err *err)
{
    if (strlen(text) > NAME_MAX_BYTES) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "'%.64s...' is too long for a name", text);
    }
    kv_auto(curl_free) void *escaped = curl_easy_escape(NULL, text, (int) strlen(text));
    if (escaped == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    return kv_buf_printf(path, err, "%s", (const char *) escaped);
}

enum kv_code kv_cli_append_vault(const struct kv_options *options,
                                 const struct kv_cli_server *server, struct kv_buf *path,
                                 struct kv_err *err)
{
    const char *name = kv_option_text(options, KV_OPTION_ACCESS_VAULT);
    kv_auto(cJSON_Delete) cJSON *info = NULL;

    if (*name == '\0') {
        KV_TRY(kv_cli_get_json(server, "/control/v1/info", &info, err));
        KV_TRY(kv_cli_read_text(
            cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(info, "vaults"), 0), "name", &name,
            err));
    }
    KV_TRY(kv_buf_printf(path, err, "/control/v1/vaults/"));
    return kv_cli_append_escaped(path, name, err);
}

void kv_cli_print_text(const char *text)
{
    for (; *text != '\0'; text++) {
        (void) (isprint((unsigned char) *text) ? putchar(*text) : 0);
    }
}
