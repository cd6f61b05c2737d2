/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kv/access/grants.h - what was granted to whom: access policies and role assignments of vaults, and
 * custom roles. Managing them is coffer's own business; errors have coffer's own texts.
 *
 * Every vault lies in a resource group of the one subscription, which is derived from the tenant;
 * assignments at other scopes than those of vaults are in kv/access/scopes.h. Once a call has returned KV_OK its effect is on disk, and every later check knows of it.
 * With a delay (kv/access/access.h) a grant counts, and a withdrawn one no longer counts, that much
 * later by the virtual clock; custom roles and the roles of managed HSMs change at once.
 * Thread-safe. Ids are GUIDs in any case, and returned in lower case.
 */
#pragma once

#include <cjson/cJSON.h>

#include "kv/access/access.h"

#define KV_ACCESS_ASSIGNMENTS_MAX 20000
#define KV_ACCESS_POLICIES_MAX 1024 /* of a vault, as in the service */
#define KV_ACCESS_ROLES_MAX 500     /* custom ones */
#define KV_ACCESS_NAME_MAX 512      /* bytes of a custom role's name */
#define KV_ACCESS_SCOPE_MAX 400     /* of the id of a key of a vault */
#define KV_ACTION_MAX 256           /* of an action of a role */
#define KV_ACCESS_WORDS_MAX 512     /* bytes of the permissions of an access policy */
#define KV_ACCESS_ALWAYS INT64_MIN  /* a grant without a beginning, */
#define KV_ACCESS_NEVER INT64_MAX   /* or without an end */

/* A role assignment, or a deny assignment: the role's actions are then what is denied. */
struct kv_assignment {
    char name[KV_UUID_LENGTH + 1];
    char principal[KV_UUID_LENGTH + 1]; /* object id */
    char role[KV_UUID_LENGTH + 1];
    char role_name[KV_ACCESS_NAME_MAX + 1];
    char scope[KV_ACCESS_SCOPE_MAX + 1]; /* the id of what it is for; of a managed HSM "/keys" */
    bool deny;
    kv_millis since, until; /* when it counts */
};

/* One to be made; all borrowed. */
struct kv_assignment_draft {
    const struct kv_vault *vault;
    const char *principal; /* object id */
    const char *role;      /* its GUID, the id that ends with it, or its name */
    /* "vault" (NULL is that too), "key", "group", "subscription", "/", or the id of one of these or
     * of the root management group; of a managed HSM, "vault", "key", "/", "/keys", "/keys/{name}" */
    const char *scope;
    const char *key; /* of the scope "key", and of no other; NULL: none */
    bool deny;
};

/* KV_BAD_PARAMETER for what is not as above, and a scope that does not reach the vault;
 * KV_ROLE_DEFINITION_NOT_FOUND; KV_ROLE_ASSIGNMENT_EXISTS for the same once more; KV_CONFLICT when
 * there are as many as there may be. */
enum kv_code kv_access_assign(struct kv_access *access, const struct kv_assignment_draft *draft,
                              kv_millis now, struct kv_assignment *ret_assignment,
                              struct kv_err *err) kv_must_check;

/* Whether such a draft could be made, but for what is there already; the vault need not be, nor, where
 * that is yet to come, the custom role. */
enum kv_code kv_access_check_assignment(struct kv_access *access,
                                        const struct kv_assignment_draft *draft,
                                        bool role_is_to_come, struct kv_err *err) kv_must_check;

/* Withdraws one that reaches the vault, wherever it was made. KV_ROLE_ASSIGNMENT_NOT_FOUND. */
enum kv_code kv_access_unassign(struct kv_access *access, const struct kv_vault *vault,
                                const char *name, kv_millis now, struct kv_err *err) kv_must_check;

/* The same for the one that such a draft would make; at a managed HSM for all that are like it, which
 * its own API makes under as many names as it is given. */
enum kv_code kv_access_unassign_like(struct kv_access *access,
                                     const struct kv_assignment_draft *draft, kv_millis now,
                                     struct kv_err *err) kv_must_check;

struct kv_assignment_list {
    struct kv_assignment *assignment; /* heap */
    size_t count;
};
void kv_assignment_list_done(struct kv_assignment_list *list);
KV_DEFINE_CLEANUP_VALUE(struct kv_assignment_list, kv_assignment_list_done)

/* All that reach the vault: at it, above it, and at its keys, in the order in which they were
 * made. */
enum kv_code kv_access_assignments(struct kv_access *access, const struct kv_vault *vault,
                                   struct kv_assignment_list *ret_list,
                                   struct kv_err *err) kv_must_check;

/* An access policy. */
struct kv_policy {
    char principal[KV_UUID_LENGTH + 1];   /* object id */
    char application[KV_UUID_LENGTH + 1]; /* only together with it (compound identity); "": any */
    char words[KV_ACCESS_WORDS_MAX + 1];  /* "get wrapKey": words separated by blanks */
    kv_millis since, until;
};

/* Gives the principal, or it with that application, a policy in place of the one it may have;
 * `application` "" means any. KV_BAD_PARAMETER for ids that are no GUIDs, unknown words, and a
 * managed HSM, which has none. */
enum kv_code kv_access_set_policy(struct kv_access *access, const struct kv_vault *vault,
                                  const struct kv_policy *policy, kv_millis now,
                                  struct kv_policy *ret_policy, struct kv_err *err) kv_must_check;

