/* SPDX-License-Identifier: Apache-2.0 */
/*
 * consumer_tools.h - a daemon with services that use keys, whose clock stands still: what is caused to
 * happen, and what they make of it. One thread asserts.
 */
#pragma once

#include "../support/api.h"

/* Each test has one of its own, for TestSuite(): vaults rol (by roles) and pol (by policies), with purge
 * protection, where the identities fhir-id and dicom-id may get, wrap and unwrap, and the tests'
 * identity may do all; trusted-id, a service that firewalls let in, may in rol. In both an RSA key `cmk`. */
extern struct daemon consumer_daemon;
void consumer_start(void);
void consumer_stop(void);
/* Ends it as a crash does, and starts it anew on what is left. */
void consumer_restart(void);

/* "https://rol.vault.localhost/keys/cmk/VERSION"; the second makes another version. */
#define CONSUMER_URL_SIZE 160
void consumer_key(const char *vault, char ret_url[CONSUMER_URL_SIZE]);
void consumer_rotate(const char *vault, char ret_url[CONSUMER_URL_SIZE]);

/* Asks the control port: below /control/v1/consumers, and any of its paths. */
struct reply consumer_ask(const char *method, const char *behind, const char *body);
struct reply consumer_control(const char *method, const char *target, const char *body);
/* Asks a vault about its key `cmk`: "/keys/cmk" and `behind`. */
struct reply consumer_vault(const char *vault, const char *method, const char *behind,
                            const char *body);

/* These fail the test when they cannot be done. */
void consumer_add(const char *name, const char *profile, const char *url, const char *identity);
void consumer_change(const char *vault, const char *attributes);
void consumer_apply(const char *scenario, const char *with);
void consumer_revert(const char *scenario);
void consumer_walk(int seconds);
long consumer_epoch(void);

/* How it stands; in a buffer of the caller. `is_healthy` is the verdict of the last check. */
struct consumer_standing {
    char state[32], reason[48], cause[300];
    bool is_healthy;
    long status, checks, missed;
    long since; /* seconds since 1970 */
};
void consumer_look(const char *name, struct consumer_standing *ret_standing);
void consumer_expect(const char *name, const char *state, const char *when);
