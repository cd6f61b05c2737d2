/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Errors of a deployment, where they stand in the template's file. The server counts in the request, in
 * which the template has something before it in its first line and something behind it.
 */
#include <stdlib.h>
#include <string.h>

#include "deploy.h"

#define DEPTH_MAX 8        /* of errors in errors */
#define LINES_MAX 10000000 /* of a template */
#define LINE_SHOWN 120     /* characters of a template's line */

/* A place in a message: "line '13' and column '20'", "line 13, position 20". */
struct mention {
    size_t len; /* of all that, from the l on */
    const char *quote, *between;
    unsigned long line, column;
};

static const char *find_line(const struct kv_buf *template, unsigned long line, size_t *ret_len)
{
    const char *at = template->data;

    for (unsigned long i = 1; at != NULL && i < line; i++) {
        at = strchr(at, '\n');
        at = at != NULL ? at + 1 : NULL;
    }
    *ret_len = at != NULL ? strcspn(at, "\r\n") : 0;
    return at;
}

/* The last character that is no blank. */
static void find_end(const struct kv_buf *template, unsigned long *ret_line,
                     unsigned long *ret_column)
{
    size_t len = template->len, begin;

    while (len > 0 && strchr(" \t\r\n", template->data[len - 1]) != NULL) {
        len--;
    }
    for (begin = len; begin > 0 && template->data[begin - 1] != '\n';) {
        begin--;
    }
    *ret_line = 1;
    for (size_t i = 0; i < begin; i++) {
        *ret_line += template->data[i] == '\n';
    }
    *ret_column = len - begin;
}

/* From where the server has counted to the file. What is wrong behind the template is a matter of its
 * end: it is not whole, or has too much there. */
static void map(const struct deploy_source *source, struct mention *mention)
{
    const size_t before = source->before;
    unsigned long line, column;

    if (mention->line == 0) {
        return; /* the server does not know */
    }
    if (mention->line == 1) {
        mention->column = mention->column > before ? mention->column - before : 1;
    }
    find_end(source->text, &line, &column);
    if (mention->line > line || (mention->line == line && mention->column > column)) {
        mention->line = line;
        mention->column = column;
    }
}

/* A number between quotes or none; NULL: there is none. */
static const char *read_number(const char *at, const char *quote, unsigned long *ret_number)
{
    char *end = NULL;

    if (strncmp(at, quote, strlen(quote)) != 0) {
        return NULL;
    }
    at += strlen(quote);
    if (*at < '0' || *at > '9') {
        return NULL;
    }
    *ret_number = strtoul(at, &end, 10);
    return *ret_number < LINES_MAX && strncmp(end, quote, strlen(quote)) == 0 ? end + strlen(quote)
                                                                              : NULL;
}

static bool read_mention(const char *at, struct mention *ret_mention)
{
    static const struct mention forms[] = {
        { .quote = "'", .between = " and column " },
        { .quote = "", .between = ", position " },
    };
    const char *begin = at;

    if (strncmp(at, "line ", 5) != 0) {
        return false;
    }
    for (size_t i = 0; i < KV_COUNT(forms); i++) {
        struct mention mention = forms[i];

        at = read_number(begin + 5, mention.quote, &mention.line);
        if (at == NULL || strncmp(at, mention.between, strlen(mention.between)) != 0) {
            continue;
        }
        at = read_number(at + strlen(mention.between), mention.quote, &mention.column);
        if (at != NULL) {
            mention.len = (size_t) (at - begin);
            *ret_mention = mention;
            return true;
        }
    }
    return false;
}

/* On standard error, without what would steer the terminal. */
static void print_byte(unsigned char byte)
{
    if (byte >= 0x20 && byte != 0x7f) {
        (void) fputc(byte, stderr);
    } else if (byte == '\n' || byte == '\t') {
        (void) fputc(' ', stderr);
    }
}

static void print_text(const char *text)
{
    for (; *text != '\0'; text++) {
        print_byte((unsigned char) *text);
    }
}

/* A message, in which the places are those of the file; the last one, which is the nearest. False: it has none. */
static bool print_message(const char *text, const struct deploy_source *source,
                          struct mention *ret_mention)
{
    bool has_place = false;

    while (*text != '\0') {
        struct mention mention;

        if (source == NULL || !read_mention(text, &mention)) {
            print_byte((unsigned char) *text++);
            continue;
        }
        text += mention.len;
        map(source, &mention);
        (void) fprintf(stderr, "line %s%lu%s%s%s%lu%s", mention.quote, mention.line, mention.quote,
                       mention.between, mention.quote, mention.column, mention.quote);
        if (mention.line > 0) {
            *ret_mention = mention;
            has_place = true;
        }
    }
    return has_place;
}

/* The line, as much of it as is before the place at most, and a mark below that. */
static void print_place(const struct deploy_source *source, const struct mention *mention)
{
    size_t len = 0, column = mention->column > 0 ? mention->column : 1;
    char shown[LINE_SHOWN + 1];
    const char *text = find_line(source->text, mention->line, &len);

    if (text == NULL || len == 0 || column > len + 1) {
        return;
    }
    size_t first = column > LINE_SHOWN ? column - LINE_SHOWN : 0;
    (void) snprintf(shown, sizeof(shown), "%.*s", (int) (len - first), text + first);
    (void) fputs("       ", stderr);
    print_text(source->path);
    (void) fprintf(stderr, ":%lu:%zu\n%6lu | ", mention->line, column, mention->line);
    print_text(shown);
    (void) fprintf(stderr, "\n       | %*s\n", (int) (column - first), "^");
}

static const char *text_of(const cJSON *object, const char *name)
{
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));

    return text != NULL ? text : "";
}

/* Where the places of a message are; NULL: in a file that cannot be read here. */
static const struct deploy_source *find_source(const char *message,
                                               const struct deploy_source *source,
                                               struct deploy_linked *linked,
                                               struct deploy_source *in_linked)
{
    if (!deploy_is_of_link(message)) {
        return source;
    }
    *in_linked = (struct deploy_source){ linked->path, &linked->text, source->root, 0 };
    return deploy_find_linked(message, source, linked) ? in_linked : NULL;
}

static void print_error(const cJSON *error, const struct deploy_source *source, int depth)
{
    const char *message = text_of(error, "message");
    kv_auto(deploy_linked_done) struct deploy_linked linked = { .path = "" };
    struct deploy_source in_linked;
    struct mention mention = { .line = 0 };
    const cJSON *detail;

    if (error == NULL || depth > DEPTH_MAX) {
        return;
    }
    (void) fprintf(stderr, "%*s", depth * 2, "");
    print_text(text_of(error, "code"));
    (void) fputs(": ", stderr);
    const struct deploy_source *place = find_source(message, source, &linked, &in_linked);
    bool has_place = print_message(message, place, &mention);
    (void) fputs("\n", stderr);
    if (*text_of(error, "target") != '\0') {
        (void) fprintf(stderr, "%*s", depth * 2 + 2, "");
        print_text(text_of(error, "target"));
        (void) fputs("\n", stderr);
    }
    if (has_place) {
        print_place(place, &mention);
    }
    cJSON_ArrayForEach (detail, cJSON_GetObjectItemCaseSensitive(error, "details")) {
        print_error(detail, source, depth + 1);
    }
}

void deploy_print_error(const cJSON *error, const struct deploy_source *source)
{
    (void) fflush(stdout);
    print_error(error, source, 0);
}
