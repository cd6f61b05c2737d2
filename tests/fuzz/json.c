/* SPDX-License-Identifier: Apache-2.0 */
/* Any body, as kv/json.h reads it before a field is looked at, and writes it again. */
#include <string.h>

#include "fuzz.h"
#include "kv/base/json.h"

#define TEXT_MAX (16 * 1024 * 1024)

static void print(cJSON *tree, struct kv_buf *text)
{
    kv_buf_init(text, TEXT_MAX);
    FUZZ_HOLDS(kv_json_print(tree, text, NULL) == KV_OK);
}

/* What was printed is read as the same again. */
static void check_tree(cJSON *tree)
{
    kv_auto(cJSON_Delete) cJSON *again = NULL;
    kv_auto(kv_buf_done) struct kv_buf text;
    kv_auto(kv_buf_done) struct kv_buf other;

    print(tree, &text);
    FUZZ_HOLDS(kv_json_parse(text.data, text.len, &again, NULL) == KV_OK);
    print(again, &other);
    FUZZ_HOLDS(text.len == other.len && memcmp(text.data, other.data, text.len) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    kv_auto(cJSON_Delete) cJSON *tree = NULL;
    struct kv_err err;

    fuzz_begin();
    if (kv_json_parse((const char *) data, size, &tree, &err) != KV_OK) {
        FUZZ_HOLDS(tree == NULL && err.code == KV_BAD_PARAMETER);
        return 0;
    }
    FUZZ_HOLDS(cJSON_IsObject(tree));
    check_tree(tree);
    kv_json_sort(tree);
    check_tree(tree);
    return 0;
}
