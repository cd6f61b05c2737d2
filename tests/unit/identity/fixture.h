/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fixture.h - what the tests of identities share: a folder with an issuer's key, an authority on
 * it, and the last token_verdict.
 *
 * Each test is a process of its own, so these globals are one test's.
 */
#pragma once

#include "forge.h"
#include "kv/base/files.h"
#include "kv/identity/identity.h"

#define TENANT "72f9c4ba-21d6-4e0a-9c5e-6d1f0a8b3c57"
#define ISSUER "https://sts.windows.net/" TENANT "/"
#define AUDIENCE "https://vault.localhost:8443"
#define OTHER_AUDIENCE "https://vault.azure.net"
#define NOW 1700000000

/* The parts of a good token, for others to be made of. */
#define HEADER "{\"typ\":\"JWT\",\"alg\":\"RS256\",\"kid\":\"" FORGE_KEY_ID "\"}"
#define AUD "\"aud\":\"" AUDIENCE "\""
#define ISS "\"iss\":\"" ISSUER "\""
#define LASTING "\"nbf\":1700000000,\"exp\":1700003600"
#define CALLER "\"oid\":\"object-1\",\"appid\":\"app-1\",\"tid\":\"" TENANT "\""
#define PAYLOAD "{" AUD "," ISS "," LASTING "," CALLER "}"

/* What contract §2.2 has for a token that makes no sense. */
#define INVALID "Error validating token: 'S2S12086'."

/* The issuers that a vault of TENANT expects (control-plane.md §5.5). */
#define EXPECTED_ISSUERS                                                                           \
    ISSUER ", https://sts.windows.net/f8cdef31-a31e-4b4a-93e4-5f571e91255a/, "                     \
           "https://sts.windows.net/e2d54eb5-3869-4f70-8578-dee5fc7331f4/, "                       \
           "https://sts.windows.net/33e01921-4d64-4f8c-a055-5bdaffd5e33d/, "                       \
           "https://sts.windows.net/975f013f-7f24-47e8-a7d3-abc4752bf346/"

/* An audience that is always good. */
#define SERVICE_APP_ID "cfa8b339-82a2-471a-a3c9-0fc0be7a4093"

extern char folder[];
extern char key_path[KV_PATH_MAX]; /* of issuer.pem */
extern struct kv_identity *identity;
extern struct kv_principal principal;
extern struct kv_token_verdict token_verdict;
extern struct kv_token_time token_time; /* of what is issued: NOW; and how tokens have been aged */
extern struct kv_err err;

/* The folder alone; or with the key of forge.h in it and a strict authority open. */
void set_up_folder(void);
void set_up(void);
void tear_down(void);

void write_key(const char *pem);

/* Opens `identity`; closes the one before. */
enum kv_code reopen(const char *tenant, enum kv_auth auth);
enum kv_code reopen_by(const struct kv_identity_config *config);

/* Asks for a token of the system-assigned identity. */
enum kv_code issue_token(const char *resource, struct kv_token *ret_token);

/* Judges a token for AUDIENCE or OTHER_AUDIENCE. */
enum kv_code verify_bytes(const char *token, size_t len, kv_time now);
enum kv_code verify(const char *token, kv_time now);

/* The token must be refused with this message and give nobody's name away. */
void expect_refusal(const char *token, kv_time now, const char *message);
