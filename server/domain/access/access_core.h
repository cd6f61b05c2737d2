/* SPDX-License-Identifier: Apache-2.0 */
/*
 * access_core.h - what the files of grants and their check share. Private to domain/access.
 */
#pragma once

#include <pthread.h>
#include <stdatomic.h>

#include "kv/access/firewall.h"
#include "kv/access/grants.h"
#include "kv/access/roles.h"
#include "kv/access/scopes.h"
#include "kv/store/store.h"

struct access_index;

struct kv_access {
    struct kv_store *store;
    struct kv_roles *roles;
    struct kv_events *events;
    char tenant[KV_UUID_LENGTH + 1];       /* lower case, as the next one is */
    char subscription[KV_UUID_LENGTH + 1]; /* GUID */
    kv_millis delay, firewall_delay;
    pthread_mutex_t reading;      /* lock.def: access.reading */
    atomic_uint_fast64_t edition; /* counts committed changes; the index has that of its reading */

    pthread_rwlock_t lock;      /* lock.def: access.index; guards the next one */
    struct access_index *index; /* NULL: not read yet */
};

/* Says that something was committed: a check that begins later does not use what was read before. */
void access_changed(void *access);

/* --- actions.c: what roles say --- */

/* Whether a pattern of a role covers an action: * is any run of characters, / too; in any case. */
bool access_action_matches(const char *pattern, const char *action);

/* Which of the two names of a permission a role speaks of. */
enum access_plane { ACCESS_OF_VAULTS, ACCESS_OF_HSMS };

/* The permissions whose full action a pattern covers. */
kv_permissions access_permissions_of(enum access_plane plane, const char *pattern);

/* The same for arrays of patterns: what the first covers and the second does not; NULL is empty. */
kv_permissions access_compile(enum access_plane plane, const cJSON *actions,
                              const cJSON *not_actions);

/* Whether one of the patterns, separated by blanks, covers the action, a star between two slashes
 * standing for nothing, too, as in Azure: whoever may read all below vaults may read vaults. */
bool access_actions_cover(const char *patterns, const char *action);

/* The same for the actions of a built-in role, as its table has them. */
kv_permissions access_compile_row(enum access_plane plane, const char *actions);

/* --- vault_roles.c: the built-in roles of Azure --- */
struct access_built_in {
    const char *name, *role_name;
    const char *actions; /* on data */
    const char *description, *control_actions, *control_not_actions;
    const char *roles; /* those that it may assign; "": whichever its actions let it */
};
const struct access_built_in *access_built_in(size_t i); /* NULL beyond the last */
const struct access_built_in *access_built_in_of(const char *name);

/* Whether two names of roles are the same but for case, blanks, dashes and underscores. */
bool access_role_name_is(const char *role_name, const char *text);

/* Finds a role by GUID, definition id, or name. */
enum kv_code access_find_role(struct kv_db *db, const char *text, char ret_name[KV_UUID_LENGTH + 1],
                              struct kv_err *err) kv_must_check;

/* --- places.c: scopes --- */
enum access_level { /* in the store: do not renumber */
                    ACCESS_ROOT = 0,
                    ACCESS_MANAGEMENT_GROUP = 1,
                    ACCESS_SUBSCRIPTION = 2,
                    ACCESS_GROUP = 3,
                    ACCESS_VAULT = 4,
                    ACCESS_KEY = 5,
                    ACCESS_RESOURCE = 6, /* anything else that has an id */
};

/* Of a row of access_assignment: whether it is above that vault, whose id is an SQL expression. */
#define ACCESS_IS_ABOVE(vault_)                                                                    \
    "(level < 3 OR (level = 3 AND place = (SELECT resource_group FROM vault WHERE id = " vault_    \
    ")))"

#define ACCESS_KEY_MAX 127
struct access_place {
    enum access_level level;
    char key[ACCESS_KEY_MAX + 1]; /* "" unless it is one; as it was given */
};

