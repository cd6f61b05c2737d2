/* SPDX-License-Identifier: Apache-2.0 */
/* authorization_tools.h - role assignments through the resource manager, in short. */
#pragma once

#include "../support/arm.h"

#define ROLES_VERSION "2022-04-01"
#define AUTHORIZATION "/providers/Microsoft.Authorization"
#define GROUP "~/resourceGroups/coffer"
#define SOMEBODY "01ea9a65-813e-4238-8204-bf7328d63fc6"
#define OFFICER "14b46e9e-c2b7-41b4-b07b-48a6ebf60603"
#define OWNER "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"
#define READER "acdd72a7-3385-48ef-bd42-f606fba81ae7"
#define ACCESS_ADMINISTRATOR "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9"
#define DATA_ACCESS_ADMINISTRATOR "8b54135c-b56d-4d72-a534-26097cfdc8d8"

/* Makes an assignment of a role to somebody, by a name that ends with that number: as that identity, or as
 * the default one. */
struct reply roles_assign_as(struct client *client, const char *caller, const char *scope,
                             unsigned number, const char *role, const char *principal);
struct reply roles_assign(struct client *client, const char *scope, unsigned number,
                          const char *role, const char *principal);
struct reply roles_withdraw(struct client *client, const char *scope, unsigned number);

/* The object id of an identity. */
void roles_find_object(const struct daemon *daemon, const char *name, char ret_id[64]);
