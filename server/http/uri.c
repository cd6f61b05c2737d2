/* SPDX-License-Identifier: Apache-2.0 */
/*
 * liburiparser checks the grammar and finds the parts; they are then decoded in place in one copy
 * of the target.
 */
#include "uri.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <unistr.h>
#include <uriparser/Uri.h>

#include "kv/base/base.h"

/* Prepended to the target, so that a "//rng" is a path and not an authority. */
#define PREFIX "x://h"

KV_DEFINE_CLEANUP_VALUE(UriUriA, uriFreeUriMembersA)

/* The service's front end refuses them (contract §9.8); RFC 3986 only those not encoded. */
static bool has_encoded_control_character(const char *target)
{
    for (const char *at = strchr(target, '%'); at != NULL; at = strchr(at + 1, '%')) {
        if (at[1] == '0' || at[1] == '1' || strncasecmp(at + 1, "7f", 2) == 0) {
            return true;
        }
    }
    return false;
}

/* Decodes `text` in place; false when the result is not UTF-8. */
static bool decode(char *text, bool plus_is_blank)
{
    const char *end = uriUnescapeInPlaceExA(text, plus_is_blank, URI_BR_DONT_TOUCH);

    return u8_check((const uint8_t *) text, (size_t) (end - text)) == NULL;
}

/* Turns a part that liburiparser found into a separate text. The character after it is a
 * delimiter. */
static char *terminate(const UriTextRangeA *range)
{
    char *text = (char *) range->first; /* points into our own copy */

    text[range->afterLast - range->first] = '\0';
    return text;
}

static bool take_segments(const UriUriA *parsed, struct kv_uri *uri)
{
    for (const UriPathSegmentA *part = parsed->pathHead; part != NULL; part = part->next) {
        if (part->text.first == part->text.afterLast) {
            continue;
        }
        if (uri->segments == KV_SEGMENTS_MAX) {
            uri->segments++;
            return true;
        }
        char *segment = terminate(&part->text);
        if (!decode(segment, false)) {
            return false;
        }
        uri->segment[uri->segments++] = segment;
    }
    return true;
}

static bool take_pairs(char *query, struct kv_uri *uri)
{
    char *name;

    while ((name = strsep(&query, "&")) != NULL) {
        char *value = name;
        (void) strsep(&value, "="); /* ends the name; NULL when nothing follows it */
        if (*name == '\0' && value == NULL) {
            continue;
        }
        if (uri->pairs == KV_QUERY_MAX) {
            return false;
        }
        if (!decode(name, true) || (value != NULL && !decode(value, true))) {
            return false;
        }
        uri->pair[uri->pairs++] =
            (struct kv_pair){ .name = name, .value = value != NULL ? value : "" };
    }
    return true;
}

static bool take_apart(const UriUriA *parsed, struct kv_uri *uri)
{
    if (parsed->fragment.first != NULL) {
        return false;
    }
    if (parsed->query.first != NULL && !take_pairs(terminate(&parsed->query), uri)) {
        return false;
    }
    return take_segments(parsed, uri);
}

enum kv_code kv_uri_parse(const char *target, struct kv_uri *ret_uri, struct kv_err *err)
{
    kv_auto(kv_uri_done) struct kv_uri uri = { 0 };
    kv_auto(uriFreeUriMembersA) UriUriA parsed = { 0 };
    const char *error_at;

    if (target[0] != '/' || has_encoded_control_character(target)) {
        return KV_FAIL(err, KV_BAD_URL, 0, "not a path without control characters");
    }
    if (asprintf(&uri.text, PREFIX "%s", target) < 0) {
        uri.text = NULL;
        return KV_OUT_OF_MEMORY(err);
    }
    int rc = uriParseSingleUriExA(&parsed, uri.text, uri.text + strlen(uri.text), &error_at);
    if (rc == URI_ERROR_MALLOC) {
        return KV_OUT_OF_MEMORY(err);
    }
    if (rc != URI_SUCCESS || !take_apart(&parsed, &uri)) {
        return KV_FAIL(err, KV_BAD_URL, (unsigned long) rc, "not a path and query of RFC 3986");
    }
    *ret_uri = uri;
    uri.text = NULL; /* the caller's now */
    return KV_OK;
}

size_t kv_uri_count_pairs(const char *target)
{
    const char *query = strchr(target, '?');
    size_t count = 0;

    while (query != NULL) {
        query++; /* behind what introduces it */
        count += *query != '\0' && *query != '&';
        query = strchr(query, '&');
    }
    return count;
}

/* Names from OAuth 2.0, of signatures in a URL, and of what people put there by mistake. */
static const char *const credentials[] = {
    "access_token",     "token",    "refresh_token", "id_token", "secret", "client_secret",
    "client_assertion", "password", "code",          "sig",
};

#define CREDENTIAL_MAX 16                /* characters of the longest of them */
#define ENCODED_MAX (3 * CREDENTIAL_MAX) /* each as %XX */

static bool holds_credential(const char *name, size_t len)
{
    char decoded[ENCODED_MAX + 1];

    if (len > ENCODED_MAX) {
        return false;
    }
    memcpy(decoded, name, len);
    decoded[len] = '\0';
    (void) uriUnescapeInPlaceA(decoded);
    for (size_t i = 0; i < KV_COUNT(credentials); i++) {
        if (strcasecmp(decoded, credentials[i]) == 0) {
            return true;
        }
    }
    return false;
}

static const char *append(char **to, const char *from, size_t len)
{
    memcpy(*to, from, len);
    *to += len;
    return from + len;
}

/* Appends a pair and the character after it; returns where the next one begins. */
static const char *append_pair(char **to, const char *pair)
{
    size_t name = strcspn(pair, "=?&#;");

    if (pair[name] == '=' && holds_credential(pair, name)) {
        pair = append(to, pair, name + 1);
        if (strcspn(pair, "&#") > 0) {
            (void) append(to, "*", 1);
            pair += strcspn(pair, "&#");
        }
    } else {
        pair = append(to, pair, name + strcspn(pair + name, "?&#;"));
    }
    return append(to, pair, *pair != '\0');
}

char *kv_uri_mask(const char *target)
{
    size_t path = strcspn(target, "?#");
    char *masked = malloc(strlen(target) + 1); /* it does not grow */
    char *to = masked;

    if (masked == NULL) {
        return NULL;
    }
    target = append(&to, target, path + (target[path] != '\0'));
    while (*target != '\0') {
        target = append_pair(&to, target);
    }
    *to = '\0';
    return masked;
}

void kv_uri_done(struct kv_uri *uri)
{
    free(uri->text);
    *uri = (struct kv_uri){ 0 };
}
