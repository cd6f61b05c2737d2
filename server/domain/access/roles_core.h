/* SPDX-License-Identifier: Apache-2.0 */
/*
 * roles_core.h - what the files of roles share. Private to domain/access.
 */
#pragma once

#include "kv/access/roles.h"
#include "kv/store/store.h"

struct kv_roles {
    struct kv_store *store; /* borrowed */
    void (*changed)(void *context);
    void *context;
};

/* Has `changed` called after each commit that changes what somebody may do; set before the first
 * request. NULL: nobody wants to know. */
void roles_watch(struct kv_roles *roles, void (*changed)(void *context), void *context);

/* Commits, and says so. */
enum kv_code roles_commit(struct kv_roles *roles, struct kv_db *db,
                          struct kv_err *err) kv_must_check;

/* Begins a write for that HSM; KV_VAULT_NOT_FOUND if it has been purged meanwhile. */
enum kv_code roles_begin(struct kv_roles *roles, int64_t vault, struct kv_db **ret_db,
                         struct kv_err *err) kv_must_check;

/* Copies a GUID in lower case; false if the text is not one. */
bool roles_fold_guid(const char *text, char ret_guid[KV_UUID_LENGTH + 1]);

/* Whether there is such a role, built-in or custom; `name` is folded. */
enum kv_code roles_check_definition(struct kv_db *db, int64_t vault, const char *name,
                                    struct kv_err *err) kv_must_check;
