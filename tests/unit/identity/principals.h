/* SPDX-License-Identifier: Apache-2.0 */
/* principals.h - what the tests of principals share: a registry in a store of its own. */
#pragma once

#include "fixture.h"
#include "kv/identity/registry.h"

extern struct kv_principals *principals;
extern struct kv_principal_entry entry; /* the last one that was found or made */

void set_up_principals(void);
void tear_down_principals(void);

/* Closes registry and store, and opens them again. */
void reopen_principals(bool refuses_unknown);

/* Registers one; "" as a type: user-assigned by default. */
enum kv_code try_register(const char *name, const char *type);
const char *must_register(const char *name, const char *type); /* its object id */

enum kv_code find_name(const char *name);
void must(enum kv_code code);
