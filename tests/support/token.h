/* SPDX-License-Identifier: Apache-2.0 */
/*
 * token.h - a throw-away token for one test: of SoftHSM2, or, with TEST_TOKEN=nss in the environment,
 * of NSS softokn.
 *
 * It lives in a temporary folder with a configuration of its own, named by SOFTHSM2_CONF or by the
 * arguments of C_Initialize, so a process has one at a time. The module is loaded by test_token_create(): call it in the process
 * of the test, not in the parent that forks it. Whatever cannot be set up ends the process with a
 * message; nothing here depends on a test framework.
 */
#pragma once

#include "hsm.h"

#define TEST_TOKEN_LABEL "coffer test"
#define TEST_TOKEN_PIN "20746358"
#define TEST_TOKEN_SO_PIN "61538207"

struct test_token {
    char folder[32];
    char init_args[192];      /* what config points to */
    struct hsm_config config; /* as used by test_token_open(); a test may change it before */
    struct hsm *hsm;          /* NULL: not open */
    void *library;
    CK_FUNCTION_LIST *functions; /* the module itself, as another user of it sees it */
};

/* Makes the folder and an initialised token, then opens it with four sessions, keys extractable. */
void test_token_create(struct test_token *token, hsm_gate_fn *gate, void *gate_context);
/* The same in two steps, to open with another configuration or not at all. */
void test_token_prepare(struct test_token *token, hsm_gate_fn *gate, void *gate_context);
void test_token_open(struct test_token *token);
/* Closes what is open and removes the folder. */
void test_token_destroy(struct test_token *token);

/* Whether the module is SoftHSM: for tests about what only it does, or lets be done to it. */
bool test_token_is_softhsm(void);

/* Leaves the slot without its token, as when a device is unplugged, and puts it back. */
void test_token_hide(const struct test_token *token);
void test_token_show(const struct test_token *token);

/* The slot of the token; the module must be initialised. */
CK_SLOT_ID test_token_slot(const struct test_token *token);
/* A session beside those of the pool. It shares the login, and goes when the token is closed. */
CK_SESSION_HANDLE test_token_session(const struct test_token *token);
/* The only object of that class and CKA_ID; CK_INVALID_HANDLE when there is none. */
CK_OBJECT_HANDLE test_token_find(const struct test_token *token, CK_SESSION_HANDLE session,
                                 CK_OBJECT_CLASS class, const unsigned char id[HSM_ID_LENGTH]);
size_t test_token_count(const struct test_token *token, CK_SESSION_HANDLE session,
                        CK_OBJECT_CLASS class);

/* Runs `work` in another process, with the module initialised there and nobody logged in. */
typedef CK_RV test_work_fn(const struct test_token *token, CK_SLOT_ID slot);
void test_token_elsewhere(const struct test_token *token, test_work_fn *work);
