/* SPDX-License-Identifier: Apache-2.0 */
/*
 * authority.h - what the tests of the authority share: a site over a registry of its own, the forms
 * that are sent to it, and assertions signed by OpenSSL alone.
 */
#pragma once

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "../identity/principals.h"
#include "exchange.h"

#define CLIENT "0a0b0c0d-1111-4222-8333-444455556666"
#define VAULT "https://vault.azure.net"
#define TOKEN_V1 "/" TENANT "/oauth2/token"
#define TOKEN_V2 "/" TENANT "/oauth2/v2.0/token"
#define SCOPE "scope=https://vault.azure.net/.default"
#define GOOD "grant_type=client_credentials&client_id=" CLIENT "&" SCOPE
#define ASSERTION_TYPE                                                                             \
    "&client_assertion_type=urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
#define SECRET "&client_secret=anything"
#define MILLIS INT64_C(1700000000123) /* what the request's clock shows */

void set_up_authority(void);
void tear_down_authority(void);

/* Posts a form. */
void post(const char *path, const char *form);

/* GOOD with an assertion behind it, which it frees. */
void post_assertion(char *assertion);

/* Registers an application with that client id. */
void register_client(const char *name);

/* The answer is that refusal, whole: its word, its number in three places, ids and dates. `text` is
 * how the description goes on behind the number; "": anyhow. */
void expect_aadsts(unsigned number, int status, const char *word, const char *text);

/* The answer has a token; returns its claims, for the caller to free. */
cJSON *expect_token(void);

/* A claim of it, "" if it is not there or no text. */
const char *claim_of(const cJSON *claims, const char *name);

/* A key and a certificate of it, good for that many days around MILLIS; the caller's. */
EVP_PKEY *make_key(void);
X509 *make_certificate(EVP_PKEY *key, long from_days, long to_days);
void register_certificate(const char *name, X509 *certificate);

/* "x5t" or "x5t#S256" of it, in base64url. */
const char *thumbprint_of(X509 *certificate, const EVP_MD *digest);

/* Its DER in base64, for x5c; in one buffer. */
const char *encode_certificate(X509 *certificate);

/* Signs by PKCS #1 v1.5 or PSS with SHA-256, whatever the header says; heap. */
char *sign_assertion(EVP_PKEY *key, bool pss, const char *header, const char *payload);

/* Claims of a good one; valid from now - `ago` for `span` seconds of the real clock. */
const char *write_claims(const char *iss, const char *sub, const char *aud, long ago, long span);
