/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cjson/cJSON.h>
#include <criterion/criterion.h>
#include <unistr.h>

#include "kv/base/log.h"

#define LINE_MAX_BYTES 4096

static int reader, saved;
static char line[2 * LINE_MAX_BYTES];
static char long_text[3 * LINE_MAX_BYTES];

/* Every write(2) to standard error becomes one datagram. */
static void setup(void)
{
    int pair[2];

    cr_assert_eq(socketpair(AF_UNIX, SOCK_DGRAM, 0, pair), 0);
    reader = pair[0];
    saved = dup(STDERR_FILENO);
    cr_assert_eq(dup2(pair[1], STDERR_FILENO), STDERR_FILENO);
    close(pair[1]);
}

static void teardown(void)
{
    dup2(saved, STDERR_FILENO);
    close(saved);
    close(reader);
}
TestSuite(log, .init = setup, .fini = teardown, .timeout = 120);

/* The next datagram in `line`; false when there is none. */
static bool read_line(void)
{
    ssize_t len = recv(reader, line, sizeof(line) - 1, MSG_DONTWAIT);

    line[len > 0 ? len : 0] = '\0';
    return len > 0;
}

/* What stands behind the time and the level, without the newline. */
static const char *read_tail(const char *level)
{
    cr_assert(read_line());
    size_t len = strlen(line);
    cr_assert_eq(line[len - 1], '\n');
    line[len - 1] = '\0';
    const char *tail = strstr(line, level);
    cr_assert_not_null(tail, "%s", line);
    return tail;
}

static cJSON *read_json(void)
{
    cr_assert(read_line());
    cr_assert_eq(line[strlen(line) - 1], '\n');
    cJSON *tree = cJSON_Parse(line);
    cr_assert_not_null(tree, "%s", line);
    return tree;
}

Test(log, leaves_out_what_is_less_severe_than_its_level)
{
    kv_log_setup(KV_LOG_WARNING, KV_LOG_TEXT);
    kv_log(KV_LOG_INFO, "quiet", KV_LOG_NUMBER_FIELD("n", 1));
    kv_log(KV_LOG_DEBUG, "quiet", KV_LOG_NUMBER_FIELD("n", 1));
    cr_assert_not(read_line());
    kv_log(KV_LOG_WARNING, "loud", KV_LOG_NUMBER_FIELD("n", 1));
    kv_log(KV_LOG_ERROR, "loud", KV_LOG_NUMBER_FIELD("n", 1));
    cr_assert_str_eq(read_tail("warning "), "warning loud n=1");
    cr_assert_str_eq(read_tail("error "), "error loud n=1");
}

/* Text values as they stand in a text line and in a JSON one. */
static const struct {
    const char *value, *text, *json;
} values[] = {
    { "plain", "plain", "\"plain\"" },
    { "/keys/a.b:c@d+e-f_9", "/keys/a.b:c@d+e-f_9", "\"/keys/a.b:c@d+e-f_9\"" },
    { "", "\"\"", "\"\"" },
    { "two words", "\"two words\"", "\"two words\"" },
    { "a=b", "\"a=b\"", "\"a=b\"" },
    { "\"", "\"\\\"\"", "\"\\\"\"" },
    { "back\\slash", "\"back\\\\slash\"", "\"back\\\\slash\"" },
    { "line\nbreak\r\x1b[2J", "\"line\\x0Abreak\\x0D\\x1B[2J\"",
      "\"line\\u000abreak\\u000d\\u001b[2J\"" },
    { "\x7f", "\"\\x7F\"", "\"\\u007f\"" },
    { "gr\xc3\xbc\xc3\x9f", "\"gr\xc3\xbc\xc3\x9f\"", "\"gr\xc3\xbc\xc3\x9f\"" },
    { "\xf0\x9f\x94\x91", "\"\xf0\x9f\x94\x91\"", "\"\xf0\x9f\x94\x91\"" },
    { "lone \xff byte", "\"lone \\xFF byte\"", "\"lone \\ufffd byte\"" },
    { "cut \xf0\x9f\x94", "\"cut \\xF0\\x9F\\x94\"", "\"cut \\ufffd\\ufffd\\ufffd\"" },
    { "overlong \xc0\xaf", "\"overlong \\xC0\\xAF\"", "\"overlong \\ufffd\\ufffd\"" },
    { "surrogate \xed\xa0\x80", "\"surrogate \\xED\\xA0\\x80\"",
      "\"surrogate \\ufffd\\ufffd\\ufffd\"" },
    { "c1 \xc2\x9b", "\"c1 \\xC2\\x9B\"", "\"c1 \\ufffd\\ufffd\"" },
};

