/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wire.h - HTTP by hand over a socket, for tests that look at every byte or break the rules.
 *
 * Aborts, with a line on standard error, when the system fails or the peer is silent for a
 * minute: a test cannot go on then.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define WIRE_HEAD_MAX 16384

struct wire_answer {
    int status;               /* 0: the peer closed without a complete head */
    char head[WIRE_HEAD_MAX]; /* status line and headers, each with its CRLF */
    char *body;               /* NUL-terminated; free with wire_answer_done() */
    size_t body_len;
};

/* Connects to 127.0.0.1 or ::1; -1 when the connection is refused. */
int wire_try_connect(unsigned port, bool ipv6);
int wire_connect(unsigned port, bool ipv6);

/* False when the peer has closed. */
bool wire_send(int descriptor, const char *bytes, size_t len);
bool wire_say(int descriptor, const char *text);

/* Reads one answer; `bodiless`: none follows, whatever the head says (HEAD). */
void wire_receive(int descriptor, bool bodiless, struct wire_answer *ret_answer);
void wire_answer_done(struct wire_answer *answer);

/* The value of a header of the answer, or NULL; valid until the next call. */
const char *wire_header(const struct wire_answer *answer, const char *name);

/* True when the peer closes, in whatever way, without sending another byte. */
bool wire_is_closed(int descriptor);

/* Sends one request on a connection of its own and returns the status. */
int wire_ask(unsigned port, const char *request, struct wire_answer *ret_answer);
