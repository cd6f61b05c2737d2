/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a check of a caller costs when there are many role assignments: of many callers, and of one
 * caller at as many keys. In this process, without a daemon; and how long it takes to read them all
 * anew after a change.
 */
#include "bench.h"

#include <stdio.h>
#include <stdlib.h>

#include "kv/access/grants.h"
#include "kv/access/roles.h"
#include "kv/base/clock.h"
#include "kv/base/files.h"
#include "kv/store/store.h"
#include "tests/support/vaults.h"

#define PART "access"
#define ASSIGNMENTS 10000
#define CHECKS 100000

struct world {
    struct kv_store *store;
    struct kv_vaults *vaults;
    struct kv_roles *roles;
    struct kv_access *access;
    const struct kv_vault *vault;
};

static void world_done(struct world *world)
{
    kv_vault_release(world->vault);
    kv_access_free(world->access);
    kv_roles_free(world->roles);
    kv_vaults_free(world->vaults);
    kv_store_close(world->store);
}
KV_DEFINE_CLEANUP_VALUE(struct world, world_done)

static void name_principal(unsigned number, char ret_guid[KV_UUID_LENGTH + 1])
{
    (void) snprintf(ret_guid, KV_UUID_LENGTH + 1, "%08x-0000-4000-8000-000000000000", number);
}

/* Straight into the store: what is measured is the check. Every second one is of caller 0, at a key
 * of its own; the others are of a caller each, at the vault. */
static enum kv_code fill(struct world *world, struct kv_err *err)
{
    static const char sql[] =
        "INSERT INTO access_assignment (name, vault, level, key, principal, role, deny, since,"
        " until) VALUES (?, ?, ?, ?, ?, 'e147488a-f6f5-4113-8e2d-b22465e65bf6', 0, ?, ?)";
    kv_auto(kv_db_release) struct kv_db *db = NULL;

    KV_TRY(kv_db_acquire(world->store, &db, err));
    KV_TRY(kv_db_begin(db, err));
    for (unsigned i = 0; i < ASSIGNMENTS; i++) {
        char name[KV_UUID_LENGTH + 1], principal[KV_UUID_LENGTH + 1], key[16] = "";
        bool is_of_one = i % 2 == 0;

        kv_uuid_random(name);
        name_principal(is_of_one ? 0 : i, principal);
        if (is_of_one) {
            (void) snprintf(key, sizeof(key), "key-%u", i);
        }
        KV_TRY(kv_db_run(db, sql,
                         KV_BINDS(KV_B_TEXT(name), KV_B_INT(world->vault->id),
                                  KV_B_INT(is_of_one ? 5 : 4), KV_B_TEXT(key), KV_B_TEXT(principal),
                                  KV_B_INT(KV_ACCESS_ALWAYS), KV_B_INT(KV_ACCESS_NEVER)),
                         NULL, err));
    }
    return kv_db_commit(db, err);
}

static enum kv_code begin(struct world *world, const char *folder, struct kv_err *err)
{
    static const char *const specs[] = { "dev,access=rbac" };
    struct kv_access_config config = { .tenant = "72f9c4ba-21d6-4e0a-9c5e-6d1f0a8b3c57" };
    char path[KV_PATH_MAX];

    KV_TRY(kv_path_join(path, folder, "access.db", err));
    KV_TRY(kv_store_open(path, 2, &world->store, err));
    KV_TRY(vaults_of_specs(world->store, specs, KV_COUNT(specs), &world->vaults, err));
    KV_TRY(kv_roles_new(world->store, &world->roles, err));
    config.store = world->store;
    config.roles = world->roles;
    KV_TRY(kv_access_new(&config, &world->access, err));
    world->vault = kv_vaults_acquire(world->vaults, "dev");
    return fill(world, err);
}

static enum kv_code check(struct world *world, unsigned number)
{
    char principal[KV_UUID_LENGTH + 1], key[16], assignment[KV_UUID_LENGTH + 1];
    bool is_of_one = number % 2 == 0;
    const struct kv_access_question question = {
        .vault = world->vault,
        .object_id = principal,
        .app_id = "",
        .caller = "",
        .permission = KV_PERMISSION_KEYS_WRAP,
        .key = key,
        .now = 0,
    };

    name_principal(is_of_one ? 0 : number, principal);
    (void) snprintf(key, sizeof(key), "key-%u", number);
    return kv_access_check(world->access, &question, assignment, NULL);
}

/* Microseconds a check; false when one is refused. */
static bool measure(struct world *world, struct samples *samples)
{
    int64_t start = kv_clock_monotonic_us();

    for (unsigned i = 0; i < CHECKS; i++) {
        if (check(world, i % ASSIGNMENTS) != KV_OK) {
            return false;
        }
    }
    samples_add(samples, (double) (kv_clock_monotonic_us() - start) / CHECKS);
    return true;
}

static bool measure_all(const struct settings *settings, struct world *world, struct report *report)
{
    kv_auto(samples_done) struct samples samples = { 0 };
    int64_t start = kv_clock_monotonic_us();

    if (check(world, 0) != KV_OK) {
        return false;
    }
    report_value(report, PART, "ms", (double) (kv_clock_monotonic_us() - start) / 1000,
                 "%d assignments: read anew", ASSIGNMENTS);
    for (unsigned i = 0; i < settings->rounds; i++) {
        if (!measure(world, &samples)) {
            return false;
        }
    }
    report_samples(report, PART, "us", &samples, "%d assignments: a check", ASSIGNMENTS);
    return true;
}

bool bench_access(const struct settings *settings, struct report *report)
{
    char folder[] = "/tmp/coffer-bench-XXXXXX";
    struct kv_err err = { .message = "" };
    bool good;

    if (mkdtemp(folder) == NULL) {
        return false;
    }
    {
        kv_auto(world_done) struct world world = { .store = NULL };

        good = begin(&world, folder, &err) == KV_OK && measure_all(settings, &world, report);
    }
    if (!good) {
        fprintf(stderr, "bench: %s\n", err.message);
    }
    return kv_folder_remove(folder, NULL) == KV_OK && good;
}
