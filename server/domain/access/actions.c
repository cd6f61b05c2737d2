/* SPDX-License-Identifier: Apache-2.0 */
/* Roles are compiled to sets of permissions, so that a check need not look at texts. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "access_core.h"

#define ACTION_SIZE 128

static bool is_same(char a, char b)
{
    return tolower((unsigned char) a) == tolower((unsigned char) b);
}

/* Going back to the last * is enough: an earlier one can take no more than it has. */
bool access_action_matches(const char *pattern, const char *action)
{
    const char *star = NULL, *taken = NULL;

    while (*action != '\0') {
        if (*pattern == '*') {
            star = pattern++;
            taken = action;
        } else if (*pattern != '\0' && is_same(*pattern, *action)) {
            pattern++;
            action++;
        } else if (star != NULL) {
            pattern = star + 1;
            action = ++taken;
        } else {
            return false;
        }
    }
    return pattern[strspn(pattern, "*")] == '\0';
}

static bool covers(const char *pattern, const char *action)
{
    const char *inner = strstr(pattern, "/*/");
    char without[KV_ACTION_MAX + 1];

    if (access_action_matches(pattern, action)) {
        return true;
    }
    if (inner == NULL) {
        return false;
    }
    (void) snprintf(without, sizeof(without), "%.*s%s", (int) (inner - pattern), pattern,
                    inner + strlen("/*"));
    return access_action_matches(without, action);
}

bool access_actions_cover(const char *patterns, const char *action)
{
    for (const char *at = patterns; *at != '\0';) {
        size_t len = strcspn(at, " ");
        char pattern[KV_ACTION_MAX + 1];

        (void) snprintf(pattern, sizeof(pattern), "%.*s", (int) len, at); /* none is longer */
        if (covers(pattern, action)) {
            return true;
        }
        at += len + strspn(at + len, " ");
    }
    return false;
}

static const char *head_of(enum access_plane plane)
{
    return plane == ACCESS_OF_HSMS ? "Microsoft.KeyVault/managedHsm/"
                                   : "Microsoft.KeyVault/vaults/";
}

static const char *action_of(enum access_plane plane, enum kv_permission permission)
{
    const struct kv_permission_row *row = kv_permission_row(permission);

    return plane == ACCESS_OF_HSMS ? row->hsm_action : row->vault_action;
}

kv_permissions access_permissions_of(enum access_plane plane, const char *pattern)
{
    kv_permissions set = 0;

    for (enum kv_permission i = KV_PERMISSION_NONE + 1; i < KV_PERMISSION_COUNT; i++) {
        const char *tail = action_of(plane, i);
        char action[ACTION_SIZE];

        if (tail == NULL) {
            continue;
        }
        (void) snprintf(action, sizeof(action), "%s%s", head_of(plane), tail);
        set |= access_action_matches(pattern, action) ? KV_PERMISSION_BIT(i) : 0;
    }
    return set;
}

static kv_permissions compile_list(enum access_plane plane, const cJSON *patterns)
{
    kv_permissions set = 0;
    const cJSON *item;

    cJSON_ArrayForEach (item, patterns) {
        set |= cJSON_IsString(item) ? access_permissions_of(plane, item->valuestring) : 0;
    }
    return set;
}

kv_permissions access_compile(enum access_plane plane, const cJSON *actions,
                              const cJSON *not_actions)
{
    return compile_list(plane, actions) & ~compile_list(plane, not_actions);
}

kv_permissions access_compile_row(enum access_plane plane, const char *actions)
{
    kv_permissions set = 0;

    while (*actions != '\0') {
        size_t len = strcspn(actions, " ");
        char pattern[ACTION_SIZE];

        (void) snprintf(pattern, sizeof(pattern), "%s%.*s", head_of(plane), (int) len, actions);
        set |= access_permissions_of(plane, pattern);
        actions += len + strspn(actions + len, " ");
    }
    return set;
}
