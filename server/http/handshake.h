/* SPDX-License-Identifier: Apache-2.0 */
/*
 * handshake.h - what becomes of a connection by the name of the server that its client hello has: it is
 * ended, or gets a certificate that is bad.
 *
 * Each client hello is asked about, that of a client which would resume a session as well: it may do so
 * (tickets.h) where the certificate is the good one, and else gets the bad one, by a full handshake, and
 * no ticket for later. Bad certificates are made when the first client gets them. Thread-safe.
 */
#pragma once

#include <pthread.h>

#include "kv/http/certificate.h"

/*
 * The cheapest cipher first, and by our order: AES-128-GCM, which all clients have. The groups in the
 * order in which clients send their shares, or one that has sent another has to say hello twice.
 */
#define KV_TLS_PRIORITIES                                                                          \
    "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:-CIPHER-ALL:+AES-128-GCM:+AES-256-GCM"             \
    ":+CHACHA20-POLY1305:+AES-128-CCM:+AES-256-CCM:+AES-128-CBC:+AES-256-CBC:-GROUP-ALL"           \
    ":+GROUP-X25519:+GROUP-SECP256R1:+GROUP-SECP384R1:+GROUP-SECP521R1:+GROUP-X448"                \
    ":%SERVER_PRECEDENCE"

struct MHD_Connection;
struct kv_service;

/* GnuTLS's credentials with each bad certificate; NULL: not made yet. */
struct kv_handshakes {
    pthread_mutex_t lock; /* lock.def: listener.handshakes; guards what follows */
    void *credentials[KV_CERTIFICATE_FLAWS];
};

void kv_handshakes_init(struct kv_handshakes *handshakes);
/* After the last connection has ended. */
void kv_handshakes_done(struct kv_handshakes *handshakes);

/* A new connection: ends it if the listener's `greet` says so, or its client hello will be looked at. The
 * service outlives it. Nothing of it where connections are not encrypted. */
void kv_handshakes_greet(const struct kv_service *service, struct MHD_Connection *connection);
