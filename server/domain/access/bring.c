/* SPDX-License-Identifier: Apache-2.0 */
/* What was granted at a vault, from a saved state of the store. Grants above vaults are not its own, and
 * stay as they are. */
#include "access_core.h"
#include "kv/access/roles.h"

/* Each takes the id of the saved vault and that of its successor. The names of grants are random, and
 * those of the vault are gone from the table: one that is there all the same is somebody else's. */
static const char roles[] =
    "INSERT OR IGNORE INTO main.access_role (name, role_name, data_actions, not_data_actions,"
    " description, actions, not_actions, scopes, made, changed, made_by, changed_by)"
    " SELECT name, role_name, data_actions, not_data_actions, description, actions, not_actions,"
    " scopes, made, changed, made_by, changed_by FROM saved.access_role"
    " WHERE name IN (SELECT role FROM saved.access_assignment WHERE vault = ?1) AND ?2 > 0";
static const char assignments[] =
    "INSERT OR IGNORE INTO main.access_assignment"
    " (name, vault, level, key, principal, role, deny, since, until, place, type, description,"
    " condition, condition_version, made, changed, made_by, changed_by)"
    " SELECT name, ?2, level, key, principal, role, deny, since, until, place, type, description,"
    " condition, condition_version, made, changed, made_by, changed_by"
    " FROM saved.access_assignment WHERE vault = ?1 ORDER BY id";
static const char policies[] =
    "INSERT INTO main.access_policy (vault, principal, application, words, since, until)"
    " SELECT ?2, principal, application, words, since, until"
    " FROM saved.access_policy WHERE vault = ?1 ORDER BY id";
static const char networks[] =
    "INSERT INTO main.access_network (vault, default_action, bypass, public_access, ip_rules,"
    " private_endpoints, ranges, since, until)"
    " SELECT ?2, default_action, bypass, public_access, ip_rules, private_endpoints, ranges, since,"
    " until FROM saved.access_network WHERE vault = ?1 ORDER BY id";
static const char *const grants[] = { roles, assignments, policies, networks };

static const char hsm_definitions[] =
    "INSERT INTO main.role_definition (vault, name, role_name, description, permissions, scopes)"
    " SELECT ?2, name, role_name, description, permissions, scopes"
    " FROM saved.role_definition WHERE vault = ?1 ORDER BY id";
static const char hsm_assignments[] =
    "INSERT INTO main.role_assignment (vault, name, scope, principal, definition)"
    " SELECT ?2, name, scope, principal, definition"
    " FROM saved.role_assignment WHERE vault = ?1 ORDER BY id";
static const char hsm_settings[] =
    "INSERT INTO main.hsm_setting (vault, name, value)"
    " SELECT ?2, name, value FROM saved.hsm_setting WHERE vault = ?1";
static const char *const of_hsm[] = { hsm_definitions, hsm_assignments, hsm_settings };

static enum kv_code run_all(struct kv_db *db, const char *const *statements, size_t count,
                            int64_t saved, int64_t vault, struct kv_err *err)
{
    for (size_t i = 0; i < count; i++) {
        KV_TRY(kv_db_run(db, statements[i], KV_BINDS(KV_B_INT(saved), KV_B_INT(vault)), NULL, err));
    }
    return KV_OK;
}

enum kv_code kv_access_bring(void *access, struct kv_db *db, int64_t saved, int64_t vault,
                             struct kv_err *err)
{
    (void) access; /* the same tables for all */
    return run_all(db, grants, KV_COUNT(grants), saved, vault, err);
}

enum kv_code kv_roles_bring(void *roles_, struct kv_db *db, int64_t saved, int64_t vault,
                            struct kv_err *err)
{
    (void) roles_;
    return run_all(db, of_hsm, KV_COUNT(of_hsm), saved, vault, err);
}
