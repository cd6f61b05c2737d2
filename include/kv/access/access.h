/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kv/access/access.h - may this caller do that? The check of a request against what a vault's mode
 * says: open, access policies, or Azure RBAC; of a managed HSM, its local roles.
 *
 * What was granted (kv/access/grants.h, kv/access/roles.h) is in the store; an index of it in memory
 * answers the checks. It never changes: a change is committed first and makes the index stale, and
 * the next check reads it anew. If that fails the answer is 503, never a yes that was withdrawn.
 * Grants have times from and until which they count, so that propagation can be delayed; they are
 * judged by the time of the request.
 * Thread-safe. Created before the first request and freed after the last.
 */
#pragma once

#include "kv/access/permission.h"
#include "kv/base/clock.h"
#include "kv/base/err.h"
#include "kv/base/uuid.h"
#include "kv/vaults/vault.h"

struct kv_store;
struct kv_db;
struct kv_events;
struct kv_roles;
struct kv_access; /* opaque */

struct kv_access_config {
    struct kv_store *store;   /* borrowed, as the next two are */
    struct kv_roles *roles;   /* of the managed HSMs; used by nobody else yet */
    struct kv_events *events; /* borrowed; NULL: nobody is told of changed access policies */
    const char *tenant;       /* GUID: the subscription is derived from it */
    kv_millis delay;          /* how long a grant, and its withdrawal, take to count, */
    kv_millis firewall_delay; /* and a change of network settings (kv/access/firewall.h) */
};

/* Makes the tables of this domain, or brings them up to date; as kv_access_new() does if nobody has. */
enum kv_code kv_access_make_tables(struct kv_store *store, struct kv_err *err) kv_must_check;

/*
 * Migrates its tables; delays that were running when the process ended are over. Free with
 * kv_access_free(), before the roles; NULL is fine there.
 */
enum kv_code kv_access_new(const struct kv_access_config *config, struct kv_access **ret_access,
                           struct kv_err *err) kv_must_check;
void kv_access_free(struct kv_access *access);
KV_DEFINE_CLEANUP(struct kv_access *, kv_access_free)

/* Removes all grants at a vault and its network settings; of KV_VAULTS_ALL everything, custom roles too: a
 * kv_vault_empty_fn, with `access` as its context. */
enum kv_code kv_access_empty(void *access, struct kv_db *db, int64_t vault,
                             struct kv_err *err) kv_must_check;

/* Reads anew what was committed, as the next check would: what is in memory still answers when the
 * store is lost before anybody asks. */
enum kv_code kv_access_refresh(struct kv_access *access, struct kv_err *err) kv_must_check;

/* What is in memory is not what the store has any more, which was put back to another state: the next
 * check reads it anew. */
void kv_access_doubt(struct kv_access *access);

/* Copies the grants at the vault `saved` of the database that is attached, its network settings and the
 * custom roles that it names, to `vault`: a kv_vault_bring_fn, with `access` as its context. */
enum kv_code kv_access_bring(void *access, struct kv_db *db, int64_t saved, int64_t vault,
                             struct kv_err *err) kv_must_check;

/* What a request asks; all borrowed. What was granted to a group, or denied to it, is to its
 * members too. */
struct kv_access_question {
    const struct kv_vault *vault;
    const char *object_id, *app_id;           /* of the caller */
    const char (*groups)[KV_UUID_LENGTH + 1]; /* object ids of the groups that the caller is in */
    size_t group_count;
    const char *caller; /* as refusals show it: "appid=..;oid=..;iss=.." */
    enum kv_permission permission;
    const char *key; /* as asked for; NULL: none */
    bool at_keys;    /* without a key, but about keys: a list, a restore (of a managed HSM) */
    kv_millis now;
};

/*
 * KV_OK if the vault allows it; ret_assignment is then the name of the role assignment that does,
 * "" in a mode that has none. KV_FORBIDDEN_BY_POLICY (the caller has an access policy, without this
 * permission), KV_ACCESS_DENIED (it has none; or of a managed HSM), KV_FORBIDDEN_BY_RBAC, with the
 * texts of contract §9.3; KV_UNAVAILABLE while what was granted cannot be read.
 */
enum kv_code kv_access_check(struct kv_access *access, const struct kv_access_question *question,
                             char ret_assignment[KV_UUID_LENGTH + 1],
                             struct kv_err *err) kv_must_check;

/* Refuses as that does a caller to whom nothing was granted, or with `has_policy` an access policy
 * without this permission; whatever was granted. */
enum kv_code kv_access_refuse(const struct kv_access *access,
                              const struct kv_access_question *question, bool has_policy,
                              struct kv_err *err) kv_must_check;
