/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tickets.h - the keys of the session tickets by which a client connects again without a full handshake
 * (RFC 5077, RFC 8446 §2.2).
 *
 * A ticket opens only under the name of the server that it was made for: each name has a key of its own,
 * derived from one that is random and lives for an hour, in memory alone. A client whose ticket is older,
 * or of an earlier process, makes a full handshake and gets a new one. Thread-safe.
 */
#pragma once

#include <pthread.h>
#include <stdbool.h>

#include <gnutls/gnutls.h>

#include "kv/base/clock.h"

#define KV_TICKETS_LIFE 3600000 /* milliseconds, of the key that all are derived from */
#define KV_TICKETS_KEY_MAX 128  /* bytes; GnuTLS says how many there are */

struct kv_tickets {
    pthread_mutex_t lock;  /* lock.def: listener.tickets; guards what follows */
    gnutls_datum_t master; /* GnuTLS's memory; NULL: none so far */
    kv_millis until;       /* monotonic: when the next one takes its place */
};

/* One of them, for one name. To be wiped. */
struct kv_ticket_key {
    unsigned char bytes[KV_TICKETS_KEY_MAX];
    unsigned len;
};

void kv_tickets_init(struct kv_tickets *tickets);
/* After the last connection has ended. */
void kv_tickets_done(struct kv_tickets *tickets);

/* The key that is valid at that monotonic time for that server, in whatever case the name is written.
 * False: GnuTLS has none, and there are no tickets then. */
bool kv_tickets_find(struct kv_tickets *tickets, const char *server, kv_millis now,
                     struct kv_ticket_key *ret_key) kv_must_check;

/* Has the session take tickets for that server, and hand some out. Call before it has chosen how to go
 * on after the client hello. Without one it makes a full handshake and hands out none. */
void kv_tickets_offer(struct kv_tickets *tickets, const char *server, gnutls_session_t session);
