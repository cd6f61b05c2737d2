/* SPDX-License-Identifier: Apache-2.0 */
/* The rows of wording.def, and how a refusal is worded. */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "kv/base/err.h"

#define NEWEST (KV_BUILD_COUNT - 1)

#define VAULT(text) .vault[NEWEST] = (text)
#define VAULT_2024(text) .vault[KV_BUILD_2024] = (text)
#define VAULT_2021(text) .vault[KV_BUILD_2021] = (text)
#define HSM(text) .hsm[NEWEST] = (text)
#define HSM_CODE(code) .hsm_code = (code)
#define SENTENCE(text) VAULT(text "."), HSM(text)

static const struct kv_text_row rows[KV_TEXT_COUNT] = {
#define X(symbol_, code_, arguments_, ...)                                                         \
    [KV_TEXT_##symbol_] = {                                                                        \
        .symbol = #symbol_, .code = (code_), .arguments = (arguments_), __VA_ARGS__                \
    },
#include "kv/base/wording.def"
#undef X
};

const struct kv_text_row *kv_text_row(enum kv_text text)
{
    assert(text > KV_TEXT_NONE && text < KV_TEXT_COUNT);
    return &rows[text];
}

/* The end of what is cut: no character of UTF-8 is left in half. */
static size_t find_cut(const char *text, size_t max)
{
    size_t len = strnlen(text, max + 1);

    while (len > max || (len > 0 && ((unsigned char) text[len] & 0xC0) == 0x80)) {
        len--;
    }
    return len;
}

/* One after the other, each with its NUL; there is room for all these NULs. */
static void pack(const char *const *args, unsigned count, char *ret_packed, size_t size)
{
    for (unsigned i = 0; i < count; i++) {
        size_t len = find_cut(args[i], size - (count - i));

        memcpy(ret_packed, args[i], len);
        ret_packed[len] = '\0';
        ret_packed += len + 1;
        size -= len + 1;
    }
}

static void unpack(const char *packed, unsigned count, const char **ret_args)
{
    for (unsigned i = 0; i < count; i++) {
        ret_args[i] = packed;
        packed += strlen(packed) + 1;
    }
}

static const char *choose_build(const char *const *texts, enum kv_build_year build)
{
    while (build < NEWEST && texts[build] == NULL) {
        build++;
    }
    return texts[build];
}

static const char *choose_text(const struct kv_text_row *row, const struct kv_speaker *speaker)
{
    const char *text = speaker->is_hsm ? choose_build(row->hsm, speaker->build) : NULL;

    return text != NULL ? text : choose_build(row->vault, speaker->build);
}

/* Longer than a message by one character, so that cutting it is noticed. */
#define RENDERED_SIZE (sizeof(((struct kv_err *) NULL)->message) + 4)

static void render(const char *text, const char *const *args, char ret_rendered[RENDERED_SIZE])
{
    size_t len = 0;

    while (*text != '\0' && len + 1 < RENDERED_SIZE) {
        size_t plain = strcspn(text, "{");
        const char *piece = plain > 0 ? text : args[text[1] - '1'];
        size_t piece_len = plain > 0 ? plain : strlen(piece);
        size_t room = RENDERED_SIZE - 1 - len;

        text += plain > 0 ? plain : strlen("{1}");
        piece_len = piece_len < room ? piece_len : room;
        memcpy(ret_rendered + len, piece, piece_len);
        len += piece_len;
    }
    ret_rendered[len] = '\0';
}

enum kv_code kv_err_refuse(struct kv_err *err, const char *where, enum kv_text text,
                           unsigned long cause, const char *const *args)
{
    const struct kv_text_row *row = kv_text_row(text);
    char packed[sizeof(err->args)]; /* apart: the arguments may lie in *err */
    char rendered[RENDERED_SIZE];

    assert(args != NULL || row->arguments == 0);
    if (err == NULL) {
        return row->code;
    }
    render(row->vault[NEWEST], args, rendered);
    pack(args, row->arguments, packed, sizeof(packed));
    KV_IGNORE(kv_err_set(err, where, row->code, cause, "%s", rendered)); /* it is the row's */
    err->text = text;
    memcpy(err->args, packed, sizeof(packed));
    return row->code;
}

/* What is worded alike stays as it is: it was made of arguments that were not cut. */
static void render_again(struct kv_err *err, const struct kv_text_row *row, const char *text)
{
    const struct kv_err raised = *err;
    const char *args[KV_TEXT_ARGS_MAX];
    char rendered[RENDERED_SIZE];

    if (text == row->vault[NEWEST]) {
        return;
    }
    unpack(raised.args, row->arguments, args);
    render(text, args, rendered);
    KV_IGNORE(kv_err_set(err, raised.where, raised.code, raised.cause, "%s", rendered));
    err->text = raised.text; /* of what kv_err_set() made another error of, all but the message */
    err->detail = raised.detail;
}

void kv_err_word(struct kv_err *err, const struct kv_speaker *speaker)
{
    if (err->text == KV_TEXT_NONE) {
        return;
    }

    const struct kv_text_row *row = kv_text_row(err->text);

    render_again(err, row, choose_text(row, speaker));
    if (speaker->is_hsm && row->hsm_code != KV_OK) {
        err->code = row->hsm_code;
    }
}

const char *kv_err_print_number(char buffer[KV_NUMBER_SIZE], long long number)
{
    snprintf(buffer, KV_NUMBER_SIZE, "%lld", number);
    return buffer;
}
