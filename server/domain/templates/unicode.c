/* SPDX-License-Identifier: Apache-2.0 */
#include "unicode.h"

#include <stdlib.h>
#include <string.h>

#include <unicase.h>
#include <unictype.h>
#include <unistr.h>

#define CHARACTER_MAX 4 /* bytes */

/* The length of a character in UTF-8, which is known to be well formed, and in units. */
static size_t read_character(const char *at, ucs4_t *ret_character, size_t *ret_units)
{
    int len = u8_strmbtouc(ret_character, (const uint8_t *) at);

    *ret_units = *ret_character > 0xFFFF ? 2 : 1;
    return len > 0 ? (size_t) len : 1;
}

size_t template_units_of(const char *text, size_t bytes)
{
    size_t units = 0;

    for (size_t i = 0; i < bytes;) {
        ucs4_t character;
        size_t more;

        i += read_character(text + i, &character, &more);
        units += more;
    }
    return units;
}

size_t template_units(const char *text)
{
    return template_units_of(text, strlen(text));
}

const char *template_at_unit(const char *text, size_t unit)
{
    size_t at = 0;

    while (at < unit && *text != '\0') {
        ucs4_t character;
        size_t more;

        text += read_character(text, &character, &more);
        at += more;
    }
    return at == unit ? text : NULL;
}

static char *change(const char *text, ucs4_t (*map)(ucs4_t))
{
    size_t room = strlen(text) * CHARACTER_MAX + 1;
    char *changed = malloc(room), *to = changed;

    if (changed == NULL) {
        return NULL;
    }
    while (*text != '\0') {
        ucs4_t character;
        size_t units;

        text += read_character(text, &character, &units);
        int len = u8_uctomb((uint8_t *) to, map(character), CHARACTER_MAX);
        to += len > 0 ? len : 0;
    }
    *to = '\0';
    return changed;
}

char *template_to_upper(const char *text)
{
    return change(text, uc_toupper);
}

char *template_to_lower(const char *text)
{
    return change(text, uc_tolower);
}

const char *template_trim(const char *text, size_t *ret_len)
{
    const char *start = NULL, *end = text;

    while (*text != '\0') {
        ucs4_t character;
        size_t units;
        const char *at = text;

        text += read_character(text, &character, &units);
        if (!uc_is_property_white_space(character)) {
            start = start != NULL ? start : at;
            end = text;
        }
    }
    start = start != NULL ? start : end;
    *ret_len = (size_t) (end - start);
    return start;
}
