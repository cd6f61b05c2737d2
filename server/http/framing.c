/* SPDX-License-Identifier: Apache-2.0 */
#include "framing.h"

#include <stdint.h>
#include <string.h>

#include "kv/http/request.h"

/* What is left to read. */
struct rest {
    const char *at;
    size_t len;
};

/* Drops `len` bytes and the `nuls` that must follow; false if they do not. */
static bool skip(struct rest *rest, size_t len, size_t nuls)
{
    if (len > rest->len || nuls > rest->len - len) {
        return false;
    }
    for (size_t i = 0; i < nuls; i++) {
        if (rest->at[len + i] != '\0') {
            return false;
        }
    }
    rest->at += len + nuls;
    rest->len -= len + nuls;
    return true;
}

#define EACH_BYTE(value) (UINT64_C(0x0101010101010101) * (value))

/* That none of these eight bytes is below a space, or 0x7f; it may say no of others, too. */
static bool are_above_controls(const char *eight)
{
    uint64_t bytes;

    memcpy(&bytes, eight, sizeof(bytes));
    uint64_t low = (bytes - EACH_BYTE(' ')) & ~bytes;
    uint64_t others = bytes ^ EACH_BYTE(0x7f);
    uint64_t deletes = (others - EACH_BYTE(1)) & ~others;
    return ((low | deletes) & EACH_BYTE(0x80)) == 0;
}

static bool is_value_byte(unsigned char byte)
{
    return (byte >= ' ' || byte == '\t') && byte != 0x7f;
}

/* RFC 9110 §5.5; bytes above 0x7f are opaque. Most values are tokens of a kilobyte or more. */
static bool is_value(const char *text, size_t len)
{
    size_t i = 0;

    while (i < len) {
        if (len - i >= sizeof(uint64_t) && are_above_controls(text + i)) {
            i += sizeof(uint64_t);
        } else if (is_value_byte((unsigned char) text[i])) {
            i++;
        } else {
            return false;
        }
    }
    return true;
}

static bool skip_token(struct rest *rest)
{
    size_t len = strnlen(rest->at, rest->len);

    return kv_is_http_token(rest->at, len) && skip(rest, len, 1);
}

static bool skip_value(struct rest *rest)
{
    size_t len = strnlen(rest->at, rest->len);

    return is_value(rest->at, len) && skip(rest, len, 2);
}

bool kv_framing_is_clean(const char *bytes, size_t len, size_t target_len, size_t headers)
{
    struct rest rest = { bytes, len };

    if (!skip_token(&rest) || !skip(&rest, target_len, 1) || !skip_value(&rest)) {
        return false;
    }
    for (size_t i = 0; i < headers; i++) {
        if (!skip_token(&rest) || !skip_value(&rest)) {
            return false;
        }
    }
    return skip(&rest, 0, 2) && rest.len == 0;
}

bool kv_framing_is_text(const char *target)
{
    return is_value(target, strlen(target));
}
