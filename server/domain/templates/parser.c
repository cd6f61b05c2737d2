/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "kv/templates/templates.h"
#include "syntax.h"

#define WHOLE_NUMBER_MAX INT64_C(9007199254740992) /* 2^53: what JSON numbers hold exactly */

struct parser {
    struct template_lexer lexer;
    struct template_token token; /* the next one */
    unsigned depth;
};

void template_node_free(struct template_node *node)
{
    if (node == NULL) {
        return;
    }
    for (size_t i = 0; i < node->count; i++) {
        template_node_free(node->parts[i]);
    }
    free(node->parts);
    free(node->space);
    free(node->name);
    free(node);
}

bool template_is_expression(const char *text)
{
    size_t len = strlen(text);

    return len >= 2 && text[0] == '[' && text[len - 1] == ']' && text[1] != '[';
}

bool template_is_escaped(const char *text)
{
    size_t len = strlen(text);

    return len >= 3 && text[0] == '[' && text[1] == '[' && text[len - 1] == ']';
}

static enum kv_code refuse(const struct parser *parser, const char *expected, struct kv_err *err)
{
    const struct template_lexer *lexer = &parser->lexer;

    return KV_FAIL(err, KV_INVALID_TEMPLATE, 0,
                   "Unable to parse language expression '%.*s': expected token '%s' and actual "
                   "'%s'.",
                   (int) (lexer->len < 400 ? lexer->len : 400), lexer->text, expected,
                   template_token_name(parser->token.kind));
}

static enum kv_code advance(struct parser *parser, struct kv_err *err)
{
    return template_lex(&parser->lexer, &parser->token, err);
}

static enum kv_code expect(struct parser *parser, enum template_token_kind kind, struct kv_err *err)
{
    if (parser->token.kind != kind) {
        return refuse(parser, template_token_name(kind), err);
    }
    return advance(parser, err);
}

/* Takes `part`, even when memory is short. */
static enum kv_code add_part(struct template_node *node, struct template_node *part,
                             struct kv_err *err)
{
    bool is_full = (node->count & (node->count - 1)) == 0; /* it grows at powers of two, and at 0 */

    if (is_full) {
        size_t room = node->count > 0 ? 2 * node->count : 1;
        struct template_node **grown = realloc(node->parts, room * sizeof(*grown));

        if (grown == NULL) {
            template_node_free(part);
            return KV_OUT_OF_MEMORY(err);
        }
        node->parts = grown;
    }
    node->parts[node->count++] = part;
    return KV_OK;
}

static enum kv_code new_node(enum template_node_kind kind, const char *name, size_t len,
                             struct template_node **ret_node, struct kv_err *err)
{
    kv_auto(template_node_free) struct template_node *node = calloc(1, sizeof(*node));

    if (node != NULL) {
        node->kind = kind;
        node->name = strndup(name, len);
    }
    if (node == NULL || node->name == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    *ret_node = kv_take(node);
    return KV_OK;
}

/* Without quotes; two within are one. */
static enum kv_code read_text(struct parser *parser, struct template_node **ret_node,
                              struct kv_err *err)
{
    const struct template_token *token = &parser->token;
    char *to;

    KV_TRY(new_node(TEMPLATE_NODE_TEXT, token->start + 1, token->len - 2, ret_node, err));
    to = (*ret_node)->name;
    for (const char *from = to; *from != '\0'; from++) {
        *to++ = *from;
        from += from[0] == '\'' && from[1] == '\'';
    }
    *to = '\0';
    return advance(parser, err);
}

static enum kv_code read_number(struct parser *parser, struct template_node **ret_node,
                                struct kv_err *err)
{
    KV_TRY(new_node(TEMPLATE_NODE_NUMBER, parser->token.start, parser->token.len, ret_node, err));
    errno = 0;
    (*ret_node)->number = strtoll((*ret_node)->name, NULL, 10);
    if (errno != 0 || (*ret_node)->number > WHOLE_NUMBER_MAX
        || (*ret_node)->number < -WHOLE_NUMBER_MAX) {
        return KV_FAIL(err, KV_INVALID_TEMPLATE, 0,
                       "The number '%.40s' is beyond what template numbers hold.",
                       (*ret_node)->name);
    }
    return advance(parser, err);
}

static enum kv_code read_any(struct parser *parser, struct template_node **ret_node,
                             struct kv_err *err);

static enum kv_code read_argument(struct parser *parser, struct template_node *call,
                                  struct kv_err *err)
{
    kv_auto(template_node_free) struct template_node *argument = NULL;

    KV_TRY(read_any(parser, &argument, err));
    return add_part(call, kv_take(argument), err);
}

static enum kv_code read_arguments(struct parser *parser, struct template_node *call,
                                   struct kv_err *err)
{
    KV_TRY(expect(parser, TEMPLATE_TOKEN_OPEN, err));
    if (parser->token.kind == TEMPLATE_TOKEN_CLOSE) {
        return advance(parser, err);
    }
    KV_TRY(read_argument(parser, call, err));
    while (parser->token.kind == TEMPLATE_TOKEN_COMMA) {
        KV_TRY(advance(parser, err));
        KV_TRY(read_argument(parser, call, err));
    }
    return expect(parser, TEMPLATE_TOKEN_CLOSE, err);
}

static enum kv_code read_call(struct parser *parser, struct template_node **ret_node,
                              struct kv_err *err)
{
    kv_auto(template_node_free) struct template_node *call = NULL;

