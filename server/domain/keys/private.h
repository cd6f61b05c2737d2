/* SPDX-License-Identifier: Apache-2.0 */
/*
 * private.h - what the files of domain/keys share: the store behind struct kv_keys, a key's phase
 * at a moment, and the reading of rows.
 */
#pragma once

#include <pthread.h>
#include <stdatomic.h>

#include "kv/keys/keys.h"
#include "kv/keys/rotation.h"
#include "kv/store/store.h"

/* What crypto operations have looked up lately (recent.c). */
#define KEY_LEASES_MAX 64
struct key_leases {
    pthread_mutex_t mutex; /* lock.def: keys.leases */
    struct key_lease *slot[KEY_LEASES_MAX];
};
void key_leases_init(struct key_leases *leases);
void key_leases_done(struct key_leases *leases);

struct kv_keys {
    struct kv_keys_config config; /* immutable */
    struct key_leases leases;
    atomic_bool stop; /* tidying ends between two objects */
    atomic_ulong rotations_requested, rotations_automatic, rotations_failed;
    atomic_bool has_manager; /* the external key manager is connected */
};

/* The name a key is stored under: upper-cased (contract §1). */
struct name_fold {
    char text[KV_KEY_NAME_MAX + 1];
};

/* Checks the name and folds it. */
enum kv_code name_fold(const char *name, struct name_fold *ret_fold,
                       struct kv_err *err) kv_must_check;

/* The type a vault makes of the one that was asked for (contract §6.1, §7): as it is, or what a
 * Managed HSM makes of it. `name` NULL: none was given. */
enum kv_code key_type_choose(const struct kv_scope *scope, const char *name, enum kv_kty *ret_kty,
                             struct kv_err *err) kv_must_check;

/* Refuses a size that keys of that family do not have (contract §7). */
enum kv_code key_size_check(enum kv_family family, int64_t bits, struct kv_err *err) kv_must_check;

/* key_ops of a key of that family in such a vault; refuses what it cannot do (contract §7). */
enum kv_code key_ops_choose(const struct kv_scope *scope, enum kv_family family,
                            const struct kv_key_op_names *names, struct kv_key_ops *ret_ops,
                            struct kv_err *err) kv_must_check;

/* key_ops as they are stored: wire names separated by blanks. */
#define KEY_OPS_TEXT_SIZE 128
void key_ops_render(const struct kv_key_ops *ops, char ret_text[KEY_OPS_TEXT_SIZE]);
void key_ops_parse(const char *text, struct kv_key_ops *ret_ops);

/* Column key.state. With key.ready and key.purge it gives the phase at a moment. */
enum key_state { STATE_LIVE = 0, STATE_DELETED = 1, STATE_PURGED = 2 };

enum key_phase {
    PHASE_NONE, /* nobody has the name; a row of it, if any, is to be cleaned away */
    PHASE_LIVE,
    PHASE_DELETING, /* DELETE was answered, its pending phase runs */
    PHASE_DELETED,
    PHASE_RECOVERING, /* recover was answered, its pending phase runs */
    PHASE_PURGING     /* purge was answered, the name is not free yet */
};

/* A row of `key`, without its versions. */
struct key_row {
    int64_t id; /* 0: there is no row */
    int64_t latest;
    enum key_phase phase;
};

/* Reads the row of a name and what it means at scope->now. */
enum kv_code key_row_load(struct kv_db *db, const struct kv_scope *scope,
                          const struct name_fold *fold, struct key_row *ret_row,
                          struct kv_err *err) kv_must_check;

