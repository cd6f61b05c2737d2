/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A line is built on the stack, character by character through one escaping function, so that a
 * value that does not fit is cut between characters and its quote is still closed.
 */
#include "kv/base/log.h"

#include <assert.h>
#include <ctype.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <unistr.h>

#include "kv/base/clock.h"
#include "kv/base/spool.h"

#define LINE_MAX_BYTES KV_SPOOL_PUT_MAX
#define LINE_RESERVE 3 /* kept free for what closes a line: quote, brace, newline */
#define QUEUE_BYTES (256 * 1024)
#define FLUSH_MS 1000

struct line {
    enum kv_log_format format;
    char text[LINE_MAX_BYTES];
    size_t len;
    bool full; /* something did not fit: nothing more is added */
};

/* Set once by kv_log_setup(), before there are lines; read only from then on. */
static struct {
    enum kv_log_level level;
    enum kv_log_format format;
} settings = { KV_LOG_INFO, KV_LOG_TEXT };

static struct kv_spool *queue; /* set once by kv_log_start(); NULL: lines are written at once */

static const char *const level_names[] = {
    [KV_LOG_ERROR] = "error",
    [KV_LOG_WARNING] = "warning",
    [KV_LOG_INFO] = "info",
    [KV_LOG_DEBUG] = "debug",
};

void kv_log_setup(enum kv_log_level level, enum kv_log_format format)
{
    settings.level = level;
    settings.format = format;
}

/* Adds all of `text` or, when there is no room, nothing from now on. */
static void add(struct line *line, const char *text, size_t len)
{
    line->full = line->full || line->len + len > sizeof(line->text) - LINE_RESERVE;
    if (!line->full) {
        memcpy(line->text + line->len, text, len);
        line->len += len;
    }
}

/* Adds as much of `text` as there is room for. */
static void add_start(struct line *line, const char *text, size_t len)
{
    size_t room = line->full ? 0 : sizeof(line->text) - LINE_RESERVE - line->len;

    add(line, text, len < room ? len : room);
    line->full = line->full || len > room;
}

/* Names and events: our own literals, never escaped. */
static void add_literal(struct line *line, const char *text)
{
    add(line, text, strlen(text));
}

/* Milliseconds without floating point, which costs printf more than all the rest of a line. */
static void add_number(struct line *line, const struct kv_log_field *field)
{
    char text[32];
    int len = field->is_micros ? snprintf(text, sizeof(text), "%" PRId64 ".%03" PRId64,
                                          field->number / 1000, field->number % 1000)
                               : snprintf(text, sizeof(text), "%" PRId64, field->number);

    add(line, text, (size_t) len);
}

/* What closes something that was opened goes into the reserve. */
static void close_with(struct line *line, char character)
{
    line->text[line->len++] = character;
}

static bool is_bare(const char *text)
{
    const char *end = text;

    while (*end != '\0' && (isalnum((unsigned char) *end) || strchr("._:/@+-", *end) != NULL)) {
        end++;
    }
    return end > text && *end == '\0';
}

/* Bytes of the printable character at `text`; 0 when there is none. U+0080 to U+009F are control
 * characters that a terminal obeys. */
static size_t printable_length(const char *text)
{
    ucs4_t character;
    int len;

    if (*text >= 0x20 && *text < 0x7f) {
        return 1;
    }
    len = u8_mbtoucr(&character, (const uint8_t *) text, strnlen(text, 4));
    if (len <= 0 || character < 0x20 || (character >= 0x7f && character < 0xa0)) {
        return 0;
    }
    return (size_t) len;
}

/* Adds the character at `text`, escaped where needed, and returns how many bytes it took. */
static size_t add_escaped(struct line *line, const char *text)
{
    unsigned char byte = (unsigned char) *text;
    size_t len = printable_length(text);
    char escape[8];

    if (byte == '"' || byte == '\\') {
        add(line, (const char[]){ '\\', (char) byte }, 2);
        return 1;
    }
    if (len > 0) {
        add(line, text, len);
        return len;
    }
    if (line->format == KV_LOG_TEXT) {
        add(line, escape, (size_t) snprintf(escape, sizeof(escape), "\\x%02X", byte));
        return 1;
    }
    /* JSON text cannot hold a lone byte; a non-ASCII one becomes U+FFFD. */
    unsigned shown = byte < 0x80 ? byte : 0xfffd;
    add(line, escape, (size_t) snprintf(escape, sizeof(escape), "\\u%04x", shown));
    return 1;
}

