/* SPDX-License-Identifier: Apache-2.0 */
/* base64, data URIs, JSON. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <openssl/evp.h>
#include <unistr.h>

#include "functions.h"
#include "kv/base/base64.h"
#include "kv/base/secret.h"

#define DATA_URI "data:"
#define DATA_URI_TEXT "data:text/plain;charset=utf8;base64,"

static enum kv_code encode(struct template_eval *eval, const char *text, struct kv_buf *buf,
                           struct kv_err *err)
{
    size_t len = strlen(text);
    unsigned char *room;
    size_t before = buf->len, encoded = (len + 2) / 3 * 4;

    KV_TRY(template_spend(eval->budget, 2 * encoded, err));
    if (before + encoded + 1 > TEMPLATE_TEXT_MAX) {
        return KV_FAIL(err, KV_INVALID_TEMPLATE, 0, "A text is too long to be encoded.");
    }
    KV_TRY(kv_buf_extend(buf, encoded + 1, &room, err)); /* with the NUL that OpenSSL writes */
    (void) EVP_EncodeBlock(room, (const unsigned char *) text, (int) len);
    kv_buf_cut(buf, before + encoded);
    return KV_OK;
}

/* The text that base64 holds; false when it is none, or not base64. */
static enum kv_code decode(struct template_eval *eval, const char *text, struct kv_buf *buf,
                           bool *ret_valid, struct kv_err *err)
{
    size_t len = strlen(text), made = 0;
    unsigned char *room;

    *ret_valid = len % 4 == 0 && strpbrk(text, "-_") == NULL;
    if (!*ret_valid || len == 0) {
        return KV_OK;
    }
    KV_TRY(template_spend(eval->budget, 2 * len, err));
    KV_TRY(kv_buf_extend(buf, KV_BASE64URL_BYTES(len), &room, err));
    *ret_valid = kv_base64_decode(text, len, room, &made);
    kv_buf_cut(buf, *ret_valid ? made : 0);
    *ret_valid = *ret_valid && (made == 0 || memchr(buf->data, '\0', made) == NULL)
                 && u8_check((const uint8_t *) buf->data, made) == NULL;
    return KV_OK;
}

enum kv_code template_fn_base64(struct template_eval *eval, const struct template_call *call,
                                struct template_value *ret_value, struct kv_err *err)
{
    kv_auto(kv_buf_done) struct kv_buf made = { 0 };

    kv_buf_init(&made, TEMPLATE_TEXT_MAX);
    KV_TRY(encode(eval, template_text(call, 0), &made, err));
    return template_make_buf(eval->budget, &made, ret_value, err);
}

static enum kv_code decode_argument(struct template_eval *eval, const struct template_call *call,
                                    struct kv_buf *buf, struct kv_err *err)
{
    bool is_valid = false;

    kv_buf_init(buf, TEMPLATE_TEXT_MAX);
    KV_TRY(decode(eval, template_text(call, 0), buf, &is_valid, err));
    return is_valid ? KV_OK
                    : TEMPLATE_REFUSE(err, call,
                                      "was invoked with a parameter that is not valid. The value "
                                      "cannot be decoded from base64 representation.");
}

enum kv_code template_fn_base64_to_string(struct template_eval *eval,
                                          const struct template_call *call,
                                          struct template_value *ret_value, struct kv_err *err)
{
    kv_auto(kv_buf_done) struct kv_buf text = { 0 };

    KV_TRY(decode_argument(eval, call, &text, err));
    return template_make_buf(eval->budget, &text, ret_value, err);
}

