/* SPDX-License-Identifier: Apache-2.0 */
/* What kinds and states of principals are called, and the name of the one that has none. */
#include "kv/identity/registry.h"

#include <string.h>

#include "kv/base/base.h"

static const char *const types[] = {
    [KV_PRINCIPAL_APPLICATION] = "application",
    [KV_PRINCIPAL_SYSTEM_ASSIGNED] = "system-assigned",
    [KV_PRINCIPAL_USER_ASSIGNED] = "user-assigned",
    [KV_PRINCIPAL_USER] = "user",
    [KV_PRINCIPAL_GROUP] = "group",
};

static const char *const states[] = {
    [KV_PRINCIPAL_ENABLED] = "enabled",
    [KV_PRINCIPAL_DISABLED] = "disabled",
    [KV_PRINCIPAL_DELETED] = "deleted",
};

bool kv_principal_type_parse(const char *word, enum kv_principal_type *ret_type)
{
    for (size_t i = 0; i < KV_COUNT(types); i++) {
        if (strcmp(types[i], word) == 0) {
            *ret_type = (enum kv_principal_type) i;
            return true;
        }
    }
    return false;
}

const char *kv_principal_type_word(enum kv_principal_type type)
{
    return types[type];
}

const char *kv_principal_state_word(enum kv_principal_state state)
{
    return states[state];
}

const char *kv_principal_name_of(const char *word)
{
    return strcmp(word, types[KV_PRINCIPAL_SYSTEM_ASSIGNED]) == 0 ? "" : word;
}
