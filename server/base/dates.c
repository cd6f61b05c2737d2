/* SPDX-License-Identifier: Apache-2.0 */
/* Readings of the clock as the dates of HTTP and RFC 3339, and back. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "kv/base/clock.h"

/* `time` on the calendar; what no four-digit year can show becomes the nearest that it can. */
static struct tm calendar_of(kv_time time)
{
    time_t shown = (time_t) (time < 0 ? 0 : time > KV_TIME_MAX ? KV_TIME_MAX : time);
    struct tm calendar;

    (void) gmtime_r(&shown, &calendar);
    return calendar;
}

void kv_time_render_http(kv_time time, char ret_text[KV_HTTP_DATE_SIZE])
{
    struct tm calendar = calendar_of(time);

    (void) strftime(ret_text, KV_HTTP_DATE_SIZE, "%a, %d %b %Y %H:%M:%S GMT", &calendar);
}

void kv_time_render_iso(kv_millis time, char ret_text[KV_ISO_DATE_SIZE])
{
    struct tm calendar = calendar_of(kv_seconds(time));
    size_t len = strftime(ret_text, KV_ISO_DATE_SIZE, "%Y-%m-%dT%H:%M:%S", &calendar);
    unsigned millis = (unsigned) (time - kv_seconds(time) * 1000) % 1000;

    (void) snprintf(ret_text + len, KV_ISO_DATE_SIZE - len, ".%03uZ", millis);
}

#define INSTANT_LENGTH (sizeof("2026-03-01T12:30:00") - 1)

/* strptime() is lenient about blanks and the 30th of February, so the result, formatted the same
 * way, must give the same text. */
static bool read_instant(const char *text, kv_time *ret_time)
{
    char part[INSTANT_LENGTH + 1], again[INSTANT_LENGTH + 1];
    struct tm calendar = { 0 };

    (void) snprintf(part, sizeof(part), "%.*s", (int) INSTANT_LENGTH, text);
    if (strptime(part, "%Y-%m-%dT%H:%M:%S", &calendar) == NULL) {
        return false;
    }
    *ret_time = timegm(&calendar);
    return strftime(again, sizeof(again), "%Y-%m-%dT%H:%M:%S", &calendar) == INSTANT_LENGTH
           && strcmp(part, again) == 0;
}

/* Takes a fraction of a second off *text, if there is one. */
static bool read_fraction(const char **text, kv_millis *ret_millis)
{
    *ret_millis = 0;
    if (**text != '.') {
        return true;
    }
    (*text)++;
    size_t digits = strspn(*text, "0123456789");
    for (size_t i = 0; i < 3; i++) {
        *ret_millis = *ret_millis * 10 + (i < digits ? (*text)[i] - '0' : 0);
    }
    *text += digits;
    return digits >= 1 && digits <= 9;
}

/* "Z", or an offset such as +01:00. */
static bool read_zone(const char *text, long *ret_seconds)
{
    struct tm calendar = { 0 };
    bool has_form = strchr("Z+-", text[0]) != NULL && text[0] != '\0';
    const char *end = has_form ? strptime(text, "%z", &calendar) : NULL;

    *ret_seconds = calendar.tm_gmtoff;
    return end != NULL && *end == '\0' && labs(*ret_seconds) < 24 * 60 * 60L;
}

bool kv_time_parse_iso(const char *text, kv_millis *ret_time)
{
    char instant[KV_ISO_DATE_SIZE];
    kv_time seconds;
    kv_millis millis;
    long offset;

    if (strlen(text) == strlen("2026-03-01")) {
        (void) snprintf(instant, sizeof(instant), "%sT00:00:00Z", text);
        text = instant;
    }
    if (!read_instant(text, &seconds)) {
        return false;
    }
    text += INSTANT_LENGTH;
    if (!read_fraction(&text, &millis) || !read_zone(text, &offset)) {
        return false;
    }
    *ret_time = (seconds - offset) * 1000 + millis;
    return true;
}
