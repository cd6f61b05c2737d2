/* SPDX-License-Identifier: Apache-2.0 */
/* identity_tools.h - identities as the control port has them, and tokens of theirs. */
#pragma once

#include "../support/api.h"

/* Asks the control port; `behind` is "", "/NAME", or "/NAME/disable" and the like. */
struct reply identity_ask(const struct daemon *daemon, const char *method, const char *behind,
                          const char *body);

/* The same, and the test fails for another status. */
void identity_do(const struct daemon *daemon, const char *method, const char *behind,
                 const char *body, long status);

/* A text of GET /NAME, in a static buffer: "object_id". */
const char *identity_show(const struct daemon *daemon, const char *name, const char *member);

/* Gives the client a new token of that identity, from the registry, in place of the one it has. */
void identity_become(struct client *client, const char *name);

/* GET of a managed-identity endpoint; `header` NULL: none. */
struct reply identity_endpoint(const struct daemon *daemon, const char *target, const char *header);
