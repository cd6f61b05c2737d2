/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kv/vaults/vaults.h - the table of vaults and their life cycle: created, changed, deleted,
 * recovered, purged, by the time the caller gives.
 *
 * The store keeps them; the table lends snapshots of them that never change: a request that holds
 * one works until its end with the vault as it was when the request came. Names are unique across
 * both kinds and including deleted vaults, as they are in the cloud (control-plane.md §1). Once a
 * call has returned KV_OK its effect is on disk. Thread-safe; changes take turns.
 */
#pragma once

#include "kv/base/base.h"
#include "kv/vaults/vault.h"

#define KV_VAULTS_MAX 10000 /* of an instance, including deleted ones */

struct kv_store;
struct kv_db;
struct kv_vaults; /* opaque */

/* Creates and migrates its table; there are no vaults before kv_vaults_open(). */
enum kv_code kv_vaults_new(struct kv_store *store, struct kv_vaults **ret_vaults,
                           struct kv_err *err) kv_must_check;
void kv_vaults_free(struct kv_vaults *vaults); /* NULL is fine; no snapshot may still be lent */
KV_DEFINE_CLEANUP(struct kv_vaults *, kv_vaults_free)

/*
 * A tenant, a module that stores data by vault: removes the data of a purged vault, or of
 * KV_VAULTS_ALL, in the transaction that removes the vault. At most KV_VAULT_TENANTS_MAX, all added
 * before kv_vaults_open().
 */
#define KV_VAULT_TENANTS_MAX 8
#define KV_VAULTS_ALL ((int64_t) 0) /* in place of an id, which is never 0 */
typedef enum kv_code kv_vault_empty_fn(void *context, struct kv_db *db, int64_t vault,
                                       struct kv_err *err);
void kv_vaults_add_tenant(struct kv_vaults *vaults, kv_vault_empty_fn *empty, void *context);

/*
 * Reads the vaults in the store, and creates those of `drafts` that are missing; the first draft is
 * the vault for hosts that name none. KV_BAD_PARAMETER if a draft contradicts the store. A store
 * from before vaults were kept there knows only the name of a vault: its draft gives the rest, and
 * without a draft it is not served. Called once.
 */
enum kv_code kv_vaults_open(struct kv_vaults *vaults, const struct kv_vault_draft *drafts,
                            size_t count, kv_time now, struct kv_err *err) kv_must_check;

/* Lends a live vault; NULL if there is none. The caller releases it. */
const struct kv_vault *kv_vaults_acquire(struct kv_vaults *vaults, const char *name);
const struct kv_vault *kv_vaults_acquire_id(struct kv_vaults *vaults, int64_t id);

/* By a host name: one that kv_vault_host_parse() does not accept means the first vault. */
const struct kv_vault *kv_vaults_acquire_host(struct kv_vaults *vaults, const char *host);

/* Takes another hold on a vault that is held already. */
const struct kv_vault *kv_vault_hold(const struct kv_vault *vault);
void kv_vault_release(const struct kv_vault *vault); /* NULL is fine */
KV_DEFINE_CLEANUP(const struct kv_vault *, kv_vault_release)

/* All of them, including deleted ones, in order of creation, except that the one for hosts that
 * name none comes first. */
struct kv_vault_list {
    const struct kv_vault **vault; /* heap; each vault is held */
    size_t count;
};
enum kv_code kv_vaults_list(struct kv_vaults *vaults, struct kv_vault_list *ret_list,
                            struct kv_err *err) kv_must_check;
void kv_vault_list_done(struct kv_vault_list *list);
KV_DEFINE_CLEANUP_VALUE(struct kv_vault_list, kv_vault_list_done)

/* Finds a vault by its name, live or deleted; KV_VAULT_NOT_FOUND. Here and below, `now` is in
 * seconds, a deleted vault whose purge is due counts as gone, and the caller releases
 * *ret_vault. */
enum kv_code kv_vaults_get(struct kv_vaults *vaults, const char *name, kv_time now,
                           const struct kv_vault **ret_vault, struct kv_err *err) kv_must_check;

/*
 * Creates a vault. A live one that does not contradict the draft is returned as it is, with
 * *ret_is_new false. KV_CONFLICT if it contradicts the draft, is deleted, or there are
 * KV_VAULTS_MAX already.
 */
enum kv_code kv_vaults_make(struct kv_vaults *vaults, const struct kv_vault_draft *draft,
                            kv_time now, bool *ret_is_new, const struct kv_vault **ret_vault,
                            struct kv_err *err) kv_must_check;

/*
 * Changes a live vault as the draft says: its SKU, how access is decided, and purge protection,
 * which cannot be switched off again. KV_CONFLICT for the other settings, which cannot be changed,
 * as in the service (contract §5).
 */
enum kv_code kv_vaults_change(struct kv_vaults *vaults, const struct kv_vault_draft *draft,
                              kv_time now, const struct kv_vault **ret_vault,
                              struct kv_err *err) kv_must_check;

/* Deletes a live vault, to be purged after its retention; KV_CONFLICT if it is deleted already. */
enum kv_code kv_vaults_delete(struct kv_vaults *vaults, const char *name, kv_time now,
                              const struct kv_vault **ret_vault, struct kv_err *err) kv_must_check;

/* Recovers a deleted vault with everything in it; KV_CONFLICT if it is live. */
enum kv_code kv_vaults_recover(struct kv_vaults *vaults, const char *name, kv_time now,
                               const struct kv_vault **ret_vault, struct kv_err *err) kv_must_check;

/* Removes a deleted vault and everything in it; KV_CONFLICT if it is live, KV_PURGE_PROTECTED. */
enum kv_code kv_vaults_purge(struct kv_vaults *vaults, const char *name, kv_time now,
                             struct kv_err *err) kv_must_check;

/* Purges the deleted vaults whose purge is due, purge protection or not, earliest first. Each is
 * reported to `visit` once it is gone; `visit` must not call back, and false ends the purging. */
typedef bool kv_vault_visit_fn(void *context, const struct kv_vault *vault);
enum kv_code kv_vaults_purge_due(struct kv_vaults *vaults, kv_time now, kv_vault_visit_fn *visit,
                                 void *context, struct kv_err *err) kv_must_check;

/* The first time later than `after` at which a purge is due; INT64_MAX: none. */
kv_millis kv_vaults_next_purge(struct kv_vaults *vaults, kv_millis after);

/*
 * Resets the vault of that name, or all of them with NULL, to what the options say. A vault comes
 * back empty, with a new id, as its option says. A vault that no option names keeps its settings if
 * it is reset alone; if all are reset it is removed.
 */
enum kv_code kv_vaults_reset(struct kv_vaults *vaults, const char *name, kv_time now,
                             struct kv_err *err) kv_must_check;

/* How many vaults are live. */
size_t kv_vaults_count(struct kv_vaults *vaults);

/* KV_VAULT_NOT_FOUND if the vault was purged. Called inside a transaction that is about to put
 * something into it. */
enum kv_code kv_vault_check(struct kv_db *db, int64_t id, struct kv_err *err) kv_must_check;