Test(log, escapes_texts_so_that_no_client_can_forge_a_line)
{
    char wanted[256];

    kv_log_setup(KV_LOG_INFO, KV_LOG_TEXT);
    for (size_t i = 0; i < KV_COUNT(values); i++) {
        kv_log(KV_LOG_INFO, "event", KV_LOG_TEXT_FIELD("key", values[i].value),
               KV_LOG_NUMBER_FIELD("n", 1));
        (void) snprintf(wanted, sizeof(wanted), "info event key=%s n=1", values[i].text);
        cr_assert_str_eq(read_tail("info "), wanted);
    }
}

Test(log, escapes_texts_in_json)
{
    char wanted[256];

    kv_log_setup(KV_LOG_INFO, KV_LOG_JSON);
    for (size_t i = 0; i < KV_COUNT(values); i++) {
        kv_log(KV_LOG_INFO, "event", KV_LOG_TEXT_FIELD("key", values[i].value),
               KV_LOG_NUMBER_FIELD("n", 1));
        (void) snprintf(wanted, sizeof(wanted), "\"event\":\"event\",\"key\":%s,\"n\":1}",
                        values[i].json);
        cr_assert_str_eq(read_tail("\"event\":"), wanted);
    }
}

Test(log, cuts_a_long_text_and_closes_its_quote)
{
    kv_log_setup(KV_LOG_INFO, KV_LOG_TEXT);
    memset(long_text, ' ', sizeof(long_text) - 1);
    kv_log(KV_LOG_INFO, "event", KV_LOG_TEXT_FIELD("key", long_text),
           KV_LOG_TEXT_FIELD("next", "lost"), KV_LOG_NUMBER_FIELD("n", 1));
    cr_assert(read_line());
    size_t len = strlen(line);
    cr_assert(len > LINE_MAX_BYTES - 8 && len <= LINE_MAX_BYTES, "%zu", len);
    cr_assert_str_eq(line + len - 3, " \"\n");
    cr_assert_null(strstr(line, "n="));
}

Test(log, cuts_a_bare_text)
{
    kv_log_setup(KV_LOG_INFO, KV_LOG_TEXT);
    memset(long_text, 'x', sizeof(long_text) - 1);
    kv_log(KV_LOG_INFO, "event", KV_LOG_TEXT_FIELD("key", long_text));
    cr_assert(read_line());
    size_t len = strlen(line);
    cr_assert(len > LINE_MAX_BYTES - 8 && len <= LINE_MAX_BYTES, "%zu", len);
    cr_assert_str_eq(line + len - 2, "x\n");
}

Test(log, cuts_between_characters_and_stays_json)
{
    kv_log_setup(KV_LOG_INFO, KV_LOG_JSON);
    for (size_t lead = 0; lead < 6; lead++) {
        memset(long_text, 'x', lead);
        for (size_t i = lead; i + 4 < sizeof(long_text); i += 4) {
            memcpy(long_text + i, lead % 2 == 0 ? "\xf0\x9f\x94\x91" : "\x01\x02\x03\x04", 5);
        }
        kv_log(KV_LOG_INFO, "event", KV_LOG_TEXT_FIELD("key", long_text),
               KV_LOG_NUMBER_FIELD("n", 1));
        cJSON *tree = read_json();
        size_t len = strlen(line);
        cr_assert(len > LINE_MAX_BYTES - 16 && len <= LINE_MAX_BYTES, "%zu", len);
        cr_assert_null(u8_check((const uint8_t *) line, len));
        cJSON_Delete(tree);
    }
}

