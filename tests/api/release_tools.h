/* SPDX-License-Identifier: Apache-2.0 */
/*
 * release_tools.h - exportable keys, and what coffer's own authority attests. Replies are the
 * caller's (API_REPLY).
 */
#pragma once

#include <openssl/evp.h>

#include "../support/api.h"
#include "../support/transfer.h"

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

/* The attestation of an environment whose key is the test's: `token` of the answer. */
struct reply release_attest(struct client *client, const EVP_PKEY *environment);

/* A part of a JWS, or another JSON in base64url; the caller's. */
cJSON *release_decode(const char *text, size_t len);

/* The transfer blob in the payload of an answer; the caller's. */
cJSON *release_read_blob(const cJSON *payload);

/* What that blob holds for that environment: PKCS#8, or the value of a symmetric key. 0 bytes when
 * it is for another one; `hash` is OAEP's, by OpenSSL's name. */
size_t release_unwrap(const cJSON *payload, EVP_PKEY *environment, const char *hash,
                      unsigned char ret_bytes[TRANSFER_MAX]);
