/* SPDX-License-Identifier: Apache-2.0 */
/* version.h - a new version, wherever its material comes from. */
#pragma once

#include "draft.h"
#include "rows.h"

/* KV_OK if a key or a new version may be created for that `row`; otherwise says why the name is
 * taken (contract §9.5). */
enum kv_code version_check_row(const struct key_row *row, const char *name,
                               struct kv_err *err) kv_must_check;

/* The steps of a commit that makes versions real, inside a transaction; inserting settles. */
enum kv_code version_insert_key(struct kv_db *db, const struct kv_scope *scope,
                                const struct name_fold *fold, const char *name, int64_t *ret_id,
                                struct kv_err *err) kv_must_check;
enum kv_code version_insert(struct kv_db *db, int64_t key_id, const struct key_draft *draft,
                            const struct kv_material *material, int64_t *ret_id,
                            struct kv_err *err) kv_must_check;
enum kv_code version_make_latest(struct kv_db *db, int64_t key_id, int64_t version_id,
                                 struct kv_err *err) kv_must_check;

/* The id of a new version, in that vault's form (contract §4.1). */
void version_choose(const struct kv_scope *scope, char ret_version[KV_VERSION_LENGTH + 1]);

/* Id and dates of a new version: those of the stamp; NULL: its own. */
void version_stamp(const struct kv_scope *scope, const struct kv_key_stamp *stamp,
                   struct key_draft *draft);

/* KV_OK if a key or a new version may be created under this name; otherwise says why it is taken
 * (contract §9.5). */
enum kv_code version_check_name(const struct kv_scope *scope, const char *name,
                                struct kv_err *err) kv_must_check;

/* Puts the material of a new version on the token, under `object`. */
typedef enum kv_code make_material_fn(struct kv_keys *keys,
                                      const unsigned char object[KV_OBJECT_LENGTH],
                                      const void *context, struct kv_material *ret_material,
                                      struct kv_err *err);

/*
 * Adds a version, the first or the newest of its name: intent, material, commit. Takes as long as
 * `make` does; after a failure nothing is left but an object that the next tidying destroys.
 */
enum kv_code version_add(const struct kv_scope *scope, const char *name,
                         const struct key_draft *draft, make_material_fn *make, const void *context,
                         struct kv_key *ret_key, struct kv_err *err) kv_must_check;

/* The same for a version that is generated, or was ahead (kv/keys/pool.h). */
enum kv_code version_generate(const struct kv_scope *scope, const char *name,
                              const struct key_draft *draft, const struct kv_key_spec *spec,
                              struct kv_key *ret_key, struct kv_err *err) kv_must_check;

/* The same if there is one in the pool; otherwise *ret_was is false, and nothing is done. */
enum kv_code version_take(const struct kv_scope *scope, const char *name,
                          const struct key_draft *draft, const struct kv_key_spec *spec,
                          bool *ret_was, struct kv_key *ret_key, struct kv_err *err) kv_must_check;

/*
 * The same for a successor of a version of `name`: KV_KEY_NOT_FOUND if that key is gone by then,
 * whether or not another one has its name.
 */
enum kv_code version_succeed(const struct kv_scope *scope, const char *name,
                             const struct kv_key *predecessor, const struct key_draft *draft,
                             const struct kv_key_spec *spec, struct kv_key *ret_key,
                             struct kv_err *err) kv_must_check;
