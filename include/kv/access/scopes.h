/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kv/access/scopes.h - role assignments as the resource manager has them: at any scope, from "/" down to
 * a single key, under names that their makers choose; and what they let do there (control-plane.md §2.3,
 * §2.4).
 *
 * They are the same rows as those of kv/access/grants.h, and what that says of them, of delays and of
 * errors goes for these too. Scopes are ids in any case; one at a vault or below goes with the vault.
 * Thread-safe.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kv/base/clock.h"
#include "kv/base/err.h"
#include "kv/base/uuid.h"

#define KV_ACCESS_ID_MAX 2048        /* bytes of a scope */
#define KV_ACCESS_CONDITION_MAX 8192 /* bytes of a condition */
#define KV_ACCESS_DESCRIPTION_MAX 1024
#define KV_ACCESS_TYPE_MAX 32 /* of "ServicePrincipal" */

struct kv_access;
struct kv_buf;

/* A role assignment, or a deny assignment. */
struct kv_scoped_assignment {
    char name[KV_UUID_LENGTH + 1];
    char principal[KV_UUID_LENGTH + 1]; /* object id */
    char role[KV_UUID_LENGTH + 1];
    char principal_type[KV_ACCESS_TYPE_MAX + 1]; /* "ServicePrincipal"; "": nobody said */
    char made_by[KV_UUID_LENGTH + 1], changed_by[KV_UUID_LENGTH + 1]; /* "": not known */
    char *scope;                                                      /* owned, as the next are */
    char *description, *condition, *condition_version;                /* NULL: none */
    kv_millis made, changed;
    bool deny;
    int64_t mark; /* its place in lists */
};
void kv_scoped_assignment_done(struct kv_scoped_assignment *assignment);
KV_DEFINE_CLEANUP_VALUE(struct kv_scoped_assignment, kv_scoped_assignment_done)

/* One to be made; all borrowed. NULL: not given. */
struct kv_scoped_draft {
    const char *name, *scope, *principal;
    const char *role; /* its GUID, or an id of any form that ends with it */
    const char *principal_type, *description, *condition, *condition_version;
    const char *by; /* object id of who makes it */
};

/*
 * Makes it, or changes what may change of one of that name: description, condition, type.
 * KV_ROLE_ASSIGNMENT_INVALID_ID, KV_ROLE_DEFINITION_DOES_NOT_EXIST, KV_ROLE_ASSIGNMENT_EXISTS for the
 * same under another name, KV_ROLE_ASSIGNMENT_UPDATE_NOT_PERMITTED for another one under the same name;
 * KV_BAD_PARAMETER for texts that are too long, KV_ARM_INVALID_ID for what is no scope,
 * KV_VAULT_NOT_FOUND for one at a vault that is not there; KV_CONFLICT when there are too many.
 */
enum kv_code kv_access_put_at(struct kv_access *access, const struct kv_scoped_draft *draft,
                              kv_millis now, bool *ret_is_new,
                              struct kv_scoped_assignment *ret_assignment,
                              struct kv_err *err) kv_must_check;

/* The one of that name at that scope, or with NULL wherever it is; deny assignments have names of their
 * own. KV_ROLE_ASSIGNMENT_NOT_FOUND. */
enum kv_code kv_access_get_at(struct kv_access *access, const char *scope, const char *name,
                              bool deny, struct kv_scoped_assignment *ret_assignment,
                              struct kv_err *err) kv_must_check;

/* Withdraws it; the same. */
enum kv_code kv_access_delete_at(struct kv_access *access, const char *scope, const char *name,
                                 kv_millis now, struct kv_err *err) kv_must_check;

/* Withdraws at once all that is at that resource or group, or below: for whoever deletes it. */
enum kv_code kv_access_delete_below(struct kv_access *access, const char *scope,
                                    struct kv_err *err) kv_must_check;

struct kv_scoped_filter {
    const char *scope;                            /* those at it and above it, */
    bool not_below;                               /* and unless this is set those below it */
    bool deny;                                    /* deny assignments alone; or else the others */
    const char (*principals)[KV_UUID_LENGTH + 1]; /* of one of these; NULL: of anybody */
    size_t principal_count;
    int64_t after; /* a mark: only those behind it; 0: from the beginning */
};

/* Calls `visit` for each, in the order in which they were made, until it says that it has enough or
 * fails. The assignment is gone after the call. */
typedef enum kv_code kv_scoped_visit_fn(void *context,
                                        const struct kv_scoped_assignment *assignment,
                                        bool *ret_enough, struct kv_err *err);
enum kv_code kv_access_each_at(struct kv_access *access, const struct kv_scoped_filter *filter,
                               kv_scoped_visit_fn *visit, void *context,
                               struct kv_err *err) kv_must_check;

/* What somebody wants to do through the resource manager; all borrowed. */
struct kv_action_question {
    const char *object_id;
    const char (*groups)[KV_UUID_LENGTH + 1]; /* object ids of those that the caller is in */
    size_t group_count;
    const char *action; /* "Microsoft.KeyVault/vaults/write" */
    const char *scope;  /* of what it is done to */
    const char *role;   /* GUID of the role that is assigned or withdrawn by it; NULL: none is */
    kv_millis now;
};

/* KV_UNAVAILABLE while what was granted cannot be read. */
enum kv_code kv_access_check_action(struct kv_access *access,
                                    const struct kv_action_question *question, bool *ret_allowed,
                                    struct kv_err *err) kv_must_check;

/* Whether the first id is the second or lies below it. */
bool kv_scope_is_within(const struct kv_access *access, const char *scope, const char *above);

/* The condition that a built-in role restricts its own assignments by; "": appends nothing. */
enum kv_code kv_access_role_condition(const char *role, struct kv_buf *buf,
                                      struct kv_err *err) kv_must_check;