/* What key_read() takes of `version v` and `key k`: KEY_COLUMNS to select, COLUMN_... to read. */
#define KEY_COLUMN_ROWS(X)                                                                         \
    X(NAME, "k.name")                                                                              \
    X(VERSION, "v.version")                                                                        \
    X(KTY, "v.kty")                                                                                \
    X(OPS, "v.ops")                                                                                \
    X(OBJECT, "coalesce((SELECT object FROM external_key WHERE id = v.external), v.object)")       \
    X(BITS, "v.bits")                                                                              \
    X(MODULUS, "v.modulus")                                                                        \
    X(EXPONENT, "v.exponent")                                                                      \
    X(CURVE, "v.curve")                                                                            \
    X(POINT_X, "v.x")                                                                              \
    X(POINT_Y, "v.y")                                                                              \
    X(ENABLED, "v.enabled")                                                                        \
    X(NOT_BEFORE, "v.not_before")                                                                  \
    X(EXPIRES, "v.expires")                                                                        \
    X(CREATED, "v.created")                                                                        \
    X(UPDATED, "v.updated")                                                                        \
    X(TAGS, "v.tags")                                                                              \
    X(MEMBERS, "v.members")                                                                        \
    X(EXTERNAL, "v.external")                                                                      \
    X(EXPORTABLE, "k.exportable")                                                                  \
    X(POLICY, "k.policy")                                                                          \
    X(POLICY_TYPE, "k.policy_type")                                                                \
    X(POLICY_IMMUTABLE, "k.policy_immutable")                                                      \
    X(DELETED, "k.deleted")                                                                        \
    X(PURGE, "k.purge")

#define KEY_COLUMN_SQL(symbol, sql) ", " sql
#define KEY_COLUMN_NUMBER(symbol, sql) COLUMN_##symbol,
#define KEY_COLUMNS "v.id" KEY_COLUMN_ROWS(KEY_COLUMN_SQL)
enum key_column {
    COLUMN_ID,
    KEY_COLUMN_ROWS(KEY_COLUMN_NUMBER) COLUMN_MARKER /* what the statements of lists add */
};

/* Conditions on key.state, key.ready and key.purge; ?1 vault, ?2 now in ms, ?3 now in seconds. */
#define KEY_IS_LIVE "k.vault = ?1 AND k.state = 0 AND k.ready <= ?2"
#define KEY_IS_DELETED "k.vault = ?1 AND k.state = 1 AND k.ready <= ?2 AND k.purge > ?3"

/* Tags from their packed form; anything that is not one has none. */
enum kv_code tags_copy(const char *packed, size_t len, struct kv_tags *ret_tags,
                       struct kv_err *err) kv_must_check;

/*
 * What was sent about releasing, for a key that is to have these `ops`, against what the key is
 * now; `key` NULL: there is none yet. What comes of it is whether the key is exportable, for good.
 */
enum kv_code release_check(const struct kv_scope *scope, const struct kv_release_args *args,
                           enum kv_kty kty, const struct kv_key_ops *ops, const struct kv_key *key,
                           bool *ret_exportable, struct kv_err *err) kv_must_check;

/* The same, by the name: for what makes a version. */
enum kv_code release_check_name(const struct kv_scope *scope, const char *name,
                                const struct kv_release_args *args, enum kv_kty kty,
                                const struct kv_key_ops *ops, bool *ret_exportable,
                                struct kv_err *err) kv_must_check;

/* What was sent, as a draft carries it; borrowed. */
struct kv_release_terms release_terms(const struct kv_release_args *args, bool exportable);

/* Stores the terms of a draft, if there are any, with the key of that row. In a transaction. */
enum kv_code release_save(struct kv_db *db, int64_t key_id, const struct kv_release_terms *terms,
                          struct kv_err *err) kv_must_check;

/* Moves a key: the caller's now, nothing left behind to be freed. */
static inline struct kv_key key_take(struct kv_key *key)
{
    struct kv_key taken = *key;

    *key = (struct kv_key){ .version = "" };
    return taken;
}

/* Copies the present row into *ret_key, which need not be initialised. */
enum kv_code key_read(const struct kv_rows *rows, struct kv_key *ret_key,
                      struct kv_err *err) kv_must_check;

/* A date for a column: NULL when there is none. */
static inline struct kv_bind key_bind_time(struct kv_maybe_time time)
{
    return time.given ? KV_B_INT(time.value) : KV_B_NULL;
}