/* Reads the scope of a draft for a vault; KV_BAD_PARAMETER. */
enum kv_code access_place_parse(const struct kv_access *access,
                                const struct kv_assignment_draft *draft,
                                struct access_place *ret_place, struct kv_err *err) kv_must_check;

/* The same for a managed HSM: "/", "/keys", "/keys/{name}". */
enum kv_code access_hsm_scope_parse(const struct kv_assignment_draft *draft,
                                    char ret_scope[KV_ROLE_SCOPE_MAX + 1],
                                    struct kv_err *err) kv_must_check;

/* The id of a place, as the resource manager spells it: one that reaches the vault. */
void access_place_render(const struct kv_access *access, const struct access_place *place,
                         const struct kv_vault *vault, char ret_scope[KV_ACCESS_SCOPE_MAX + 1]);

/* --- scopes.c: any id of the resource manager --- */

#define ACCESS_LISTS_MAX 65536 /* bytes of one list of actions */

/* What is looked up for an id, whatever case it is in. */
void access_scope_digest(const char *scope, char ret_digest[KV_UUID_LENGTH + 1]);

/* The id that an assignment is at; of a row with level, place, key, and group and name of the vault from
 * that column on. */
void access_scope_of_row(const struct kv_access *access, const struct kv_rows *rows, int column,
                         char ret_scope[KV_ACCESS_ID_MAX + 1]);

/* What a row is stored with for such an id. */
struct access_site {
    enum access_level level;
    struct kv_bind vault;             /* NULL above vaults, and of other resources */
    char key[ACCESS_KEY_MAX + 1];     /* "" unless it is one */
    char place[KV_ACCESS_ID_MAX + 1]; /* a group's name, an id; else "" */
};

/* KV_ARM_INVALID_ID for what cannot be, KV_VAULT_NOT_FOUND for a vault that is not there: within its
 * group, whose name goes with it. */
enum kv_code access_scope_parse(const struct kv_access *access, struct kv_db *db, const char *scope,
                                struct access_site *ret_site, struct kv_err *err) kv_must_check;

/* --- condition.c: whom an assignment lets assign which roles --- */

/* A condition that restricts who has it to these roles, blanks between them; nothing for "". */
enum kv_code access_condition_print(const char *roles, struct kv_buf *buf,
                                    struct kv_err *err) kv_must_check;

/* Whether a condition lets do the action, with that role; NULL: none is known. What it says of other
 * things than roles cannot be judged here, and is not met. */
bool access_condition_allows(const char *condition, const char *action, const char *role);

/* --- index.c: what was granted, in memory --- */
enum access_kind { ACCESS_POLICY, ACCESS_GRANT, ACCESS_DENY };

struct access_rule {
    struct access_rule *next;
    enum access_kind kind;
    kv_permissions permissions;
    kv_millis since, until;
    char name[KV_UUID_LENGTH + 1];             /* of an assignment */
    char application[KV_UUID_LENGTH + 1];      /* of a policy; "": any */
    const struct access_role_actions *actions; /* of the role, in the same index; NULL: none */
    char *condition;                           /* of the assignment; NULL: none */
};

/* For whom and where; compared by its bytes, up to the end of the key. */
struct access_spot {
    int64_t vault; /* 0: above all of them; or one of the next two, which no vault has */
    char principal[KV_UUID_LENGTH + 1];
    char key[ACCESS_KEY_MAX + 1]; /* lower case; "": the vault itself; ACCESS_ALL_KEYS */
};
#define ACCESS_ALL_KEYS "*"         /* the scope /keys of a managed HSM */
#define ACCESS_IN_GROUP INT64_C(-2) /* the key is the name of a resource group */
#define ACCESS_AT_SCOPE INT64_C(-3) /* the key is access_scope_digest() of any id */

