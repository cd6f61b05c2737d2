/* SPDX-License-Identifier: Apache-2.0 */
/* Marks of what a secure parameter went into. */
#include "value.h"

/* cJSON keeps its own flags in the two bits above the type, copies what there are above, and never looks. */
#define MARK (1 << 16)

void template_mark_secret(cJSON *value)
{
    value->type |= MARK;
}

bool kv_template_is_secret(const cJSON *value)
{
    return value != NULL && (value->type & MARK) != 0;
}

bool template_has_mark(const cJSON *tree)
{
    const cJSON *child;

    cJSON_ArrayForEach (child, tree) {
        if (template_has_mark(child)) {
            return true;
        }
    }
    return kv_template_is_secret(tree);
}
