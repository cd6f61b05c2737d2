/* SPDX-License-Identifier: Apache-2.0 */
/* fixture.h - what the token tests share: a gate that refuses, quick keys, the public operation. */
#pragma once

#include <openssl/evp.h>

#include "support/token.h"

#define QUICK_BITS 1024 /* the module takes it, and it costs a tenth of 2048 */
#define QUICK_BYTES (QUICK_BITS / 8)

/* Context of refuse(): which function is answered with what, after how many calls of it that pass;
 * NULL lets every call through. */
struct refusal {
    const char *function;
    CK_RV rv;
    unsigned passes;
};
hsm_gate_fn refuse;

struct key {
    unsigned char id[HSM_ID_LENGTH];
    struct hsm_rsa_public public;
};

/* A token behind refuse(), with a quick key of tag 1 and a wrapping key of tag 9. */
void create_furnished(struct test_token *token, struct refusal *refusal, struct key *ret_key);

/* A key whose id is sixteen times `tag`. */
void generate_key(const struct test_token *token, unsigned char tag, CK_ULONG bits,
                  unsigned long exponent, struct key *ret_key);
void generate_quick_key(const struct test_token *token, unsigned char tag, struct key *ret_key);

/* Skips a test about what only SoftHSM does, or lets be done to it, unless it is the module. */
void need_softhsm(const char *reason);

/* An id of sixteen times `tag`. */
void set_id(unsigned char tag, unsigned char ret_id[HSM_ID_LENGTH]);

/* Opens a prepared token, its keys extractable or not, with a wrapping key of tag 99. */
void open_token(struct test_token *token, bool extractable);

/* A key of any kind: RSA of quick size, P-256, AES-256. */
void generate_kind(const struct test_token *token, enum hsm_kind kind, unsigned char tag,
                   unsigned char ret_id[HSM_ID_LENGTH]);
/* The same under an id that is set already, bound or not. */
void generate_bound(const struct test_token *token, enum hsm_kind kind, enum hsm_bond bond,
                    const unsigned char id[HSM_ID_LENGTH]);
/* Has the key do what its kind does. */
void assert_kind_works(const struct test_token *token, enum hsm_kind kind,
                       const unsigned char id[HSM_ID_LENGTH]);

/* The module loses every handle it gave out, as after a logout; the objects stay. */
void lose_handles(const struct test_token *token);

/* All objects, of whatever class. */
size_t count_objects(const struct test_token *token);
/* The only object of that class, type and CKA_ID; CK_INVALID_HANDLE when there is none. */
CK_OBJECT_HANDLE find_object(const struct test_token *token, CK_SESSION_HANDLE session,
                             CK_OBJECT_CLASS class, CK_KEY_TYPE type,
                             const unsigned char id[HSM_ID_LENGTH]);

/* The value of an AES key, wrapped under a key that the test knows, which an extractable key allows
 * to everybody who is logged in. How long it is. */
size_t extract_aes(const struct test_token *token, const unsigned char id[HSM_ID_LENGTH],
                   unsigned char ret_value[HSM_AES_MAX]);

/* A message below the modulus, and what OpenSSL's public operation makes of it. */
void encrypt_sample(const struct hsm_rsa_public *public, unsigned char ret_plain[HSM_MODULUS_MAX],
                    unsigned char ret_cipher[HSM_MODULUS_MAX]);

/* Encrypts a sample with OpenSSL, decrypts it on the token and compares. */
void assert_key_works(const struct test_token *token, const struct key *key);

/* Signs on the token; OpenSSL verifies it with the key. */
void assert_ec_key_works(const struct test_token *token, const unsigned char id[HSM_ID_LENGTH],
                         EVP_PKEY *key);

/* Adopts a wrapping key of that tag. */
void make_sentinel(const struct test_token *token, unsigned char tag);

/* Initialises the token anew, as somebody else with the same PINs would (test_work_fn). */
test_work_fn initialise_anew;
/* Gives it another user PIN, and the usual one again. */
test_work_fn change_pin, restore_pin;
test_work_fn destroy_private_keys;
