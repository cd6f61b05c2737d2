/* SPDX-License-Identifier: Apache-2.0 */
/* Writing for people: two spaces a level, and what is short in one line. */
#include "kv/base/json.h"

#include <string.h>

#define INDENT 2
#define LINE_MAX_CHARS 100

static enum kv_code append(struct kv_buf *buf, const char *text, struct kv_err *err)
{
    return kv_buf_append(buf, text, strlen(text), err);
}

/* Items of a list have no name. */
static enum kv_code append_name(const cJSON *item, struct kv_buf *buf, struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *name = NULL;

    if (item->string == NULL) {
        return KV_OK;
    }
    name = cJSON_CreateStringReference(item->string);
    if (name == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    KV_TRY(kv_json_print(name, buf, err));
    return append(buf, ": ", err);
}

static enum kv_code append_flat(const cJSON *tree, struct kv_buf *buf, struct kv_err *err)
{
    const cJSON *item;

    if (tree->child == NULL) {
        return kv_json_print(tree, buf, err);
    }
    KV_TRY(append(buf, cJSON_IsArray(tree) ? "[ " : "{ ", err));
    cJSON_ArrayForEach (item, tree) {
        KV_TRY(append_name(item, buf, err));
        KV_TRY(append_flat(item, buf, err));
        KV_TRY(append(buf, item->next != NULL ? ", " : "", err));
    }
    return append(buf, cJSON_IsArray(tree) ? " ]" : " }", err);
}

static enum kv_code begin_line(size_t depth, struct kv_buf *buf, struct kv_err *err)
{
    return kv_buf_printf(buf, err, "\n%*s", (int) (depth * INDENT), "");
}

static enum kv_code append_tree(const cJSON *tree, size_t depth, struct kv_buf *buf,
                                struct kv_err *err);

static enum kv_code append_broken(const cJSON *tree, size_t depth, struct kv_buf *buf,
                                  struct kv_err *err)
{
    const cJSON *item;

    KV_TRY(append(buf, cJSON_IsArray(tree) ? "[" : "{", err));
    cJSON_ArrayForEach (item, tree) {
        KV_TRY(begin_line(depth + 1, buf, err));
        KV_TRY(append_name(item, buf, err));
        KV_TRY(append_tree(item, depth + 1, buf, err));
        KV_TRY(append(buf, item->next != NULL ? "," : "", err));
    }
    KV_TRY(begin_line(depth, buf, err));
    return append(buf, cJSON_IsArray(tree) ? "]" : "}", err);
}

static size_t count_column(const struct kv_buf *buf, size_t end)
{
    size_t column = 0;

    while (column < end && buf->data[end - column - 1] != '\n') {
        column++;
    }
    return column;
}

/* In one line where that is short enough: it is tried, and taken back. */
static enum kv_code append_tree(const cJSON *tree, size_t depth, struct kv_buf *buf,
                                struct kv_err *err)
{
    size_t begin = buf->len;

    if (depth > 0 || tree->child == NULL) {
        KV_TRY(append_flat(tree, buf, err));
        if (tree->child == NULL
            || count_column(buf, begin) + (buf->len - begin) <= LINE_MAX_CHARS) {
            return KV_OK;
        }
        kv_buf_cut(buf, begin);
    }
    return append_broken(tree, depth, buf, err);
}

enum kv_code kv_json_print_lines(const cJSON *tree, struct kv_buf *buf, struct kv_err *err)
{
    KV_TRY(append_tree(tree, 0, buf, err));
    return append(buf, "\n", err);
}
