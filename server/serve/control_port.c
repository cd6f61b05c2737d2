/* SPDX-License-Identifier: Apache-2.0 */
/* Who may use the control port. The token itself is forgotten at once: what it is compared with is its
 * digest. */
#include "serve.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kv/base/control_token.h"
#include "kv/base/files.h"
#include "kv/base/log.h"

#define TOKEN_MODE 0600

static bool is_loopback(const char *listen)
{
    unsigned char bytes[sizeof(struct in6_addr)];

    return strcmp(listen, "localhost") == 0
           || (inet_pton(AF_INET, listen, bytes) == 1 && bytes[0] == 127)
           || (inet_pton(AF_INET6, listen, bytes) == 1
               && IN6_IS_ADDR_LOOPBACK((const struct in6_addr *) bytes));
}

static void warn_of_strangers(const struct kv_options *options, bool has_token)
{
    const char *listen = kv_option_text(options, KV_OPTION_LISTEN);

    if (!has_token && !is_loopback(listen)) {
        kv_log(KV_LOG_WARNING, "control_port_open", KV_LOG_TEXT_FIELD("listen", listen),
               KV_LOG_TEXT_FIELD("who", "everybody who reaches it may move the clock, reset vaults "
                                        "and grant rights"),
               KV_LOG_TEXT_FIELD("instead", "--control-token-file, or --listen localhost"));
    }
}

/* It would be removed at the end. */
static enum kv_code check_is_not_given(const struct kv_options *options, const char *path,
                                       struct kv_err *err)
{
    char given[KV_PATH_MAX], ours[KV_PATH_MAX];

    if (realpath(kv_option_text(options, KV_OPTION_CONTROL_TOKEN_FILE), given) != NULL
        && realpath(path, ours) != NULL && strcmp(given, ours) == 0) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0,
                       "--control-token-file: %s is coffer's own, and gone when it ends", given);
    }
    return KV_OK;
}

/* For the commands of the same user; none of an earlier run stays. */
static enum kv_code leave_token(const struct kv_secret *token, const char *path, struct kv_err *err)
{
    if (token->len > 0) {
        return kv_file_write(path, token->bytes, token->len, TOKEN_MODE, err);
    }
    if (unlink(path) != 0 && errno != ENOENT) {
        return KV_FAIL(err, KV_INTERNAL, (unsigned long) errno, "cannot remove %s", path);
    }
    return KV_OK;
}

enum kv_code control_port_guard(const struct kv_options *options, const char *folder,
                                struct kv_app *app, struct kv_err *err)
{
    kv_auto(kv_secret_done) struct kv_secret token = { .len = 0 };
    char path[KV_PATH_MAX];

    KV_TRY(control_names_read(options, app->control_names, err));
    KV_TRY(kv_path_join(path, folder, KV_CONTROL_TOKEN_NAME, err));
    KV_TRY(check_is_not_given(options, path, err));
    KV_TRY(kv_control_token_of(options, &token, err));
    KV_TRY(leave_token(&token, path, err));
    app->wants_control_token = token.len > 0;
    if (!kv_secret_digest(token.bytes, token.len, app->control_token)) {
        return KV_FAIL(err, KV_INTERNAL, 0, "OpenSSL has no SHA-256");
    }
    warn_of_strangers(options, app->wants_control_token);
    return KV_OK;
}
