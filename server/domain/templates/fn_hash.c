/* SPDX-License-Identifier: Apache-2.0 */
/* guid(), uniqueString(), newGuid(). */
#include <string.h>

#include <uuid/uuid.h>

#include "functions.h"
#include "kv/base/uuid.h"
#include "kv/templates/templates.h"

#define GUID_SPACE "11fb06fb-712d-4ddd-98c7-e71bbd588830" /* control-plane.md §3.3 */
#define UNIQUE_LENGTH 13

static enum kv_code join_arguments(struct template_eval *eval, const struct template_call *call,
                                   struct kv_buf *buf, struct kv_err *err)
{
    kv_buf_init(buf, TEMPLATE_TEXT_MAX);
    for (size_t i = 0; i < call->count; i++) {
        KV_TRY(template_append_text(eval->budget, buf, i > 0 ? "-" : "", err));
        KV_TRY(template_append_text(eval->budget, buf, template_text(call, i), err));
    }
    return KV_OK;
}

enum kv_code template_fn_guid(struct template_eval *eval, const struct template_call *call,
                              struct template_value *ret_value, struct kv_err *err)
{
    kv_auto(kv_buf_done) struct kv_buf name = { 0 };
    char text[KV_UUID_LENGTH + 1];
    uuid_t space, made;

    KV_TRY(join_arguments(eval, call, &name, err));
    if (uuid_parse(GUID_SPACE, space) != 0) {
        return KV_FAIL(err, KV_INTERNAL, 0, "the namespace of guid() is no GUID");
    }
    uuid_generate_sha1(made, space, name.len > 0 ? name.data : "", name.len);
    uuid_unparse_lower(made, text);
    return template_make_text(eval->budget, text, ret_value, err);
}

enum kv_code template_fn_new_guid(struct template_eval *eval, const struct template_call *call,
                                  struct template_value *ret_value, struct kv_err *err)
{
    char text[KV_UUID_LENGTH + 1];

    (void) call;
    kv_uuid_random(text);
    return template_make_text(eval->budget, text, ret_value, err);
}

/* ---- uniqueString(): a variant of Murmur with two lanes (control-plane.md §3.3) --------------- */

#define FIRST 0x239b961bU
#define SECOND 0xab0e9789U

static uint32_t rotate(uint32_t value, unsigned bits)
{
    return (value << bits) | (value >> (32 - bits));
}

/* Up to four bytes, little endian. */
static uint32_t read_word(const unsigned char *bytes, size_t len)
{
    uint32_t word = 0;

    for (size_t i = 0; i < len && i < 4; i++) {
        word |= (uint32_t) bytes[i] << (8 * i);
    }
    return word;
}

static uint32_t finish(uint32_t value)
{
    value ^= value >> 16;
    value *= 0x85ebca6bU;
    value ^= value >> 13;
    value *= 0xc2b2ae35U;
    return value ^ (value >> 16);
}

uint64_t kv_template_hash(const void *text, size_t len)
{
    const unsigned char *bytes = text;
    uint32_t one = 0, other = 0;
    size_t at = 0;

    for (; at + 8 <= len; at += 8) {
        one ^= rotate(read_word(bytes + at, 4) * FIRST, 15) * SECOND;
        one = (rotate(one, 19) + other) * 5 + 0x561ccd1bU;
        other ^= rotate(read_word(bytes + at + 4, 4) * SECOND, 17) * FIRST;
        other = (rotate(other, 13) + one) * 5 + 0x0bcaa747U;
    }
    if (at < len) {
        one ^= rotate(read_word(bytes + at, len - at) * FIRST, 15) * SECOND;
    }
    if (at + 4 < len) {
        other ^= rotate(read_word(bytes + at + 4, len - at - 4) * SECOND, 17) * FIRST;
    }
    one ^= (uint32_t) len;
    other ^= (uint32_t) len;
    one += other;
    other += one;
    one = finish(one);
    other = finish(other);
    one += other;
    other += one;
    return (uint64_t) other << 32 | one;
}

enum kv_code template_fn_unique_string(struct template_eval *eval, const struct template_call *call,
                                       struct template_value *ret_value, struct kv_err *err)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz234567";
    kv_auto(kv_buf_done) struct kv_buf name = { 0 };
    char text[UNIQUE_LENGTH + 1] = "";
    uint64_t rest;

    KV_TRY(join_arguments(eval, call, &name, err));
    rest = kv_template_hash(name.len > 0 ? name.data : "", name.len);
    for (size_t i = 0; i < UNIQUE_LENGTH; i++, rest <<= 5) {
        text[i] = letters[rest >> 59];
    }
    return template_make_text(eval->budget, text, ret_value, err);
}