    KV_TRY(new_node(TEMPLATE_NODE_CALL, parser->token.start, parser->token.len, &call, err));
    KV_TRY(advance(parser, err));
    if (parser->token.kind == TEMPLATE_TOKEN_DOT) {
        KV_TRY(advance(parser, err));
        if (parser->token.kind != TEMPLATE_TOKEN_NAME) {
            return refuse(parser, template_token_name(TEMPLATE_TOKEN_NAME), err);
        }
        call->space = kv_take(call->name);
        call->name = strndup(parser->token.start, parser->token.len);
        if (call->name == NULL) {
            return KV_OUT_OF_MEMORY(err);
        }
        KV_TRY(advance(parser, err));
    }
    KV_TRY(read_arguments(parser, call, err));
    *ret_node = kv_take(call);
    return KV_OK;
}

static enum kv_code read_first(struct parser *parser, struct template_node **ret_node,
                               struct kv_err *err)
{
    switch (parser->token.kind) {
    case TEMPLATE_TOKEN_TEXT:
        return read_text(parser, ret_node, err);
    case TEMPLATE_TOKEN_NUMBER:
        return read_number(parser, ret_node, err);
    case TEMPLATE_TOKEN_NAME:
        return read_call(parser, ret_node, err);
    case TEMPLATE_TOKEN_END:
    case TEMPLATE_TOKEN_OPEN:
    case TEMPLATE_TOKEN_CLOSE:
    case TEMPLATE_TOKEN_OPEN_SQUARE:
    case TEMPLATE_TOKEN_CLOSE_SQUARE:
    case TEMPLATE_TOKEN_COMMA:
    case TEMPLATE_TOKEN_DOT:
        break;
    }
    return refuse(parser, template_token_name(TEMPLATE_TOKEN_NAME), err);
}

/* Which: what stands behind the dot, or between the brackets. */
static enum kv_code read_key(struct parser *parser, struct template_node **ret_key,
                             struct kv_err *err)
{
    bool is_dot = parser->token.kind == TEMPLATE_TOKEN_DOT;

    KV_TRY(advance(parser, err));
    if (!is_dot) {
        KV_TRY(read_any(parser, ret_key, err));
        return expect(parser, TEMPLATE_TOKEN_CLOSE_SQUARE, err);
    }
    if (parser->token.kind != TEMPLATE_TOKEN_NAME) {
        return refuse(parser, template_token_name(TEMPLATE_TOKEN_NAME), err);
    }
    KV_TRY(new_node(TEMPLATE_NODE_TEXT, parser->token.start, parser->token.len, ret_key, err));
    return advance(parser, err);
}

/* Puts what was read so far below the access to a part of it. */
static enum kv_code read_access(struct parser *parser, struct template_node **of,
                                struct kv_err *err)
{
    kv_auto(template_node_free) struct template_node *access = NULL;
    kv_auto(template_node_free) struct template_node *key = NULL;

    KV_TRY(read_key(parser, &key, err));
    KV_TRY(new_node(TEMPLATE_NODE_ACCESS, "", 0, &access, err));
    KV_TRY(add_part(access, kv_take(*of), err));
    KV_TRY(add_part(access, kv_take(key), err));
    *of = kv_take(access);
    return KV_OK;
}

static enum kv_code deepen(struct parser *parser, struct kv_err *err)
{
    if (++parser->depth > TEMPLATE_SYNTAX_DEPTH_MAX) {
        return KV_FAIL(err, KV_INVALID_TEMPLATE, 0,
                       "The language expression is nested too deep. Limit: '%d'.",
                       TEMPLATE_SYNTAX_DEPTH_MAX);
    }
    return KV_OK;
}

static enum kv_code read_any(struct parser *parser, struct template_node **ret_node,
                             struct kv_err *err)
{
    kv_auto(template_node_free) struct template_node *node = NULL;
    unsigned depth = parser->depth;

    KV_TRY(deepen(parser, err));
    KV_TRY(read_first(parser, &node, err));
    while (parser->token.kind == TEMPLATE_TOKEN_DOT
           || parser->token.kind == TEMPLATE_TOKEN_OPEN_SQUARE) {
        KV_TRY(deepen(parser, err)); /* every part of a part is one level more of the tree */
        KV_TRY(read_access(parser, &node, err));
    }
    parser->depth = depth;
    *ret_node = kv_take(node);
    return KV_OK;
}

enum kv_code template_read_expression(const char *text, struct template_node **ret_node,
                                      struct kv_err *err)
{
    size_t len = strlen(text);
    struct parser parser = { .lexer = { .text = text + 1, .len = len - 2 } };
    kv_auto(template_node_free) struct template_node *node = NULL;

    if (len > KV_TEMPLATE_EXPRESSION_MAX) {
        return KV_FAIL(err, KV_INVALID_TEMPLATE, 0,
                       "The language expression length limit exceeded. Limit: '%d' and actual: "
                       "'%zu'.",
                       KV_TEMPLATE_EXPRESSION_MAX, len);
    }
    KV_TRY(advance(&parser, err));
    KV_TRY(read_any(&parser, &node, err));
    if (parser.token.kind != TEMPLATE_TOKEN_END) {
        return refuse(&parser, template_token_name(TEMPLATE_TOKEN_END), err);
    }
    *ret_node = kv_take(node);
    return KV_OK;
}
