/* SPDX-License-Identifier: Apache-2.0 */
#include "kv/base/hosts.h"

#include <string.h>
#include <strings.h>

#include "kv/base/base.h"

static const char *const local_hosts[] = {
    "localhost", "127.0.0.1", "[::1]",
    "host.docker.internal", /* what containers call the machine they run on */
};

static const char *const schemes[] = { "http://", "https://" };

/* Nothing, or a colon and at most five digits. */
static bool is_port_or_nothing(const char *text)
{
    size_t digits = *text == ':' ? strspn(text + 1, "0123456789") : 0;

    return *text == '\0' || (digits >= 1 && digits <= 5 && text[1 + digits] == '\0');
}

bool kv_host_is_local(const char *authority)
{
    for (size_t i = 0; i < KV_COUNT(local_hosts); i++) {
        size_t len = strlen(local_hosts[i]);
        if (strncasecmp(authority, local_hosts[i], len) == 0
            && is_port_or_nothing(authority + len)) {
            return true;
        }
    }
    return false;
}

bool kv_origin_is_local(const char *origin)
{
    for (size_t i = 0; i < KV_COUNT(schemes); i++) {
        size_t len = strlen(schemes[i]);
        if (strncasecmp(origin, schemes[i], len) == 0) {
            return kv_host_is_local(origin + len);
        }
    }
    return false;
}
