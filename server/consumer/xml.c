/* SPDX-License-Identifier: Apache-2.0 */
/* Text of others as text of XML: what a vault that is not coffer's says may be anything. */
#include "xml.h"

#include <stdint.h>
#include <string.h>

#define ELLIPSIS "\xe2\x80\xa6"

/* By its first byte: how long a character of UTF-8 is, and the least that may be written so (RFC 3629 §3). */
static const struct {
    unsigned char mask, lead;
    size_t len;
    uint32_t least;
} forms[] = {
    { 0x80, 0x00, 1, 0 },
    { 0xe0, 0xc0, 2, 0x80 },
    { 0xf0, 0xe0, 3, 0x800 },
    { 0xf8, 0xf0, 4, 0x10000 },
};

/* XML 1.0 §2.2 */
static bool is_character(uint32_t point)
{
    return (point >= 0x20 && point < 0x7f) || (point >= 0xa0 && point < 0xd800)
           || (point >= 0xe000 && point < 0xfffe) || (point >= 0x10000 && point < 0x110000);
}

/* The character that a text begins with. False, and one byte, for what is none: the NUL at the end of a
 * text continues no character, so nothing behind it is read. */
static bool read_character(const char *text, size_t *ret_len)
{
    const unsigned char *bytes = (const unsigned char *) text;

    *ret_len = 1;
    for (size_t i = 0; i < KV_COUNT(forms); i++) {
        if ((bytes[0] & forms[i].mask) != forms[i].lead) {
            continue;
        }
        uint32_t point = bytes[0] & (unsigned char) ~forms[i].mask;

        for (size_t at = 1; at < forms[i].len; at++) {
            if ((bytes[at] & 0xc0) != 0x80) {
                return false;
            }
            point = point << 6 | (bytes[at] & 0x3f);
        }
        if (point < forms[i].least || !is_character(point)) {
            return false;
        }
        *ret_len = forms[i].len;
        return true;
    }
    return false;
}

static enum kv_code write_character(struct kv_buf *out, const char *text, size_t *ret_len,
                                    struct kv_err *err)
{
    if (!read_character(text, ret_len)) {
        return kv_buf_append(out, "?", 1, err);
    }
    if (strchr("&<>\"'", *text) != NULL) {
        return kv_buf_printf(out, err, "&#%d;", *text);
    }
    return kv_buf_append(out, text, *ret_len, err);
}

enum kv_code xml_write(struct kv_buf *out, const char *text, size_t max, struct kv_err *err)
{
    size_t len = 0;

    for (size_t count = 0; *text != '\0'; count++) {
        if (count == max) {
            return kv_buf_append(out, ELLIPSIS, sizeof(ELLIPSIS) - 1, err);
        }
        KV_TRY(write_character(out, text, &len, err));
        text += len;
    }
    return KV_OK;
}
