/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kv/base/base64.h - base64url as the keys API uses it: RFC 4648 §5, never padded on output
 * (contract §4.5).
 *
 * Tokens are read strictly, with the kv_base64url_ functions: two texts for the same bytes would be
 * two names for one token. Members of bodies are read leniently, with the kv_base64_ functions,
 * because that is how clients send them.
 *
 * Pure functions; safe from any thread.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "kv/base/buf.h"

/* Characters that `len` bytes become, without the terminating NUL. */
#define KV_BASE64URL_LENGTH(len) (((len) *4 + 2) / 3)

/* Bytes that a text of `len` characters becomes at most. */
#define KV_BASE64URL_BYTES(len) ((len) *3 / 4)

/* Writes KV_BASE64URL_LENGTH(len) characters and a NUL to `ret_text`. */
void kv_base64url_encode(const void *bytes, size_t len, char *ret_text);

/*
 * Decodes `len` characters into `ret_bytes`, which has room for KV_BASE64URL_BYTES(len).
 * False, and whatever was written must not be used, if a character is outside the alphabet (as
 * standard base64's + and / are, and =) or the length is impossible. Unused bits of the last
 * character are ignored. The text need not be NUL-terminated.
 */
bool kv_base64url_decode(const char *text, size_t len, void *ret_bytes, size_t *ret_len);

/* Appends the text of `len` bytes to `buf`, or the bytes of a text of `len` characters;
 * KV_BAD_PARAMETER for text that kv_base64url_decode() does not accept, with `buf` unchanged. */
enum kv_code kv_base64url_render(const void *bytes, size_t len, struct kv_buf *buf,
                                 struct kv_err *err) kv_must_check;
enum kv_code kv_base64url_parse(const char *text, size_t len, struct kv_buf *buf,
                                struct kv_err *err) kv_must_check;

/*
 * True for a text that kv_base64url_encode() writes for some bytes: in the alphabet, of a possible
 * length, and with the unused bits of the last character zero, so that no other text means the
 * same bytes.
 */
bool kv_base64url_is_canonical(const char *text, size_t len);

/*
 * Accepts either alphabet, even mixed, with or without padding: a text may end in as many = as make
 * its length a multiple of four. Blanks and everything else are refused. KV_BASE64URL_BYTES(len) is
 * enough room here, too.
 */
bool kv_base64_decode(const char *text, size_t len, void *ret_bytes, size_t *ret_len);

/*
 * The same for a member of a body (contract §4.5, §19 row 15): kv_base64url_parse() and
 * kv_base64url_is_canonical(), but without regard to alphabet and padding.
 */
enum kv_code kv_base64_parse(const char *text, size_t len, struct kv_buf *buf,
                             struct kv_err *err) kv_must_check;
bool kv_base64_is_canonical(const char *text, size_t len);
