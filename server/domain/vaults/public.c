/* SPDX-License-Identifier: Apache-2.0 */
#include "kv/vaults/public.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "private.h"

#define SCHEME "https://"
#define ANY_VAULT "*."

static bool is_ip_address(const char *host)
{
    unsigned char bytes[sizeof(struct in6_addr)];

    return *host == '[' || inet_pton(AF_INET, host, bytes) == 1;
}

/* "[address]" of IPv6. */
static size_t bracketed_length(const char *text)
{
    unsigned char bytes[sizeof(struct in6_addr)];
    char inside[INET6_ADDRSTRLEN];
    size_t len = strcspn(text, "]");

    if (text[len] != ']' || len - 1 >= sizeof(inside)) {
        return 0;
    }
    memcpy(inside, text + 1, len - 1);
    inside[len - 1] = '\0';
    return inet_pton(AF_INET6, inside, bytes) == 1 ? len + 1 : 0;
}

/* Labels of letters, digits, hyphens and underscores, none empty; the length of them all, or 0. */
static size_t host_length(const char *text)
{
    static const char characters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    size_t len = 0;

    if (*text == '[') {
        return bracketed_length(text);
    }
    for (;;) {
        size_t label = strspn(text + len, characters);
        if (label == 0) {
            return 0;
        }
        len += label;
        if (text[len] != '.') {
            return len;
        }
        len++;
    }
}

/* ":N" and what may end a URL without a path. */
static bool take_port(struct kv_public_url *url, const char *text)
{
    size_t digits = *text == ':' ? strspn(text + 1, "0123456789") : 0;
    size_t len = digits > 0 ? digits + 1 : 0;
    long port = digits > 0 && digits <= 5 ? strtol(text + 1, NULL, 10) : 0;

    if ((*text == ':' && (port < 1 || port > 65535))
        || (text[len] != '\0' && strcmp(text + len, "/") != 0)) {
        return false;
    }
    if (len > 0 && port != 443) { /* clients leave the usual port out */
        (void) snprintf(url->port, sizeof(url->port), ":%ld", port);
    }
    return true;
}

enum kv_code kv_public_url_parse(const char *text, struct kv_public_url *ret_url,
                                 struct kv_err *err)
{
    struct kv_public_url url = { .is_named = false };
    const char *host = text + strlen(SCHEME);

    if (*text == '\0') {
        *ret_url = url;
        return KV_OK;
    }
    if (strncasecmp(text, SCHEME, strlen(SCHEME)) != 0) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "--public-url: %.200s is not an https:// URL",
                       text);
    }
    url.is_named = strncmp(host, ANY_VAULT, strlen(ANY_VAULT)) == 0;
    host += url.is_named ? strlen(ANY_VAULT) : 0;
    size_t len = host_length(host);
    if (len == 0 || len > KV_PUBLIC_HOST_MAX || !take_port(&url, host + len)) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0,
                       "--public-url: %.200s is not https://HOST, https://*.HOST or one of them "
                       "with :PORT",
                       text);
    }
    for (size_t i = 0; i < len; i++) {
        url.host[i] = (char) tolower((unsigned char) host[i]);
    }
    if (url.is_named && is_ip_address(url.host)) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "--public-url: %.200s is an address below *.",
                       text);
    }
    if (url.is_named && strchr(url.host, '.') == NULL) { /* as OpenSSL and GnuTLS have it */
        return KV_FAIL(err, KV_BAD_PARAMETER, 0,
                       "--public-url: %.200s: clients take no certificate for *.%s, where a host "
                       "of one label stands below the *: give one with a dot",
                       text, url.host);
    }
    *ret_url = url;
    return KV_OK;
}

bool kv_public_host(const struct kv_public_url *url, const struct kv_vault *vault,
                    char ret_host[KV_PUBLIC_HOST_SIZE])
{
    if (url->host[0] == '\0' || (!url->is_named && strcmp(vault->name, url->owner) != 0)) {
        return false;
    }
    (void) snprintf(ret_host, KV_PUBLIC_HOST_SIZE, "%s%s%s", url->is_named ? vault->name : "",
                    url->is_named ? "." : "", url->host);
    return true;
}

bool kv_public_authority(const struct kv_public_url *url, const struct kv_vault *vault,
                         char ret_authority[KV_PUBLIC_AUTHORITY_SIZE])
{
    char host[KV_PUBLIC_HOST_SIZE];

    if (!kv_public_host(url, vault, host)) {
        return false;
    }
    (void) snprintf(ret_authority, KV_PUBLIC_AUTHORITY_SIZE, "%s%s", host, url->port);
    return true;
}

void kv_public_resource(const struct kv_public_url *url, char ret_domain[KV_PUBLIC_AUTHORITY_SIZE])
{
    const char *dot = strchr(url->host, '.');
    bool is_whole = url->is_named || dot == NULL || is_ip_address(url->host);

    (void) snprintf(ret_domain, KV_PUBLIC_AUTHORITY_SIZE, "%s%s", is_whole ? url->host : dot + 1,
                    url->port);
}

bool kv_public_host_parse(const struct kv_public_url *url, const char *host,
                          char ret_name[KV_VAULT_NAME_MAX + 1])
{
    size_t len = strlen(host), below = strlen(url->host);

    len -= len > 0 && host[len - 1] == '.'; /* of an absolute name */
    if (!url->is_named || len <= below + 1 || host[len - below - 1] != '.'
        || strncasecmp(host + len - below, url->host, below) != 0) {
        return false;
    }
    vault_name_fold(host, len - below - 1, ret_name);
    return true;
}

bool kv_public_names_vault(const struct kv_public_url *url, const char *host,
                           char ret_name[KV_VAULT_NAME_MAX + 1])
{
    enum kv_vault_kind kind;

    return kv_vault_host_parse(host, &kind, ret_name) || kv_public_host_parse(url, host, ret_name);
}
