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
