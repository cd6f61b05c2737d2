/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kv/vaults/vaults.h - the table of vaults and their life: made, changed, deleted, recovered,
 * purged, by the time the caller says it is.
 *
 * The store has them; the table lends snapshots of them that never change: whoever holds one works
 * with the vault as it was when the request came, to its end. Names are unique, over both kinds
 * and over deleted ones, as they are in the cloud (control-plane.md §1).
 * What a call has returned KV_OK for is on disk. Thread-safe; changes take turns.
 */
#pragma once

#include "kv/base/base.h"
#include "kv/vaults/vault.h"

#define KV_VAULTS_MAX 10000 /* of an instance, deleted ones among them */

struct kv_store;
struct kv_db;
struct kv_vaults; /* opaque */

/* Makes and migrates its table; there are no vaults before kv_vaults_open(). */
enum kv_code kv_vaults_new(struct kv_store *store, struct kv_vaults **ret_vaults,
                           struct kv_err *err) kv_must_check;
void kv_vaults_free(struct kv_vaults *vaults); /* NULL is fine; nothing is lent any more */
KV_DEFINE_CLEANUP(struct kv_vaults *, kv_vaults_free)

/*
 * Somebody who keeps things of vaults in the store: empties one that is purged, or KV_VAULTS_ALL, in
 * the transaction that removes it. At most KV_VAULT_TENANTS_MAX, all added before kv_vaults_open().
 */
#define KV_VAULT_TENANTS_MAX 8
#define KV_VAULTS_ALL ((int64_t) 0) /* in place of an id, which is never 0 */
typedef enum kv_code kv_vault_empty_fn(void *context, struct kv_db *db, int64_t vault,
                                       struct kv_err *err);
void kv_vaults_add_tenant(struct kv_vaults *vaults, kv_vault_empty_fn *empty, void *context);

/* Has `told` called with every vault that kv_vaults_make() makes, by its caller's thread, which still
 * has its turn: it must not change vaults. Set before the first request. */
typedef void kv_vault_told_fn(void *context, const struct kv_vault *vault);
void kv_vaults_tell(struct kv_vaults *vaults, kv_vault_told_fn *told, void *context);

/*
 * Has `settle` called with every vault that a reset makes, in the transaction that does: what the
 * options say of it counts from its first moment on. It uses no other connection and changes no
 * vaults; when it fails nothing is reset. Set before the first request.
 */
typedef enum kv_code kv_vault_settle_fn(void *context, struct kv_db *db,
                                        const struct kv_vault *vault, struct kv_err *err);
void kv_vaults_settle(struct kv_vaults *vaults, kv_vault_settle_fn *settle, void *context);

/*
 * Reads what the store has, and makes those of `drafts` that it has not; the first of them is the
 * one for hosts that name no vault. KV_BAD_PARAMETER when a draft contradicts the store. A vault
 * of a store from before they were kept there is known by its name alone: its draft settles it,
 * and without one it is not served. Once.
 */
enum kv_code kv_vaults_open(struct kv_vaults *vaults, const struct kv_vault_draft *drafts,
                            size_t count, kv_time now, struct kv_err *err) kv_must_check;

/* Lends a vault that lives; NULL when there is none. Give it back. */
const struct kv_vault *kv_vaults_acquire(struct kv_vaults *vaults, const char *name);
const struct kv_vault *kv_vaults_acquire_id(struct kv_vaults *vaults, int64_t id);

/* By a host name: what kv_vault_host_parse() does not take is the first vault. */
const struct kv_vault *kv_vaults_acquire_host(struct kv_vaults *vaults, const char *host);

/* Holds one that is held already once more. */
const struct kv_vault *kv_vault_hold(const struct kv_vault *vault);
void kv_vault_release(const struct kv_vault *vault); /* NULL is fine */
KV_DEFINE_CLEANUP(const struct kv_vault *, kv_vault_release)

/* All of them, deleted ones too, as they were made, but the one for hosts that name none before
 * the others. */
struct kv_vault_list {
    const struct kv_vault **vault; /* heap, and each is held */
    size_t count;
};
enum kv_code kv_vaults_list(struct kv_vaults *vaults, struct kv_vault_list *ret_list,
                            struct kv_err *err) kv_must_check;
