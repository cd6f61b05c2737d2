/* SPDX-License-Identifier: Apache-2.0 */
/* Roles, assignments and settings of a managed HSM: what is refused, what stays. What the wire
 * shows of them is in tests/data/golden/managed_hsm_roles.txt. */
#include <criterion/criterion.h>

#include <stdio.h>
#include <string.h>

#include "kv/access/roles.h"
#include "kv/base/json.h"
#include "kv/store/store.h"
#include "scratch.h"
#include "tests/support/vaults.h"

#define HSM hsm->id
#define CRYPTO_USER "21dbd100-6940-42c2-9190-5d6cb909625b"
#define SOMEBODY "01ea9a65-813e-4238-8204-bf7328d63fc6"
#define SETTING "AllowKeyManagementOperationsThroughARM"

static struct kv_store *store;
static struct kv_vaults *vaults;
static const struct kv_vault *hsm, *other;
static struct kv_roles *roles;
static struct kv_err err;

static void open_roles(void)
{
    cr_assert_eq(kv_store_open("roles.db", 4, &store, &err), KV_OK, "%s", err.message);
    static const char *const specs[] = { "pool,kind=hsm", "other,kind=hsm" };

    cr_assert_eq(vaults_of_specs(store, specs, KV_COUNT(specs), &vaults, &err), KV_OK, "%s",
                 err.message);
    hsm = kv_vaults_acquire(vaults, "pool");
    other = kv_vaults_acquire(vaults, "other");
    cr_assert_eq(kv_roles_new(store, &roles, &err), KV_OK, "%s", err.message);
}

static void close_roles(void)
{
    kv_roles_free(roles);
    kv_vault_release(hsm);
    kv_vault_release(other);
    kv_vaults_free(vaults);
    kv_store_close(store);
}

static void setup(void)
{
    scratch_make();
    open_roles();
}

static void teardown(void)
{
    close_roles();
    scratch_remove();
}
TestSuite(roles, .init = setup, .fini = teardown, .timeout = 120);

/* The nth GUID of a series. */
static const char *guid(unsigned n)
{
    static char text[KV_UUID_LENGTH + 1];

    snprintf(text, sizeof(text), "%08x-0000-4000-8000-000000000000", n);
    return text;
}

static enum kv_code put_role(const char *name, const char *permissions)
{
    kv_auto(kv_role_done) struct kv_role role = {
        .role_name = "Reader",
        .description = "reads",
        .permissions = cJSON_Parse(permissions),
        .scopes = cJSON_Parse("[\"/\"]"),
    };

    return kv_role_put(roles, HSM, name, &role, &err);
}

static enum kv_code assign(const char *name, const char *scope)
{
    const struct kv_role_assignment_args args = {
        .name = name,
        .scope = scope,
        .principal = SOMEBODY,
        .definition = CRYPTO_USER,
    };
    struct kv_role_assignment assignment;

    return kv_role_assignment_put(roles, HSM, &args, &assignment, &err);
}

static size_t count_assignments(const char *scope, bool not_below)
{
    const struct kv_role_filter filter = { .scope = scope, .not_below = not_below };
    kv_auto(kv_role_assignment_list_done) struct kv_role_assignment_list list = { .count = 0 };

    cr_assert_eq(kv_role_assignment_list(roles, HSM, &filter, &list, &err), KV_OK);
    return list.count;
}

Test(roles, refuses_one_more_custom_role_than_there_may_be)
{
    for (unsigned i = 0; i < KV_CUSTOM_ROLES_MAX; i++) {
        cr_assert_eq(put_role(guid(i), "[]"), KV_OK, "%u: %s", i, err.message);
    }
    cr_assert_eq(put_role(guid(KV_CUSTOM_ROLES_MAX), "[]"), KV_CONFLICT);
    cr_assert_eq(put_role(guid(0), "[]"), KV_OK, "a change is no addition: %s", err.message);

    kv_auto(kv_role_list_done) struct kv_role_list list = { .role = NULL };
    cr_assert_eq(kv_role_list(roles, HSM, &list, &err), KV_OK);
    cr_assert_eq(list.count, 9 + KV_CUSTOM_ROLES_MAX);
}

Test(roles, refuses_one_more_assignment_than_there_may_be)
{
    for (unsigned i = 0; i < KV_ROLE_ASSIGNMENTS_MAX; i++) {
        cr_assert_eq(assign(guid(i), "/"), KV_OK, "%u: %s", i, err.message);
    }
    cr_assert_eq(assign(guid(KV_ROLE_ASSIGNMENTS_MAX), "/"), KV_CONFLICT);
    cr_assert_eq(assign(guid(0), "/"), KV_OK, "the same again is no addition: %s", err.message);
    cr_assert_eq(count_assignments("/", false), KV_ROLE_ASSIGNMENTS_MAX);
}

Test(roles, refuses_permissions_that_are_too_large)
{
    static char permissions[KV_ROLE_LISTS_MAX + 64];
    int head = snprintf(permissions, sizeof(permissions), "[{\"actions\":[\"");

    memset(permissions + head, 'a', KV_ROLE_LISTS_MAX);
    snprintf(permissions + head + KV_ROLE_LISTS_MAX, 8, "\"]}]");
    cr_assert_eq(put_role(guid(1), permissions), KV_BAD_PARAMETER);
    cr_assert_str_eq(err.message, "The role definition is too large.");
}

/* A name that only begins like another one is not below it. */
Test(roles, lists_by_scope)
{
    static const struct {
        const char *scope;
        size_t all, not_below;
    } rows[] = {
        { "/", 5, 1 },        { "/keys", 5, 2 },     { "/keys/a", 3, 3 },
        { "/keys/AB", 3, 3 }, { "/keys/abc", 3, 3 }, { "/keys/abcd", 2, 2 },
    };
    static const char *const scopes[] = { "/", "/keys", "/keys/a", "/keys/ab", "/keys/abc" };

    for (unsigned i = 0; i < KV_COUNT(scopes); i++) {
        cr_assert_eq(assign(guid(i), scopes[i]), KV_OK);
    }
    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        cr_expect_eq(count_assignments(rows[i].scope, false), rows[i].all, "%s", rows[i].scope);
        cr_expect_eq(count_assignments(rows[i].scope, true), rows[i].not_below, "%s",
                     rows[i].scope);
    }
}

Test(roles, are_there_after_a_restart)
{
    struct kv_hsm_setting setting;
    struct kv_role_assignment assignment;
    kv_auto(kv_role_done) struct kv_role role = { .permissions = NULL };

    cr_assert_eq(put_role(guid(7), "[{\"dataActions\":[\"x\"]}]"), KV_OK);
    cr_assert_eq(assign(guid(8), "/keys/k"), KV_OK);
    cr_assert_eq(kv_hsm_setting_put(roles, HSM, SETTING, true, &err), KV_OK);
    close_roles();
    open_roles();

    cr_assert_eq(kv_role_get(roles, HSM, guid(7), &role, &err), KV_OK, "%s", err.message);
    cr_assert_str_eq(role.role_name, "Reader");
    cr_assert_eq(cJSON_GetArraySize(role.permissions), 1);
    cr_assert_eq(kv_role_assignment_get(roles, HSM, "/keys/k", guid(8), &assignment, &err), KV_OK);
    cr_assert_str_eq(assignment.definition, CRYPTO_USER);
    cr_assert_eq(kv_hsm_setting_get(roles, HSM, SETTING, &setting, &err), KV_OK);
    cr_assert(setting.value);
}
