/* SPDX-License-Identifier: Apache-2.0 */
/* A key for each name, by HKDF-Expand (RFC 5869 §2.3) of a random one. */
#include "tickets.h"

#include <ctype.h>
#include <string.h>

#include <gnutls/crypto.h>

#include "kv/base/base.h"
#include "kv/base/secret.h"

#define NAME_MAX_BYTES 255 /* of a DNS name */

void kv_tickets_init(struct kv_tickets *tickets)
{
    *tickets = (struct kv_tickets){ .master = { .data = NULL } };
    (void) pthread_mutex_init(&tickets->lock, NULL); /* cannot fail on Linux */
}

static void forget(gnutls_datum_t *master)
{
    if (master->data != NULL) {
        kv_wipe(master->data, master->size);
        gnutls_free(master->data);
    }
    *master = (gnutls_datum_t){ .data = NULL };
}

void kv_tickets_done(struct kv_tickets *tickets)
{
    forget(&tickets->master);
    (void) pthread_mutex_destroy(&tickets->lock);
}

/* The one before is forgotten even if there is no other: nobody's ticket may live on. */
static void rotate_locked(struct kv_tickets *tickets, kv_millis now)
{
    forget(&tickets->master);
    if (gnutls_session_ticket_key_generate(&tickets->master) != GNUTLS_E_SUCCESS) {
        tickets->master = (gnutls_datum_t){ .data = NULL };
    }
    tickets->until = now + KV_TICKETS_LIFE;
}

/* Names are compared without regard to case (RFC 6066 §3). */
static gnutls_datum_t lower(const char *server, unsigned char ret_bytes[NAME_MAX_BYTES])
{
    unsigned len = 0;

    for (; len < NAME_MAX_BYTES && server[len] != '\0'; len++) {
        ret_bytes[len] = (unsigned char) tolower((unsigned char) server[len]);
    }
    return (gnutls_datum_t){ .data = ret_bytes, .size = len };
}

static bool derive_locked(const struct kv_tickets *tickets, const char *server,
                          struct kv_ticket_key *ret_key)
{
    unsigned char name[NAME_MAX_BYTES];
    gnutls_datum_t info = lower(server, name);
    const gnutls_datum_t *master = &tickets->master;

    ret_key->len = master->size;
    return master->data != NULL && master->size <= sizeof(ret_key->bytes)
           && gnutls_hkdf_expand(GNUTLS_MAC_SHA256, master, &info, ret_key->bytes, master->size)
                  == GNUTLS_E_SUCCESS;
}

bool kv_tickets_find(struct kv_tickets *tickets, const char *server, kv_millis now,
                     struct kv_ticket_key *ret_key)
{
    pthread_mutex_lock(&tickets->lock);
    if (tickets->master.data == NULL || now >= tickets->until) {
        rotate_locked(tickets, now);
    }
    bool found = derive_locked(tickets, server, ret_key);
    pthread_mutex_unlock(&tickets->lock);
    return found;
}

/* A session that cannot have tickets goes on without them. */
void kv_tickets_offer(struct kv_tickets *tickets, const char *server, gnutls_session_t session)
{
    struct kv_ticket_key key;

    if (kv_tickets_find(tickets, server, kv_clock_monotonic(), &key)) {
        const gnutls_datum_t lent = { .data = key.bytes, .size = key.len }; /* it takes a copy */

        (void) gnutls_session_ticket_enable_server(session, &lent);
    }
    kv_wipe(&key, sizeof(key));
}
