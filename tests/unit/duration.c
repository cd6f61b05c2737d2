/* SPDX-License-Identifier: Apache-2.0 */
/* ISO 8601 durations: what is one, when it ends, how long it counts. */
#include <string.h>

#include <criterion/criterion.h>

#include "kv/base/duration.h"

TestSuite(duration, .timeout = 60);

Test(duration, is_refused_in_any_other_form)
{
    static const char *const texts[] = {
        "",      "P",     "PT",    "P1",     "1D",       "p1D",    "P1d",   " P1D",    "P1D ",
        "P1DT",  "PT1D",  "P1H",   "P1D1M",  "P1M1Y",    "PT1S1M", "P1D1D", "P1W1D",   "P1WT1H",
        "P1D1W", "P-1D",  "-P1D",  "P+1D",   "P1.5D",    "P1,5D",  "PT.5S", "P1DT1S1", "TP1D",
        "P1DPT", "PTT1S", "P0x1D", "P1\xc2", "P1D\nP1D", "P 1D",   "PD",    "P1YT",    "P1Y2",
    };

    for (size_t i = 0; i < KV_COUNT(texts); i++) {
        struct kv_duration duration = { .months = 77 };

        cr_expect_not(kv_duration_parse(texts[i], &duration), "%s", texts[i]);
        cr_expect_eq(duration.months, 77, "%s: written on failure", texts[i]);
    }
}

Test(duration, is_bounded_in_length_and_span)
{
    static const struct {
        const char *text;
        bool is_good;
    } rows[] = {
        { "P9999Y", true },
        { "P10000Y", false },
        { "P9998Y12M", true },
        { "P9999Y1D", false },
        { "PT999999999S", true },
        { "P9999999999D", false },
        { "P999999999Y999999999M999999999D", false },
        { "P000000001Y000000001M000000001D", true },    /* 31 characters */
        { "P000000001Y000000001M00000001DT1S", false }, /* 33 */
    };

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        struct kv_duration duration;

        cr_expect_eq(kv_duration_parse(rows[i].text, &duration), rows[i].is_good, "%s",
                     rows[i].text);
    }
}

Test(duration, is_months_and_seconds)
{
    static const struct {
        const char *text;
        int64_t months, seconds;
    } rows[] = {
        { "P0D", 0, 0 },
        { "P90D", 0, 90 * KV_DAY },
        { "P3M", 3, 0 },
        { "PT48H", 0, 2 * KV_DAY },
        { "P1Y10D", 12, 10 * KV_DAY },
        { "P18M", 18, 0 },
        { "P2W", 0, 14 * KV_DAY },
        { "PT5M", 0, 300 },
        { "P1Y2M3DT4H5M6S", 14, 3 * KV_DAY + 4 * 3600 + 5 * 60 + 6 },
        { "P007D", 0, 7 * KV_DAY },
    };

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        struct kv_duration duration;

        cr_assert(kv_duration_parse(rows[i].text, &duration), "%s", rows[i].text);
        cr_expect_eq(duration.months, rows[i].months, "%s", rows[i].text);
        cr_expect_eq(duration.seconds, rows[i].seconds, "%s", rows[i].text);
        cr_expect_str_eq(duration.text, rows[i].text);
    }
}

Test(duration, is_given_once_it_was_read)
{
    struct kv_duration duration = { .months = 0 };

    cr_expect_not(kv_duration_is_given(&duration));
    cr_assert(kv_duration_parse("P0D", &duration));
    cr_expect(kv_duration_is_given(&duration));
}

/* Dates from `date -u -d DATE +%s`. */
Test(duration, ends_on_the_calendar)
{
    static const struct {
        const char *text;
        kv_time from, after;
    } rows[] = {
        { "P48M", 1669071668, 1795302068 }, /* 2022-11-21: contract §17 */
        { "P4Y", 1669071668, 1795302068 },
        { "P90D", 1669071668, 1669071668 + 7776000 },
        { "P1M", 1706659200, 1709164800 },   /* 2024-01-31 to 02-29: the month is too short */
        { "P1M", 1675123200, 1677542400 },   /* 2023-01-31 to 02-28 */
        { "P1M", 1709164800, 1711670400 },   /* 2024-02-29 to 03-29 */
        { "P1Y", 1709164800, 1740700800 },   /* 2024-02-29 to 2025-02-28 */
        { "P1M1D", 1706659200, 1709251200 }, /* 2024-01-31 to 03-01: months first */
        { "P2M", 1703980800, 1709164800 },   /* 2023-12-31 to 2024-02-29: over New Year */
        { "P12M", 0, 31536000 },
    };

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        struct kv_duration duration;

        cr_assert(kv_duration_parse(rows[i].text, &duration));
        cr_expect_eq(kv_duration_after(&duration, rows[i].from), rows[i].after, "%s after %lld",
                     rows[i].text, (long long) rows[i].from);
    }
}

Test(duration, starts_on_the_calendar)
{
    static const struct {
        const char *text;
        kv_time until, before;
    } rows[] = {
        { "P30D", 1795302068, 1795302068 - 30 * KV_DAY },
        { "P1M", 1711843200, 1709164800 },   /* 2024-03-31 to 02-29 */
        { "P1M", 1704067200, 1701388800 },   /* 2024-01-01 to 2023-12-01: over New Year */
        { "P1M1D", 1711843200, 1709078400 }, /* 2024-03-31 to 02-28: months first */
        { "P1Y", 0, -31536000 },             /* 1970 to 1969 */
    };

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        struct kv_duration duration;

        cr_assert(kv_duration_parse(rows[i].text, &duration));
        cr_expect_eq(kv_duration_before(&duration, rows[i].until), rows[i].before, "%s before %lld",
                     rows[i].text, (long long) rows[i].until);
    }
}

Test(duration, reaches_beyond_the_last_year_without_trouble)
{
    struct kv_duration longest;

    cr_assert(kv_duration_parse("P9999Y", &longest));
    cr_expect_gt(kv_duration_after(&longest, KV_TIME_MAX), KV_TIME_MAX);
    cr_expect_lt(kv_duration_before(&longest, 0), 0);
}

Test(duration, counts_years_of_365_and_months_of_30_days)
{
    static const struct {
        const char *text;
        int64_t days;
    } rows[] = {
        { "P1M", 30 },   { "P11M", 330 }, { "P12M", 365 },  { "P1Y", 365 },
        { "P13M", 395 }, { "P28D", 28 },  { "PT672H", 28 }, { "P1Y1M1D", 396 },
    };

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        struct kv_duration duration;

        cr_assert(kv_duration_parse(rows[i].text, &duration));
        cr_expect_eq(kv_duration_nominal(&duration), rows[i].days * KV_DAY, "%s", rows[i].text);
    }
}
