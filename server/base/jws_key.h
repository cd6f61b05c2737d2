/* SPDX-License-Identifier: Apache-2.0 */
/*
 * jws_key.h - what a key of kv/jws.h is made of. Private to the files of it.
 */
#pragma once

#include <openssl/evp.h>

#include "kv/base/jws.h"

#define KV_JWS_POINT_BYTES 32 /* of a number on P-256 */

struct kv_jws_key {
    EVP_PKEY *pkey; /* RSA of 2048 to 4096 bits, with an exponent that is cheap; or EC on P-256 */
    bool is_ec;
    char id[KV_JWS_KEY_ID_LENGTH + 1];
    char name[KV_JWS_THUMBPRINT_LENGTH + 1];
};

/* What a private key is named by; false if it cannot sign. */
bool kv_jws_key_thumbprint(const struct kv_jws_key *key,
                           char ret_text[KV_JWS_THUMBPRINT_LENGTH + 1]);

/* EC keys on P-256: jws_ec.c. */
struct kv_jws_point {
    unsigned char bytes[1 + 2 * KV_JWS_POINT_BYTES]; /* uncompressed: SEC 1 §2.3.3 */
};
/* The point of a JWK that is on the curve, as a public key; NULL for what is none. */
EVP_PKEY *kv_jws_ec_read(const cJSON *jwk, struct kv_jws_point *ret_point);
/* False if OpenSSL cannot. */
bool kv_jws_ec_point(const EVP_PKEY *pkey, struct kv_jws_point *ret_point);
