/* SPDX-License-Identifier: Apache-2.0 */
/* Reading ISO 8601 durations, and the calendar arithmetic with them. */
#include "kv/base/duration.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define DIGITS_MAX 9 /* so that nothing below overflows */

struct unit {
    char letter;
    int64_t months, seconds; /* one of them */
};

/* In the order they have to come in. */
static const struct unit date_units[] = { { 'Y', 12, 0 }, { 'M', 1, 0 }, { 'D', 0, KV_DAY } };
static const struct unit time_units[] = { { 'H', 0, 3600 }, { 'M', 0, 60 }, { 'S', 0, 1 } };
static const struct unit week = { 'W', 0, 7 * KV_DAY };

/* Takes "90D" off the front if it is of that unit. */
static bool take_part(const char **rest, const struct unit *unit, struct kv_duration *duration)
{
    size_t digits = strspn(*rest, "0123456789");

    if (digits == 0 || digits > DIGITS_MAX || (*rest)[digits] != unit->letter) {
        return false;
    }

    long number = strtol(*rest, NULL, 10);

    duration->months += number * unit->months;
    duration->seconds += number * unit->seconds;
    *rest += digits + 1;
    return true;
}

/* Takes parts while their units come in order; false when there is none. */
static bool take_parts(const char **rest, const struct unit *units, size_t count,
                       struct kv_duration *duration)
{
    bool taken = false;

    for (size_t i = 0; i < count; i++) {
        taken |= take_part(rest, &units[i], duration);
    }
    return taken;
}

/* Takes what may follow the P; weeks stand alone. */
static bool take_all(const char **rest, struct kv_duration *duration)
{
    if (take_part(rest, &week, duration)) {
        return true;
    }

    bool taken = take_parts(rest, date_units, KV_COUNT(date_units), duration);

    if (**rest != 'T') {
        return taken;
    }
    (*rest)++;
    return take_parts(rest, time_units, KV_COUNT(time_units), duration);
}

bool kv_duration_parse(const char *text, struct kv_duration *ret_duration)
{
    struct kv_duration duration = { .months = 0 };
    const char *rest = text + 1;

    if (*text != 'P' || strlen(text) > KV_DURATION_TEXT_MAX || !take_all(&rest, &duration)
        || *rest != '\0' || kv_duration_nominal(&duration) > KV_DURATION_YEARS_MAX * 365 * KV_DAY) {
        return false;
    }
    snprintf(duration.text, sizeof(duration.text), "%s", text);
    *ret_duration = duration;
    return true;
}

/* timegm() brings months and days that lie outside into line, in the struct as well. */
static kv_time add_months(kv_time time, int64_t months)
{
    const time_t start = (time_t) time;
    struct tm calendar;

    (void) gmtime_r(&start, &calendar);
    calendar.tm_mon += (int) months;

    struct tm last_day = calendar;

    last_day.tm_mon++;
    last_day.tm_mday = 0; /* the day before the first of the month after */
    (void) timegm(&last_day);
    if (calendar.tm_mday > last_day.tm_mday) {
        calendar.tm_mday = last_day.tm_mday;
    }
    return timegm(&calendar);
}

kv_time kv_duration_after(const struct kv_duration *duration, kv_time time)
{
    return add_months(time, duration->months) + duration->seconds;
}

kv_time kv_duration_before(const struct kv_duration *duration, kv_time time)
{
    return add_months(time, -duration->months) - duration->seconds;
}

int64_t kv_duration_nominal(const struct kv_duration *duration)
{
    int64_t days = duration->months / 12 * 365 + duration->months % 12 * 30;

    return days * KV_DAY + duration->seconds;
}
