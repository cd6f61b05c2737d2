/* SPDX-License-Identifier: Apache-2.0 */
/*
 * guard.h - the vault of a benchmark's daemon with Azure RBAC, where its caller is one of many who
 * have a role (bench --access rbac).
 */
#pragma once

#include "server.h"

#define GUARD_ASSIGNMENTS 10000 /* the caller's is the last of them */

/* Puts them into the store of the daemon, which must not run. `object_id` is the caller's. */
bool guard_fill(const struct server *server, const char *object_id);
