/* SPDX-License-Identifier: Apache-2.0 */
/*
 * trust.h - an authority that trusts one more issuer, whose keys come out of this process: what
 * the tests of other issuers share. Each test is a process of its own.
 */
#pragma once

#include <stdatomic.h>

#include <openssl/evp.h>

#include "fixture.h"

#define FOREIGN "https://issuer.example/realm"
#define KEYS_URL "https://issuer.example/keys"
#define RSA_KID "rsa-1"
#define EC_KID "ec-1"

#define FOREIGN_ISS "\"iss\":\"" FOREIGN "\""
#define FOREIGN_PAYLOAD "{" AUD "," FOREIGN_ISS "," LASTING "," CALLER "}"

#define UNKNOWN_KEY "AKV10046: Unable to resolve the key used for signature validation."

extern char keys[8192];     /* what the issuer answers; "": it does not */
extern atomic_uint fetches; /* how often it was asked */
extern char last_url[256];  /* for what */
extern EVP_PKEY *ec_key;    /* made for the test */
extern struct kv_trusted_issuer trusted;
extern struct kv_identity_config trusting;

void set_up_trust(void); /* with both keys */
void tear_down_trust(void);

/* The JWK of the key of forge.h, or of ec_key, with further members such as ",\"use\":\"enc\"". */
void write_rsa_jwk(const char *kid, const char *more, char *ret_json, size_t size);
void write_ec_jwk(const char *kid, const char *more, char *ret_json, size_t size);

/* verify() as often as it takes until nothing is being fetched. */
enum kv_code verify_at_last(const char *token, kv_time now);
void expect_refusal_at_last(const char *token, kv_time now, const char *start);

/* A token of the issuer, signed as `alg` says, by the key of that kind. */
char *forge_foreign(const char *alg, const char *kid, const char *payload);
