/* SPDX-License-Identifier: Apache-2.0 */
/* The URL of a key, taken apart: https://HOST[:PORT]/keys/NAME[/VERSION]. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "core.h"

#define NAME_CHARACTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-"
#define HEX_DIGITS "0123456789abcdefABCDEF"

static void cleanup_url(CURLU *url)
{
    curl_url_cleanup(url);
}
KV_DEFINE_CLEANUP(CURLU *, cleanup_url)

static enum kv_code refuse(const char *text, const char *why, struct kv_err *err)
{
    return KV_FAIL(err, KV_BAD_PARAMETER, 0,
                   "'%.200s' is no URL of a key: %s, as in https://VAULT/keys/NAME/VERSION.", text,
                   why);
}

static bool take_part(CURLU *url, CURLUPart part, char *ret_text, size_t size)
{
    char *text = NULL;
    bool ok = curl_url_get(url, part, &text, 0) == CURLUE_OK && strlen(text) < size;

    (void) snprintf(ret_text, size, "%s", ok ? text : "");
    curl_free(text);
    return ok;
}

static bool take_segment(const char **path, const char *characters, char *ret_text, size_t size)
{
    size_t len = strspn(*path, characters);

    if (len == 0 || len >= size) {
        return false;
    }
    (void) snprintf(ret_text, size, "%.*s", (int) len, *path);
    *path += len;
    return true;
}

/* /keys/NAME[/VERSION][/] */
static bool read_path(const char *path, struct key_place *place)
{
    if (strncasecmp(path, "/keys/", 6) != 0) {
        return false;
    }
    path += 6;
    if (!take_segment(&path, NAME_CHARACTERS, place->name, sizeof(place->name))) {
        return false;
    }
    path += *path == '/';
    if (*path != '\0'
        && (!take_segment(&path, HEX_DIGITS, place->version, sizeof(place->version))
            || strlen(place->version) != VERSION_LENGTH)) {
        return false;
    }
    path += *path == '/';
    return *path == '\0';
}

static bool ends_with(const char *text, const char *end)
{
    size_t len = strlen(text), skip = strlen(end);

    return len > skip && strcasecmp(text + len - skip, end) == 0;
}

bool key_place_is_public(const struct key_place *place)
{
    return ends_with(place->host, ".vault.azure.net");
}

static enum kv_code compose(const char *text, const char *port, struct key_place *place,
                            struct kv_err *err)
{
    int len = snprintf(place->url, sizeof(place->url), "https://%s%s%s/keys/%s%s%s", place->host,
                       *port != '\0' ? ":" : "", port, place->name,
                       place->version[0] != '\0' ? "/" : "", place->version);

    return len < (int) sizeof(place->url) ? KV_OK : refuse(text, "it is too long", err);
}

enum kv_code key_place_read(const char *text, struct key_place *ret_place, struct kv_err *err)
{
    kv_auto(cleanup_url) CURLU *url = curl_url();
    struct key_place place = { .url = "" };
    char scheme[16], path[KV_CONSUMER_URL_MAX + 1], port[8], other[256];

    if (url == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    if (*text == '\0') {
        *ret_place = place;
        return KV_OK;
    }
    if (strlen(text) > KV_CONSUMER_URL_MAX || curl_url_set(url, CURLUPART_URL, text, 0) != CURLUE_OK
        || !take_part(url, CURLUPART_SCHEME, scheme, sizeof(scheme))
        || strcmp(scheme, "https") != 0) {
        return refuse(text, "it begins with https://", err);
    }
    if (take_part(url, CURLUPART_USER, other, sizeof(other))
        || take_part(url, CURLUPART_QUERY, other, sizeof(other))
        || take_part(url, CURLUPART_FRAGMENT, other, sizeof(other))) {
        return refuse(text, "it has neither a user, nor a query", err);
    }
    if (!take_part(url, CURLUPART_HOST, place.host, sizeof(place.host))
        || !take_part(url, CURLUPART_PATH, path, sizeof(path)) || !read_path(path, &place)) {
        return refuse(text, "its path is /keys/NAME and a version of 32 hexadecimal digits", err);
    }
    place.is_ours =
        !take_part(url, CURLUPART_PORT, port, sizeof(port)) && ends_with(place.host, ".localhost");
    KV_TRY(compose(text, port, &place, err));
    *ret_place = place;
    return KV_OK;
}
