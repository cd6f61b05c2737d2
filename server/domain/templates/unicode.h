/* SPDX-License-Identifier: Apache-2.0 */
/*
 * unicode.h - texts as .NET counts them, which the service is written in: in units of UTF-16.
 *
 * Texts are UTF-8. Pure functions.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* How many units it has. */
size_t template_units(const char *text);
size_t template_units_of(const char *text, size_t bytes); /* of its first bytes */

/* Where that unit begins; the end for its count. NULL: within a pair, or beyond the end. */
const char *template_at_unit(const char *text, size_t unit);

/* A copy in another case, each character for itself; free it with free(). NULL: out of memory. */
char *template_to_upper(const char *text);
char *template_to_lower(const char *text);

/* Without white space at both ends: where it begins, and its length. */
const char *template_trim(const char *text, size_t *ret_len);
