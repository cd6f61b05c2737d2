/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kv/access/roles.h - what a managed HSM keeps beside its keys: role definitions, role assignments and
 * settings (contract §12, control-plane.md §2.6).
 *
 * `vault` is the id of the HSM in question; HSMs do not see each other's data. Who may do
 * what by them is decided in kv/access/access.h. Once a call has returned KV_OK its effect is on disk. Thread-safe. Errors carry the
 * service's texts where they are known.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cjson/cJSON.h>

#include "kv/base/err.h"
#include "kv/base/uuid.h"

#define KV_ROLE_NAME_MAX 512        /* bytes of a role's name, and of its description */
#define KV_ROLE_LISTS_MAX 65536     /* bytes of its permissions as JSON, and of its scopes */
#define KV_ROLE_SCOPE_MAX 140       /* "/", "/keys" or "/keys/{name}" */
#define KV_CUSTOM_ROLES_MAX 50      /* of an HSM */
#define KV_ROLE_ASSIGNMENTS_MAX 500 /* of an HSM */

struct kv_store;
struct kv_db;
struct kv_roles; /* opaque */

/* Migrates its tables. Free with kv_roles_free(). */
enum kv_code kv_roles_new(struct kv_store *store, struct kv_roles **ret_roles,
                          struct kv_err *err) kv_must_check;
void kv_roles_free(struct kv_roles *roles);
KV_DEFINE_CLEANUP(struct kv_roles *, kv_roles_free)

/* Removes everything of an HSM, or of KV_VAULTS_ALL: a kv_vault_empty_fn, with `roles` as its
 * context. */
enum kv_code kv_roles_empty(void *roles, struct kv_db *db, int64_t vault,
                            struct kv_err *err) kv_must_check;

/* Copies them from the database that is attached: a kv_vault_bring_fn, with `roles` as its context. */
enum kv_code kv_roles_bring(void *roles, struct kv_db *db, int64_t saved, int64_t vault,
                            struct kv_err *err) kv_must_check;

/* A role definition. */
struct kv_role {
    char name[KV_UUID_LENGTH + 1]; /* lower case */
    bool is_built_in;
    char role_name[KV_ROLE_NAME_MAX + 1];
    char description[KV_ROLE_NAME_MAX + 1];
    cJSON *permissions; /* owned: an array of objects, each with four arrays of texts */
    cJSON *scopes;      /* owned: assignableScopes, an array of texts */
};
void kv_role_done(struct kv_role *role);
KV_DEFINE_CLEANUP_VALUE(struct kv_role, kv_role_done)

struct kv_role_list {
    struct kv_role *role; /* heap */
    size_t count;
};
void kv_role_list_done(struct kv_role_list *list);
KV_DEFINE_CLEANUP_VALUE(struct kv_role_list, kv_role_list_done)

/* The built-in ones, then the custom ones in order of creation. */
enum kv_code kv_role_list(struct kv_roles *roles, int64_t vault, struct kv_role_list *ret_list,
                          struct kv_err *err) kv_must_check;

/* KV_ROLE_DEFINITION_NOT_FOUND, also for a name that is not a GUID. */
enum kv_code kv_role_get(struct kv_roles *roles, int64_t vault, const char *name,
                         struct kv_role *ret_role, struct kv_err *err) kv_must_check;

/* Creates or replaces a custom role; the name in `role` is ignored. KV_BAD_PARAMETER for the name
 * of a built-in role or one that is not a GUID, KV_CONFLICT if there are KV_CUSTOM_ROLES_MAX
 * already. */
enum kv_code kv_role_put(struct kv_roles *roles, int64_t vault, const char *name,
                         const struct kv_role *role, struct kv_err *err) kv_must_check;

/* Removes a custom role and returns it; KV_CONFLICT while it is assigned to anybody. */
enum kv_code kv_role_delete(struct kv_roles *roles, int64_t vault, const char *name,
                            struct kv_role *ret_role, struct kv_err *err) kv_must_check;

struct kv_role_assignment {
    char name[KV_UUID_LENGTH + 1];       /* lower case, as are the next two */
    char principal[KV_UUID_LENGTH + 1];  /* object id */
    char definition[KV_UUID_LENGTH + 1]; /* name of the role definition */
    char scope[KV_ROLE_SCOPE_MAX + 1];
};

struct kv_role_assignment_list {
    struct kv_role_assignment *assignment; /* heap */
    size_t count;
};
void kv_role_assignment_list_done(struct kv_role_assignment_list *list);
KV_DEFINE_CLEANUP_VALUE(struct kv_role_assignment_list, kv_role_assignment_list_done)

struct kv_role_filter {
    const char *scope;
    bool not_below;        /* only at the scope and above it */
    const char *principal; /* NULL: anybody */
};

/* Those at, above and below a scope, in order of creation. */
enum kv_code kv_role_assignment_list(struct kv_roles *roles, int64_t vault,
                                     const struct kv_role_filter *filter,
                                     struct kv_role_assignment_list *ret_list,
                                     struct kv_err *err) kv_must_check;

/* KV_ROLE_ASSIGNMENT_NOT_FOUND, also if it belongs to another scope. */
enum kv_code kv_role_assignment_get(struct kv_roles *roles, int64_t vault, const char *scope,
                                    const char *name, struct kv_role_assignment *ret_assignment,
                                    struct kv_err *err) kv_must_check;

struct kv_role_assignment_args {
    const char *name, *scope, *principal, *definition;
};

/*
 * Creates an assignment; creating the same one again is fine. KV_BAD_PARAMETER for anything that
 * should be a GUID and is not, KV_ROLE_DEFINITION_NOT_FOUND, KV_ROLE_ASSIGNMENT_EXISTS if the name
 * belongs to a different assignment, KV_CONFLICT if there are KV_ROLE_ASSIGNMENTS_MAX already.
 */
enum kv_code kv_role_assignment_put(struct kv_roles *roles, int64_t vault,
                                    const struct kv_role_assignment_args *args,
                                    struct kv_role_assignment *ret_assignment,
                                    struct kv_err *err) kv_must_check;

/* Removes an assignment and returns it. */
enum kv_code kv_role_assignment_delete(struct kv_roles *roles, int64_t vault, const char *scope,
                                       const char *name, struct kv_role_assignment *ret_assignment,
                                       struct kv_err *err) kv_must_check;

/* The existing settings, each true or false: contract §12. NULL beyond the last one. */
const char *kv_hsm_setting_name(size_t i);

struct kv_hsm_setting {
    const char *name; /* a literal, in the service's spelling */
    bool value;
};

/* KV_NOT_FOUND for a setting that does not exist. Names are compared ignoring case. */
enum kv_code kv_hsm_setting_get(struct kv_roles *roles, int64_t vault, const char *name,
                                struct kv_hsm_setting *ret_setting,
                                struct kv_err *err) kv_must_check;
enum kv_code kv_hsm_setting_put(struct kv_roles *roles, int64_t vault, const char *name, bool value,
                                struct kv_err *err) kv_must_check;
