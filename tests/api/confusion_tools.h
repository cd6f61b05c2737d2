/* SPDX-License-Identifier: Apache-2.0 */
/*
 * confusion_tools.h - a daemon whose signing key the tests know, and tokens that are well made but for
 * the one thing that is tried.
 *
 * Each test is a process of its own, so these globals are one test's. Tokens are the caller's: free().
 */
#pragma once

#include "../support/api.h"
#include "../unit/identity/forge.h"

#define TEXT_MAX 65536

extern struct client client;   /* its token is good, and these are of it: */
extern char *header, *payload; /* what its parts say */
extern char kid[128];

void confusion_set_up(void);
void confusion_tear_down(void);

/* The status of the answer to a request with that header, and its challenge. */
long ask(const char *authorization, char *ret_challenge, size_t size);

/* 401, with the challenge that goes with each; 200. `what` is for messages. */
void expect_refused(const char *token, const char *what);
void expect_taken(const char *token, const char *what);

/* "HEADER.PAYLOAD." */
char *join(const char *a_header, const char *a_payload);

/* RS256 by a key that is not the issuer's; HS256 of the good payload. */
char *sign_by(EVP_PKEY *key, const char *a_header, const char *a_payload);
char *sign_by_secret(const void *secret, int secret_len, const char *a_header);

/* The template with the kid for each @, and `text` for each #; valid until the next call. */
const char *fill(const char *template, const char *text);

/* A token with each of these headers, templates that are filled, signed by the issuer's key. */
void expect_all_refused(const char *const *headers, size_t count);
