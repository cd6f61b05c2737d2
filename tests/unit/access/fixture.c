/* SPDX-License-Identifier: Apache-2.0 */
/* These two first: their parameters have names that are globals below. */
#include "tests/support/vaults.h"
#include "tests/unit/scratch.h"

#include <stdio.h>

#include "fixture.h"
#include "kv/base/json.h"

struct kv_store *store;
struct kv_vaults *vaults;
struct kv_roles *roles;
struct kv_access *access_of_all;
struct kv_err err;
const struct kv_vault *rbac, *policy, *open_vault, *other, *pool;
char assignment[KV_UUID_LENGTH + 1];
bool asks_as_member;

static struct kv_assignment made;

void access_open(kv_millis delay)
{
    static const char *const specs[] = { "rbac,access=rbac", "policy,access=policy", "open",
                                         "other,access=rbac", "pool,kind=hsm,access=rbac" };

    cr_assert_eq(kv_store_open("access.db", 8, &store, &err), KV_OK, "%s", err.message);
    cr_assert_eq(vaults_of_specs(store, specs, KV_COUNT(specs), &vaults, &err), KV_OK, "%s",
                 err.message);
    cr_assert_eq(kv_roles_new(store, &roles, &err), KV_OK, "%s", err.message);

    const struct kv_access_config config = {
        .store = store,
        .roles = roles,
        .tenant = TENANT,
        .delay = delay,
        .firewall_delay = delay,
    };

    cr_assert_eq(kv_access_new(&config, &access_of_all, &err), KV_OK, "%s", err.message);
    rbac = kv_vaults_acquire(vaults, "rbac");
    policy = kv_vaults_acquire(vaults, "policy");
    open_vault = kv_vaults_acquire(vaults, "open");
    other = kv_vaults_acquire(vaults, "other");
    pool = kv_vaults_acquire(vaults, "pool");
}

static void close_all(void)
{
    kv_access_free(access_of_all);
    kv_roles_free(roles);
    kv_vault_release(rbac);
    kv_vault_release(policy);
    kv_vault_release(open_vault);
    kv_vault_release(other);
    kv_vault_release(pool);
    kv_vaults_free(vaults);
    kv_store_close(store);
}

void access_make_folder(void)
{
    scratch_make();
}

void access_setup(void)
{
    scratch_make();
    access_open(0);
}

void access_setup_slow(void)
{
    scratch_make();
    access_open(60000);
}

void access_teardown(void)
{
    close_all();
    scratch_remove();
}

void access_restart(kv_millis delay)
{
    close_all();
    access_open(delay);
}

enum kv_code ask_at(const struct kv_vault *vault, enum kv_permission permission, const char *key,
                    kv_millis now)
{
    static const char groups[][KV_UUID_LENGTH + 1] = { APP, SOMEBODY };
    const struct kv_access_question question = {
        .vault = vault,
        .object_id = asks_as_member ? SOMEBODY_ELSE : SOMEBODY,
        .groups = groups,
        .group_count = asks_as_member ? KV_COUNT(groups) : 0,
        .app_id = APP,
        .caller = "appid=" APP ";oid=" SOMEBODY ";iss=https://sts.windows.net/" TENANT "/",
        .permission = permission,
        .key = key,
        .at_keys = permission == KV_PERMISSION_KEYS_LIST,
        .now = now,
    };

    return kv_access_check(access_of_all, &question, assignment, &err);
}

enum kv_code ask(const struct kv_vault *vault, enum kv_permission permission, const char *key)
{
    return ask_at(vault, permission, key, NOW);
}

bool may_get(const struct kv_vault *vault, const char *key)
{
    enum kv_code code = ask(vault, KV_PERMISSION_KEYS_GET, key);

    cr_assert(code == KV_OK || kv_err_row(code)->status == 403, "%s", err.message);
    return code == KV_OK;
}

static enum kv_code assign(const struct kv_vault *vault, const char *role, const char *scope,
                           const char *key, bool deny)
{
    const struct kv_assignment_draft draft = {
        .vault = vault,
        .principal = SOMEBODY,
        .role = role,
        .scope = scope,
        .key = key,
        .deny = deny,
    };

    return kv_access_assign(access_of_all, &draft, NOW, &made, &err);
}

enum kv_code try_grant(const struct kv_vault *vault, const char *role, const char *scope,
                       const char *key)
{
    return assign(vault, role, scope, key, false);
}

const char *grant(const struct kv_vault *vault, const char *role, const char *scope,
                  const char *key)
{
    cr_assert_eq(try_grant(vault, role, scope, key), KV_OK, "%s", err.message);
    return made.name;
}

enum kv_code try_deny(const struct kv_vault *vault, const char *role, const char *scope,
                      const char *key)
{
    return assign(vault, role, scope, key, true);
}

enum kv_code withdraw(const struct kv_vault *vault, const char *name, kv_millis now)
{
    return kv_access_unassign(access_of_all, vault, name, now, &err);
}

enum kv_code permit(const char *application, const char *words, kv_millis now)
{
    struct kv_policy wanted = { .principal = SOMEBODY }, stored;

    (void) snprintf(wanted.application, sizeof(wanted.application), "%s", application);
    (void) snprintf(wanted.words, sizeof(wanted.words), "%s", words);
    return kv_access_set_policy(access_of_all, policy, &wanted, now, &stored, &err);
}

enum kv_code make_role(const char *name, const char *role_name, const char *actions,
                       const char *not_actions)
{
    kv_auto(kv_access_role_done) struct kv_access_role role = {
        .data_actions = cJSON_Parse(actions),
        .not_data_actions = cJSON_Parse(not_actions),
    };
    bool is_new;

    (void) snprintf(role.name, sizeof(role.name), "%s", name);
    (void) snprintf(role.role_name, sizeof(role.role_name), "%s", role_name);
    return kv_access_role_put(access_of_all, &role, &is_new, &err);
}
