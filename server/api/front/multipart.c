/* SPDX-License-Identifier: Apache-2.0 */
#include "multipart.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#define NAME "content-type:"
#define BLANKS " \t"

bool media_type_is(const char *content_type, const char *media)
{
    size_t len = content_type != NULL ? strcspn(content_type, ";" BLANKS) : 0;

    return len == strlen(media) && strncasecmp(content_type, media, len) == 0;
}

/* The value of a parameter, without its quotes; NULL: there is none. */
static const char *find_parameter(const char *content_type, const char *name, size_t *ret_len)
{
    const char *at = strchr(content_type, ';');

    while (at != NULL) {
        at += 1 + strspn(at + 1, BLANKS);
        if (strncasecmp(at, name, strlen(name)) == 0 && at[strlen(name)] == '=') {
            at += strlen(name) + 1;
            bool is_quoted = *at == '"';
            at += is_quoted;
            *ret_len = strcspn(at, is_quoted ? "\"" : ";" BLANKS);
            return at;
        }
        at = strchr(at, ';');
    }
    return NULL;
}

/* Behind the first delimiter, which may be the body's first line; what is before it is for nobody. */
static bool find_first(struct multipart *multipart)
{
    const char *mark = multipart->delimiter + 2;
    size_t len = strlen(mark);

    if ((size_t) (multipart->end - multipart->at) >= len
        && strncmp(multipart->at, mark, len) == 0) {
        multipart->at += len;
        return true;
    }
    const char *found = memmem(multipart->at, (size_t) (multipart->end - multipart->at),
                               multipart->delimiter, len + 2);
    multipart->at = found != NULL ? found + len + 2 : multipart->end;
    return found != NULL;
}

bool multipart_begin(struct multipart *ret_multipart, const char *content_type, const char *body,
                     size_t len)
{
    size_t boundary_len = 0;
    const char *boundary = find_parameter(content_type, "boundary", &boundary_len);

    *ret_multipart = (struct multipart){ .at = body, .end = body + len };
    if (boundary == NULL || boundary_len == 0 || boundary_len > MULTIPART_BOUNDARY_MAX
        || len == 0) {
        return false;
    }
    (void) snprintf(ret_multipart->delimiter, sizeof(ret_multipart->delimiter), "\r\n--%.*s",
                    (int) boundary_len, boundary);
    return find_first(ret_multipart);
}

/* Blanks and the end of the line behind a delimiter; false for anything else. */
static bool end_line(struct multipart *multipart)
{
    while (multipart->at < multipart->end && (*multipart->at == ' ' || *multipart->at == '\t')) {
        multipart->at++;
    }
    if (multipart->end - multipart->at < 2 || strncmp(multipart->at, "\r\n", 2) != 0) {
        return false;
    }
    multipart->at += 2;
    return true;
}

static bool is_last(const struct multipart *multipart)
{
    return multipart->end - multipart->at >= 2 && strncmp(multipart->at, "--", 2) == 0;
}

/* The headers end with an empty line; there may be none. */
static bool split(const char *part, size_t len, struct multipart_part *ret_part)
{
    static const char empty[] = "\r\n\r\n";

    if (len >= 2 && strncmp(part, "\r\n", 2) == 0) {
        *ret_part = (struct multipart_part){ part, 0, part + 2, len - 2 };
        return true;
    }
    const char *end = memmem(part, len, empty, strlen(empty));
    if (end == NULL) {
        return false;
    }
    *ret_part = (struct multipart_part){
        .headers = part,
        .headers_len = (size_t) (end - part) + 2,
        .content = end + strlen(empty),
        .len = len - (size_t) (end - part) - strlen(empty),
    };
    return true;
}

bool multipart_next(struct multipart *multipart, struct multipart_part *ret_part, bool *ret_ok)
{
    size_t len = strlen(multipart->delimiter);

    *ret_ok = is_last(multipart);
    if (*ret_ok || !end_line(multipart)) {
        return false;
    }
    /* A part without headers and content ends with the line of the delimiter itself. */
    const char *start = multipart->at;
    const char *end =
        memmem(start - 2, (size_t) (multipart->end - start) + 2, multipart->delimiter, len);
    if (end == NULL || end < start || !split(start, (size_t) (end - start), ret_part)) {
        return false;
    }
    multipart->at = end + len;
    return true;
}

bool multipart_part_is(const struct multipart_part *part, const char *media)
{
    const char *line = part->headers, *end = part->headers + part->headers_len;

    while (line != NULL && line < end) {
        const char *stop = memmem(line, (size_t) (end - line), "\r\n", 2);
        char text[128];

        if (stop != NULL && (size_t) (stop - line) > strlen(NAME)
            && strncasecmp(line, NAME, strlen(NAME)) == 0) {
            line += strlen(NAME);
            (void) snprintf(text, sizeof(text), "%.*s", (int) (stop - line), line);
            return media_type_is(text + strspn(text, BLANKS), media);
        }
        line = stop != NULL ? stop + 2 : NULL;
    }
    return false;
}
