/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Azure Arc's dialect: IMDS, behind a challenge. Whoever asks has to send what is in a file that
 * only this machine's own can read (control-plane.md §5.4).
 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "kv/identity/key_file.h"
#include "private.h"

static const struct token_dialect arc = { "Metadata", "metadata", "true", false, true };

static bool has_key(const struct kv_request *request)
{
    static const char scheme[] = "Basic ";
    const char *value = kv_request_header(request, "Authorization");

    return value != NULL && strncasecmp(value, scheme, strlen(scheme)) == 0
           && kv_key_file_matches(request->app->arc_keys, value + strlen(scheme));
}

static enum kv_code challenge(const struct kv_request *request, struct kv_response *response,
                              struct kv_err *err)
{
    char path[KV_PATH_MAX], header[KV_PATH_MAX + sizeof("Basic realm=")];

    KV_TRY(kv_key_file_challenge(request->app->arc_keys, path, err));
    (void) snprintf(header, sizeof(header), "Basic realm=%s", path);
    KV_TRY(token_render_refusal(request, 401, "unauthorized_client",
                                "Missing Basic Authorization header", response, err));
    return kv_response_header(response, err, "WWW-Authenticate", header);
}

enum kv_code token_of_arc(struct kv_request *request, struct kv_response *response,
                          struct kv_err *err)
{
    KV_TRY(token_check_header(request, &arc, err));
    if (!has_key(request)) {
        return challenge(request, response, err);
    }
    return token_answer(request, &arc, response, err);
}
