/* SPDX-License-Identifier: Apache-2.0 */
/*
 * release_tools.h - releasing keys (contract §11), as the programs of it need it: the environment
 * is the test, the authority coffer's own. Asserts.
 */
#pragma once

#include "../support/api.h"
#include "../support/transfer.h"

#define EXPORTABLE "\"attributes\":{\"exportable\":true}"

/* A condition that every attestation of coffer's authority meets. */
#define RELEASE_CONDITION "{\"claim\":\"sdk-test\",\"equals\":\"true\"}"

/* The answer of the authority. */
struct reply release_ask(struct client *client, const char *target);

/* A policy that trusts it for what that condition says; base64url. */
void release_policy(struct client *client, const char *condition, char ret_data[1024]);

/* The answer to the creation of an exportable key with that policy. */
struct reply release_create(struct client *client, const char *name, const char *kty,
                            const char *data);

/* The attestation of an environment whose key is the test's: `token` of the answer. */
struct reply release_attest(struct client *client, const EVP_PKEY *environment);

/* The answer to a release to the environment of that token. */
struct reply release_call(struct client *client, const char *name, const char *token,
                          const char *enc);

/* The payload of a released key's JWS, which the certificate in its header has signed; the
 * caller's. */
cJSON *release_open(const char *jws);

/* What a payload holds for that environment: PKCS#8, or the value of a symmetric key.
 * 0 bytes when it is for another one. */
size_t release_unwrap(const cJSON *payload, EVP_PKEY *environment, const char *hash,
                      unsigned char ret_bytes[TRANSFER_MAX]);
