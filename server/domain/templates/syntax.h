/* SPDX-License-Identifier: Apache-2.0 */
/*
 * syntax.h - expressions, from text to tree (control-plane.md §3.3).
 *
 *   expression = (text | number | call) { "." name | "[" expression "]" }
 *   call       = [name "."] name "(" [expression {"," expression}] ")"
 *
 * Pure; a tree belongs to whoever had it made.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kv/base/err.h"

#define TEMPLATE_SYNTAX_DEPTH_MAX 128 /* of an expression */

enum template_token_kind {
    TEMPLATE_TOKEN_END,
    TEMPLATE_TOKEN_NAME,
    TEMPLATE_TOKEN_TEXT,
    TEMPLATE_TOKEN_NUMBER,
    TEMPLATE_TOKEN_OPEN,
    TEMPLATE_TOKEN_CLOSE,
    TEMPLATE_TOKEN_OPEN_SQUARE,
    TEMPLATE_TOKEN_CLOSE_SQUARE,
    TEMPLATE_TOKEN_COMMA,
    TEMPLATE_TOKEN_DOT
};

/* A piece of an expression; a text with its quotes. */
struct template_token {
    enum template_token_kind kind;
    const char *start;
    size_t len;
};

/* What is being read. */
struct template_lexer {
    const char *text; /* the expression, without its brackets */
    size_t len, at;
};

/* The next piece. KV_INVALID_TEMPLATE for a character that cannot stand there. */
enum kv_code template_lex(struct template_lexer *lexer, struct template_token *ret_token,
                          struct kv_err *err) kv_must_check;

/* "LeftParenthesis": how the service calls it. */
const char *template_token_name(enum template_token_kind kind);

enum template_node_kind {
    TEMPLATE_NODE_TEXT,   /* name */
    TEMPLATE_NODE_NUMBER, /* number */
    TEMPLATE_NODE_CALL,   /* space or NULL, name; parts are the arguments */
    TEMPLATE_NODE_ACCESS  /* parts: of what, and which */
};

struct template_node {
    enum template_node_kind kind;
    char *space, *name;
    int64_t number;
    struct template_node **parts;
    size_t count;
};

/* Whether a text of a template is an expression: "[...]", but not "[[...]". */
bool template_is_expression(const char *text);
/* Whether it begins with a bracket that was doubled, to be no expression. */
bool template_is_escaped(const char *text);

/* Reads "[...]". KV_INVALID_TEMPLATE with the service's text. */
enum kv_code template_read_expression(const char *text, struct template_node **ret_node,
                                      struct kv_err *err) kv_must_check;
void template_node_free(struct template_node *node);
KV_DEFINE_CLEANUP(struct template_node *, template_node_free)
