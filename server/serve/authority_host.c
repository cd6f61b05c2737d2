/* SPDX-License-Identifier: Apache-2.0 */
/* Which authority challenges name: --authority-host. */
#include "serve.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define SCHEME "https://"
#define HTTPS_PORT 443

/* Parsers of challenges end a value, or a part of one, at what is none of these (clients.md §2). */
static bool is_plain(const char *text, const char *more)
{
    for (; *text != '\0'; text++) {
        if (!isalnum((unsigned char) *text) && strchr(more, *text) == NULL) {
            return false;
        }
    }
    return true;
}

static enum kv_code refuse(const char *text, struct kv_err *err)
{
    return KV_FAIL(err, KV_BAD_PARAMETER, 0,
                   "--authority-host: %s is neither HOST[/TENANT] nor https://HOST[:PORT][/TENANT]",
                   text);
}

static bool is_url(const char *text)
{
    return strstr(text, "://") != NULL;
}

/* One host, of letters, digits and these, and one segment at most. */
static bool is_good(const char *text, const char *more)
{
    const char *slash = strchr(text, '/');

    return *text != '\0' && slash != text && is_plain(text, more)
           && (slash == NULL || strchr(slash + 1, '/') == NULL);
}

static bool is_good_url(const char *text)
{
    return strncasecmp(text, SCHEME, strlen(SCHEME)) == 0
           && is_good(text + strlen(SCHEME), "-.:[]/");
}

enum kv_code authority_host_check(const struct kv_options *options, struct kv_err *err)
{
    const char *text = kv_option_text(options, KV_OPTION_AUTHORITY_HOST);
    bool fits = is_url(text) ? is_good_url(text) : *text == '\0' || is_good(text, "-./");

    return fits && strlen(text) < KV_AUTHORITY_URL_SIZE / 2 ? KV_OK : refuse(text, err);
}

/* A URL without a path, and coffer's tenant; one with a path is whole. */
static void complete(const char *url, const char *tenant, char ret_url[KV_AUTHORITY_URL_SIZE])
{
    const char *slash = strchr(url + strlen(SCHEME), '/');
    bool is_whole = slash != NULL && slash[1] != '\0';
    int len = (int) (slash != NULL && !is_whole ? (size_t) (slash - url) : strlen(url));

    (void) snprintf(ret_url, KV_AUTHORITY_URL_SIZE, "%.*s%s%s", len, url, is_whole ? "" : "/",
                    is_whole ? "" : tenant);
}

void authority_host_fill(const struct kv_options *options, struct kv_app *app)
{
    const char *text = kv_option_text(options, KV_OPTION_AUTHORITY_HOST);
    const char *tenant = kv_identity_tenant(app->identity);
    char url[KV_AUTHORITY_URL_SIZE];
    char port[8] = "";

    if (*text == '\0') {
        return;
    }
    if (is_url(text)) {
        complete(text, tenant, app->authority_url);
        return;
    }
    if (app->port != HTTPS_PORT) {
        (void) snprintf(port, sizeof(port), ":%u", app->port % 65536);
    }
    size_t host = strcspn(text, "/"); /* both are short: authority_host_check() */

    (void) snprintf(url, sizeof(url), SCHEME "%.*s%s%s", (int) host, text, port, text + host);
    complete(url, tenant, app->authority_url);
}
