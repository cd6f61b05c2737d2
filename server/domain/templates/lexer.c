/* SPDX-License-Identifier: Apache-2.0 */
#include <ctype.h>
#include <string.h>

#include "syntax.h"

static const char *const names[] = {
    [TEMPLATE_TOKEN_END] = "EndOfData",
    [TEMPLATE_TOKEN_NAME] = "Identifier",
    [TEMPLATE_TOKEN_TEXT] = "StringLiteral",
    [TEMPLATE_TOKEN_NUMBER] = "Integer",
    [TEMPLATE_TOKEN_OPEN] = "LeftParenthesis",
    [TEMPLATE_TOKEN_CLOSE] = "RightParenthesis",
    [TEMPLATE_TOKEN_OPEN_SQUARE] = "LeftSquareBracket",
    [TEMPLATE_TOKEN_CLOSE_SQUARE] = "RightSquareBracket",
    [TEMPLATE_TOKEN_COMMA] = "Comma",
    [TEMPLATE_TOKEN_DOT] = "Dot",
};

static const struct {
    char character;
    enum template_token_kind kind;
} marks[] = {
    { '(', TEMPLATE_TOKEN_OPEN },        { ')', TEMPLATE_TOKEN_CLOSE },
    { '[', TEMPLATE_TOKEN_OPEN_SQUARE }, { ']', TEMPLATE_TOKEN_CLOSE_SQUARE },
    { ',', TEMPLATE_TOKEN_COMMA },       { '.', TEMPLATE_TOKEN_DOT },
};

const char *template_token_name(enum template_token_kind kind)
{
    return names[kind];
}

static bool is_in_name(char character)
{
    return isalnum((unsigned char) character) || character == '_' || character == '$';
}

/* Length of a text with its quotes, of which two within are one; 0 when it does not end. */
static size_t measure_text(const char *start, size_t left)
{
    for (size_t i = 1; i < left; i++) {
        if (start[i] != '\'') {
            continue;
        }
        if (i + 1 >= left || start[i + 1] != '\'') {
            return i + 1;
        }
        i++;
    }
    return 0;
}

static size_t measure_name(const char *start, size_t left)
{
    size_t len = 0;

    while (len < left && is_in_name(start[len])) {
        len++;
    }
    return isdigit((unsigned char) start[0]) ? 0 : len;
}

static size_t measure_number(const char *start, size_t left)
{
    size_t len = start[0] == '-' || start[0] == '+' ? 1 : 0;
    size_t digits = 0;

    while (len + digits < left && isdigit((unsigned char) start[len + digits])) {
        digits++;
    }
    return digits > 0 ? len + digits : 0;
}

static bool find_mark(char character, enum template_token_kind *ret_kind)
{
    for (size_t i = 0; i < KV_COUNT(marks); i++) {
        if (marks[i].character == character) {
            *ret_kind = marks[i].kind;
            return true;
        }
    }
    return false;
}

/* The first rule that something fits; of length 0 if none does. */
static struct template_token measure(const char *start, size_t left)
{
    struct template_token token = { .start = start, .len = 1 };

    if (find_mark(start[0], &token.kind)) {
        return token;
    }
    if (start[0] == '\'') {
        token.kind = TEMPLATE_TOKEN_TEXT;
        token.len = measure_text(start, left);
        return token;
    }
    token.kind = TEMPLATE_TOKEN_NAME;
    token.len = measure_name(start, left);
    if (token.len == 0) {
        token.kind = TEMPLATE_TOKEN_NUMBER;
        token.len = measure_number(start, left);
    }
    return token;
}

enum kv_code template_lex(struct template_lexer *lexer, struct template_token *ret_token,
                          struct kv_err *err)
{
    while (lexer->at < lexer->len && strchr(" \t\r\n", lexer->text[lexer->at]) != NULL) {
        lexer->at++;
    }
    const char *start = lexer->text + lexer->at;
    if (lexer->at >= lexer->len) {
        *ret_token = (struct template_token){ TEMPLATE_TOKEN_END, start, 0 };
        return KV_OK;
    }
    struct template_token token = measure(start, lexer->len - lexer->at);
    if (token.len == 0) {
        return KV_FAIL(err, KV_INVALID_TEMPLATE, 0,
                       "Unable to parse language expression '%.*s': the string character '%c' at "
                       "position '%zu' is not expected.",
                       (int) (lexer->len < 400 ? lexer->len : 400), lexer->text,
                       isprint((unsigned char) *start) ? *start : '?', lexer->at);
    }
    lexer->at += token.len;
    *ret_token = token;
    return KV_OK;
}
