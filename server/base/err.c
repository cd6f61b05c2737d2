/* SPDX-License-Identifier: Apache-2.0 */
/* The rows of err.def, and how an error is filled. */
#include "kv/base/err.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <unistr.h>

static const struct kv_err_row rows[KV_CODE_COUNT] = {
#define X(symbol_, status_, form_, code_, inner_)                                                  \
    [KV_##symbol_] = { .symbol = #symbol_,                                                         \
                       .status = (status_),                                                        \
                       .form = KV_FORM_##form_,                                                    \
                       .code = (code_),                                                            \
                       .inner = (inner_) },
#include "kv/base/err.def"
#undef X
};

const struct kv_err_row *kv_err_row(enum kv_code code)
{
    assert(code > KV_OK && code < KV_CODE_COUNT);
    return &rows[code];
}

/* What was cut inside a character, by us or by a "%.64s", would make the answer's body invalid UTF-8. */
static void drop_half_characters(char *text)
{
    size_t len = strlen(text);
    const uint8_t *bad;

    while ((bad = u8_check((const uint8_t *) text, len)) != NULL) {
        size_t good = (size_t) (bad - (const uint8_t *) text);

        text += good;
        len -= good + 1;
        memmove(text, text + 1, len + 1);
    }
}

enum kv_code kv_err_set(struct kv_err *err, const char *where, enum kv_code code,
                        unsigned long cause, const char *format, ...)
{
    char message[sizeof(err->message)]; /* apart: the arguments may hold err->message */
    va_list args;

    if (err == NULL) {
        return code;
    }
    va_start(args, format);
    (void) vsnprintf(message, sizeof(message), format, args);
    va_end(args);

    drop_half_characters(message);
    err->code = code;
    err->cause = cause;
    err->where = where;
    err->detail = NULL;
    err->text = KV_TEXT_NONE;
    memcpy(err->message, message, sizeof(message));
    return code;
}
