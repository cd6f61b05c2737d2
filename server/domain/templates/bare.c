/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names of members without quotes: az writes `, template:{` before the text of a template, and the
 * service takes it. cJSON does not, so it gets a copy with the quotes.
 */
#include <ctype.h>
#include <stdbool.h>
#include <string.h>

#include "load.h"

struct copy {
    char *out;
    size_t written;
};

static bool is_blank(char character)
{
    return character == ' ' || character == '\t' || character == '\n' || character == '\r';
}

static bool is_of_name(char character)
{
    return isalnum((unsigned char) character) || character == '_' || character == '$';
}

/* The length of a name without quotes that begins here; 0: there is none. */
static size_t find_bare(const char *at, const char *end, char before)
{
    const char *stop = at;

    if ((before != '{' && before != ',') || !is_of_name(*at) || isdigit((unsigned char) *at)) {
        return 0;
    }
    while (stop < end && is_of_name(*stop)) {
        stop++;
    }
    const char *colon = stop;
    while (colon < end && is_blank(*colon)) {
        colon++;
    }
    return colon < end && *colon == ':' ? (size_t) (stop - at) : 0;
}

static size_t string_length(const char *at, const char *end)
{
    const char *stop = at + 1;

    while (stop < end && *stop != '"') {
        stop += *stop == '\\' ? 2 : 1;
    }
    return stop < end ? (size_t) (stop + 1 - at) : (size_t) (end - at);
}

static void put(struct copy *copy, const char *bytes, size_t len)
{
    if (copy->out != NULL) {
        memcpy(copy->out + copy->written, bytes, len);
    }
    copy->written += len;
}

size_t template_quote_names(const char *text, size_t len, char *out, size_t until, size_t *ret_read)
{
    const char *at = text, *end = text + len;
    struct copy copy = { .out = out };
    char before = '\0';

    while (at < end && copy.written < until) {
        size_t bare = find_bare(at, end, before);
        size_t count = bare > 0 ? bare : *at == '"' ? string_length(at, end) : 1;

        put(&copy, "\"", bare > 0);
        put(&copy, at, count);
        put(&copy, "\"", bare > 0);
        before = is_blank(*at) ? before : *at;
        at += count;
    }
    *ret_read = (size_t) (at - text);
    return copy.written;
}
