/* SPDX-License-Identifier: Apache-2.0 */
/* fixture.h - what the token tests share: a gate that refuses, quick keys, the public operation. */
#pragma once

#include "support/token.h"

#define QUICK_BITS 1024 /* the module takes it, and it costs a tenth of 2048 */
#define QUICK_BYTES (QUICK_BITS / 8)

/* Context of refuse(): which function is answered with what; NULL lets every call through. */
struct refusal {
    const char *function;
    CK_RV rv;
};
hsm_gate_fn refuse;

struct key {
    unsigned char id[HSM_ID_LENGTH];
    struct hsm_rsa_public public;
};

/* A key whose id is sixteen times `tag`. */
void generate_key(const struct test_token *token, unsigned char tag, CK_ULONG bits,
                  unsigned long exponent, struct key *ret_key);
void generate_quick_key(const struct test_token *token, unsigned char tag, struct key *ret_key);

/* A message below the modulus, and what OpenSSL's public operation makes of it. */
void encrypt_sample(const struct hsm_rsa_public *public, unsigned char ret_plain[HSM_MODULUS_MAX],
                    unsigned char ret_cipher[HSM_MODULUS_MAX]);

/* Encrypts a sample with OpenSSL, decrypts it on the token and compares. */
void assert_key_works(const struct test_token *token, const struct key *key);

/* Adopts a wrapping key of that tag. */
void make_sentinel(const struct test_token *token, unsigned char tag);

/* Initialises the token anew, as somebody else with the same PINs would (test_work_fn). */
test_work_fn initialise_anew;
/* Gives it another user PIN, and the usual one again. */
test_work_fn change_pin, restore_pin;
test_work_fn destroy_private_keys;
