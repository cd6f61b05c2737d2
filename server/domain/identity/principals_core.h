/* SPDX-License-Identifier: Apache-2.0 */
/*
 * principals_core.h - what the files of principals share. Private to domain/identity.
 *
 * A row of the store is a principal that somebody has registered or changed. One that is made anew
 * leaves its row behind without a name, so that its ids stay taken and deleted.
 */
#pragma once

#include <pthread.h>
#include <stdatomic.h>

#include "kv/identity/registry.h"
#include "kv/store/store.h"

#define PRINCIPALS_FORMER_MAX 1000   /* rows without a name that are kept, the newest */
#define PRINCIPALS_MEMBERS_MAX 50000 /* of all groups together */

struct principals_index;

struct kv_principals {
    struct kv_store *store;
    struct kv_identity *identity;
    bool refuses_unknown;
    struct kv_principal_entry system; /* the default identity as it is made up */
    pthread_mutex_t reading;          /* lock.def: principals.reading */
    atomic_uint resets;               /* begun and ended: odd while the next one is at it */
    pthread_t resetter;               /* set before */
    atomic_uint_fast64_t edition; /* counts committed changes; the index has that of its reading */

    pthread_rwlock_t lock;          /* lock.def: principals.index; guards the next one */
    struct principals_index *index; /* NULL: not read yet */
};

/* --- principals.c: who was asked for --- */

/* Who has that name, or id, when nobody registered it; false: nobody can have it. */
bool principals_make_up(const struct kv_principals *principals, const char *name,
                        struct kv_principal_entry *ret_entry);

/* How long such a name may be, including its NUL: resource ids may be longer. */
static inline size_t principals_name_size(const char *name)
{
    return *name == '/' ? KV_PRINCIPAL_RESOURCE_SIZE : KV_PRINCIPAL_NAME_SIZE;
}

enum kv_code principals_fail_unknown(const char *name, struct kv_err *err);

/* --- principals_index.c --- */

/* Lower case, of ASCII; a text that does not fit is cut. */
void principals_fold(const char *text, char *ret_text, size_t size);

/* What one is found by; a former one by its ids alone. */
enum principals_key {
    PRINCIPALS_BY_NAME,
    PRINCIPALS_BY_CLIENT,
    PRINCIPALS_BY_OBJECT,
    PRINCIPALS_BY_RESOURCE,
};

enum kv_code principals_index_new(uint64_t edition, struct principals_index **ret_index,
                                  struct kv_err *err) kv_must_check;
void principals_index_free(struct principals_index *index);
KV_DEFINE_CLEANUP(struct principals_index *, principals_index_free)
uint64_t principals_index_edition(const struct principals_index *index);

enum kv_code principals_index_add(struct principals_index *index,
                                  const struct kv_principal_entry *entry, bool is_former,
                                  struct kv_err *err) kv_must_check;
enum kv_code principals_index_add_member(struct principals_index *index, const char *group,
                                         const char *member, struct kv_err *err) kv_must_check;

/* NULL: there is none. Ignores case. */
const struct kv_principal_entry *principals_index_find(const struct principals_index *index,
                                                       enum principals_key key, const char *text);
bool principals_index_has_groups(const struct principals_index *index, const char *object_id);
size_t principals_index_groups(const struct principals_index *index, const char *object_id,
                               char ret_ids[][KV_UUID_LENGTH + 1], size_t max);

/* Whether somebody is in more groups than there may be. */
bool principals_index_is_over(const struct principals_index *index);

/* The first of that type that is not deleted, and how many there are; NULL: none. */
const struct kv_principal_entry *principals_index_only(const struct principals_index *index,
                                                       enum kv_principal_type type,
                                                       size_t *ret_count);

/* --- principals_read.c --- */

/* Adds all that the connection sees. */
enum kv_code principals_index_read(struct kv_db *db, struct principals_index *index,
                                   struct kv_err *err) kv_must_check;

/*
 * Locks the index for reading, as it is after all that was committed before; the caller unlocks
 * principals->lock. KV_UNAVAILABLE, and nothing is locked.
 */
enum kv_code principals_lock(struct kv_principals *principals, struct kv_err *err) kv_must_check;

/* A row of "SELECT " PRINCIPALS_COLUMNS " FROM principal". */
#define PRINCIPALS_COLUMNS                                                                         \
    "id, name, type, state, registered, object_id, client_id, tenant, resource, upn, trusted, "    \
    "revoked"
struct principals_row {
    int64_t id; /* 0: it is no row, but made up */
    bool is_former;
    struct kv_principal_entry entry;
};
void principals_row_read(const struct kv_rows *rows, struct principals_row *ret_row);

/* --- principals_write.c --- */

/* A connection on which a transaction has begun. */
enum kv_code principals_begin(struct kv_principals *principals, struct kv_db **ret_db,
                              struct kv_err *err) kv_must_check;
enum kv_code principals_commit(struct kv_principals *principals, struct kv_db *db,
                               struct kv_err *err) kv_must_check;

/* Who has that name as kv_principals_find_name() takes it: a row, deleted ones too, or made up.
 * KV_NOT_FOUND for nobody, and KV_BAD_PARAMETER for who cannot be. */
enum kv_code principals_resolve(struct kv_principals *principals, struct kv_db *db,
                                const char *name, struct principals_row *ret_row,
                                struct kv_err *err) kv_must_check;

/* The same, but KV_NOT_FOUND for a deleted one and for an unknown one where those are refused. */
enum kv_code principals_resolve_living(struct kv_principals *principals, struct kv_db *db,
                                       const char *name, struct principals_row *ret_row,
                                       struct kv_err *err) kv_must_check;

/* The same, and one that was made up becomes a row. */
enum kv_code principals_hold(struct kv_principals *principals, struct kv_db *db, const char *name,
                             struct principals_row *ret_row, struct kv_err *err) kv_must_check;

/* Inserts it; *ret_id is its row. KV_CONFLICT when there are as many as there may be. */
enum kv_code principals_insert(struct kv_db *db, const struct kv_principal_entry *entry,
                               int64_t *ret_id, struct kv_err *err) kv_must_check;

/* Of those that have no name any more the newest are enough: the tokens of the others have expired
 * long since. */
enum kv_code principals_forget_oldest(struct kv_db *db, struct kv_err *err) kv_must_check;
