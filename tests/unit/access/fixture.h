/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fixture.h - grants in a store of their own, and short ways to make and to ask for them.
 */
#pragma once

#include <criterion/criterion.h>

#include "kv/access/grants.h"
#include "kv/access/roles.h"
#include "kv/store/store.h"
#include "kv/vaults/vaults.h"

#define TENANT "72f9c4ba-21d6-4e0a-9c5e-6d1f0a8b3c57"
#define SOMEBODY "01ea9a65-813e-4238-8204-bf7328d63fc6"
#define SOMEBODY_ELSE "02ea9a65-813e-4238-8204-bf7328d63fc6"
#define APP "c0ffee00-0000-4000-8000-000000000001"
#define ENCRYPTION_USER "Key Vault Crypto Service Encryption User"
#define NOW INT64_C(1900000000000)

extern struct kv_store *store;
extern struct kv_vaults *vaults;
extern struct kv_roles *roles;
extern struct kv_access *access_of_all;
extern struct kv_err err;
/* "rbac", "policy" and "open" are vaults of that mode, "other" one more with RBAC, "pool" a managed
 * HSM with roles that count. Held. */
extern const struct kv_vault *rbac, *policy, *open_vault, *other, *pool;

void access_setup(void);      /* without a delay */
void access_setup_slow(void); /* with one of a minute */
void access_teardown(void);
void access_make_folder(void);
void access_open(kv_millis delay);    /* in that folder */
void access_restart(kv_millis delay); /* all but the folder */

/* Whether the one who asks is not SOMEBODY, but somebody else in the group with that id. */
extern bool asks_as_member;

/* May SOMEBODY do that? Sets err, and the name of the assignment. */
extern char assignment[KV_UUID_LENGTH + 1];
enum kv_code ask(const struct kv_vault *vault, enum kv_permission permission, const char *key);
enum kv_code ask_at(const struct kv_vault *vault, enum kv_permission permission, const char *key,
                    kv_millis now);

/* Whether a get, of that key, is granted; anything but a yes or a refusal fails the test. */
bool may_get(const struct kv_vault *vault, const char *key);

/* Grants SOMEBODY that role there; returns its name. */
const char *grant(const struct kv_vault *vault, const char *role, const char *scope,
                  const char *key);
enum kv_code try_grant(const struct kv_vault *vault, const char *role, const char *scope,
                       const char *key);
enum kv_code try_deny(const struct kv_vault *vault, const char *role, const char *scope,
                      const char *key);
enum kv_code withdraw(const struct kv_vault *vault, const char *name, kv_millis now);
enum kv_code permit(const char *application, const char *words, kv_millis now);

/* A custom role with that name, and lists of actions as JSON. */
enum kv_code make_role(const char *name, const char *role_name, const char *actions,
                       const char *not_actions);
