/* SPDX-License-Identifier: Apache-2.0 */
#include "kv/loopback.h"

#include <string.h>

#include "kv/clock.h"
#include "kv/hosts.h"

enum kv_code kv_loopback_check(const struct kv_request *request, const char *further_host,
                               struct kv_err *err)
{
    const char *origin = kv_request_header(request, "Origin");
    const char *host = request->authority;

    if (!kv_host_is_local(host) && (further_host == NULL || strcmp(host, further_host) != 0)) {
        return KV_FAIL(err, KV_FOREIGN_CALLER, 0, "This host name is not served here.");
    }
    if (origin != NULL && !kv_origin_is_local(origin)) {
        return KV_FAIL(err, KV_FOREIGN_CALLER, 0, "Pages of other origins are not served here.");
    }
    return KV_OK;
}

/* A header that finds no memory is left out; the answer is still the right one. */
void kv_loopback_finish(struct kv_request *request, struct kv_response *response)
{
    char date[KV_HTTP_DATE_SIZE];

    kv_time_render_http(kv_seconds(request->now), date);
    KV_IGNORE(kv_response_header(response, NULL, "Cache-Control", "no-store"));
    KV_IGNORE(kv_response_header(response, NULL, "X-Content-Type-Options", "nosniff"));
    KV_IGNORE(kv_response_header(response, NULL, "Date", date));
}
