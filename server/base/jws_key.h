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
};

/* The EC keys: jws_ec.c. The first answers KV_BAD_PARAMETER for what is no point of P-256. */
enum kv_code kv_jws_ec_import(const cJSON *jwk, struct kv_jws_key **ret_key,
                              struct kv_err *err) kv_must_check;
enum kv_code kv_jws_ec_show(const struct kv_jws_key *key, struct kv_buf *json,
                            struct kv_err *err) kv_must_check;

/* The base64url text of a digest of `json`; false if OpenSSL cannot. */
bool kv_jws_write_id(const char *json, size_t len, char ret_id[KV_JWS_KEY_ID_LENGTH + 1]);
