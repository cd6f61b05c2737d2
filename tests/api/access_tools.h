/* SPDX-License-Identifier: Apache-2.0 */
/*
 * access_tools.h - vaults of a test's own whose callers need permission, and ways to give it.
 */
#pragma once

#include "../support/api.h"

#define ENCRYPTION_USER "Key Vault Crypto Service Encryption User"
#define TENANT "72f9c4ba-21d6-4e0a-9c5e-6d1f0a8b3c57"

/* Who asks, in all of these: the system-assigned identity. */
struct caller {
    char object_id[64], text[256], subscription[64];
};
void access_read_caller(const struct daemon *daemon, struct caller *caller);

/* Makes a vault with that body, "{\"access\":\"rbac\"}"; the test fails if it was there. */
void access_make_vault(const struct daemon *daemon, const char *name, const char *body);

/* Asks the control port about a vault: `behind` is "/NAME/access" and the like. */
struct reply access_ask(const struct daemon *daemon, const char *method, const char *behind,
                        const char *body);

/* The same, and the test fails for another status. */
void access_do(const struct daemon *daemon, const char *method, const char *behind,
               const char *body, long status);

/* Grants the caller a role; `more` is put into the body: ",\"key\":\"k\"". Returns its name. */
const char *access_grant(const struct daemon *daemon, const char *vault, const char *role,
                         const char *more);
void access_revoke(const struct daemon *daemon, const char *vault, const char *name);

/* The status of a GET of that key, which nobody has to have made: 404 is a yes, 403 a no. */
long access_get(struct client *client, const char *vault, bool is_hsm, const char *key);

/* The refusal of RBAC, whole, in a static buffer; `key` NULL: none. */
const char *access_rbac_text(const struct caller *caller, const char *vault, const char *action,
                             const char *key);
