/* SPDX-License-Identifier: Apache-2.0 */
#include "date_form.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* The standard forms, a letter each, spelled out. */
static const struct {
    char letter;
    const char *form;
} standard[] = {
    { 'd', "MM/dd/yyyy" },
    { 'D', "dddd, dd MMMM yyyy" },
    { 'f', "dddd, dd MMMM yyyy HH:mm" },
    { 'F', "dddd, dd MMMM yyyy HH:mm:ss" },
    { 'g', "MM/dd/yyyy HH:mm" },
    { 'G', "MM/dd/yyyy HH:mm:ss" },
    { 'm', "MMMM dd" },
    { 'M', "MMMM dd" },
    { 'o', "yyyy-MM-ddTHH:mm:ss.fffffffZ" },
    { 'O', "yyyy-MM-ddTHH:mm:ss.fffffffZ" },
    { 'r', "ddd, dd MMM yyyy HH:mm:ss 'GMT'" },
    { 'R', "ddd, dd MMM yyyy HH:mm:ss 'GMT'" },
    { 's', "yyyy-MM-ddTHH:mm:ss" },
    { 't', "HH:mm" },
    { 'T', "HH:mm:ss" },
    { 'u', "yyyy-MM-dd HH:mm:ssZ" },
    { 'U', "dddd, dd MMMM yyyy HH:mm:ss" },
    { 'y', "yyyy MMMM" },
    { 'Y', "yyyy MMMM" },
};

#define FRACTION_MAX 7 /* digits */

static const char *const days[] = { "Sunday",   "Monday", "Tuesday", "Wednesday",
                                    "Thursday", "Friday", "Saturday" };
static const char *const months[] = { "January",   "February", "March",    "April",
                                      "May",       "June",     "July",     "August",
                                      "September", "October",  "November", "December" };

struct moment {
    struct tm tm;
    unsigned millis;
};

struct output {
    char *text;
    size_t len;
    bool is_full;
};

static void put(struct output *output, const char *text, size_t len)
{
    if (output->len + len >= TEMPLATE_DATE_SIZE) {
        output->is_full = true;
        return;
    }
    memcpy(output->text + output->len, text, len);
    output->len += len;
    output->text[output->len] = '\0';
}

static void put_number(struct output *output, int number, int digits)
{
    char text[32];
    int len = snprintf(text, sizeof(text), "%0*d", digits, number);

    put(output, text, (size_t) len);
}

/* A name in full, or its first three letters. */
static void put_name(struct output *output, const char *name, size_t repeated)
{
    put(output, name, repeated > 3 ? strlen(name) : 3);
}

/* ff: hundredths; FF: those that are not zeros. At most FRACTION_MAX digits. */
static void put_fraction(struct output *output, unsigned millis, size_t digits, bool is_short)
{
    char text[16];

    (void) snprintf(text, sizeof(text), "%03u0000", millis % 1000);
    while (is_short && digits > 0 && text[digits - 1] == '0') {
        digits--;
    }
    put(output, text, digits);
}

/* A letter, repeated; false when it means nothing. */
static bool put_part(struct output *output, const struct moment *moment, char letter,
                     size_t repeated)
{
    const struct tm *tm = &moment->tm;
    int two = repeated > 1 ? 2 : 1, hour = tm->tm_hour % 12 == 0 ? 12 : tm->tm_hour % 12;

    switch (letter) {
    case 'y':
        put_number(output, repeated > 2 ? tm->tm_year + 1900 : (tm->tm_year + 1900) % 100,
                   repeated > 2 ? (int) (repeated < 10 ? repeated : 10) : two);
        return true;
    case 'M':
        if (repeated > 2) {
            put_name(output, months[tm->tm_mon], repeated);
            return true;
        }
        put_number(output, tm->tm_mon + 1, two);
        return true;
    case 'd':
        if (repeated > 2) {
            put_name(output, days[tm->tm_wday], repeated);
            return true;
        }
        put_number(output, tm->tm_mday, two);
        return true;
    case 'H':
        put_number(output, tm->tm_hour, two);
        return true;
    case 'h':
        put_number(output, hour, two);
        return true;
    case 'm':
        put_number(output, tm->tm_min, two);
        return true;
    case 's':
        put_number(output, tm->tm_sec, two);
        return true;
    case 't':
        put(output, tm->tm_hour < 12 ? "AM" : "PM", repeated > 1 ? 2 : 1);
        return true;
    case 'f':
    case 'F':
        if (repeated > FRACTION_MAX) {
            return false;
        }
        put_fraction(output, moment->millis, repeated, letter == 'F');
        return true;
    case 'z':
        put(output, "+00:00", repeated > 2 ? 6 : repeated > 1 ? 3 : 2);
        return true;
    case 'K':
        put(output, "Z", 1);
        return true;
    }
    return false;
}

