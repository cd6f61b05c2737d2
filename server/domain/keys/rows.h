/* SPDX-License-Identifier: Apache-2.0 */
/* rows.h - a key's phase at a given time, and reading rows. */
#pragma once

#include "kv/keys/keys.h"
#include "kv/store/store.h"
#include "names.h"

/* Column key.state. Together with key.ready and key.purge it gives the phase at a given time. */
enum key_state {
    STATE_ASIDE = -1, /* gone for everybody, under no name, until it is put back (keeping.c) */
    STATE_LIVE = 0,
    STATE_DELETED = 1,
    STATE_PURGED = 2
};

enum key_phase {
    PHASE_NONE, /* the name is free; a row for it, if any, can be removed */
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

/* Reads the row of a name and its phase at scope->now. */
enum kv_code key_row_load(struct kv_db *db, const struct kv_scope *scope,
                          const struct name_fold *fold, struct key_row *ret_row,
                          struct kv_err *err) kv_must_check;

/* The columns of `version v` and `key k` for key_read(): KEY_COLUMNS to select, COLUMN_... to
 * read. */
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
    KEY_COLUMN_ROWS(KEY_COLUMN_NUMBER) COLUMN_MARKER /* added by the statements of lists */
};

/* Conditions on key.state, key.ready and key.purge; ?1 vault, ?2 now in ms, ?3 now in seconds. */
#define KEY_IS_LIVE "k.vault = ?1 AND k.state = 0 AND k.ready <= ?2"
#define KEY_IS_DELETED "k.vault = ?1 AND k.state = 1 AND k.ready <= ?2 AND k.purge > ?3"

/* Moves a key: the caller owns the result, and nothing is left to free in the source. */
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

/* Loads one version by its row id. */
enum kv_code key_load(struct kv_db *db, int64_t version_id, struct kv_key *ret_key,
                      struct kv_err *err) kv_must_check;

/* Loads a live version, the latest when `version` is NULL; *ret_id is its row. KV_KEY_NOT_FOUND
 * with the long text of contract §9.4. */
enum kv_code key_find(struct kv_db *db, const struct kv_scope *scope, const char *name,
                      const char *version, struct kv_key *ret_key, int64_t *ret_id,
                      struct kv_err *err) kv_must_check;

/* KV_KEY_NOT_FOUND (contract §9.4). `version` NULL: the key as a whole was not found. */
enum kv_code fail_not_found(const struct kv_scope *scope, const char *name, const char *version,
                            struct kv_err *err) kv_must_check;
enum kv_code fail_deleted_not_found(const struct kv_scope *scope, const char *name,
                                    struct kv_err *err) kv_must_check;

/* When a pending phase that begins now ends; 0 if nothing stays pending. */
kv_millis pending_until(const struct kv_scope *scope);
