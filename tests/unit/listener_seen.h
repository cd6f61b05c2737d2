/* SPDX-License-Identifier: Apache-2.0 */
/*
 * listener_seen.h - requests to the site of steps (site.h), and what a client sees of their answers,
 * plainly and over TLS.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "tests/support/raw.h"
#include "tests/support/site.h"

#define HOST "Host: localhost\r\n"
#define SMALL "GET /small HTTP/1.1\r\n" HOST
#define BYE "Connection: close\r\n"
#define REAL "the real answer"
#define OWN "a step's answer"

/* How the client sees a connection end. */
enum ending {
    OPEN,  /* it does not: it is there for another request */
    ENDED, /* the end of the stream; over TLS said by close_notify */
    RESET, /* plain: a reset. TLS: no close_notify */
    BROKEN /* neither of these */
};

extern struct test_site site;
extern char seen[8 * 1024 * 1024]; /* all that came of the last answer */
extern size_t seen_len;

/* The site, for test_site_stop(). */
void start_steps(bool secure);

/* Of what was seen: a header's value, and what follows the head; "none" where there is no such. */
const char *seen_header(const char *name);
const char *seen_body(void);

/* Sends, then reads to the end, or until there is a whole answer and silence behind it. */
enum ending ask(struct raw *raw, const char *request);
enum ending ask_once(bool secure, const char *request);

/* A request with what its steps are to do, and what comes of it. */
struct row {
    const char *request;
    enum ending ending;
    int status;         /* 0: no status line */
    const char *length; /* what Content-Length says; NULL: none is looked for */
    const char *body;   /* NULL: there is no end of the head */
    int handled;        /* handlers that ran */
};

/* Each of them over connections of its own, plainly, then over TLS. */
void expect_rows(const struct row *rows, size_t count);
