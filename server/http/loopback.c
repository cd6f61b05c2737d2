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

/* An IPv6 address is given without the brackets that it has in a URL. */
static bool is_name(const char *host, const char *name)
{
    size_t len = strlen(name);
    bool is_bracketed = *host == '[' && strchr(name, ':') != NULL;

    host += is_bracketed;
    if (len == 0 || strncasecmp(host, name, len) != 0 || (is_bracketed && host[len] != ']')) {
        return false;
    }
    return is_port(host + len + is_bracketed);
}

static bool is_named(const char *host, const char *const *names)
{
    for (; *names != NULL; names++) {
        if (is_name(host, *names)) {
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

/* Every one that is there: none of them may be of a stranger. */
static bool are_origins_known(const struct kv_request *request, const char *const *names)
{
    for (size_t i = 0; i < request->headers.count; i++) {
        const struct kv_pair *header = &request->headers.pair[i];
        if (strcasecmp(header->name, "Origin") == 0 && !kv_origin_is_local(header->value)
            && !is_origin_named(header->value, names)) {
            return false;
        }
    }
    return true;
}

static bool header_is(const struct kv_request *request, const char *name, const char *value)
{
    const char *header = kv_request_header(request, name);

    return header != NULL && strcasecmp(header, value) == 0;
}

/* Images, scripts, frames and fetches without CORS have no Origin, but browsers say where they come
 * from (W3C Fetch Metadata). Who follows a link sees the answer alone, the page before does not. */
static bool is_of_another_site(const struct kv_request *request)
{
    bool follows_link = header_is(request, "Sec-Fetch-Mode", "navigate")
                        && header_is(request, "Sec-Fetch-Dest", "document");

    return header_is(request, "Sec-Fetch-Site", "cross-site") && !follows_link;
}

enum kv_code kv_loopback_check(const struct kv_request *request, const char *further_host,
                               const char *const *names, bool siblings, struct kv_err *err)
{
    const char *host = request->authority;

    if (!kv_host_is_local(host) && !is_named(host, names) && !(siblings && kv_host_is_sibling(host))
        && (further_host == NULL || strcmp(host, further_host) != 0)) {
        return KV_FAIL(err, KV_FOREIGN_CALLER, 0, "This host name is not served here.");
    }
    if (!are_origins_known(request, names) || is_of_another_site(request)) {
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
