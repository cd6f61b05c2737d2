/* SPDX-License-Identifier: Apache-2.0 */
/* authority_tools.h - how the tests of the authority ask it. */
#pragma once

#include "../support/api.h"

#define TENANT "72f9c4ba-21d6-4e0a-9c5e-6d1f0a8b3c57"
#define OTHER_TENANT "0a0a0a0a-0000-4000-8000-0b0b0b0b0b0b"
#define APP "11111111-1111-4111-8111-111111111111" /* API_ARGUMENTS */
#define UNKNOWN "21111111-1111-4111-8111-111111111111"
#define FORM "Content-Type: application/x-www-form-urlencoded"
#define SCOPE "scope=https%%3A%%2F%%2Fvault.azure.net%%2F.default"
#define GRANT "grant_type=client_credentials"
#define ASSERTION                                                                                  \
    "&client_assertion_type=urn%%3Aietf%%3Aparams%%3Aoauth%%3Aclient-assertion-type%%3Ajwt-bearer" \
    "&client_assertion="
#define TEXT_MAX 16384

/* Sends a form, unless it is NULL; host NULL is the vault's. */
struct reply authority_ask(struct client *client, const char *host, const char *method,
                           const char *target, const char *form);

/* To the second version's token endpoint of that tenant. */
struct reply authority_post(struct client *client, const char *tenant, const char *form);

/* To the control port. */
struct reply authority_control(struct client *client, const char *method, const char *target,
                               const char *body);

/* The client asks with the token of that answer from now on. */
void authority_take_token(struct client *client, const struct reply *reply);

/* Whether the vault lets it in. */
void authority_expect_let_in(struct client *client);
