/* SPDX-License-Identifier: Apache-2.0 */
/* Where a text that somebody wrote by hand stops being JSON. */
#include "kv/base/json.h"

#include <string.h>

static size_t skip_blanks(const char *text, size_t at, size_t len)
{
    while (at < len && strchr(" \t\r\n", text[at]) != NULL && text[at] != '\0') {
        at++;
    }
    return at;
}

bool kv_json_find_flaw(const char *text, size_t len, size_t *ret_line, size_t *ret_column)
{
    const char *end = text;
    kv_auto(cJSON_Delete) cJSON *tree = cJSON_ParseWithLengthOpts(text, len, &end, false);
    size_t at = (size_t) (end - text);

    if (tree != NULL) {
        at = skip_blanks(text, at, len);
        if (at == len) {
            return false;
        }
    }
    *ret_line = 1;
    *ret_column = 1;
    for (size_t i = 0; i < at && i < len; i++) {
        bool is_newline = text[i] == '\n';

        *ret_line += is_newline;
        *ret_column = is_newline ? 1 : *ret_column + 1;
    }
    return true;
}
