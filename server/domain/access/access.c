/* SPDX-License-Identifier: Apache-2.0 */
/* The tables of what was granted, and the life of struct kv_access. */
#include "kv/access/access.h"

#include <stdio.h>
#include <stdlib.h>

#include "access_core.h"
#include "kv/vaults/vaults.h"
#include "roles_core.h"

static const struct kv_migration migrations[] = {
    { "CREATE TABLE access_role ("
      "  id INTEGER PRIMARY KEY,"
      "  name TEXT NOT NULL UNIQUE,"
      "  role_name TEXT NOT NULL,"
      "  data_actions TEXT NOT NULL,"    /* JSON */
      "  not_data_actions TEXT NOT NULL" /* JSON */
      ");"
      "CREATE TABLE access_assignment ("
      "  id INTEGER PRIMARY KEY,"
      "  name TEXT NOT NULL UNIQUE,"
      "  vault INTEGER REFERENCES vault (id)," /* NULL: above all of them */
      "  level INTEGER NOT NULL,"              /* enum access_level */
      "  key TEXT NOT NULL COLLATE NOCASE,"    /* '': none */
      "  principal TEXT NOT NULL,"
      "  role TEXT NOT NULL,"
      "  deny INTEGER NOT NULL,"
      "  since INTEGER NOT NULL," /* ms, as the next one is */
      "  until INTEGER NOT NULL"
      ");"
      "CREATE INDEX access_assignment_vault ON access_assignment (vault);"
      "CREATE INDEX access_assignment_whom ON access_assignment (principal);"
      "CREATE INDEX access_assignment_until ON access_assignment (until);"
      "CREATE TABLE access_policy ("
      "  id INTEGER PRIMARY KEY,"
      "  vault INTEGER NOT NULL REFERENCES vault (id),"
      "  principal TEXT NOT NULL,"
      "  application TEXT NOT NULL," /* '': any */
      "  words TEXT NOT NULL,"       /* separated by blanks */
      "  since INTEGER NOT NULL,"
      "  until INTEGER NOT NULL"
      ");"
      "CREATE INDEX access_policy_vault ON access_policy (vault);"
      "CREATE INDEX access_policy_until ON access_policy (until);" },
    { "CREATE TABLE access_network ("
      "  id INTEGER PRIMARY KEY,"
      "  vault INTEGER NOT NULL REFERENCES vault (id),"
      "  default_action INTEGER NOT NULL," /* places in the words of network.c, as the next two are */
      "  bypass INTEGER NOT NULL,"
      "  public_access INTEGER NOT NULL,"
      "  ip_rules TEXT NOT NULL," /* ranges, each with a blank behind it */
      "  private_endpoints TEXT NOT NULL,"
      "  ranges INTEGER NOT NULL," /* how many these two are */
      "  since INTEGER NOT NULL,"
      "  until INTEGER NOT NULL"
      ");"
      "CREATE INDEX access_network_vault ON access_network (vault);"
      "CREATE INDEX access_network_since ON access_network (since);"
      "CREATE INDEX access_network_until ON access_network (until);" },
    /* scopes of any kind, and what the resource manager shows of assignments and of roles */
    { "ALTER TABLE access_assignment ADD COLUMN place TEXT NOT NULL DEFAULT '' COLLATE NOCASE;"
      "UPDATE access_assignment SET place = '" KV_GROUP "' WHERE level = 3;"    /* ACCESS_GROUP */
      "ALTER TABLE access_assignment ADD COLUMN type TEXT NOT NULL DEFAULT '';" /* of principal */
      "ALTER TABLE access_assignment ADD COLUMN description TEXT;"              /* NULL: none */
      "ALTER TABLE access_assignment ADD COLUMN condition TEXT;"
      "ALTER TABLE access_assignment ADD COLUMN condition_version TEXT;"
      "ALTER TABLE access_assignment ADD COLUMN made INTEGER NOT NULL DEFAULT 0;" /* ms */
      "ALTER TABLE access_assignment ADD COLUMN changed INTEGER NOT NULL DEFAULT 0;"
      "ALTER TABLE access_assignment ADD COLUMN made_by TEXT NOT NULL DEFAULT '';"
      "ALTER TABLE access_assignment ADD COLUMN changed_by TEXT NOT NULL DEFAULT '';"
      "CREATE INDEX access_assignment_place ON access_assignment (level, place);"
      "ALTER TABLE access_role ADD COLUMN description TEXT NOT NULL DEFAULT '';"
      "ALTER TABLE access_role ADD COLUMN actions TEXT NOT NULL DEFAULT '[]';" /* JSON */
      "ALTER TABLE access_role ADD COLUMN not_actions TEXT NOT NULL DEFAULT '[]';"
      "ALTER TABLE access_role ADD COLUMN scopes TEXT NOT NULL DEFAULT '[]';"
      "ALTER TABLE access_role ADD COLUMN made INTEGER NOT NULL DEFAULT 0;"
      "ALTER TABLE access_role ADD COLUMN changed INTEGER NOT NULL DEFAULT 0;"
      "ALTER TABLE access_role ADD COLUMN made_by TEXT NOT NULL DEFAULT '';"
      "ALTER TABLE access_role ADD COLUMN changed_by TEXT NOT NULL DEFAULT '';" },
    { NULL },
};

