/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON that knows where it stands. cJSON keeps no positions, but in texts, objects and lists it has
 * two fields that it does not use, and copies along: they hold column and line.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <unistr.h>

#include "kv/base/json.h"
#include "kv/base/secret.h"
#include "load.h"

struct reader {
    const char *at, *end;
    const char *counted; /* up to here the characters of the line are in `column` */
    unsigned line, column;
};

static bool is_blank(char character)
{
    return character == ' ' || character == '\t' || character == '\n' || character == '\r';
}

static void skip_blanks(struct reader *reader)
{
    for (; reader->at < reader->end && is_blank(*reader->at); reader->at++) {
        if (*reader->at == '\n') {
            reader->line++;
            reader->column = 0;
            reader->counted = reader->at + 1;
        }
    }
}

/* Characters, not bytes; each is counted once, for a line may be all of the text. */
static unsigned count_column(struct reader *reader)
{
    for (; reader->counted < reader->at; reader->counted++) {
        reader->column += ((unsigned char) *reader->counted & 0xC0) != 0x80;
    }
    return reader->column;
}

static void note_place(struct reader *reader, cJSON *value)
{
    if (cJSON_IsString(value) || cJSON_IsObject(value) || cJSON_IsArray(value)) {
        value->valuedouble = reader->line;
        value->valueint = (int) count_column(reader);
    }
}

struct kv_template_place kv_template_place_of(const cJSON *value)
{
    if (!cJSON_IsString(value) && !cJSON_IsObject(value) && !cJSON_IsArray(value)) {
        return (struct kv_template_place){ 0, 0 };
    }
    return (struct kv_template_place){ (unsigned) value->valuedouble, (unsigned) value->valueint };
}

static void skip_string(struct reader *reader)
{
    reader->at++;
    while (reader->at < reader->end && *reader->at != '"') {
        reader->at += *reader->at == '\\' ? 2 : 1;
    }
    reader->at++;
}

/* Of a member; it may have no quotes. */
static void skip_name(struct reader *reader)
{
    if (*reader->at == '"') {
        skip_string(reader);
        return;
    }
    while (reader->at < reader->end && *reader->at != ':' && !is_blank(*reader->at)) {
        reader->at++;
    }
}

static void skip_scalar(struct reader *reader)
{
    while (reader->at < reader->end && strchr(",]}", *reader->at) == NULL
           && !is_blank(*reader->at)) {
        reader->at++;
    }
}

static void place_value(struct reader *reader, cJSON *value);

static void place_children(struct reader *reader, cJSON *value)
{
    cJSON *child;

    reader->at++;
    note_place(reader, value);
    cJSON_ArrayForEach (child, value) {
        skip_blanks(reader);
        if (cJSON_IsObject(value)) {
            skip_name(reader);
            skip_blanks(reader);
            reader->at++; /* the colon */
        }
        place_value(reader, child);
        skip_blanks(reader);
        reader->at++; /* a comma, or the bracket that closes */
    }
    if (value->child == NULL) {
        skip_blanks(reader);
        reader->at++;
    }
}

/* The text is known to be what cJSON made this tree of; how deep it is, too. */
static void place_value(struct reader *reader, cJSON *value)
{
    skip_blanks(reader);
    if (cJSON_IsObject(value) || cJSON_IsArray(value)) {
        place_children(reader, value);
        return;
    }
    if (cJSON_IsString(value)) {
        skip_string(reader);
    } else {
        skip_scalar(reader);
    }
    note_place(reader, value);
}

/* Where `at` is, for an error. */
static struct kv_template_place locate(const char *text, const char *at)
{
    struct reader reader = { .at = at, .end = at, .counted = text, .line = 1 };

    for (const char *byte = text; byte < at; byte++) {
        if (*byte == '\n') {
            reader.line++;
            reader.counted = byte + 1;
        }
    }
    return (struct kv_template_place){ reader.line, count_column(&reader) };
}