/* At some lengths of the first value there is room for the second's name but not for its value. */
Test(log, leaves_out_a_field_whose_value_finds_no_room)
{
    for (size_t len = LINE_MAX_BYTES - 120; len < LINE_MAX_BYTES; len++) {
        memset(long_text, 'x', len);
        long_text[len] = '\0';
        kv_log_setup(KV_LOG_INFO, KV_LOG_JSON);
        kv_log(KV_LOG_INFO, "event", KV_LOG_TEXT_FIELD("key", long_text),
               KV_LOG_NUMBER_FIELD("number", 123456));
        cJSON *tree = read_json();
        const cJSON *number = cJSON_GetObjectItem(tree, "number");
        cr_assert(number == NULL || number->valueint == 123456);
        cJSON_Delete(tree);

        kv_log_setup(KV_LOG_INFO, KV_LOG_TEXT);
        kv_log(KV_LOG_INFO, "event", KV_LOG_TEXT_FIELD("key", long_text),
               KV_LOG_NUMBER_FIELD("number", 123456));
        cr_assert(read_line());
        const char *found = strstr(line, " number=");
        cr_assert(found == NULL || strcmp(found, " number=123456\n") == 0);
    }
}

Test(log, writes_a_dash_for_a_missing_text)
{
    const char *missing = NULL;

    kv_log_setup(KV_LOG_INFO, KV_LOG_TEXT);
    kv_log(KV_LOG_INFO, "event", KV_LOG_TEXT_FIELD("key", missing));
    cr_assert_str_eq(read_tail("info "), "info event key=-");
}

Test(log, writes_numbers_bare)
{
    kv_log_setup(KV_LOG_INFO, KV_LOG_TEXT);
    kv_log(KV_LOG_INFO, "event", KV_LOG_NUMBER_FIELD("low", INT64_MIN),
           KV_LOG_NUMBER_FIELD("high", INT64_MAX));
    cr_assert_str_eq(read_tail("info "),
                     "info event low=-9223372036854775808 high=9223372036854775807");
}

Test(log, writes_milliseconds_as_numbers)
{
    kv_log_setup(KV_LOG_INFO, KV_LOG_TEXT);
    kv_log(KV_LOG_INFO, "event", KV_LOG_MILLIS_FIELD("short", 7),
           KV_LOG_MILLIS_FIELD("long", 12345678));
    cr_assert_str_eq(read_tail("info "), "info event short=0.007 long=12345.678");
    kv_log_setup(KV_LOG_INFO, KV_LOG_JSON);
    kv_log(KV_LOG_INFO, "event", KV_LOG_MILLIS_FIELD("ms", 1500));
    cJSON *tree = read_json();
    cr_assert_float_eq(cJSON_GetNumberValue(cJSON_GetObjectItem(tree, "ms")), 1.5, 1e-9);
    cJSON_Delete(tree);
}

Test(log, begins_a_line_with_time_level_and_event)
{
    kv_log_setup(KV_LOG_DEBUG, KV_LOG_TEXT);
    kv_log(KV_LOG_DEBUG, "event", KV_LOG_NUMBER_FIELD("n", 1));
    cr_assert_str_eq(read_tail(" debug"), " debug event n=1");
    cr_assert_eq(strcspn(line, " "), strlen("2026-11-21T19:37:08.123Z"));
    cr_assert_eq(line[10], 'T');
    cr_assert_eq(line[23], 'Z');
}

Test(log, writes_an_object_a_line)
{
    kv_log_setup(KV_LOG_INFO, KV_LOG_JSON);
    kv_log(KV_LOG_ERROR, "stopped", KV_LOG_NUMBER_FIELD("requests", -5),
           KV_LOG_TEXT_FIELD("why", "signal"));
    cJSON *tree = read_json();
    const cJSON *time = cJSON_GetObjectItem(tree, "time");
    cr_assert_eq(strlen(cJSON_GetStringValue(time)), 24);
    cr_assert_str_eq(cJSON_GetStringValue(cJSON_GetObjectItem(tree, "level")), "error");
    cr_assert_str_eq(cJSON_GetStringValue(cJSON_GetObjectItem(tree, "event")), "stopped");
    cr_assert_eq(cJSON_GetObjectItem(tree, "requests")->valueint, -5);
    cr_assert_str_eq(cJSON_GetStringValue(cJSON_GetObjectItem(tree, "why")), "signal");
    cJSON_Delete(tree);
}

Test(log, survives_a_closed_standard_error)
{
    kv_log_setup(KV_LOG_INFO, KV_LOG_TEXT);
    close(STDERR_FILENO);
    kv_log(KV_LOG_INFO, "event", KV_LOG_NUMBER_FIELD("n", 1));
    cr_assert_not(read_line());
}