/* KV_OK unless the key is one of an external key manager that is not connected. */
enum kv_code external_check(const struct kv_scope *scope, const struct kv_key *key,
                            struct kv_err *err) kv_must_check;

/* Refuses what cannot be done with a key of an external key manager, `what` being the verb. */
enum kv_code external_refuse(const struct kv_key *key, const char *what,
                             struct kv_err *err) kv_must_check;

/* Loads one version by its row id. */
enum kv_code key_load(struct kv_db *db, int64_t version_id, struct kv_key *ret_key,
                      struct kv_err *err) kv_must_check;

/* Loads a live version, the latest when `version` is NULL; *ret_id is its row. KV_KEY_NOT_FOUND
 * with the long text of contract §9.4. */
enum kv_code key_find(struct kv_db *db, const struct kv_scope *scope, const char *name,
                      const char *version, struct kv_key *ret_key, int64_t *ret_id,
                      struct kv_err *err) kv_must_check;

/*
 * What kv_key_get() gives, shared between those who ask for the same version at the same time, so
 * that an operation a client repeats does not go to the store each time. Give it back.
 */
struct key_lease;
enum kv_code key_lease_acquire(const struct kv_scope *scope, const char *name, const char *version,
                               struct key_lease **ret_lease, struct kv_err *err) kv_must_check;
const struct kv_key *key_lease_key(const struct key_lease *lease);
void key_lease_release(struct key_lease *lease);
KV_DEFINE_CLEANUP(struct key_lease *, key_lease_release)

/* The versions of a live key, the oldest first; an unknown name has none. `more`: there are more
 * than `max`. */
enum kv_code key_load_versions(const struct kv_scope *scope, const char *name, size_t max,
                               struct kv_key_page *ret_page, struct kv_err *err) kv_must_check;

/* Whether a key may be used so now (contract §8.4); "a expired" is the service's own template
 * (§19 row 2). */
enum kv_code key_check_state(const struct kv_key *key, enum kv_key_op op, kv_time now,
                             struct kv_err *err) kv_must_check;

/* KV_KEY_NOT_FOUND (contract §9.4). `version` NULL: the key was looked for as a whole. */
enum kv_code fail_not_found(const struct kv_scope *scope, const char *name, const char *version,
                            struct kv_err *err) kv_must_check;
enum kv_code fail_deleted_not_found(const struct kv_scope *scope, const char *name,
                                    struct kv_err *err) kv_must_check;

/* 0 when nothing stays pending, else when the pending phase that begins now ends. */
kv_millis pending_until(const struct kv_scope *scope);

/*
 * Removes the row of a key and its versions; their objects go to `limbo`, to be destroyed by the
 * next tidying. Inside a transaction.
 */
enum kv_code key_remove(struct kv_db *db, int64_t key_id, struct kv_err *err) kv_must_check;

/* KV_OK when a key or a new version may be made where `row` is; else who has it (contract §9.5). */
enum kv_code version_check_row(const struct key_row *row, const char *name,
                               struct kv_err *err) kv_must_check;

/*
 * Intents: objects that are about to be made, each KV_OBJECT_LENGTH bytes, one after the other.
 * Once they are written a crash leaves at most objects that the next start destroys; doomed ones
 * the next tidying destroys; settled ones have an owner, in the same transaction.
 */
enum kv_code intent_write(struct kv_keys *keys, const unsigned char *objects, size_t count,
                          struct kv_err *err) kv_must_check;
enum kv_code intent_doom(struct kv_keys *keys, const unsigned char *objects, size_t count,
                         struct kv_err *err) kv_must_check;
enum kv_code intent_settle(struct kv_db *db, const unsigned char *object,
                           struct kv_err *err) kv_must_check;

/* The steps of a commit that makes versions real, inside a transaction; inserting settles. */
enum kv_code version_insert_key(struct kv_db *db, const struct kv_scope *scope,
                                const struct name_fold *fold, const char *name, int64_t *ret_id,
                                struct kv_err *err) kv_must_check;
