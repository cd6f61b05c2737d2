/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kv/base/duration.h - durations as ISO 8601 writes them: P90D, P18M, P1Y10D, PT48H, P2W.
 *
 * Years and months are calendar spans, everything else is a fixed number of seconds. No C library
 * fits: libical's durations are those of RFC 5545, without years and months. Thread-safe: plain
 * values.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "kv/base/clock.h"

#define KV_DURATION_TEXT_MAX 31
#define KV_DURATION_YEARS_MAX 9999

#define KV_DAY INT64_C(86400) /* seconds */

struct kv_duration {
    char text[KV_DURATION_TEXT_MAX + 1]; /* as it was written; "" for none at all */
    int64_t months;                      /* a year counts as twelve */
    int64_t seconds;
};

/*
 * Reads P[nY][nM][nD][T[nH][nM][nS]] or PnW: upper case, whole numbers of up to nine digits, at
 * least one of the parts, and at least one after a T. False, with nothing written, for anything
 * else and for more than KV_DURATION_TEXT_MAX characters or KV_DURATION_YEARS_MAX years.
 */
bool kv_duration_parse(const char *text, struct kv_duration *ret_duration);

static inline bool kv_duration_is_given(const struct kv_duration *duration)
{
    return duration->text[0] != '\0';
}

/*
 * That duration after, or before, a time between 0 and KV_TIME_MAX; the result may lie outside.
 * Months are added first: the same day of another month, or its last day if the month is too short;
 * then the seconds.
 */
kv_time kv_duration_after(const struct kv_duration *duration, kv_time time);
kv_time kv_duration_before(const struct kv_duration *duration, kv_time time);

/*
 * Seconds, for comparing durations without a date to start from: twelve months are a year of 365
 * days, and each further month has 30, as .NET's XmlConvert counts them.
 */
int64_t kv_duration_nominal(const struct kv_duration *duration);