static enum kv_code refuse_at(struct kv_template_place place, const char *reason,
                              struct kv_err *err)
{
    return KV_FAIL(err, KV_INVALID_REQUEST_CONTENT, 0,
                   "The request content was invalid and could not be deserialized: '%s. Path '', "
                   "line %u, position %u.'.",
                   reason, place.line, place.column);
}

static enum kv_code refuse(const char *text, const char *at, const char *reason, struct kv_err *err)
{
    return refuse_at(locate(text, at), reason, err);
}

/* Blanks out a comment that begins at *at, and puts *at behind it. False when it does not end. */
static bool blank_comment(char **at, char *end)
{
    bool is_line = (*at)[1] == '/';
    char *close = is_line ? memchr(*at, '\n', (size_t) (end - *at))
                          : memmem(*at + 2, (size_t) (end - *at) - 2, "*/", 2);

    if (close == NULL && !is_line) {
        return false;
    }
    close = close == NULL ? end : is_line ? close : close + 2;
    for (; *at < close; (*at)++) {
        **at = **at == '\n' ? '\n' : ' ';
    }
    return true;
}

struct scan {
    unsigned depth, values;
    const char *reason; /* what is wrong, once something is */
};

/* Goes behind a string; false for what may not stand in one. */
static bool scan_string(char **at, const char *end)
{
    for ((*at)++; *at < end; (*at)++) {
        if (**at == '"') {
            (*at)++;
            return true;
        }
        if ((unsigned char) **at < 0x20) {
            return false;
        }
        if (**at == '\\') {
            (*at)++;
            if (end - *at >= 5 && strncmp(*at, "u0000", 5) == 0) {
                return false;
            }
        }
    }
    return false;
}

static const char *count(struct scan *scan, char character)
{
    if (strchr("[{", character) != NULL && ++scan->depth > KV_TEMPLATE_DEPTH_MAX) {
        return "It is nested more than " KV_STRINGIFY(KV_TEMPLATE_DEPTH_MAX) " deep";
    }
    if (strchr("[{,", character) != NULL && ++scan->values > KV_TEMPLATE_VALUES_MAX) {
        return "It has more than " KV_STRINGIFY(KV_TEMPLATE_VALUES_MAX) " values";
    }
    if (strchr("]}", character) != NULL && scan->depth > 0) {
        scan->depth--;
    }
    return NULL;
}

/* One step; NULL, or what is wrong. */
static const char *scan_one(struct scan *scan, char **at, char *end)
{
    char character = **at;

    if (character == '\0' || ((unsigned char) character < 0x20 && !is_blank(character))) {
        return "Unexpected control character";
    }
    if (character == '"') {
        char *start = *at;

        if (!scan_string(at, end)) {
            *at = start;
            return "A text does not end, or has a control character";
        }
        return NULL;
    }
    if (character == '/' && end - *at > 1 && strchr("/*", (*at)[1]) != NULL) {
        return blank_comment(at, end) ? NULL : "A comment does not end";
    }
    (*at)++;
    return count(scan, character);
}

/* Blanks comments, and refuses what cJSON would take in another way than it is meant. */
static enum kv_code tidy(char *text, size_t len, struct kv_err *err)
{
    struct scan scan = { 0 };
    char *at = text;
    const uint8_t *bad = u8_check((const uint8_t *) text, len);

    if (bad != NULL) {
        return refuse(text, (const char *) bad, "It is not UTF-8", err);
    }
    while (at < text + len) {
        const char *reason = scan_one(&scan, &at, text + len);

        if (reason != NULL) {
            return refuse(text, at, reason, err);
        }
    }
    return KV_OK;
}

static int compare_names(const void *one, const void *other)
{
    const char *const *a = one, *const *b = other;

    return strcmp(*a, *b);
}

/* The first name that stands twice in an object; NULL if none does. False: out of memory. */
static bool find_twice_in(const cJSON *object, const char **ret_name)
{
    size_t count = (size_t) cJSON_GetArraySize(object), i = 0;
    const char **names = count > 1 ? calloc(count, sizeof(*names)) : NULL;
    const cJSON *child;

    if (count <= 1 || names == NULL) {
        return count <= 1;
    }
    cJSON_ArrayForEach (child, object) {
        names[i++] = child->string;
    }
    qsort(names, count, sizeof(*names), compare_names);
    for (i = 1; i < count && *ret_name == NULL; i++) {
        *ret_name = strcmp(names[i - 1], names[i]) == 0 ? names[i] : NULL;
    }
    free(names);
    return true;
}

