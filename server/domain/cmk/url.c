/* SPDX-License-Identifier: Apache-2.0 */
/* The URL of a key encryption key, taken apart. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "private.h"

#define SCHEME "https://"
#define PLACE "/keys/"
#define PORT_DIGITS 5
#define PORT_MAX 65535

#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"
#define NAME_CHARACTERS LETTERS DIGITS "-"

static void copy_lower(char *to, const char *from, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        to[i] = (char) tolower((unsigned char) from[i]);
    }
    to[len] = '\0';
}

static enum kv_code parse_host(const char **at, struct kv_cmk_url *ret_url, struct kv_err *err)
{
    size_t len = strspn(*at, NAME_CHARACTERS ".");

    if (len == 0 || len >= sizeof(ret_url->host) || **at == '.') {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "the URL names no host behind https://");
    }
    copy_lower(ret_url->host, *at, len);
    copy_lower(ret_url->vault, *at, strcspn(ret_url->host, "."));
    *at += len;
    return KV_OK;
}

static enum kv_code parse_port(const char **at, struct kv_cmk_url *ret_url, struct kv_err *err)
{
    ret_url->port = 443;
    if (**at != ':') {
        return KV_OK;
    }
    size_t len = strspn(++*at, DIGITS);
    unsigned long port = len > 0 && len <= PORT_DIGITS ? strtoul(*at, NULL, 10) : 0;

    if (port == 0 || port > PORT_MAX) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "the URL has no port behind its colon");
    }
    ret_url->port = (unsigned) port;
    *at += len;
    return KV_OK;
}

static enum kv_code parse_key(const char **at, struct kv_cmk_url *ret_url, struct kv_err *err)
{
    size_t len =
        strncmp(*at, PLACE, strlen(PLACE)) == 0 ? strspn(*at + strlen(PLACE), NAME_CHARACTERS) : 0;

    if (len == 0) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "the URL's path is not /keys/NAME/VERSION");
    }
    if (len >= sizeof(ret_url->key)) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "a key's name has 127 characters at most");
    }
    (void) snprintf(ret_url->key, sizeof(ret_url->key), "%.*s", (int) len, *at + strlen(PLACE));
    *at += strlen(PLACE) + len;
    return KV_OK;
}

static enum kv_code parse_version(const char *at, struct kv_cmk_url *ret_url, struct kv_err *err)
{
    size_t len = *at == '/' ? strspn(at + 1, DIGITS "abcdefABCDEF") : 0;

    if (strcmp(at, "") == 0 || strcmp(at, "/") == 0) {
        return KV_OK;
    }
    if (len != sizeof(ret_url->version) - 1
        || (strcmp(at + 1 + len, "") != 0 && strcmp(at + 1 + len, "/") != 0)) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0,
                       "what is behind the key's name is no version: 32 hexadecimal digits");
    }
    copy_lower(ret_url->version, at + 1, len);
    return KV_OK;
}

enum kv_code kv_cmk_url_parse(const char *text, struct kv_cmk_url *ret_url, struct kv_err *err)
{
    const char *at = text + strlen(SCHEME);

    *ret_url = (struct kv_cmk_url){ .port = 0 };
    if (strnlen(text, KV_CMK_URL_MAX + 1) > KV_CMK_URL_MAX) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "the URL is longer than %d characters",
                       KV_CMK_URL_MAX);
    }
    if (strncasecmp(text, SCHEME, strlen(SCHEME)) != 0) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "the URL does not begin with https://");
    }
    KV_TRY(parse_host(&at, ret_url, err));
    KV_TRY(parse_port(&at, ret_url, err));
    KV_TRY(parse_key(&at, ret_url, err));
    return parse_version(at, ret_url, err);
}
