/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Own code, because OpenSSL's block functions speak the other alphabet, want padding and skip
 * white space. One decoder reads tokens and bodies; what differs is whether it is lenient.
 */
#include "kv/base/base64.h"

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

/* Whether bodies may have the standard alphabet and padding. That the service takes them is known
 * from clients that send them, not from recordings (contract §4.5). */
static const bool bodies_are_lenient = true;

/* Six bits plus one, 0 for a character outside the alphabet. */
static unsigned sextet_plus_one(char character, bool is_lenient)
{
    if (is_lenient && character == '+') {
        character = '-';
    }
    if (is_lenient && character == '/') {
        character = '_';
    }
    return bits_plus_one[(unsigned char) character];
}

/* The length without padding. Padding of a wrong length stays, and is then refused as characters
 * outside the alphabet. */
static size_t bare_length(const char *text, size_t len, bool is_lenient)
{
    size_t bare = len;

    if (is_lenient && len % 4 == 0) {
        while (bare > 0 && len - bare < 2 && text[bare - 1] == '=') {
            bare--;
        }
    }
    return bare;
}

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

static bool decode(const char *text, size_t len, bool is_lenient, void *ret_bytes, size_t *ret_len)
{
    unsigned char *out = ret_bytes;
    uint32_t bits = 0;
    unsigned count = 0; /* of the low `bits` not yet written */

    len = bare_length(text, len, is_lenient);
    if (len % 4 == 1) {
        return false;
    }
    for (size_t i = 0; i < len; i++) {
        unsigned sextet = sextet_plus_one(text[i], is_lenient);
        if (sextet == 0) {
            return false;
        }
        bits = bits << 6 | (sextet - 1);
        count += 6;
        if (count >= 8) {
            count -= 8;
            *out++ = (unsigned char) (bits >> count);
        }
    }
    *ret_len = KV_BASE64URL_BYTES(len);
    return true;
}

static enum kv_code parse(const char *text, size_t len, bool is_lenient, struct kv_buf *buf,
                          struct kv_err *err)
{
    size_t before = buf->len;
    unsigned char *bytes;

    len = bare_length(text, len, is_lenient); /* a full buffer has no room for padding */
    KV_TRY(kv_buf_extend(buf, KV_BASE64URL_BYTES(len), &bytes, err));
    if (!decode(text, len, is_lenient, bytes, &len)) {
        kv_buf_cut(buf, before);
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "the text is not base64url");
    }
    return KV_OK;
}

static bool is_canonical(const char *text, size_t len, bool is_lenient)
{
    static const unsigned char unused[4] = { 0, 0, 0x0F, 0x03 };

    len = bare_length(text, len, is_lenient);
    for (size_t i = 0; i < len; i++) {
        if (sextet_plus_one(text[i], is_lenient) == 0) {
            return false;
        }
    }
    return len % 4 != 1
           && (len == 0
               || ((sextet_plus_one(text[len - 1], is_lenient) - 1) & unused[len % 4]) == 0);
}

bool kv_base64url_decode(const char *text, size_t len, void *ret_bytes, size_t *ret_len)
{
    return decode(text, len, false, ret_bytes, ret_len);
}

bool kv_base64_decode(const char *text, size_t len, void *ret_bytes, size_t *ret_len)
{
    return decode(text, len, true, ret_bytes, ret_len);
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
    return parse(text, len, false, buf, err);
}

enum kv_code kv_base64_parse(const char *text, size_t len, struct kv_buf *buf, struct kv_err *err)
{
    return parse(text, len, bodies_are_lenient, buf, err);
}

bool kv_base64url_is_canonical(const char *text, size_t len)
{
    return is_canonical(text, len, false);
}

bool kv_base64_is_canonical(const char *text, size_t len)
{
    return is_canonical(text, len, bodies_are_lenient);
}
