/* SPDX-License-Identifier: Apache-2.0 */
#include "kv/base/odata.h"

#include <string.h>
#include <strings.h>

bool kv_odata_word(const char **at, const char *word)
{
    size_t len = strlen(word);

    *at += strspn(*at, " ");
    if (strncasecmp(*at, word, len) != 0) {
        return false;
    }
    *at += len;
    return true;
}

bool kv_odata_text(const char **at, char *ret_text, size_t size)
{
    size_t len = 0;

    if (!kv_odata_word(at, "'")) {
        return false;
    }
    for (; **at != '\0'; (*at)++) {
        if (**at == '\'' && *++*at != '\'') {
            ret_text[len] = '\0';
            return true;
        }
        if (len + 1 >= size) {
            return false;
        }
        ret_text[len++] = **at;
    }
    return false;
}
