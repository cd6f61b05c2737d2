/* SPDX-License-Identifier: Apache-2.0 */
/* The rows of all providers, as who composed the program lists them. */
#include <strings.h>

#include "private.h"

const struct arm_type *arm_type_at(const struct kv_app *app, size_t index)
{
    for (const struct arm_type *const *table = app->arm_tables; *table != NULL; table++) {
        for (const struct arm_type *type = *table; type->name != NULL; type++, index--) {
            if (index == 0) {
                return type;
            }
        }
    }
    return NULL;
}

const struct arm_type *arm_type_find(const struct kv_app *app, const char *name)
{
    for (const struct arm_type *const *table = app->arm_tables; *table != NULL; table++) {
        for (const struct arm_type *type = *table; type->name != NULL; type++) {
            if (strcasecmp(type->name, name) == 0) {
                return type;
            }
        }
    }
    return NULL;
}