/* The same of all objects; and which of them it is. */
static bool find_twice(const cJSON *tree, const cJSON **ret_object, const char **ret_name)
{
    const cJSON *child;

    *ret_object = tree;
    if (cJSON_IsObject(tree) && !find_twice_in(tree, ret_name)) {
        return false;
    }
    cJSON_ArrayForEach (child, tree) {
        if (*ret_name != NULL) {
            return true;
        }
        if (!find_twice(child, ret_object, ret_name)) {
            return false;
        }
    }
    return true;
}

/* Told at the bracket that opens the object. */
static enum kv_code check_names(const cJSON *tree, struct kv_err *err)
{
    char reason[160];
    const cJSON *object = NULL;
    const char *name = NULL;

    if (!find_twice(tree, &object, &name)) {
        return KV_OUT_OF_MEMORY(err);
    }
    if (name == NULL) {
        return KV_OK;
    }
    (void) snprintf(reason, sizeof(reason), "The member '%.80s' stands twice in one object", name);
    return refuse_at(kv_template_place_of(object), reason, err);
}

/* What cJSON makes of the text, all its names in quotes, and where in the text it ended. */
static enum kv_code read_tree(const char *text, size_t len, cJSON **ret_tree, const char **ret_end,
                              struct kv_err *err)
{
    size_t read;
    size_t size = template_quote_names(text, len, NULL, SIZE_MAX, &read);
    kv_auto(kv_wipe_free) char *quoted = malloc(size + 1);
    const char *end = quoted;

    if (quoted == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    (void) template_quote_names(text, len, quoted, SIZE_MAX, &read);
    quoted[size] = '\0';
    *ret_tree = cJSON_ParseWithLengthOpts(quoted, size, &end, false);
    if (size != len) {
        (void) template_quote_names(text, len, NULL, (size_t) (end - quoted), &read);
    } else {
        read = (size_t) (end - quoted);
    }
    *ret_end = text + read;
    return KV_OK;
}

static enum kv_code parse(char *text, size_t len, cJSON **ret_tree, struct kv_err *err)
{
    struct reader reader = { .at = text, .end = text + len, .counted = text, .line = 1 };
    const char *end = text;
    kv_auto(cJSON_Delete) cJSON *tree = NULL;

    KV_TRY(tidy(text, len, err));
    KV_TRY(read_tree(text, len, &tree, &end, err));
    if (tree == NULL) {
        return refuse(text, end, "Unexpected character or end", err);
    }
    while (end < text + len && is_blank(*end)) {
        end++;
    }
    if (end != text + len) {
        return refuse(text, end, "Additional text found behind the value", err);
    }
    place_value(&reader, tree);
    KV_TRY(check_names(tree, err));
    *ret_tree = kv_take(tree);
    return KV_OK;
}

enum kv_code kv_template_parse(const char *text, size_t len, cJSON **ret_tree, struct kv_err *err)
{
    kv_auto(kv_wipe_free) char *copy = NULL;
    static const char mark[] = "\xEF\xBB\xBF";

    if (len > KV_TEMPLATE_SIZE_MAX) {
        return KV_FAIL(err, KV_INVALID_REQUEST_CONTENT, 0,
                       "The request content size exceeds the maximum size of %d MB.",
                       KV_TEMPLATE_SIZE_MAX / (1024 * 1024));
    }
    if (len >= strlen(mark) && strncmp(text, mark, strlen(mark)) == 0) {
        text += strlen(mark);
        len -= strlen(mark);
    }
    copy = malloc(len + 1);
    if (copy == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    memcpy(copy, text, len);
    copy[len] = '\0';
    return template_mend(err, parse(copy, len, ret_tree, err));
}
