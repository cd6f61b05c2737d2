/* SPDX-License-Identifier: Apache-2.0 */
/* The names of permissions, and that every row of the data plane asks for one which its host has. */
#include <criterion/criterion.h>

#include <string.h>

#include "kv/access/permission.h"
#include "kv/app/api.h"
#include "kv/app/app.h"
#include "kv/base/base.h"

TestSuite(permission, .timeout = 60);

/* What the built-in roles of a managed HSM list, role by role. */
static const char *const role_actions[] = {
#define X(guid, name, actions) actions,
#include "kv/access/hsm_role.def"
#undef X
};

/* What an access policy can grant on keys (contract §14). */
static const char *const policy_words[] = {
    "get",
    "list",
    "update",
    "create",
    "import",
    "delete",
    "recover",
    "backup",
    "restore",
    "purge",
    "encrypt",
    "decrypt",
    "sign",
    "verify",
    "wrapKey",
    "unwrapKey",
    "release",
    "rotate",
    "getrotationpolicy",
    "setrotationpolicy",
};

static bool is_listed(const char *list, const char *word)
{
    size_t len = strlen(word);

    for (const char *at = list; (at = strstr(at, word)) != NULL; at++) {
        if ((at == list || at[-1] == ' ') && (at[len] == ' ' || at[len] == '\0')) {
            return true;
        }
    }
    return false;
}

static bool some_role_has(const char *action)
{
    for (size_t i = 0; i < KV_COUNT(role_actions); i++) {
        if (is_listed(role_actions[i], action)) {
            return true;
        }
    }
    return false;
}

static bool is_policy_word(const char *word)
{
    for (size_t i = 0; i < KV_COUNT(policy_words); i++) {
        if (strcmp(policy_words[i], word) == 0) {
            return true;
        }
    }
    return false;
}

Test(permission, none_has_no_names)
{
    const struct kv_permission_row *row = kv_permission_row(KV_PERMISSION_NONE);

    cr_expect(row->policy == NULL && row->vault_action == NULL && row->hsm_action == NULL);
}

Test(permission, of_a_managed_hsm_is_one_that_a_built_in_role_grants)
{
    for (enum kv_permission i = KV_PERMISSION_NONE + 1; i < KV_PERMISSION_COUNT; i++) {
        const char *action = kv_permission_row(i)->hsm_action;

        cr_assert_not_null(action, "permission %d", i);
        cr_expect(some_role_has(action), "%s", action);
    }
}

Test(permission, of_a_vault_has_a_word_of_policies_and_an_action_or_neither)
{
    for (enum kv_permission i = KV_PERMISSION_NONE + 1; i < KV_PERMISSION_COUNT; i++) {
        const struct kv_permission_row *row = kv_permission_row(i);

        cr_expect_eq(row->policy == NULL, row->vault_action == NULL, "%s", row->hsm_action);
        cr_expect(row->policy == NULL || is_policy_word(row->policy), "%s", row->policy);
    }
}

Test(permission, exists_for_every_word_of_policies)
{
    for (size_t i = 0; i < KV_COUNT(policy_words); i++) {
        enum kv_permission p = KV_PERMISSION_NONE + 1;

        while (p < KV_PERMISSION_COUNT
               && (kv_permission_row(p)->policy == NULL
                   || strcmp(kv_permission_row(p)->policy, policy_words[i]) != 0)) {
            p++;
        }
        cr_expect_neq(p, KV_PERMISSION_COUNT, "%s", policy_words[i]);
    }
}

/* Checks the rows of a table and marks what they ask for. */
static void check_rows(const struct kv_route *route, bool is_asked[KV_PERMISSION_COUNT])
{
    for (; route->path != NULL; route++) {
        const struct kv_terms *terms = kv_terms_of(route);

        cr_assert_not_null(terms, "%s", route->path);
        const struct kv_permission_row *row = kv_permission_row(terms->permission);
        bool is_on_vaults = terms->hosts == 0 || (terms->hosts & KV_ON_VAULT) != 0;

        cr_expect_neq(terms->permission, KV_PERMISSION_NONE, "%s", route->path);
        cr_expect(!is_on_vaults || row->vault_action != NULL, "%s", route->path);
        is_asked[terms->permission] = true;
    }
}

Test(permission, is_asked_by_every_row_of_the_data_plane_and_each_by_some_row)
{
    bool is_asked[KV_PERMISSION_COUNT] = { [KV_PERMISSION_NONE] = true };

    check_rows(kv_key_routes, is_asked);
    check_rows(kv_hsm_routes, is_asked);
    for (enum kv_permission i = 0; i < KV_PERMISSION_COUNT; i++) {
        cr_expect(is_asked[i], "%s", kv_permission_row(i)->hsm_action);
    }
}
