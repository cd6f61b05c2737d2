/* SPDX-License-Identifier: Apache-2.0 */
#include "world.h"

#include <stdio.h>
#include <stdlib.h>

#include "kv/access/grants.h"
#include "kv/base/files.h"
#include "tests/support/vaults.h"

#define AT_VAULT 4 /* levels of the scope of an assignment, as the store has them */
#define AT_KEY 5

void world_done(struct world *world)
{
    kv_vault_release(world->vault);
    kv_access_free(world->access);
    kv_roles_free(world->roles);
    kv_vaults_free(world->vaults);
    kv_store_close(world->store);
}

enum kv_code world_open(struct world *world, const char *folder, const char *spec,
                        struct kv_err *err)
{
    struct kv_access_config config = { .tenant = WORLD_TENANT };
    char path[KV_PATH_MAX];

    KV_TRY(kv_path_join(path, folder, "world.db", err));
    KV_TRY(kv_store_open(path, 2, &world->store, err));
    KV_TRY(vaults_of_specs(world->store, &spec, 1, &world->vaults, err));
    KV_TRY(kv_roles_new(world->store, &world->roles, err));
    config.store = world->store;
    config.roles = world->roles;
    KV_TRY(kv_access_new(&config, &world->access, err));
    world->vault = kv_vaults_acquire(world->vaults, "dev");
    return KV_OK;
}

bool world_run(world_fn *run, const struct settings *settings, struct report *report)
{
    char folder[] = "/tmp/coffer-bench-XXXXXX";
    struct kv_err err = { .message = "" };

    if (mkdtemp(folder) == NULL) {
        return false;
    }
    bool good = run(folder, settings, report, &err) == KV_OK;

    if (!good) {
        fprintf(stderr, "bench: %s\n", err.message);
    }
    return kv_folder_remove(folder, NULL) == KV_OK && good;
}

enum kv_code world_assign(struct kv_db *db, int64_t vault, const char *principal, const char *role,
                          const char *key, struct kv_err *err)
{
    static const char sql[] =
        "INSERT INTO access_assignment (name, vault, level, key, principal, role, deny, since,"
        " until) VALUES (?, ?, ?, ?, ?, ?, 0, ?, ?)";
    char name[KV_UUID_LENGTH + 1];

    kv_uuid_random(name);
    return kv_db_run(db, sql,
                     KV_BINDS(KV_B_TEXT(name), KV_B_INT(vault),
                              KV_B_INT(*key != '\0' ? AT_KEY : AT_VAULT), KV_B_TEXT(key),
                              KV_B_TEXT(principal), KV_B_TEXT(role), KV_B_INT(KV_ACCESS_ALWAYS),
                              KV_B_INT(KV_ACCESS_NEVER)),
                     NULL, err);
}

void world_name_principal(unsigned number, char ret_guid[KV_UUID_LENGTH + 1])
{
    (void) snprintf(ret_guid, KV_UUID_LENGTH + 1, "%08x-0000-4000-8000-000000000000", number);
}
