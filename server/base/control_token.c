/* SPDX-License-Identifier: Apache-2.0 */
#include "kv/base/control_token.h"

#include <string.h>
#include <strings.h>

#include "kv/base/files.h"

#define FILE_MAX 4096
#define BYTE_ORDER_MARK "\xef\xbb\xbf" /* Windows editors put it before a file's text */

static void take(const char *text, struct kv_secret *ret_token)
{
    ret_token->len = strlen(text);
    memcpy(ret_token->bytes, text, ret_token->len + 1);
}

enum kv_code kv_control_token_read(const char *option, const char *path,
                                   struct kv_secret *ret_token, struct kv_err *err)
{
    kv_auto(kv_buf_done) struct kv_buf text;
    struct kv_err cause;

    kv_buf_init(&text, FILE_MAX);
    if (kv_file_read(path, &text, &cause) != KV_OK) {
        return KV_FAIL(err, KV_BAD_PARAMETER, cause.cause, "%s: %s", option, cause.message);
    }
    const char *line = text.len > 0 ? text.data : "";
    if (strncmp(line, BYTE_ORDER_MARK, strlen(BYTE_ORDER_MARK)) == 0) {
        line += strlen(BYTE_ORDER_MARK);
    }
    kv_buf_cut(&text, text.len > 0 ? (size_t) (line - text.data) + strcspn(line, "\r\n") : 0);
    if (!kv_secret_is_bearer(line)) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "%s: the first line of %s is not %s", option, path,
                       KV_BEARER_FORM);
    }
    take(line, ret_token);
    return KV_OK;
}

enum kv_code kv_control_token_of(const struct kv_options *options, struct kv_secret *ret_token,
                                 struct kv_err *err)
{
    const char *text = kv_option_text(options, KV_OPTION_CONTROL_TOKEN);
    const char *file = kv_option_text(options, KV_OPTION_CONTROL_TOKEN_FILE);

    if (*text != '\0' && *file != '\0') {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0,
                       "--control-token and --control-token-file both give a token");
    }
    if (*file != '\0') {
        return kv_control_token_read("--control-token-file", file, ret_token, err);
    }
    take(text, ret_token);
    return KV_OK;
}

const char *kv_control_token_shown(const char *authorization)
{
    static const char scheme[] = "Bearer ";

    if (strncasecmp(authorization, scheme, strlen(scheme)) != 0) {
        return NULL;
    }
    return authorization + strlen(scheme) + strspn(authorization + strlen(scheme), " ");
}
