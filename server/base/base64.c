/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Own code, because OpenSSL's block functions speak the other alphabet, want padding and skip
 * white space, all of which the service refuses.
 */
#include "kv/base64.h"

#include <stdint.h>

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/* A character's six bits plus one, so that 0 is "outside the alphabet". */
static const unsigned char bits_plus_one[256] = {
    ['A'] = 1,  ['B'] = 2,  ['C'] = 3,  ['D'] = 4,  ['E'] = 5,  ['F'] = 6,  ['G'] = 7,  ['H'] = 8,
    ['I'] = 9,  ['J'] = 10, ['K'] = 11, ['L'] = 12, ['M'] = 13, ['N'] = 14, ['O'] = 15, ['P'] = 16,
    ['Q'] = 17, ['R'] = 18, ['S'] = 19, ['T'] = 20, ['U'] = 21, ['V'] = 22, ['W'] = 23, ['X'] = 24,
    ['Y'] = 25, ['Z'] = 26, ['a'] = 27, ['b'] = 28, ['c'] = 29, ['d'] = 30, ['e'] = 31, ['f'] = 32,
    ['g'] = 33, ['h'] = 34, ['i'] = 35, ['j'] = 36, ['k'] = 37, ['l'] = 38, ['m'] = 39, ['n'] = 40,
    ['o'] = 41, ['p'] = 42, ['q'] = 43, ['r'] = 44, ['s'] = 45, ['t'] = 46, ['u'] = 47, ['v'] = 48,
    ['w'] = 49, ['x'] = 50, ['y'] = 51, ['z'] = 52, ['0'] = 53, ['1'] = 54, ['2'] = 55, ['3'] = 56,
    ['4'] = 57, ['5'] = 58, ['6'] = 59, ['7'] = 60, ['8'] = 61, ['9'] = 62, ['-'] = 63, ['_'] = 64,
};

void kv_base64url_encode(const void *bytes, size_t len, char *ret_text)
{
    const unsigned char *in = bytes;
    uint32_t bits = 0;
    unsigned count = 0; /* of the low `bits` not yet written */

    for (size_t i = 0; i < len; i++) {
        bits = bits << 8 | in[i];
        for (count += 8; count >= 6; count -= 6) {
            *ret_text++ = alphabet[bits >> (count - 6) & 63];
        }
    }
    if (count > 0) {
        *ret_text++ = alphabet[bits << (6 - count) & 63];
    }
    *ret_text = '\0';
}

bool kv_base64url_decode(const char *text, size_t len, void *ret_bytes, size_t *ret_len)
{
    unsigned char *out = ret_bytes;
    uint32_t bits = 0;
    unsigned count = 0; /* of the low `bits` not yet written */

    if (len % 4 == 1) {
        return false;
    }
    for (size_t i = 0; i < len; i++) {
        unsigned char sextet = bits_plus_one[(unsigned char) text[i]];
        if (sextet == 0) {
            return false;
        }
        bits = bits << 6 | (sextet - 1U);
        count += 6;
        if (count >= 8) {
            count -= 8;
            *out++ = (unsigned char) (bits >> count);
        }
    }
    *ret_len = KV_BASE64URL_BYTES(len);
    return true;
}

enum kv_code kv_base64url_render(const void *bytes, size_t len, struct kv_buf *buf,
                                 struct kv_err *err)
{
    unsigned char *text; /* with room for the NUL, as everything in a buffer */

    KV_TRY(kv_buf_extend(buf, KV_BASE64URL_LENGTH(len), &text, err));
    kv_base64url_encode(bytes, len, (char *) text);
    return KV_OK;
}

enum kv_code kv_base64url_parse(const char *text, size_t len, struct kv_buf *buf,
                                struct kv_err *err)
{
    size_t before = buf->len;
    unsigned char *bytes;

    KV_TRY(kv_buf_extend(buf, KV_BASE64URL_BYTES(len), &bytes, err));
    if (!kv_base64url_decode(text, len, bytes, &len)) {
        kv_buf_cut(buf, before);
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "the text is not base64url");
    }
    return KV_OK;
}

bool kv_base64url_is_canonical(const char *text, size_t len)
{
    static const unsigned char unused[4] = { 0, 0, 0x0F, 0x03 };

    for (size_t i = 0; i < len; i++) {
        if (bits_plus_one[(unsigned char) text[i]] == 0) {
            return false;
        }
    }
    return len % 4 != 1
           && (len == 0
               || ((bits_plus_one[(unsigned char) text[len - 1]] - 1U) & unused[len % 4]) == 0);
}
