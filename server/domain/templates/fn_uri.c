/* SPDX-License-Identifier: Apache-2.0 */
/* URIs: putting two together (RFC 3986 §5.2), and percent encoding. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <unistr.h>

#include "functions.h"

#define UNRESERVED "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~"

/* The length of "scheme:"; 0: there is none. */
static size_t scheme_of(const char *uri)
{
    size_t len = isalpha((unsigned char) uri[0]) ? 1 : 0;

    while (len > 0 && (isalnum((unsigned char) uri[len]) || strchr("+-.", uri[len]) != NULL)
           && uri[len] != '\0') {
        len++;
    }
    return len > 0 && uri[len] == ':' ? len + 1 : 0;
}

/* Where the path begins, behind scheme and host. */
static size_t path_of(const char *uri)
{
    size_t at = scheme_of(uri);

    if (strncmp(uri + at, "//", 2) == 0) {
        at += 2;
        at += strcspn(uri + at, "/?#");
    }
    return at;
}

/* Takes . and .. out of a path that begins with / (RFC 3986 §5.2.4), in place. */
static void remove_dots(char *path)
{
    char *from = path, *to = path;

    while (*from != '\0' && strchr("?#", *from) == NULL) {
        size_t len = 1 + strcspn(from + 1, "/?#");
        bool is_last = from[len] != '/';
        bool is_dot = len == 2 && from[1] == '.';
        bool is_up = len == 3 && from[1] == '.' && from[2] == '.';

        if (!is_dot && !is_up) {
            memmove(to, from, len);
            to += len;
        }
        while (is_up && to > path && *--to != '/') {
            continue;
        }
        if ((is_dot || is_up) && is_last) {
            *to++ = '/';
        }
        from += len;
    }
    memmove(to, from, strlen(from) + 1);
}

/* How much of the base stays before what is relative to it. */
static size_t kept_of(const char *base, const char *relative)
{
    size_t path = path_of(base);
    size_t end = path + strcspn(base + path, "?#");

    if (strncmp(relative, "//", 2) == 0) {
        return scheme_of(base);
    }
    if (relative[0] == '/') {
        return path;
    }
    if (relative[0] == '?') {
        return end;
    }
    if (relative[0] == '#') {
        return path + strcspn(base + path, "#");
    }
    while (end > path && base[end - 1] != '/') {
        end--;
    }
    return end;
}

enum kv_code template_fn_uri(struct template_eval *eval, const struct template_call *call,
                             struct template_value *ret_value, struct kv_err *err)
{
    const char *base = template_text(call, 0), *relative = template_text(call, 1);
    kv_auto(kv_buf_done) struct kv_buf made = { 0 };
    size_t kept = kept_of(base, relative);
    bool is_rooted = path_of(base) > scheme_of(base);

    if (scheme_of(base) == 0) {
        return TEMPLATE_REFUSE(err, call,
                               "expects its first argument to be a uri string. The provided value "
                               "is '%.200s'. Please see https://aka.ms/arm-function-datauri for "
                               "usage details.",
                               base);
    }
    kv_buf_init(&made, TEMPLATE_TEXT_MAX);
    if (scheme_of(relative) > 0) {
        return template_make_text(eval->budget, relative, ret_value, err);
    }
    if (relative[0] == '\0') {
        kept = strcspn(base, "#");
    }
    KV_TRY(template_append(eval->budget, &made, base, kept, err));
    if (kept == path_of(base) && is_rooted && relative[0] != '/') {
        KV_TRY(template_append_text(eval->budget, &made, "/", err)); /* a host has a path */
    }
    KV_TRY(template_append_text(eval->budget, &made, relative, err));
    if (made.len > 0 && made.data[path_of(made.data)] == '/') {
        remove_dots(made.data + path_of(made.data));
    }
    return template_make_text(eval->budget, made.data, ret_value, err);
}

enum kv_code template_fn_uri_component(struct template_eval *eval, const struct template_call *call,
                                       struct template_value *ret_value, struct kv_err *err)
{
    kv_auto(kv_buf_done) struct kv_buf made = { 0 };
    const char *at = template_text(call, 0);

    kv_buf_init(&made, TEMPLATE_TEXT_MAX);
    while (*at != '\0') {
        size_t len = strspn(at, UNRESERVED);
        char escape[4];

        KV_TRY(template_append(eval->budget, &made, at, len, err));
        at += len;
        if (*at != '\0') {
            (void) snprintf(escape, sizeof(escape), "%%%02X", (unsigned) (unsigned char) *at++);
            KV_TRY(template_append_text(eval->budget, &made, escape, err));
        }
    }
    return template_make_buf(eval->budget, &made, ret_value, err);
}

static int digit_of(char character)
{
    return isdigit((unsigned char) character)    ? character - '0'
           : isxdigit((unsigned char) character) ? toupper((unsigned char) character) - 'A' + 10
                                                 : -1;
}

enum kv_code template_fn_uri_component_to_string(struct template_eval *eval,
                                                 const struct template_call *call,
                                                 struct template_value *ret_value,
                                                 struct kv_err *err)
{
    kv_auto(kv_buf_done) struct kv_buf made = { 0 };

    kv_buf_init(&made, TEMPLATE_TEXT_MAX);
    for (const char *at = template_text(call, 0); *at != '\0'; at++) {
        bool is_escape = at[0] == '%' && digit_of(at[1]) >= 0 && digit_of(at[2]) >= 0;
        char byte = is_escape ? (char) (digit_of(at[1]) * 16 + digit_of(at[2])) : *at;

        KV_TRY(template_append(eval->budget, &made, &byte, 1, err));
        at += is_escape ? 2 : 0;
    }
    if (made.len > 0
        && (memchr(made.data, '\0', made.len) != NULL
            || u8_check((const uint8_t *) made.data, made.len) != NULL)) {
        return TEMPLATE_REFUSE(err, call, "expects escapes that make UTF-8.");
    }
    return template_make_buf(eval->budget, &made, ret_value, err);
}