/* Both fold case. */
void access_spot_fill(struct access_spot *spot, int64_t vault, const char *principal,
                      const char *key);
void access_spot_move(struct access_spot *spot, int64_t vault, const char *key);
const struct access_rule *access_index_find(const struct access_index *index,
                                            const struct access_spot *spot);

enum kv_code access_index_new(uint64_t edition, struct access_index **ret_index,
                              struct kv_err *err) kv_must_check;
void access_index_free(struct access_index *index);
KV_DEFINE_CLEANUP(struct access_index *, access_index_free)
uint64_t access_index_edition(const struct access_index *index);

/* Adds a copy of the rule, and of its condition. */
enum kv_code access_index_add(struct access_index *index, const struct access_spot *spot,
                              const struct access_rule *rule, struct kv_err *err) kv_must_check;

/* What a role lets do through the resource manager: actions separated by blanks, and on which
 * condition; "": none. */
struct access_role_actions {
    const char *actions, *not_actions, *condition;
};

/* Roles, compiled once; `vault` 0: of Azure, otherwise of that managed HSM. Copies the actions; NULL:
 * it has none. */
enum kv_code access_index_add_role(struct access_index *index, int64_t vault, const char *name,
                                   kv_permissions permissions,
                                   const struct access_role_actions *actions,
                                   struct kv_err *err) kv_must_check;
const struct access_role_actions *access_index_role_actions(const struct access_index *index,
                                                            const char *name);
kv_permissions access_index_role(const struct access_index *index, int64_t vault, const char *name);

/* Network settings of a vault, in the order in which they were made. */
struct access_network {
    struct access_network *next;
    struct kv_network sorted;
};
const struct access_network *access_index_networks(const struct access_index *index, int64_t vault);

/* Takes the settings over, and sorts their lists. */
enum kv_code access_index_take_network(struct access_index *index, int64_t vault,
                                       struct kv_network *network,
                                       struct kv_err *err) kv_must_check;

/* index_read.c: reads everything that was committed before. */
enum kv_code access_index_read(struct kv_access *access, struct access_index *index,
                               struct kv_err *err) kv_must_check;

/* network_rows.c: reads these columns of a row, the first of them at `column`, into a zeroed struct. */
enum kv_code access_network_read(const struct kv_rows *rows, int column, struct kv_network *network,
                                 struct kv_err *err) kv_must_check;
#define ACCESS_NETWORK_COLUMNS                                                                     \
    "default_action, bypass, public_access, ip_rules, private_endpoints, since, until"

/* --- decide.c --- */

/* Whether the index knows all that was committed before `edition` was asked for; with the lock. */
bool access_is_current_locked(const struct kv_access *access, uint64_t edition);

/* Reads it anew, unless somebody has; KV_UNAVAILABLE. */
enum kv_code access_read_anew(struct kv_access *access, uint64_t wanted,
                              struct kv_err *err) kv_must_check;

/* --- grants_list.c --- */

/* One that reaches the vault; KV_ROLE_ASSIGNMENT_NOT_FOUND, also for a name that is no GUID. */
enum kv_code access_find_assignment(struct kv_access *access, const struct kv_vault *vault,
                                    const char *name, struct kv_assignment *ret_assignment,
                                    struct kv_err *err) kv_must_check;

/* --- grants.c --- */

/* Begins a write at that vault; KV_VAULT_NOT_FOUND if it has been purged meanwhile. */
enum kv_code access_begin(struct kv_access *access, int64_t vault, struct kv_db **ret_db,
                          struct kv_err *err) kv_must_check;

/* From when a grant that is made now counts, and until when one that is withdrawn now. */
kv_millis access_since(const struct kv_access *access, kv_millis now);

/* Copies a GUID in lower case; KV_BAD_PARAMETER that names `what`. */
enum kv_code access_fold(const char *text, const char *what, char ret_guid[KV_UUID_LENGTH + 1],
                         struct kv_err *err) kv_must_check;
