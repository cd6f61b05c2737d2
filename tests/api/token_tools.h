/* SPDX-License-Identifier: Apache-2.0 */
/*
 * token_tools.h - tokens that the daemon's own key has signed, whatever they say, and what it makes of
 * them.
 */
#pragma once

#include "../support/api.h"

#define TENANT "72f9c4ba-21d6-4e0a-9c5e-6d1f0a8b3c57"
#define ISSUER "https://sts.windows.net/" TENANT "/"
#define VAULT_APP "cfa8b339-82a2-471a-a3c9-0fc0be7a4093"
#define HSM_APP "589d5083-6f11-4d30-a62a-a4b316a14abf"
#define INVALID "Error validating token: 'S2S12086'."
#define OBJECT "0f0e0d0c-1111-4222-8333-444455556666"

/* Signs with the key in the daemon's data folder; heap. */
char *token_sign(const struct daemon *daemon, const char *payload);

/* The payload of a token that is good for that audience from now - `ago` for `span` seconds by the
 * real clock; with further members, such as ",\"xms_cc\":[\"cp1\"]". */
void token_write(const char *issuer, const char *audience, long ago, long span, const char *more,
                 char ret_payload[2048]);

/* Gives the client this token in place of its own, which takes it over. */
void token_give(struct client *client, char *token);

/* GET /keys/nothing-here: 404 for whoever is let in. */
bool token_lets_in(struct client *client);

/* The same, refused with 401 and that message, which a managed HSM ends with an Activity ID, and with
 * the challenge. */
bool token_is_refused(struct client *client, const char *message);
