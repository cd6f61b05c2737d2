/* SPDX-License-Identifier: Apache-2.0 */
/*
 * known.h - keys that the test and the daemon both have, and what OpenSSL does with them, told
 * independently of what the daemon does: the algorithms of contract §7.1 by OpenSSL's names.
 *
 * Buffers are of KNOWN_MAX bytes. Asserts when OpenSSL does not do what it must.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include <cjson/cJSON.h>
#include <openssl/evp.h>

#define KNOWN_MAX 512
#define KNOWN_IV 16  /* bytes; of GCM 12 are used */
#define KNOWN_TAG 16 /* bytes */

enum known_way {
    KNOWN_RSA_CRYPT, /* `name`: the hash of OAEP; NULL: PKCS #1 v1.5 */
    KNOWN_RSA_SIGN,  /* the hash; NULL: the bytes as they are */
    KNOWN_RSA_PSS,   /* the hash, of MGF1, too; the salt is as long */
    KNOWN_ECDSA,     /* the curve; signatures are r and s, each of full width */
    KNOWN_HMAC,      /* the hash */
    KNOWN_CBC,       /* from here on the mode, which follows AES and the size of the key */
    KNOWN_CBC_PAD,
    KNOWN_GCM,
    KNOWN_WRAP
};

struct known_algorithm {
    enum known_way way;
    const char *name;
    unsigned bits; /* of the only size of key it fits; 0: every one */
    size_t len;    /* of a digest, of what it signs, encrypts or wraps */
};

/* A key with the private half. init/done. */
struct known_key {
    EVP_PKEY *pair;
    unsigned char value[32]; /* of a symmetric key */
    unsigned bits;
};
void known_key_init(struct known_key *key, const struct known_algorithm *algorithm, unsigned bits);
void known_key_done(struct known_key *key);

/* The JWK to import; the caller's. */
cJSON *known_key_render(const struct known_key *key);

size_t known_sign(const struct known_key *key, const struct known_algorithm *algorithm,
                  const unsigned char *digest, unsigned char *ret_signature);
bool known_verifies(const struct known_key *key, const struct known_algorithm *algorithm,
                    const unsigned char *digest, const unsigned char *signature, size_t len);

/* What goes with a ciphertext; the tag is written by encryption and read by decryption. */
struct known_frame {
    unsigned char iv[KNOWN_IV], tag[KNOWN_TAG];
    const unsigned char *aad;
    size_t aad_len;
};
size_t known_encrypt(const struct known_key *key, const struct known_algorithm *algorithm,
                     struct known_frame *frame, const unsigned char *plain, size_t len,
                     unsigned char *ret_cipher);

/* 0 bytes when what came is not what the key, the iv or the tag says. */
size_t known_decrypt(const struct known_key *key, const struct known_algorithm *algorithm,
                     struct known_frame *frame, const unsigned char *cipher, size_t len,
                     unsigned char *ret_plain);
