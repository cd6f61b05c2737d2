/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kv/keys/state.h - the keys of vaults as a part of the state of an instance: all of them told, and what
 * becomes of them when store and token are put back to another state. Thread-safe.
 */
#pragma once

#include "kv/keys/keys.h"

/* All checks of an import that need no token, of a key in the clear. */
enum kv_code kv_key_import_check(const struct kv_scope *scope,
                                 const struct kv_key_import_args *args,
                                 struct kv_err *err) kv_must_check;

/* Makes the tables of this domain, or brings them up to date; as kv_keys_new() does if nobody has. */
enum kv_code kv_keys_make_tables(struct kv_store *store, struct kv_err *err) kv_must_check;

/* Whether there are more versions of keys than that, in a store whose tables need not be there yet. */
enum kv_code kv_keys_exceed(struct kv_store *store, int64_t count, bool *ret_exceed,
                            struct kv_err *err) kv_must_check;

/* Calls `visit` for every version of every key of the vault, deleted ones too, by the names of the keys
 * and then as they were made, until it fails. `visit` must not use the store. */
typedef enum kv_code kv_key_visit_fn(void *context, const struct kv_key *key, struct kv_err *err);
enum kv_code kv_keys_each_version(const struct kv_scope *scope, kv_key_visit_fn *visit,
                                  void *context, struct kv_err *err) kv_must_check;

/* Copies the keys of a vault from the database that is attached: a kv_vault_bring_fn, with `keys` as its
 * context. Their objects are on the token again. */
enum kv_code kv_keys_bring(void *keys, struct kv_db *db, int64_t saved, int64_t vault,
                           struct kv_err *err) kv_must_check;

/*
 * Around an exchange of the files of store and token: no object is destroyed from the beginning to the
 * end of it, because a key may have it again then. In between, when everything was put back,
 * kv_keys_end_intents() gives up what was being made at the time, and what was in the pool. kv_keys_doom_unowned() gives up those
 * of `count` objects, KV_OBJECT_LENGTH bytes each, that no key has and the pool does not.
 */
void kv_keys_begin_exchange(struct kv_keys *keys);
void kv_keys_end_exchange(struct kv_keys *keys);
enum kv_code kv_keys_end_intents(struct kv_keys *keys, struct kv_err *err) kv_must_check;
enum kv_code kv_keys_doom_unowned(struct kv_keys *keys, const unsigned char *objects, size_t count,
                                  struct kv_err *err) kv_must_check;

/* Calls `visit` for the object of every version and of every key of coffer's own; for checking the
 * store against the token. */
typedef bool kv_object_visit_fn(void *context, const unsigned char object[KV_OBJECT_LENGTH]);
enum kv_code kv_keys_each_object(struct kv_keys *keys, kv_object_visit_fn *visit, void *context,
                                 struct kv_err *err) kv_must_check;
