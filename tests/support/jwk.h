/* SPDX-License-Identifier: Apache-2.0 */
/*
 * jwk.h - private keys of the tests, made by OpenSSL, as JWKs (RFC 7517), and public keys back.
 *
 * Nothing here asserts; NULL when OpenSSL cannot. Trees are the caller's (cJSON_Delete).
 */
#pragma once

#include <cjson/cJSON.h>
#include <openssl/evp.h>

/* An RSA key of that size, or a key on a curve by OpenSSL's name. */
EVP_PKEY *jwk_new_rsa(unsigned bits);
EVP_PKEY *jwk_new_ec(const char *group);

/* All members of the private key, `kty` as given; RSA: n e d p q dp dq qi, EC: crv x y d. */
cJSON *jwk_render(const EVP_PKEY *key, const char *kty);

/* The public key of a JWK, whatever else it has. */
EVP_PKEY *jwk_parse(const cJSON *jwk);

/* Puts a text in the place of a member, NULL takes it out. */
void jwk_set(cJSON *jwk, const char *member, const char *text);

/* Takes the members of the private half out. */
void jwk_make_public(cJSON *jwk);

/* The bytes of a base64url member with `zeros` zero bytes before them, or one bit changed. */
void jwk_pad(cJSON *jwk, const char *member, size_t zeros);
void jwk_damage(cJSON *jwk, const char *member);
