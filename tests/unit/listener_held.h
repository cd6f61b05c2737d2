/* SPDX-License-Identifier: Apache-2.0 */
/*
 * listener_held.h - requests to the site of steps (site.h) that are held up, and who waits for that.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "tests/support/raw.h"
#include "tests/support/site.h"

#define HOST "Host: localhost\r\n"
#define SMALL "GET /small HTTP/1.1\r\n" HOST
#define REAL "the real answer"
#define HOUR 3600000

extern struct test_site site;
extern struct kv_lanes_config lanes;
extern struct kv_listener_config config;
extern char seen[4096];

/* A suite's `init`: what a test may still change. */
void setup_waits(void);
void start_waits(bool secure);

/* Over a new connection. */
void send_request(struct raw *raw, bool secure, const char *request);
/* Until so many wait, or are there at all. */
void await_waiting(size_t count);
void await_pending(size_t count);

/* Reads until that is there, or to the end: it is what follows the head. */
void expect_text(struct raw *raw, const char *text);
/* The connection ends without a byte. */
void expect_nothing(struct raw *raw);
bool is_silent(const struct raw *raw, int millis);

/* A thread's: drains the listener, which may not take half a minute. */
void *drain(void *unused);
