/* SPDX-License-Identifier: Apache-2.0 */
/* JSON that a user wrote, and where it is wrong. */
#include "server.h"

enum kv_code kv_cli_parse_text(const char *name, const struct kv_buf *text, unsigned values_max,
                               cJSON **ret_json, struct kv_err *err)
{
    size_t line, column;

    if (text->len > 0
        && kv_json_parse_long(text->data, text->len, values_max, ret_json, NULL) == KV_OK) {
        return KV_OK;
    }
    if (text->len > 0 && kv_json_find_flaw(text->data, text->len, &line, &column)) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0,
                       "%.300s is not a JSON object: see line %zu, column %zu", name, line, column);
    }
    return KV_FAIL(err, KV_BAD_PARAMETER, 0, "%.300s is not a JSON object", name);
}
