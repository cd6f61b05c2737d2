/* SPDX-License-Identifier: Apache-2.0 */
/* release_terms.h - whether a key may leave the HSM, and for whom. */
#pragma once

#include "draft.h"
#include "kv/store/store.h"

/*
 * Checks what was sent about releasing, for a key that will have these `ops`, against the current
 * key; `key` NULL: there is none yet. The result is whether the key is exportable, which is
 * permanent.
 */
enum kv_code release_check(const struct kv_scope *scope, const struct kv_release_args *args,
                           enum kv_kty kty, const struct kv_key_ops *ops, const struct kv_key *key,
                           bool *ret_exportable, struct kv_err *err) kv_must_check;

/* The same by name, for code that creates a version. */
enum kv_code release_check_name(const struct kv_scope *scope, const char *name,
                                const struct kv_release_args *args, enum kv_kty kty,
                                const struct kv_key_ops *ops, bool *ret_exportable,
                                struct kv_err *err) kv_must_check;

/* What was sent, as a draft carries it. */
struct release_draft release_terms(const struct kv_release_args *args, bool exportable);

/* Stores the terms of a draft, if there are any, with the key of that row. In a transaction. */
enum kv_code release_save(struct kv_db *db, int64_t key_id, const struct release_draft *terms,
                          struct kv_err *err) kv_must_check;
