/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hash.h - the hashes of algorithms, as PKCS#11, OpenSSL and PKCS #1 call them. Private to custody.
 */
#pragma once

#include <stdbool.h>

#include <openssl/evp.h>

#include "hsm.h"
#include "kv/custody/custody.h"

#define HASH_MAX 64 /* bytes of a digest */

struct hash_row {
    size_t len; /* of a digest */
    const char *name;
    CK_MECHANISM_TYPE mechanism, hmac;
    CK_RSA_PKCS_MGF_TYPE mgf;
    enum hsm_hash hsm;
    size_t prefix_len;
    unsigned char prefix[20]; /* of a DigestInfo (RFC 8017 §9.2 note 1) */
};
/* KV_HASH_NONE has a row of zeros. */
const struct hash_row *hash_row(enum kv_hash hash);

/* OpenSSL's, NULL for KV_HASH_NONE. Fetched once: OpenSSL looks EVP_sha256() up again for every
 * block of a mask, which costs as much as the hashing. */
struct hashes {
    EVP_MD *of[KV_HASH_SHA512 + 1];
};

/* False if OpenSSL lacks one. Call hashes_done() either way. */
bool hashes_init(struct hashes *hashes) kv_must_check;
void hashes_done(struct hashes *hashes);
