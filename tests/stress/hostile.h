/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hostile.h - what no client should send, as rows of a table, and the sending of it.
 *
 * One thread.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include <openssl/ssl.h>

#include "../support/daemon.h"
#include "kv/base/buf.h"

/* What is done with the text of a shape, and when the connection is given up. */
enum way {
    WAY_ASK,        /* all of it is sent, and the head of an answer read */
    WAY_LEAVE,      /* all of it is sent, nothing is read */
    WAY_RESET,      /* the same, and the connection is reset */
    WAY_HALF,       /* half of it is sent, then the connection is closed */
    WAY_HALF_RESET, /* the same, and reset */
    WAY_HELLO,      /* no text: the first message of TLS, then the connection is reset */
    WAY_NO_TLS      /* the text is sent where TLS is expected */
};

enum where { ON_BOTH, ON_TLS, ON_PLAIN };

/*
 * The text is `head`, `filler` so many `times`, and `tail`; where there is a body, its length and the
 * end of the head follow, and `body`, `body_filler` and `body_tail` likewise. In all of them $V is a
 * host that is served there, $T a good token of a vault, $K its first part, $M one of the managed HSM,
 * $0 a NUL.
 */
struct shape {
    const char *name;
    enum way way;
    enum where where;
    const char *head, *filler;
    unsigned times;
    const char *tail;
    const char *body, *body_filler;
    unsigned body_times;
    const char *body_tail;
};
extern const struct shape hostile_shapes[]; /* ends with one without name */

/* Whom it is sent to. */
struct target {
    const struct daemon *daemon;
    const char *token, *hsm_token;
    bool tls;     /* to the data plane; else to the control port */
    SSL_CTX *ctx; /* owned by whoever made it */
};

#define HOSTILE_TEXT_MAX (256 * 1024)

/* Writes the text of a shape for a target to an empty buffer of HOSTILE_TEXT_MAX. */
void hostile_write(const struct shape *shape, const struct target *target, struct kv_buf *text);

/* Sends it once, on a connection of its own. Gives the status of the answer, 0 where there was none
 * or nobody waited for it, and -1 when no connection could be made. */
int hostile_send(const struct shape *shape, const struct target *target, const struct kv_buf *text);
