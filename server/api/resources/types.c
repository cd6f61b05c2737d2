/* SPDX-License-Identifier: Apache-2.0 */
/* The providers that there are. */
#include <strings.h>

#include "kv/arm/providers.h"

static const struct arm_type *const tables[] = {
    arm_group_types,
    arm_deployment_types,
};

const struct arm_type *arm_type_at(size_t index)
{
    for (size_t i = 0; i < KV_COUNT(tables); i++) {
        const struct arm_type *type = tables[i];

        for (; type->name != NULL; type++, index--) {
            if (index == 0) {
                return type;
            }
        }
    }
    return NULL;
}

const struct arm_type *arm_type_find(const char *name)
{
    for (size_t i = 0; i < KV_COUNT(tables); i++) {
        for (const struct arm_type *type = tables[i]; type->name != NULL; type++) {
            if (strcasecmp(type->name, name) == 0) {
                return type;
            }
        }
    }
    return NULL;
}
