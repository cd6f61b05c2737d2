/* SPDX-License-Identifier: Apache-2.0 */
#include "framing.h"

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

/* RFC 9110 §5.5; bytes above 0x7f are opaque. */
static bool is_value(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        unsigned char byte = (unsigned char) text[i];

        if ((byte < ' ' && byte != '\t') || byte == 0x7f) {
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
