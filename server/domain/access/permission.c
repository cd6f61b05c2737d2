/* SPDX-License-Identifier: Apache-2.0 */
#include "kv/access/permission.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

static const struct kv_permission_row rows[KV_PERMISSION_COUNT] = {
#define READS false
#define CHANGES true
#define X(symbol, changes_, policy_, vault, hsm)                                                   \
    [KV_PERMISSION_##symbol] = {                                                                   \
        .changes = (changes_), .policy = (policy_), .vault_action = (vault), .hsm_action = (hsm)   \
    },
#include "kv/access/permission.def"
#undef X
#undef READS
#undef CHANGES
};

const struct kv_permission_row *kv_permission_row(enum kv_permission permission)
{
    return &rows[permission];
}

static bool is_word(const char *row, const char *word, size_t len)
{
    return strlen(row) == len && strncasecmp(row, word, len) == 0;
}

bool kv_permissions_add_word(kv_permissions *set, const char *word, size_t len)
{
    const bool is_all = is_word("all", word, len);
    bool found = is_all;

    for (enum kv_permission i = KV_PERMISSION_NONE + 1; i < KV_PERMISSION_COUNT; i++) {
        const char *policy = rows[i].policy;

        if (policy != NULL
            && (is_all ? i != KV_PERMISSION_DELETED_KEYS_PURGE : is_word(policy, word, len))) {
            *set |= KV_PERMISSION_BIT(i);
            found = true;
        }
    }
    return found;
}
