/* SPDX-License-Identifier: Apache-2.0 */
/*
 * private.h - what the files of domain/vaults share: vaults in the store (rows.c) and in memory
 * (table.c).
 */
#pragma once

#include <pthread.h>

#include "kv/store/store.h"
#include "kv/vaults/vaults.h"

struct tenant {
    kv_vault_empty_fn *empty;
    kv_vault_bring_fn *bring; /* NULL: it has nothing to bring */
    void *context;
};

/* Entries, by the names and by the ids of their vaults. */
struct vault_map {
    struct entry *by_name, *by_id;
    size_t living;
};

struct kv_vaults {
    struct kv_store *store;
    struct tenant tenant[KV_VAULT_TENANTS_MAX];
    size_t tenants;
    kv_vault_told_fn *told; /* of new ones; NULL: nobody */
    void *told_context;
    kv_vault_settle_fn *settle; /* of those that a reset makes; NULL: nobody */
    void *settle_context;
    kv_vault_settle_fn *note_access; /* of a change of access; NULL: nobody */
    void *note_context;
    struct kv_vault_draft *drafts; /* heap: what the options want */
    size_t draft_count;
    pthread_mutex_t changes; /* lock.def: vaults.changes */
    int64_t ids;             /* guarded by changes: given away when an exchange began */

    pthread_mutex_t lock; /* lock.def: vaults.table; guards what follows */
    struct vault_map map;
    int64_t first; /* the vault of hosts that name none */
};

/* The turn to change a vault, to the end of the scope:
 *     kv_auto(end_turn) pthread_mutex_t *turn kv_unused = take_turn(vaults); */
static inline pthread_mutex_t *take_turn(struct kv_vaults *vaults)
{
    pthread_mutex_lock(&vaults->changes);
    return &vaults->changes;
}

static inline void end_turn(pthread_mutex_t *turn)
{
    pthread_mutex_unlock(turn);
}
KV_DEFINE_CLEANUP(pthread_mutex_t *, end_turn)

/* An entry in the table: one vault, from its creation to its purge, in its current state. */
struct entry;

/* vault.c: `len` bytes of a host name as the name of a vault, in lower case; "" when it is too long
 * for one. */
void vault_name_fold(const char *host, size_t len, char ret_name[KV_VAULT_NAME_MAX + 1]);

/* rows.c: one vault in the store. All but the first inside a transaction. */
enum kv_code vault_rows_migrate(struct kv_store *store, struct kv_err *err) kv_must_check;

/* Creates the row, or completes the row of a vault that is known only by name. Sets vault->id. */
enum kv_code vault_row_insert(struct kv_db *db, struct kv_vault *vault,
                              struct kv_err *err) kv_must_check;
enum kv_code vault_row_update(struct kv_db *db, const struct kv_vault *vault,
                              struct kv_err *err) kv_must_check;
enum kv_code vault_row_delete(struct kv_db *db, int64_t id, struct kv_err *err) kv_must_check;
enum kv_code vault_rows_delete_all(struct kv_db *db, struct kv_err *err) kv_must_check;

/* Reads the one of that name; *ret_found is also false for one that is known only by name. */
enum kv_code vault_row_load(struct kv_db *db, const char *name, struct kv_vault *ret_vault,
                            bool *ret_found, struct kv_err *err) kv_must_check;

/* All complete rows, in order of creation. */
typedef enum kv_code vault_row_fn(void *context, const struct kv_vault *vault, struct kv_err *err);
enum kv_code vault_rows_each(struct kv_db *db, vault_row_fn *visit, void *context,
                             struct kv_err *err) kv_must_check;

/* purge.c: has the tenants empty a vault, or KV_VAULTS_ALL. */
enum kv_code vault_empty(const struct kv_vaults *vaults, struct kv_db *db, int64_t id,
                         struct kv_err *err) kv_must_check;

/* Removes the vault of a place and all that is in it; the place is gone then. In its turn. */
enum kv_code vault_entry_purge(struct kv_vaults *vaults, struct entry *entry,
                               struct kv_err *err) kv_must_check;

/* table.c: puts a vault in, which nobody sees until vault_entry_show(); `id` and name are new. */
enum kv_code vault_entry_add(struct kv_vaults *vaults, const struct kv_vault *vault,
                             struct entry **ret_entry, struct kv_err *err) kv_must_check;
void vault_entry_show(struct kv_vaults *vaults, struct entry *entry);
void vault_entry_remove(struct kv_vaults *vaults, struct entry *entry);

/* A map that is built beside the table, to replace it; `vault` is held there, and visible. */
enum kv_code vault_map_add(struct vault_map *map, const struct kv_vault *vault,
                           struct kv_err *err) kv_must_check;
void vault_map_done(struct vault_map *map);
KV_DEFINE_CLEANUP_VALUE(struct vault_map, vault_map_done)

/* Replaces the table by the map, and leaves an empty map. */
void vault_table_replace(struct kv_vaults *vaults, struct vault_map *map, int64_t first);

/* A snapshot to be swapped in later, at a point where nothing may fail. Held once. */
enum kv_code vault_snapshot(const struct kv_vault *vault, const struct kv_vault **ret_snapshot,
                            struct kv_err *err) kv_must_check;
void vault_entry_swap(struct kv_vaults *vaults, struct entry *entry,
                      const struct kv_vault *snapshot);

/* The entry of that name, live or deleted; NULL: none. Valid while vaults.changes is held. */
struct entry *vault_entry_find(struct kv_vaults *vaults, const char *name);

/* Its current vault, held. */
const struct kv_vault *vault_entry_hold(struct kv_vaults *vaults, struct entry *entry);

/* How many places there are. */
size_t vault_entries(struct kv_vaults *vaults);

/* The places of deleted vaults that are to be purged by `until`, at most `max` of them, by their
 * time. */
size_t vault_entries_due(struct kv_vaults *vaults, kv_time until, struct entry **ret_entries,
                         size_t max);

/* The vault of that name, living or deleted, held; NULL: none. */
const struct kv_vault *vault_hold_shown(struct kv_vaults *vaults, const char *name);
