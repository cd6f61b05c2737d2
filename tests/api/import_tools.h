/* SPDX-License-Identifier: Apache-2.0 */
/* import_tools.h - an import in clear, and the proof that the private half has arrived. Asserts. */
#pragma once

#include "../support/api.h"
#include "../support/jwk.h"

#define BAD_RSA "RSA key is not valid - cannot instantiate crypto service"

/* Sends {"key":jwk, rest}; the tree stays the caller's. */
struct reply import_send(struct client *client, const char *name, const cJSON *jwk,
                         const char *rest);

/* The JWK of a new RSA key, private members and all; the caller's. */
cJSON *import_render_rsa(unsigned bits, const char *kty);

/* OpenSSL encrypts under the public half, the service decrypts with the imported private half. */
void import_assert_decrypts(struct client *client, const char *name, const cJSON *jwk);
