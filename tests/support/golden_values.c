/* SPDX-License-Identifier: Apache-2.0 */
#include "golden_values.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static size_t find(const struct golden_values *values, const char *name, size_t len)
{
    size_t i = 0;

    while (i < values->count
           && (strlen(values->items[i].name) != len
               || strncmp(values->items[i].name, name, len) != 0)) {
        i++;
    }
    return i;
}

const char *golden_find(const struct golden_values *values, const char *name, size_t len)
{
    size_t i = find(values, name, len);

    return i < values->count ? values->items[i].text : "";
}

void golden_set(struct golden_values *values, const char *name, size_t len, const char *text)
{
    size_t i = find(values, name, len);

    if (i == GOLDEN_NAMES_MAX) {
        abort(); /* a file with too many names is our own */
    }
    values->count += i == values->count;
    snprintf(values->items[i].name, sizeof(values->items[i].name), "%.*s", (int) len, name);
    snprintf(values->items[i].text, sizeof(values->items[i].text), "%s", text);
}

void golden_expand(const struct golden_values *values, const char *text, char *ret_text,
                   size_t size)
{
    size_t used = 0;

    while (*text != '\0' && used + 1 < size) {
        size_t name_len = strncmp(text, "$(", 2) == 0 ? strcspn(text + 2, ")") : 0;

        if (name_len == 0) {
            ret_text[used++] = *text++;
            continue;
        }
        used += (size_t) snprintf(ret_text + used, size - used, "%s",
                                  golden_find(values, text + 2, name_len));
        text += name_len + 3;
    }
    ret_text[used < size ? used : size - 1] = '\0';
}
