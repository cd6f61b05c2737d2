/* SPDX-License-Identifier: Apache-2.0 */
/*
 * world.h - what the parts measure that need no daemon: a folder of their own, a store in it with a
 * vault, and those who decide about its callers.
 */
#pragma once

#include "bench.h"
#include "kv/access/access.h"
#include "kv/access/roles.h"
#include "kv/store/store.h"
#include "kv/vaults/vaults.h"

#define WORLD_TENANT "72f9c4ba-21d6-4e0a-9c5e-6d1f0a8b3c57"

struct world {
    struct kv_store *store;
    struct kv_vaults *vaults;
    struct kv_roles *roles;
    struct kv_access *access;
    const struct kv_vault *vault;
};
void world_done(struct world *world);
KV_DEFINE_CLEANUP_VALUE(struct world, world_done)

/* Opens a store in that folder with the one vault of that SPEC. world_done() is due either way. */
enum kv_code world_open(struct world *world, const char *folder, const char *spec,
                        struct kv_err *err) kv_must_check;

/* What is measured in a folder, which is new and goes with all that is in it. A measurement that went
 * wrong is KV_INTERNAL. */
typedef enum kv_code world_fn(const char *folder, const struct settings *settings,
                              struct report *report, struct kv_err *err);
bool world_run(world_fn *run, const struct settings *settings, struct report *report);

/* Puts an assignment straight into a store, where it counts at once: a role, by its GUID, for that principal at
 * the vault, or at a key of it; key "": at the vault. */
enum kv_code world_assign(struct kv_db *db, int64_t vault, const char *principal, const char *role,
                          const char *key, struct kv_err *err) kv_must_check;

/* A principal's object id, another for each number. */
void world_name_principal(unsigned number, char ret_guid[KV_UUID_LENGTH + 1]);
