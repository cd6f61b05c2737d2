/* SPDX-License-Identifier: Apache-2.0 */
#include "path.h"

#include <ctype.h>
#include <string.h>

#include <curl/curl.h>

#define NAME_MAX_BYTES 512

KV_DEFINE_CLEANUP(void *, curl_free)

enum kv_code path_append(struct kv_buf *path, const char *text, struct kv_err *err)
{
    if (strlen(text) > NAME_MAX_BYTES) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "'%.64s...' is too long for a name", text);
    }
    kv_auto(curl_free) void *escaped = curl_easy_escape(NULL, text, (int) strlen(text));
    if (escaped == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    return kv_buf_printf(path, err, "%s", (const char *) escaped);
}

void path_print_text(const char *text)
{
    for (; *text != '\0'; text++) {
        (void) (isprint((unsigned char) *text) ? putchar(*text) : 0);
    }
}
