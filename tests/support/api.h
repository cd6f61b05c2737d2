/* SPDX-License-Identifier: Apache-2.0 */
/*
 * api.h - one daemon for all tests of a program: api_main.c starts it before the first test and
 * stops it after the last, so a program whose daemon did not end cleanly fails.
 *
 * Vaults: dev (premium, 90 days), std (standard, 7 days), locked (purge-protected, 7 days). Tests
 * run side by side in processes of their own: each uses key names of its own.
 */
#pragma once

#include <criterion/criterion.h>
#include <openssl/evp.h>

#include "client.h"
#include "kv/base/base.h"
#include "nss.h"
#include "proof.h"

/* The program's daemon. Tests run in processes that share no memory with the one that started it,
 * so it is told to them through the environment. */
const struct daemon *api_daemon(void);

/* A daemon of one test's own, with a data folder that goes with it; the test fails if it does not
 * start, or does not end well. */
void api_begin(struct daemon *daemon, const char *const *arguments);
void api_end(struct daemon *daemon);
void api_publish_daemon(const struct daemon *daemon);

/* Opens a client on a vault and closes it when the scope ends: API_CLIENT(dev); */
#define API_CLIENT(vault)                                                                          \
    __attribute__((cleanup(client_close))) struct client vault;                                    \
    client_open(&vault, api_daemon(), #vault)

/* The same for a daemon of the test's own. */
#define API_CLIENT_OF(own_daemon, vault)                                                           \
    __attribute__((cleanup(client_close))) struct client vault;                                    \
    client_open(&vault, own_daemon, #vault)

/* The same of a managed HSM: API_HSM_OF(api_daemon(), pool); */
#define API_HSM_OF(a_daemon, hsm)                                                                  \
    __attribute__((cleanup(client_close))) struct client hsm;                                      \
    client_open_hsm(&hsm, a_daemon, #hsm)

#define API_REPLY(name, call)                                                                      \
    __attribute__((cleanup(reply_done), unused)) struct reply name = (call)

/* Skips a test of what NSS softokn cannot do, when that is the module. */
#define API_SKIP_WITH_NSS(reason)                                                                  \
    do {                                                                                           \
        if (nss_is_chosen()) {                                                                     \
            cr_skip_test(reason);                                                                  \
        }                                                                                          \
    } while (0)

/* Creates an RSA-2048 key; the test fails when that does not work. `extra` is put into the body,
 * for example ",\"tags\":{\"a\":\"b\"}". Returns the version in a buffer of the caller. */
void api_create_key(struct client *client, const char *name, const char *extra,
                    char ret_version[33]);

/*
 * A private RSA key of OpenSSL's, the same for all tests of the program that ask for one of that size:
 * to make one takes seconds. For tests to which it does not matter who else has it; the caller's
 * (EVP_PKEY_free).
 */
EVP_PKEY *api_rsa(unsigned bits);

/* Data that the key wrapped, base64url, in a buffer of the caller. `version` NULL: the latest. */
void api_wrap(struct client *client, const char *name, const char *version, const char *alg,
              const char *value, char ret_wrapped[1024]);

/* The answer to an unwrapkey. */
struct reply api_unwrap(struct client *client, const char *name, const char *version,
                        const char *alg, const char *value);

/* The value of a metric as /metrics names it, labels included; -1: there is none. */
long api_metric(const struct daemon *daemon, const char *name);

/* How many lines of the log have both texts in them, of those that were logged until now. */
unsigned api_count_lines(const struct daemon *daemon, const char *one, const char *other);

/* POST /control/v1/clock of a daemon of the test's own, with that body or {"advance":seconds}. */
void api_set_clock(const struct daemon *daemon, const char *order);
void api_advance(const struct daemon *daemon, long seconds);
