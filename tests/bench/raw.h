/* SPDX-License-Identifier: Apache-2.0 */
/*
 * raw.h - the token alone: how many RSA-2048 decryptions or P-256 signatures a second the module
 * does when nothing is around it, with a session each for some threads.
 *
 * The module, token and keys are made as the daemon makes its own. One thread calls; a process has
 * at most one open at a time. What cannot be set up ends the program.
 */
#pragma once

#include <stdbool.h>

#include "../support/token.h"

#define RAW_BYTES 256 /* RSA-2048 */

struct raw_token {
    struct test_token token;
    unsigned threads;
    CK_OBJECT_HANDLE rsa_key, ec_key;
    struct hsm_rsa_public public;
};

void raw_token_open(struct raw_token *raw, unsigned threads);
void raw_token_close(struct raw_token *raw);
KV_DEFINE_CLEANUP_VALUE(struct raw_token, raw_token_close)

enum raw_kind { RAW_X_509, RAW_OAEP_SHA1, RAW_ECDSA };

struct raw_result {
    double per_second;
    double cpu_us; /* processor time of this process, an operation */
};

/* Decrypts or signs for that long. False when an answer is wrong. */
bool raw_token_run(struct raw_token *raw, enum raw_kind kind, double seconds,
                   struct raw_result *ret_result);
