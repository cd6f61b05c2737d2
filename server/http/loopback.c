/* SPDX-License-Identifier: Apache-2.0 */
#include "kv/http/loopback.h"

#include <string.h>
#include <strings.h>

#include "kv/base/clock.h"
#include "kv/base/hosts.h"

/* Nothing, or a colon and digits. */
static bool is_port(const char *text)
{
    return *text == '\0' || (*text == ':' && text[1 + strspn(text + 1, "0123456789")] == '\0');
}

static bool is_named(const char *host, const char *const *names)
{
    for (; *names != NULL; names++) {
        size_t len = strlen(*names);
        if (len > 0 && strncasecmp(host, *names, len) == 0 && is_port(host + len)) {
            return true;
        }
    }
    return false;
}

static bool is_origin_named(const char *origin, const char *const *names)
{
    const char *host = strstr(origin, "://");

    return host != NULL
           && (strncasecmp(origin, "http://", 7) == 0 || strncasecmp(origin, "https://", 8) == 0)
           && is_named(host + 3, names);
}

enum kv_code kv_loopback_check(const struct kv_request *request, const char *further_host,
                               const char *const *names, bool siblings, struct kv_err *err)
{
    const char *origin = kv_request_header(request, "Origin");
    const char *host = request->authority;

    if (!kv_host_is_local(host) && !is_named(host, names) && !(siblings && kv_host_is_sibling(host))
        && (further_host == NULL || strcmp(host, further_host) != 0)) {
        return KV_FAIL(err, KV_FOREIGN_CALLER, 0, "This host name is not served here.");
    }
    if (origin != NULL && !kv_origin_is_local(origin) && !is_origin_named(origin, names)) {
        return KV_FAIL(err, KV_FOREIGN_CALLER, 0, "Pages of other origins are not served here.");
    }
    return KV_OK;
}

/* A header is left out if memory is short; the answer is still right. */
void kv_loopback_finish(struct kv_request *request, struct kv_response *response)
{
    char date[KV_HTTP_DATE_SIZE];

    kv_time_render_http(kv_seconds(request->now), date);
    KV_IGNORE(kv_response_header(response, NULL, "Cache-Control", "no-store"));
    KV_IGNORE(kv_response_header(response, NULL, "X-Content-Type-Options", "nosniff"));
    KV_IGNORE(kv_response_header(response, NULL, "Date", date));
}
