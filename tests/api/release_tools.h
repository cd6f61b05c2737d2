/* SPDX-License-Identifier: Apache-2.0 */
/*
 * release_tools.h - exportable keys, and what coffer's own authority attests. Replies are the
 * caller's (API_REPLY).
 */
#pragma once

#include "../support/api.h"

#define MAA "{\"claim\":\"sdk-test\",\"equals\":\"true\"}" /* what it says of everybody */
#define EXPORTABLE "\"attributes\":{\"exportable\":true}"

/* GET of a page of the authority. */
struct reply release_ask_authority(struct client *client, const char *target);

/* A policy that trusts coffer's own authority for what that condition says; base64url. */
void release_make_policy(struct client *client, const char *condition, char ret_data[1024]);

/* Creates an exportable key with that policy. */
struct reply release_create(struct client *client, const char *name, const char *kty,
                            const char *data);

/* Asks for a release to the environment of that token; the nonce is "n-1". `name` may have a
 * version behind it. */
struct reply release_send(struct client *client, const char *name, const char *token,
                          const char *enc);