/* What is quoted, or behind a backslash; the length of it in the form, 0 when it does not end. */
static size_t put_quoted(struct output *output, const char *form)
{
    const char *end;

    if (form[0] == '\\') {
        put(output, form + 1, form[1] != '\0');
        return form[1] != '\0' ? 2 : 0;
    }
    end = strchr(form + 1, form[0]);
    if (end == NULL) {
        return 0;
    }
    put(output, form + 1, (size_t) (end - form - 1));
    return (size_t) (end - form) + 1;
}

static bool put_form(struct output *output, const struct moment *moment, const char *form)
{
    while (*form != '\0' && !output->is_full) {
        size_t len = 1;

        if (strchr("'\"\\", *form) != NULL) {
            len = put_quoted(output, form);
        } else if (strchr("yMdHhmstfFzK", *form) != NULL) {
            while (form[len] == form[0]) {
                len++;
            }
            if (!put_part(output, moment, *form, len)) {
                return false;
            }
        } else if (*form == '%') {
            /* makes a form of one letter no standard one */
        } else {
            put(output, form, 1);
        }
        if (len == 0) {
            return false;
        }
        form += len;
    }
    return !output->is_full;
}

bool template_print_date(kv_millis time, const char *form, char ret_text[TEMPLATE_DATE_SIZE])
{
    struct moment moment = { .millis = (unsigned) (time - kv_seconds(time) * 1000) };
    struct output output = { .text = ret_text };
    time_t seconds = (time_t) kv_seconds(time);

    ret_text[0] = '\0';
    if (time < 0 || time > KV_CLOCK_END || gmtime_r(&seconds, &moment.tm) == NULL) {
        return false;
    }
    for (size_t i = 0; form[0] != '\0' && form[1] == '\0' && i < KV_COUNT(standard); i++) {
        if (standard[i].letter == form[0]) {
            return put_form(&output, &moment, standard[i].form);
        }
    }
    if (form[0] != '\0' && form[1] == '\0') {
        return false; /* a letter alone is a standard form, and there is no such */
    }
    return put_form(&output, &moment, form[0] != '\0' ? form : "G");
}

/* "20200407T145314Z" with the marks of RFC 3339 put in. */
static bool spread(const char *text, char spread_out[TEMPLATE_DATE_SIZE])
{
    if (strlen(text) != strlen("20200407T145314Z") || strspn(text, "0123456789") != 8) {
        return false;
    }
    (void) snprintf(spread_out, TEMPLATE_DATE_SIZE, "%.4s-%.2s-%.5s:%.2s:%s", text, text + 4,
                    text + 6, text + 11, text + 13);
    return true;
}

static const char *form_of(const char *text)
{
    const char *fraction = strchr(text, '.');
    static const char *const fractions[] = {
        "yyyy-MM-ddTHH:mm:ssZ",        "yyyy-MM-ddTHH:mm:ss.fZ",       "yyyy-MM-ddTHH:mm:ss.ffZ",
        "yyyy-MM-ddTHH:mm:ss.fffZ",    "yyyy-MM-ddTHH:mm:ss.ffffZ",    "yyyy-MM-ddTHH:mm:ss.fffffZ",
        "yyyy-MM-ddTHH:mm:ss.ffffffZ", "yyyy-MM-ddTHH:mm:ss.fffffffZ",
    };
    size_t digits = fraction != NULL ? strspn(fraction + 1, "0123456789") : 0;

    if (strlen(text) == strlen("2020-04-07")) {
        return "yyyy-MM-dd";
    }
    return strchr(text, ' ') != NULL ? "u" : fractions[digits < 8 ? digits : 7];
}

bool template_read_date(const char *text, kv_millis *ret_time, const char **ret_form)
{
    char copy[TEMPLATE_DATE_SIZE];

    if (strlen(text) >= sizeof(copy) - 1) {
        return false;
    }
    if (spread(text, copy)) {
        *ret_form = TEMPLATE_DATE_COMPACT;
        return kv_time_parse_iso(copy, ret_time);
    }
    *ret_form = form_of(text);
    (void) snprintf(copy, sizeof(copy), "%s", text);
    if (strlen(copy) > 10 && copy[10] == ' ') {
        copy[10] = 'T';
    }
    if (strlen(copy) == strlen("2020-04-07T14:53:14") && isdigit((unsigned char) copy[18])) {
        (void) snprintf(copy + 19, sizeof(copy) - 19, "Z"); /* without a zone it is UTC */
        *ret_form = text[10] == ' ' ? "yyyy-MM-dd HH:mm:ss" : "s";
    }
    return kv_time_parse_iso(copy, ret_time);
}
