/* SPDX-License-Identifier: Apache-2.0 */
/*
 * date_form.h - dates in the forms of .NET, in its invariant culture: "u", "o", "yyyy-MM-dd HH:mm".
 *
 * Dates are UTC, of the years 1970 to 9999. Pure functions.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "kv/base/clock.h"

#define TEMPLATE_DATE_SIZE 512

/* utcNow() without a form. */
#define TEMPLATE_DATE_COMPACT "yyyyMMddTHHmmssZ"

/* Prints; false for a form that is none, or makes a longer text. */
bool template_print_date(kv_millis time, const char *form, char ret_text[TEMPLATE_DATE_SIZE]);

/* Reads a date as utcNow() and the service print it, and says in which form that was. */
bool template_read_date(const char *text, kv_millis *ret_time, const char **ret_form);
