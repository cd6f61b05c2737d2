/* SPDX-License-Identifier: Apache-2.0 */
/*
 * golden_values.h - what a file of golden answers has given names to. Private to golden.c.
 */
#pragma once

#include <stddef.h>

#define GOLDEN_TEXT_MAX 12288 /* a backup is the longest text of a request */
#define GOLDEN_NAMES_MAX 24

struct golden_values {
    struct {
        char name[64];
        char text[GOLDEN_TEXT_MAX];
    } items[GOLDEN_NAMES_MAX];
    size_t count;
};

/* The text of a name of `len` characters, "" when nobody gave it one. */
const char *golden_find(const struct golden_values *values, const char *name, size_t len);

/* Gives the name a text, or another one. */
void golden_set(struct golden_values *values, const char *name, size_t len, const char *text);

/* Copies a text with what $(NAME) stands for in it. */
void golden_expand(const struct golden_values *values, const char *text, char *ret_text,
                   size_t size);