void kv_vault_list_done(struct kv_vault_list *list);
KV_DEFINE_CLEANUP_VALUE(struct kv_vault_list, kv_vault_list_done)

/* One by its name, living or deleted; KV_VAULT_NOT_FOUND. The same for all that follow; `now` is
 * in seconds, a deleted vault whose time has come is gone, and *ret_vault is to be released. */
enum kv_code kv_vaults_get(struct kv_vaults *vaults, const char *name, kv_time now,
                           const struct kv_vault **ret_vault, struct kv_err *err) kv_must_check;

/*
 * Makes a vault. One that lives and contradicts nothing of the draft is returned as it is, with
 * *ret_is_new false. KV_CONFLICT when it contradicts it, is deleted, or there are KV_VAULTS_MAX.
 */
enum kv_code kv_vaults_make(struct kv_vaults *vaults, const struct kv_vault_draft *draft,
                            kv_time now, bool *ret_is_new, const struct kv_vault **ret_vault,
                            struct kv_err *err) kv_must_check;

/*
 * Changes what the draft says of a vault that lives: its SKU, how access is decided, and purge
 * protection, which once it is on stays on. KV_CONFLICT for the rest, which is for good, as it is in the service
 * (contract §5).
 */
enum kv_code kv_vaults_change(struct kv_vaults *vaults, const struct kv_vault_draft *draft,
                              kv_time now, const struct kv_vault **ret_vault,
                              struct kv_err *err) kv_must_check;

/* Has a vault, living or deleted, refuse all changes of what is in it, or take them again; that is no
 * change of the vault itself, whose dates stay. KV_CONFLICT when it is so already. */
enum kv_code kv_vaults_set_read_only(struct kv_vaults *vaults, const char *name, bool read_only,
                                     kv_time now, const struct kv_vault **ret_vault,
                                     struct kv_err *err) kv_must_check;

/* Deletes one that lives, to be purged after its retention; KV_CONFLICT when it is deleted. */
enum kv_code kv_vaults_delete(struct kv_vaults *vaults, const char *name, kv_time now,
                              const struct kv_vault **ret_vault, struct kv_err *err) kv_must_check;

/* Has a deleted one back with all that is in it; KV_CONFLICT when it lives. */
enum kv_code kv_vaults_recover(struct kv_vaults *vaults, const char *name, kv_time now,
                               const struct kv_vault **ret_vault, struct kv_err *err) kv_must_check;

/* Removes a deleted one and all that is in it; KV_CONFLICT when it lives, KV_PURGE_PROTECTED. */
enum kv_code kv_vaults_purge(struct kv_vaults *vaults, const char *name, kv_time now,
                             struct kv_err *err) kv_must_check;

/* Purges the deleted vaults whose purge is due, purge protection or not, earliest first, several in
 * one transaction. Each is reported to `visit` once it is gone; `visit` must not call back, and false
 * ends the purging. */
typedef bool kv_vault_visit_fn(void *context, const struct kv_vault *vault);
enum kv_code kv_vaults_purge_due(struct kv_vaults *vaults, kv_time now, kv_vault_visit_fn *visit,
                                 void *context, struct kv_err *err) kv_must_check;

/* The first time later than `after` at which that has something to do; INT64_MAX: none. */
kv_millis kv_vaults_next_purge(struct kv_vaults *vaults, kv_millis after);

/*
 * Back to what the options say: the vault of that name, or all of them with NULL. A vault comes
 * back empty, with another id, as its option wants it; of those that no option names, one that is
 * reset alone keeps its settings, and all others are gone.
 */
enum kv_code kv_vaults_reset(struct kv_vaults *vaults, const char *name, kv_time now,
                             struct kv_err *err) kv_must_check;

/* How many live. */
size_t kv_vaults_count(struct kv_vaults *vaults);

/* KV_VAULT_NOT_FOUND when the vault was purged: inside a transaction, for whoever is about to put
 * something into it. */
enum kv_code kv_vault_check(struct kv_db *db, int64_t id, struct kv_err *err) kv_must_check;
