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
    void *context;
};

struct kv_vaults {
    struct kv_store *store;
    struct tenant tenant[KV_VAULT_TENANTS_MAX];
    size_t tenants;
    pthread_mutex_t changes; /* lock.def: vaults.changes */

    pthread_mutex_t lock; /* lock.def: vaults.table; guards what follows */
    struct entry *by_name, *by_id;
    int64_t first; /* the vault of hosts that name none */
    size_t living;
};

/* A place in the table: one vault from its making to its purging, as it is now. */
struct entry;

/* rows.c: one vault in the store. All but the first inside a transaction. */
enum kv_code vault_rows_migrate(struct kv_store *store, struct kv_err *err) kv_must_check;

/* Makes the row, or settles the one of a vault that is known by its name alone. Gives vault->id. */
enum kv_code vault_row_insert(struct kv_db *db, struct kv_vault *vault,
                              struct kv_err *err) kv_must_check;
enum kv_code vault_row_update(struct kv_db *db, const struct kv_vault *vault,
                              struct kv_err *err) kv_must_check;
enum kv_code vault_row_delete(struct kv_db *db, int64_t id, struct kv_err *err) kv_must_check;

/* Reads the one of that name; *ret_found is false too for one that is known by its name alone. */
enum kv_code vault_row_load(struct kv_db *db, const char *name, struct kv_vault *ret_vault,
                            bool *ret_found, struct kv_err *err) kv_must_check;

/* All that are settled, as they were made. */
typedef enum kv_code vault_row_fn(void *context, const struct kv_vault *vault, struct kv_err *err);
enum kv_code vault_rows_each(struct kv_db *db, vault_row_fn *visit, void *context,
                             struct kv_err *err) kv_must_check;

/* table.c: puts a vault in, which nobody sees until vault_entry_show(); `id` and name are new. */
enum kv_code vault_entry_add(struct kv_vaults *vaults, const struct kv_vault *vault,
                             struct entry **ret_entry, struct kv_err *err) kv_must_check;
void vault_entry_show(struct kv_vaults *vaults, struct entry *entry);
void vault_entry_remove(struct kv_vaults *vaults, struct entry *entry);

/* A snapshot to be swapped in later, when nothing may fail any more. Held once. */
enum kv_code vault_snapshot(const struct kv_vault *vault, const struct kv_vault **ret_snapshot,
                            struct kv_err *err) kv_must_check;
void vault_entry_swap(struct kv_vaults *vaults, struct entry *entry,
                      const struct kv_vault *snapshot);

/* The place of that name, living or deleted; NULL: none. Stays while vaults.changes is held. */
struct entry *vault_entry_find(struct kv_vaults *vaults, const char *name);

/* What is there now, held. */
const struct kv_vault *vault_entry_hold(struct kv_vaults *vaults, struct entry *entry);

/* How many places there are, and the place of the deleted vault that is to be purged first; NULL:
 * none is to be before `until` has passed. */
size_t vault_entries(struct kv_vaults *vaults);
struct entry *vault_entry_first_purge(struct kv_vaults *vaults, kv_time until);
