/* SPDX-License-Identifier: Apache-2.0 */
/*
 * forge.h - tokens that coffer would not issue: any header over any payload, signed with a key
 * whose private half everybody knows, that of RFC 7515 A.2.
 *
 * The texts are the caller's: free().
 */
#pragma once

#include <stddef.h>

extern const char forge_pem[];                                     /* the key, PKCS#8 */
#define FORGE_KEY_ID "IsUn6_e04MaShXFIISMp4kG62LWzMIPy_MvSA5pJgX8" /* its RFC 7638 thumbprint */
#define FORGE_KEY_NAME                                                                             \
    "ByaueX4VMeU3cK2wAQuvzp3gLD4" /* of the certificate around it: `kid` and `x5t` of its tokens */

/* Signs RS256, whatever the header says. */
char *forge_token(const char *header, const char *payload);

/* Signs PS256, whatever the header says. */
char *forge_ps256_token(const char *header, const char *payload);

/* Signs RS512: a good signature, but not of the one algorithm there is. */
char *forge_rs512_token(const char *header, const char *payload);

/* HMAC with the public key for a secret: what lets a stranger in where the header is believed. */
char *forge_hmac_token(const char *header, const char *payload);

/* No signature at all. */
char *forge_unsigned_token(const char *header, const char *payload);
