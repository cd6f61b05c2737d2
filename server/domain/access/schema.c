/* SPDX-License-Identifier: Apache-2.0 */
/* The tables of this domain, and the life cycle of struct kv_roles. */
#include <stdlib.h>

#include "kv/access/roles.h"
#include "kv/vaults/vaults.h"
#include "roles_core.h"

static const struct kv_migration migrations[] = {
    { "CREATE TABLE role_definition ("
      "  id INTEGER PRIMARY KEY,"
      "  vault TEXT NOT NULL,"
      "  name TEXT NOT NULL,"
      "  role_name TEXT NOT NULL,"
      "  description TEXT NOT NULL,"
      "  permissions TEXT NOT NULL," /* JSON */
      "  scopes TEXT NOT NULL,"      /* JSON */
      "  UNIQUE (vault, name)"
      ");"
      "CREATE TABLE role_assignment ("
      "  id INTEGER PRIMARY KEY,"
      "  vault TEXT NOT NULL,"
      "  name TEXT NOT NULL,"
      "  scope TEXT NOT NULL COLLATE NOCASE,"
      "  principal TEXT NOT NULL,"
      "  definition TEXT NOT NULL,"
      "  UNIQUE (vault, name)"
      ");"
      "CREATE TABLE hsm_setting ("
      "  vault TEXT NOT NULL,"
      "  name TEXT NOT NULL,"
      "  value INTEGER NOT NULL,"
      "  PRIMARY KEY (vault, name)"
      ") WITHOUT ROWID;" },
    /* HSMs by id; an older store, which did not keep HSMs, has only a name */
    { "INSERT OR IGNORE INTO vault (name) SELECT vault FROM role_definition"
      " UNION SELECT vault FROM role_assignment UNION SELECT vault FROM hsm_setting;"
      "CREATE TABLE role_definition_by_id ("
      "  id INTEGER PRIMARY KEY,"
      "  vault INTEGER NOT NULL REFERENCES vault (id),"
      "  name TEXT NOT NULL,"
      "  role_name TEXT NOT NULL,"
      "  description TEXT NOT NULL,"
      "  permissions TEXT NOT NULL,"
      "  scopes TEXT NOT NULL,"
      "  UNIQUE (vault, name)"
      ");"
      "INSERT INTO role_definition_by_id SELECT r.id, v.id, r.name, role_name, description,"
      " permissions, scopes FROM role_definition r JOIN vault v ON v.name = r.vault;"
      "DROP TABLE role_definition;"
      "ALTER TABLE role_definition_by_id RENAME TO role_definition;"
      "CREATE TABLE role_assignment_by_id ("
      "  id INTEGER PRIMARY KEY,"
      "  vault INTEGER NOT NULL REFERENCES vault (id),"
      "  name TEXT NOT NULL,"
      "  scope TEXT NOT NULL COLLATE NOCASE,"
      "  principal TEXT NOT NULL,"
      "  definition TEXT NOT NULL,"
      "  UNIQUE (vault, name)"
      ");"
      "INSERT INTO role_assignment_by_id SELECT a.id, v.id, a.name, scope, principal, definition"
      " FROM role_assignment a JOIN vault v ON v.name = a.vault;"
      "DROP TABLE role_assignment;"
      "ALTER TABLE role_assignment_by_id RENAME TO role_assignment;"
      "CREATE TABLE hsm_setting_by_id ("
      "  vault INTEGER NOT NULL REFERENCES vault (id),"
      "  name TEXT NOT NULL,"
      "  value INTEGER NOT NULL,"
      "  PRIMARY KEY (vault, name)"
      ") WITHOUT ROWID;"
      "INSERT INTO hsm_setting_by_id SELECT v.id, s.name, value FROM hsm_setting s"
      " JOIN vault v ON v.name = s.vault;"
      "DROP TABLE hsm_setting;"
      "ALTER TABLE hsm_setting_by_id RENAME TO hsm_setting;" },
    { NULL },
};

enum kv_code kv_roles_new(struct kv_store *store, struct kv_roles **ret_roles, struct kv_err *err)
{
    KV_TRY(kv_store_migrate(store, "roles", migrations, err));

    struct kv_roles *roles = calloc(1, sizeof(*roles));

    if (roles == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    roles->store = store;
    *ret_roles = roles;
    return KV_OK;
}

void kv_roles_free(struct kv_roles *roles)
{
    free(roles);
}

void roles_watch(struct kv_roles *roles, void (*changed)(void *context), void *context)
{
    roles->changed = changed;
    roles->context = context;
}

enum kv_code roles_commit(struct kv_roles *roles, struct kv_db *db, struct kv_err *err)
{
    KV_TRY(kv_db_commit(db, err));
    if (roles->changed != NULL) {
        roles->changed(roles->context);
    }
    return KV_OK;
}

enum kv_code roles_begin(struct kv_roles *roles, int64_t vault, struct kv_db **ret_db,
                         struct kv_err *err)
{
    kv_auto(kv_db_release) struct kv_db *db = NULL;

    KV_TRY(kv_db_acquire(roles->store, &db, err));
    KV_TRY(kv_db_begin(db, err));
    KV_TRY(kv_vault_check(db, vault, err));
    *ret_db = kv_take(db);
    return KV_OK;
}

enum kv_code kv_roles_empty(void *roles, struct kv_db *db, int64_t vault, struct kv_err *err)
{
    static const struct {
        const char *one, *all;
    } statements[] = {
        { "DELETE FROM role_assignment WHERE vault = ?", "DELETE FROM role_assignment" },
        { "DELETE FROM role_definition WHERE vault = ?", "DELETE FROM role_definition" },
        { "DELETE FROM hsm_setting WHERE vault = ?", "DELETE FROM hsm_setting" },
    };
    const struct kv_binds binds = KV_BINDS(KV_B_INT(vault));

    (void) roles; /* the same tables for all */
    for (size_t i = 0; i < KV_COUNT(statements); i++) {
        KV_TRY(vault == KV_VAULTS_ALL ? kv_db_run(db, statements[i].all, KV_NO_BINDS, NULL, err)
                                      : kv_db_run(db, statements[i].one, binds, NULL, err));
    }
    return KV_OK;
}
