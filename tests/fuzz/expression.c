/* SPDX-License-Identifier: Apache-2.0 */
/* An expression of a template, taken apart: first into pieces, then into a tree. */
#include <string.h>

#include "fuzz.h"
#include "kv/templates/templates.h"
#include "server/domain/templates/syntax.h"

/* Pieces follow each other, none is empty but the last, and all lie in the text. */
static void check_pieces(const char *text, size_t len)
{
    struct template_lexer lexer = { .text = text, .len = len };
    const char *end = text;
    struct kv_err err = { .message = "" };

    for (;;) {
        struct template_token token;

        if (template_lex(&lexer, &token, &err) != KV_OK) {
            FUZZ_HOLDS(err.code == KV_INVALID_TEMPLATE && err.message[0] != '\0');
            return;
        }
        FUZZ_HOLDS(token.start >= end && token.start + token.len <= text + len);
        FUZZ_HOLDS(template_token_name(token.kind) != NULL);
        if (token.kind == TEMPLATE_TOKEN_END) {
            return;
        }
        FUZZ_HOLDS(token.len > 0);
        end = token.start + token.len;
    }
}

static void check_node(const struct template_node *node, unsigned depth)
{
    FUZZ_HOLDS(depth <= TEMPLATE_SYNTAX_DEPTH_MAX && node->name != NULL);
    FUZZ_HOLDS(node->kind != TEMPLATE_NODE_ACCESS || node->count == 2);
    FUZZ_HOLDS(node->kind == TEMPLATE_NODE_CALL || node->kind == TEMPLATE_NODE_ACCESS
               || node->count == 0);
    for (size_t i = 0; i < node->count; i++) {
        check_node(node->parts[i], depth + 1);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_auto char *text = fuzz_text(data, size);
    struct template_node *node = NULL;
    struct kv_err err = { .message = "" };

    check_pieces(text, strlen(text));
    FUZZ_HOLDS(!template_is_expression(text) || !template_is_escaped(text));
    if (!template_is_expression(text)) {
        return 0;
    }
    if (template_read_expression(text, &node, &err) != KV_OK) {
        FUZZ_HOLDS(err.code == KV_INVALID_TEMPLATE && node == NULL);
        return 0;
    }
    check_node(node, 0);
    template_node_free(node);
    return 0;
}
