/* SPDX-License-Identifier: Apache-2.0 */
#include "kv/base/hosts.h"

#include <arpa/inet.h>
#include <string.h>
#include <strings.h>

#include "kv/base/base.h"

#define HOST_SIZE 256 /* of a DNS name (RFC 1035 §2.3.4) */

static const char *const local_hosts[] = {
    "localhost", "127.0.0.1", "[::1]",
    "host.docker.internal", /* what containers call the machine they run on */
};

static const char *const private_domains[] = { ".localhost", ".test", ".internal", ".svc",
                                               ".cluster.local" };

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

/* What is before the port; false for what is no authority. */
static bool cut_port(const char *authority, char *ret_host, size_t size)
{
    static const char name[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._";
    size_t bracketed = *authority == '[' ? strcspn(authority, "]") + 1 : 0;
    size_t len = bracketed > 0 ? bracketed : strspn(authority, name);

    if (len == 0 || len >= size || len > strlen(authority)
        || !is_port_or_nothing(authority + len)) {
        return false;
    }
    memcpy(ret_host, authority, len);
    ret_host[len] = '\0';
    return true;
}

static bool is_ip_address(const char *host)
{
    unsigned char bytes[sizeof(struct in6_addr)];
    char inside[INET6_ADDRSTRLEN];
    size_t len = strlen(host);

    if (*host != '[') {
        return inet_pton(AF_INET, host, bytes) == 1;
    }
    if (len - 2 >= sizeof(inside)) {
        return false;
    }
    memcpy(inside, host + 1, len - 2);
    inside[len - 2] = '\0';
    return inet_pton(AF_INET6, inside, bytes) == 1;
}

static bool is_below_private_domain(const char *host)
{
    size_t len = strlen(host);

    for (size_t i = 0; i < KV_COUNT(private_domains); i++) {
        size_t domain = strlen(private_domains[i]);
        if (len > domain && strcasecmp(host + len - domain, private_domains[i]) == 0) {
            return true;
        }
    }
    return false;
}

bool kv_host_is_sibling(const char *authority)
{
    char host[HOST_SIZE];

    return cut_port(authority, host, sizeof(host))
           && (is_ip_address(host) || (*host != '[' && strchr(host, '.') == NULL)
               || is_below_private_domain(host));
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