/* How many characters at the start of `text` are ASCII and need no escape: nearly always all. */
static size_t plain_length(const char *text)
{
    size_t len = 0;

    while (text[len] >= 0x20 && text[len] < 0x7f && text[len] != '"' && text[len] != '\\') {
        len++;
    }
    return len;
}

static void add_quoted(struct line *line, const char *text)
{
    add(line, "\"", 1);
    if (line->full) {
        return;
    }
    while (*text != '\0' && !line->full) {
        size_t plain = plain_length(text);

        add_start(line, text, plain);
        text += plain;
        if (*text != '\0' && !line->full) {
            text += add_escaped(line, text);
        }
    }
    close_with(line, '"');
}

static void add_text(struct line *line, const char *text)
{
    if (line->format == KV_LOG_JSON || !is_bare(text)) {
        add_quoted(line, text);
        return;
    }
    add_start(line, text, strlen(text));
}

/* A field: all of its name and at least the start of its value; or, without room, no part of it. */
static void add_field(struct line *line, const struct kv_log_field *field)
{
    bool json = line->format == KV_LOG_JSON;
    size_t start = line->len;

    add_literal(line, json ? ",\"" : " ");
    add_literal(line, field->name);
    add_literal(line, json ? "\":" : "=");
    size_t value = line->len;
    if (field->text != NULL) {
        add_text(line, field->text);
    } else {
        add_number(line, field);
    }
    if (line->len == value) {
        line->len = start;
    }
}

static void add_head(struct line *line, enum kv_log_level level, const char *event)
{
    bool json = line->format == KV_LOG_JSON;
    char time[KV_ISO_DATE_SIZE];

    kv_time_render_iso(kv_clock_real(), time);
    add_literal(line, json ? "{\"time\":\"" : "");
    add_literal(line, time);
    add_literal(line, json ? "\",\"level\":\"" : " ");
    add_literal(line, level_names[level]);
    add_literal(line, json ? "\",\"event\":\"" : " ");
    add_literal(line, event);
    add_literal(line, json ? "\"" : "");
}

static void render(struct line *line, enum kv_log_level level, const char *event,
                   const struct kv_log_field *fields, size_t count)
{
    line->format = settings.format;
    line->len = 0;
    line->full = false;
    add_head(line, level, event);
    for (size_t i = 0; i < count; i++) {
        add_field(line, &fields[i]);
    }
    if (line->format == KV_LOG_JSON) {
        close_with(line, '}');
    }
    close_with(line, '\n');
}

/* Whatever the level: what is missing may have been an error. */
static size_t describe_lost(uint64_t lost, char ret_line[KV_SPOOL_LOST_SIZE])
{
    const struct kv_log_field count = KV_LOG_NUMBER_FIELD("count", lost);
    struct line line;

    render(&line, KV_LOG_WARNING, "log_lines_lost", &count, 1);
    assert(line.len <= KV_SPOOL_LOST_SIZE);
    memcpy(ret_line, line.text, line.len);
    return line.len;
}

static void emit(const char *text, size_t len)
{
    if (queue != NULL) {
        kv_spool_put(queue, text, len);
    } else {
        KV_IGNORE(write(STDERR_FILENO, text, len)); /* where else would a failure go? */
    }
}

void kv_log_write(enum kv_log_level level, const char *event, const struct kv_log_field *fields,
                  size_t count)
{
    struct line line;

    if (level > settings.level) {
        return;
    }
    render(&line, level, event, fields, count);
    emit(line.text, line.len);
}

enum kv_code kv_log_start(struct kv_err *err)
{
    return kv_spool_open(STDERR_FILENO, QUEUE_BYTES, describe_lost, &queue, err);
}

void kv_log_say(const char *text)
{
    emit(text, strlen(text));
}

void kv_log_flush(void)
{
    if (queue != NULL) {
        kv_spool_flush(queue, FLUSH_MS);
    }
}