/* JSON of Newtonsoft, which the service reads it with, may have texts in single quotes. */
static void straighten(const char *text, char *to)
{
    char quote = '\0'; /* of the text that we are in */

    for (; *text != '\0'; text++) {
        bool is_escape = quote != '\0' && *text == '\\' && text[1] != '\0';

        if (is_escape && text[1] == '\'') {
            *to++ = *++text;
            continue;
        }
        if (quote == '\'' && *text == '"') {
            *to++ = '\\';
        }
        *to++ = *text == '\'' && quote != '"' ? '"' : *text;
        if (is_escape) {
            *to++ = *++text;
            continue;
        }
        if (quote == '\0' && (*text == '\'' || *text == '"')) {
            quote = *text;
        } else if (*text == quote) {
            quote = '\0';
        }
    }
    *to = '\0';
}

static enum kv_code read_json(struct template_eval *eval, const struct template_call *call,
                              const char *text, struct template_value *ret_value,
                              struct kv_err *err)
{
    kv_auto(kv_wipe_free) char *straight = NULL;
    cJSON *tree = NULL;

    KV_TRY(template_spend(eval->budget, 8 * strlen(text) + 1, err)); /* "0," is a node of cJSON */
    straight = malloc(2 * strlen(text) + 1);
    if (straight == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    straighten(text, straight);
    if (kv_template_parse(straight, strlen(straight), &tree, NULL) != KV_OK) {
        return TEMPLATE_REFUSE(err, call,
                               "parameter is not valid. The provided value '%.100s' cannot be "
                               "parsed by the function. Please see "
                               "https://aka.ms/arm-template-expressions#json for usage details.",
                               text);
    }
    return template_own(tree, ret_value, err);
}

enum kv_code template_fn_json(struct template_eval *eval, const struct template_call *call,
                              struct template_value *ret_value, struct kv_err *err)
{
    return read_json(eval, call, template_text(call, 0), ret_value, err);
}

enum kv_code template_fn_base64_to_json(struct template_eval *eval,
                                        const struct template_call *call,
                                        struct template_value *ret_value, struct kv_err *err)
{
    kv_auto(kv_buf_done) struct kv_buf text = { 0 };

    KV_TRY(decode_argument(eval, call, &text, err));
    return read_json(eval, call, text.len > 0 ? text.data : "", ret_value, err);
}

enum kv_code template_fn_data_uri(struct template_eval *eval, const struct template_call *call,
                                  struct template_value *ret_value, struct kv_err *err)
{
    kv_auto(kv_buf_done) struct kv_buf made = { 0 };

    kv_buf_init(&made, TEMPLATE_TEXT_MAX);
    KV_TRY(template_append_text(eval->budget, &made, DATA_URI_TEXT, err));
    KV_TRY(encode(eval, template_text(call, 0), &made, err));
    return template_make_buf(eval->budget, &made, ret_value, err);
}

enum kv_code template_fn_data_uri_to_string(struct template_eval *eval,
                                            const struct template_call *call,
                                            struct template_value *ret_value, struct kv_err *err)
{
    kv_auto(kv_buf_done) struct kv_buf made = { 0 };
    const char *uri = template_text(call, 0);
    const char *comma = strchr(uri, ',');
    bool is_valid = false;

    if (strncasecmp(uri, DATA_URI, strlen(DATA_URI)) != 0 || comma == NULL) {
        return TEMPLATE_REFUSE(err, call,
                               "expects its parameter to be formatted as a valid data URI. The "
                               "provided value '%.200s' was not formatted correctly. Please see "
                               "https://aka.ms/arm-functions#dataUriToString for usage details.",
                               uri);
    }
    kv_buf_init(&made, TEMPLATE_TEXT_MAX);
    if (memmem(uri, (size_t) (comma - uri), ";base64", strlen(";base64")) == NULL) {
        return template_make_text(eval->budget, comma + 1, ret_value, err);
    }
    KV_TRY(decode(eval, comma + 1, &made, &is_valid, err));
    if (!is_valid) {
        return TEMPLATE_REFUSE(err, call,
                               "was invoked with a parameter that is not valid. The value cannot "
                               "be converted to the target type.");
    }
    return template_make_buf(eval->budget, &made, ret_value, err);
}
