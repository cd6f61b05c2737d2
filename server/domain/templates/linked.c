/* SPDX-License-Identifier: Apache-2.0 */
/* Files that templates link to. */
#include <stdio.h>
#include <string.h>

#include "kv/templates/templates.h"
#include "load.h"

/* The parser speaks of the request: here it is another text, in which the place is. */
enum kv_code kv_template_parse_linked(const char *name, const char *text, size_t len,
                                      cJSON **ret_tree, struct kv_err *err)
{
    struct kv_err why = { .code = KV_OK };
    enum kv_code code = kv_template_parse(text, len, ret_tree, &why);
    const char *reason = strchr(why.message, '\'');

    if (code == KV_OK) {
        return KV_OK;
    }
    if (code == KV_INVALID_REQUEST_CONTENT && reason != NULL) {
        return KV_FAIL(err, code, 0, "The linked file '%.300s' is not valid JSON: %s", name,
                       reason);
    }
    return KV_FAIL(err, code, why.cause, "The linked file '%.300s': %.400s", name, why.message);
}

enum kv_code template_name_link(const char *link, enum kv_code code, struct kv_err *err)
{
    struct kv_err why;

    if (code != KV_INVALID_TEMPLATE || err == NULL || link[0] == '\0') {
        return code;
    }
    why = *err;
    return KV_FAIL(err, code, why.cause, "The linked file '%.300s': %.680s", link, why.message);
}
