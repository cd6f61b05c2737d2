/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kv/base/odata.h - the words and texts that a $filter is made of (OData 4.01 Part 2, §5.1.1).
 *
 * Each takes what it finds at *at and moves that behind it; false, and *at may have moved, when something
 * else is there. Which words there are is the caller's to know. Pure functions.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* A word in any case, behind any blanks. */
bool kv_odata_word(const char **at, const char *word);

/* 'it''s', behind any blanks. False for a text that does not fit, too; `size` counts the NUL. */
bool kv_odata_text(const char **at, char *ret_text, size_t size);
