/* SPDX-License-Identifier: Apache-2.0 */
/* hsm_tools.h - a daemon whose HSM is made to fail, for the tests of that. One thread asserts. */
#pragma once

#include "../support/api.h"

/* The body of a signature by P-256. */
#define HSM_SIGN "{\"alg\":\"ES256\",\"value\":\"n4bQgYhMfWWaL-qgxVrQFaO_TxsrC4Is0V1sFbDwCgg\"}"

/* Each test has one of its own: for TestSuite(). */
extern struct daemon hsm_daemon;
void hsm_start(void);
void hsm_stop(void);

/* Asks the control port; `below` is put behind the path of the faults. */
struct reply hsm_ask(struct client *client, const char *method, const char *below,
                     const char *body);

/* These fail the test when they cannot be done. */
void hsm_add(struct client *client, const char *body);
void hsm_clear(struct client *client);
void hsm_make_key(struct client *client, const char *name);

struct reply hsm_sign_with(struct client *client, const char *name);
void hsm_expect_sign(struct client *client, const char *name, long status, const char *when);

/* "available" or "unavailable"; "in place", "removed" or "reinitialised". */
void hsm_expect_state(struct client *client, const char *state, const char *place);
