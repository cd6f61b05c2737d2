/* SPDX-License-Identifier: Apache-2.0 */
/* The control token: the user's, or what a server has left in its data folder. */

#include "server.h"

#include <stdio.h>
#include <string.h>

#include "kv/base/control_token.h"
#include "kv/base/files.h"

/* The server that is on that folder; nothing when it wants none. */
static enum kv_code read_left_token(const char *folder, struct kv_secret *ret_token,
                                    struct kv_err *err)
{
    char path[KV_PATH_MAX];

    KV_TRY(kv_path_join(path, folder, KV_CONTROL_TOKEN_NAME, err));
    if (!kv_file_exists(path)) {
        return KV_OK;
    }
    return kv_control_token_read("the control token", path, ret_token, err);
}

enum kv_code kv_cli_authorize(const struct kv_cli_server *server, const char *path,
                              char ret_line[KV_CLI_AUTHORIZATION_SIZE], struct kv_err *err)
{
    static const char guarded[] = "/control/";
    kv_auto(kv_secret_done) struct kv_secret token = { .len = 0 };

    ret_line[0] = '\0';
    if (strncmp(path, guarded, strlen(guarded)) != 0) {
        return KV_OK;
    }
    KV_TRY(kv_control_token_of(server->options, &token, err));
    if (token.len == 0 && server->folder[0] != '\0') {
        KV_TRY(read_left_token(server->folder, &token, err));
    }
    if (token.len > 0) {
        (void) snprintf(ret_line, KV_CLI_AUTHORIZATION_SIZE, "Authorization: Bearer %.*s",
                        KV_BEARER_MAX, (const char *) token.bytes);
    }
    return KV_OK;
}
