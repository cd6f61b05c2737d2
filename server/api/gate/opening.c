/* SPDX-License-Identifier: Apache-2.0 */
/* Requests that come before the token is open, which takes seconds when the start finds many keys. */
#include "kv/app/api.h"
#include "private.h"

#define PATIENCE_MS 120000 /* from the arrival of the request; then it is as if the HSM were away */

bool kv_token_is_open(const struct kv_app *app)
{
    return app->token_is_open == NULL || app->token_is_open(app->token_context);
}

enum kv_code kv_hold_for_token(struct kv_request *request, struct kv_response *response,
                               struct kv_err *err)
{
    const kv_millis end = request->arrived / 1000 + PATIENCE_MS;

    (void) response;
    if (kv_token_is_open(request->app)) {
        return KV_OK;
    }
    if (kv_clock_monotonic() >= end) {
        return KV_REFUSE(err, KV_TEXT_HSM_GONE, 0);
    }
    return kv_step_wait_news(request, end);
}

static bool is_read(const struct kv_request *request)
{
    return request->verb == KV_GET || request->verb == KV_HEAD || request->verb == KV_OPTIONS;
}

enum kv_code kv_hold_changes_for_token(struct kv_request *request, struct kv_response *response,
                                       struct kv_err *err)
{
    return is_read(request) ? KV_OK : kv_hold_for_token(request, response, err);
}

/* What the token has to say something to leaves the connection's thread. */
enum kv_code gate_await_token(struct kv_request *request, struct kv_response *response,
                              struct kv_err *err)
{
    bool asks_store = is_read(request) && request->route->lane == KV_LANE_INLINE;

    return asks_store ? KV_OK : kv_hold_for_token(request, response, err);
}