/* Gives the vault these policies and no others, in one transaction and with one event. Of two for the same
 * caller the last one counts; what is there already stays as it is. Fails as the above does, and with
 * KV_CONFLICT for more than KV_ACCESS_POLICIES_MAX; then nothing is changed. */
enum kv_code kv_access_set_policies(struct kv_access *access, const struct kv_vault *vault,
                                    const struct kv_policy *policies, size_t count, kv_millis now,
                                    struct kv_err *err) kv_must_check;

/* What would be stored of it; the vault need not be there. */
enum kv_code kv_access_check_policy(const struct kv_vault *vault, const struct kv_policy *policy,
                                    struct kv_policy *ret_policy, struct kv_err *err) kv_must_check;

/* Withdraws it; KV_NOT_FOUND. */
enum kv_code kv_access_remove_policy(struct kv_access *access, const struct kv_vault *vault,
                                     const char *principal, const char *application, kv_millis now,
                                     struct kv_err *err) kv_must_check;

/* Why an access policy, or else a role assignment, changes nothing at a vault of that mode; NULL: it
 * counts. */
const char *kv_access_idle_reason(const struct kv_vault *vault, bool is_policy);

struct kv_policy_list {
    struct kv_policy *policy; /* heap */
    size_t count;
};
void kv_policy_list_done(struct kv_policy_list *list);
KV_DEFINE_CLEANUP_VALUE(struct kv_policy_list, kv_policy_list_done)
enum kv_code kv_access_policies(struct kv_access *access, const struct kv_vault *vault,
                                struct kv_policy_list *ret_list, struct kv_err *err) kv_must_check;

/* A role of Azure. */
struct kv_access_role {
    char name[KV_UUID_LENGTH + 1];
    char role_name[KV_ACCESS_NAME_MAX + 1];
    bool is_built_in;
    char description[KV_ACCESS_NAME_MAX + 1];
    cJSON *data_actions, *not_data_actions; /* owned: arrays of texts, as the next ones are; of a */
    cJSON *actions, *not_actions;           /* draft NULL: none */
    cJSON *scopes;                          /* assignableScopes */
    kv_millis made, changed;                /* 0 of a built-in one, and before these were kept */
    char made_by[KV_UUID_LENGTH + 1],
        changed_by[KV_UUID_LENGTH + 1]; /* object ids; "": not known */
    bool is_data_only; /* of one that is put: its actions and scopes stay as they are */
};
void kv_access_role_done(struct kv_access_role *role);
KV_DEFINE_CLEANUP_VALUE(struct kv_access_role, kv_access_role_done)

/* KV_ROLE_DEFINITION_NOT_FOUND. */
enum kv_code kv_access_role_get(struct kv_access *access, const char *name,
                                struct kv_access_role *ret_role, struct kv_err *err) kv_must_check;

/* Calls `visit` for the built-in ones, then the custom ones in order of creation, until it fails; the role
 * is gone after the call. `custom_only` leaves out the former. */
typedef enum kv_code kv_access_role_visit_fn(void *context, const struct kv_access_role *role,
                                             struct kv_err *err);
enum kv_code kv_access_roles_each(struct kv_access *access, bool custom_only,
                                  kv_access_role_visit_fn *visit, void *context,
                                  struct kv_err *err) kv_must_check;

/* Makes or replaces a custom role, made by and changed by `changed_by` at `changed`. KV_BAD_PARAMETER for a name that is no GUID or that of a built-in
 * role, no role name, and lists of anything but actions; KV_ROLE_NAME_TAKEN for the name of another role;
 * KV_CONFLICT when there are KV_ACCESS_ROLES_MAX. */
enum kv_code kv_access_role_put(struct kv_access *access, const struct kv_access_role *role,
                                bool *ret_is_new, struct kv_err *err) kv_must_check;

/* Whether kv_access_role_put() would make it, a new one, after that many others. */
enum kv_code kv_access_role_check(struct kv_access *access, const struct kv_access_role *role,
                                  size_t others, struct kv_err *err) kv_must_check;

/* Whether a draft's `role` (above) means the one of these names: `text` is what a draft has. */
bool kv_access_role_is(const char *name, const char *role_name, const char *text);

/* KV_CONFLICT while it is assigned to somebody; KV_BAD_PARAMETER for a built-in one. */
enum kv_code kv_access_role_delete(struct kv_access *access, const char *name,
                                   struct kv_err *err) kv_must_check;

/* For the agenda: when a grant next begins to count, later than `after` (INT64_MAX: none); and how many
 * do at that time. */
enum kv_code kv_access_next_begin(struct kv_access *access, kv_millis after, kv_millis *ret_due,
                                  struct kv_err *err) kv_must_check;
enum kv_code kv_access_count_begun(struct kv_access *access, kv_millis at, int64_t *ret_count,
                                   struct kv_err *err) kv_must_check;

/* For the agenda: when a withdrawn grant next stops to count, later than `after` (INT64_MAX: none);
 * and the removal of those that no longer do. */
enum kv_code kv_access_next_end(struct kv_access *access, kv_millis after, kv_millis *ret_due,
                                struct kv_err *err) kv_must_check;
enum kv_code kv_access_remove_ended(struct kv_access *access, kv_millis now, int64_t *ret_count,
                                    struct kv_err *err) kv_must_check;