enum kv_code version_insert(struct kv_db *db, int64_t key_id, const struct kv_key *key,
                            int64_t *ret_id, struct kv_err *err) kv_must_check;
enum kv_code version_make_latest(struct kv_db *db, int64_t key_id, int64_t version_id,
                                 struct kv_err *err) kv_must_check;

/* The id of a new version, as that vault's are (contract §4.1). */
void version_choose(const struct kv_scope *scope, char ret_version[KV_VERSION_LENGTH + 1]);

/* KV_OK when a key or a new version may be made under this name; else who has it (contract §9.5). */
enum kv_code version_check_name(const struct kv_scope *scope, const char *name,
                                struct kv_err *err) kv_must_check;

/* Brings the material of a new version onto the token, under `object`. */
typedef enum kv_code make_material_fn(struct kv_keys *keys,
                                      const unsigned char object[KV_OBJECT_LENGTH],
                                      const void *context, struct kv_material *ret_material,
                                      struct kv_err *err);

/* Keys of coffer's own on the token, made when they are first needed. */
enum service_purpose { SERVICE_BACKUP, SERVICE_ATTESTATION, SERVICE_RELEASE };

/* The key of that purpose; KV_NOT_FOUND when nobody has needed it yet. */
enum kv_code service_key_load(struct kv_keys *keys, enum service_purpose purpose,
                              struct kv_material *ret_material, struct kv_err *err) kv_must_check;

/* The same, made when there is none: an RSA-2048 key, which takes up to half a second. */
enum kv_code service_key_need(struct kv_keys *keys, enum service_purpose purpose,
                              struct kv_material *ret_material, struct kv_err *err) kv_must_check;

/* ENCRYPT or DECRYPT with RSA-OAEP-256; KV_CANNOT_DECRYPT for what was not encrypted to it. */
enum kv_code service_key_crypt(struct kv_keys *keys, const struct kv_material *service,
                               enum kv_key_op op, const struct kv_secret *in,
                               struct kv_secret *ret_out, struct kv_err *err) kv_must_check;

/* Its name: the object's id in the form of a GUID. */
void service_key_name(const struct kv_material *material, char ret_name[KV_UUID_LENGTH + 1]);

/*
 * Adds a version, the first or the newest of its name: intent, material, commit. `draft` is all of
 * it but the material. Takes as long as `make` does; after a failure nothing is left but an object
 * that the next tidying destroys.
 */
enum kv_code version_add(const struct kv_scope *scope, const char *name, const struct kv_key *draft,
                         make_material_fn *make, const void *context, struct kv_key *ret_key,
                         struct kv_err *err) kv_must_check;

/*
 * The same for a successor of a version of `name`: KV_KEY_NOT_FOUND when that key is gone by then,
 * whether or not another one has its name.
 */
enum kv_code version_succeed(const struct kv_scope *scope, const char *name,
                             const struct kv_key *predecessor, const struct kv_key *draft,
                             make_material_fn *make, const void *context, struct kv_key *ret_key,
                             struct kv_err *err) kv_must_check;

/* A make_material_fn: the token generates; `context` is a struct kv_key_spec. */
enum kv_code generate_material(struct kv_keys *keys, const unsigned char object[KV_OBJECT_LENGTH],
                               const void *context, struct kv_material *ret_material,
                               struct kv_err *err) kv_must_check;

/* Gives a new version without exp the one that the policy of its key gives it (contract §10.3). */
enum kv_code rotation_stamp(struct kv_db *db, int64_t key_id, struct kv_attributes *attributes,
                            struct kv_err *err) kv_must_check;

/*
 * Works out anew when the key of that version is to be rotated. Called with whatever it depends
 * on: a new version, its exp, the policy. Inside a transaction.
 */
enum kv_code rotation_schedule(struct kv_db *db, int64_t version_id,
                               struct kv_err *err) kv_must_check;
