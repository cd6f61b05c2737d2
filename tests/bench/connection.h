/* SPDX-License-Identifier: Apache-2.0 */
/*
 * connection.h - one keep-alive connection over TLS that costs as little as it can: a request is
 * one write of prepared bytes, an answer mostly one read into one buffer.
 *
 * Belongs to one thread. A failure is reported on standard error.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include <openssl/ssl.h>

#define ANSWER_MAX (64 * 1024) /* bytes, head included */

/* The settings all connections to one server share; NULL on failure. SSL_CTX_free() it. */
SSL_CTX *connection_settings(const char *ca);

struct connection {
    SSL *tls;
    char *in;         /* NUL-terminated */
    size_t in_len;    /* of the present answer */
    size_t head_len;  /* with the empty line; 0: not whole yet */
    size_t whole_len; /* head and body */
};

/* Connects to 127.0.0.1 and checks that the certificate is `host`'s. Close with connection_close(),
 * after a failure, too. */
bool connection_open(struct connection *connection, SSL_CTX *settings, unsigned port,
                     const char *host);
/* The same, resuming that session if the server lets it; NULL: none. */
bool connection_open_again(struct connection *connection, SSL_CTX *settings, unsigned port,
                           const char *host, SSL_SESSION *session);
void connection_close(struct connection *connection);

int connection_descriptor(const struct connection *connection);

/* Only when no answer is outstanding. */
bool connection_send(struct connection *connection, const char *request, size_t len);

enum arrival { ARRIVAL_PART, ARRIVAL_WHOLE, ARRIVAL_LOST };

/* Takes what has come, without waiting. */
enum arrival connection_receive(struct connection *connection);