/* The clock is the system's again at every start: nobody waits for a time of before. */
static enum kv_code end_delays(struct kv_store *store, struct kv_err *err)
{
    static const char *const ended[] = { "DELETE FROM access_assignment WHERE until < ?",
                                         "DELETE FROM access_policy WHERE until < ?",
                                         "DELETE FROM access_network WHERE until < ?" };
    static const char *const begun[] = {
        "UPDATE access_assignment SET since = ?1 WHERE since > ?1",
        "UPDATE access_policy SET since = ?1 WHERE since > ?1",
        "UPDATE access_network SET since = ?1 WHERE since > ?1",
    };
    kv_auto(kv_db_release) struct kv_db *db = NULL;

    KV_TRY(kv_db_acquire(store, &db, err));
    KV_TRY(kv_db_begin(db, err));
    for (size_t i = 0; i < KV_COUNT(ended); i++) {
        KV_TRY(kv_db_run(db, ended[i], KV_BINDS(KV_B_INT(KV_ACCESS_NEVER)), NULL, err));
        KV_TRY(kv_db_run(db, begun[i], KV_BINDS(KV_B_INT(KV_ACCESS_ALWAYS)), NULL, err));
    }
    return kv_db_commit(db, err);
}

enum kv_code kv_access_make_tables(struct kv_store *store, struct kv_err *err)
{
    return kv_store_migrate(store, "access", migrations, err);
}

enum kv_code kv_access_new(const struct kv_access_config *config, struct kv_access **ret_access,
                           struct kv_err *err)
{
    KV_TRY(kv_access_make_tables(config->store, err));
    KV_TRY(end_delays(config->store, err));

    struct kv_access *access = calloc(1, sizeof(*access));

    if (access == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    access->store = config->store;
    access->roles = config->roles;
    access->events = config->events;
    access->delay = config->delay;
    access->firewall_delay = config->firewall_delay;
    if (!roles_fold_guid(config->tenant, access->tenant)) {
        (void) snprintf(access->tenant, sizeof(access->tenant), "%s", config->tenant);
    }
    kv_uuid_of("subscription", config->tenant, access->subscription);
    atomic_init(&access->edition, 1);
    (void) pthread_mutex_init(&access->reading, NULL); /* these cannot fail on Linux */
    (void) pthread_rwlock_init(&access->lock, NULL);
    roles_watch(config->roles, access_changed, access);
    *ret_access = access;
    return KV_OK;
}

void kv_access_free(struct kv_access *access)
{
    if (access == NULL) {
        return;
    }
    roles_watch(access->roles, NULL, NULL);
    access_index_free(access->index);
    (void) pthread_rwlock_destroy(&access->lock);
    (void) pthread_mutex_destroy(&access->reading);
    free(access);
}

void access_changed(void *context)
{
    struct kv_access *access = context;

    atomic_fetch_add(&access->edition, 1);
}

/*
 * Before the commit, but whoever empties a vault alone has a new id for it, and whoever empties all
 * of them has paused the store: a check that reads the index anew waits until it is over.
 */
enum kv_code kv_access_empty(void *context, struct kv_db *db, int64_t vault, struct kv_err *err)
{
    static const struct {
        const char *one, *all;
    } statements[] = {
        { "DELETE FROM access_assignment WHERE vault = ?", "DELETE FROM access_assignment" },
        { "DELETE FROM access_policy WHERE vault = ?", "DELETE FROM access_policy" },
        { "DELETE FROM access_network WHERE vault = ?", "DELETE FROM access_network" },
        { NULL, "DELETE FROM access_role" },
    };
    const struct kv_binds binds = KV_BINDS(KV_B_INT(vault));

    for (size_t i = 0; i < KV_COUNT(statements); i++) {
        if (vault == KV_VAULTS_ALL) {
            KV_TRY(kv_db_run(db, statements[i].all, KV_NO_BINDS, NULL, err));
        } else if (statements[i].one != NULL) {
            KV_TRY(kv_db_run(db, statements[i].one, binds, NULL, err));
        }
    }
    access_changed(context);
    return KV_OK;
}

void kv_access_doubt(struct kv_access *access)
{
    access_changed(access);
}
