/* SPDX-License-Identifier: Apache-2.0 */
#include "early.h"

#include <ctype.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <gnutls/gnutls.h>
#include <microhttpd.h>

#include "exchange.h"

static void refuse(struct kv_guests *guests, struct kv_guest *guest, unsigned status)
{
    guest->is_refused = true;
    kv_answer_by_hand(guest->connection, status);
    kv_guests_wait(guests, guest, KV_GUEST_REFUSED);
}

/* Less a margin, because the library's clock is coarse. */
void kv_early_await(struct kv_guest *guest, kv_millis idle)
{
    if (guest != NULL) {
        guest->line_until = idle == 0 ? 0 : kv_clock_monotonic() + idle - idle / 8;
    }
}

/* Reads a byte if there is one: the connection is over anyway. */
static bool is_peer_there(const struct kv_guest *guest)
{
    const union MHD_ConnectionInfo *tls =
        MHD_get_connection_info(guest->connection, MHD_CONNECTION_INFO_GNUTLS_SESSION);
    char byte;
    ssize_t len;

    if (tls != NULL) {
        len = gnutls_record_recv(tls->tls_session, &byte, 1); /* an error before the handshake */
        return len > 0 || len == GNUTLS_E_AGAIN || len == GNUTLS_E_INTERRUPTED;
    }
    len = recv(guest->descriptor, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return len > 0 || (len < 0 && errno == EAGAIN);
}

void kv_early_meet_end(struct kv_guest *guest)
{
    bool is_line_bad = kv_clock_monotonic() < guest->line_until && is_peer_there(guest);

    guest->line_until = 0;
    if (is_line_bad) {
        kv_answer_by_hand(guest->connection, MHD_HTTP_BAD_REQUEST);
    }
}

void kv_early_begin(struct kv_guest *guest, const char *target)
{
    char *query = strchr(target, '?');

    guest->line_until = 0;
    guest->target = target;
    if (query != NULL) {
        query[1] = '\0';
    }
}

void kv_early_meet_text(struct kv_guests *guests, struct kv_guest *guest, const char *text)
{
    if (text != guest->target && !guest->is_refused) {
        refuse(guests, guest, MHD_HTTP_BAD_REQUEST);
    }
}

/* Only the library's thread may access its connections. */
static bool is_complete_and_unanswered(const struct kv_guest *guest)
{
    struct MHD_Connection *connection = guest->connection;

    return pthread_equal(guest->thread, pthread_self()) && !guest->is_refused
           && MHD_get_connection_info(connection, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE) != NULL
           && MHD_get_connection_info(connection, MHD_CONNECTION_INFO_HTTP_STATUS) == NULL;
}

/* What the library accepts: digits whose value it can hold. */
static bool is_length_good(struct MHD_Connection *connection)
{
    const char *length =
        MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_CONTENT_LENGTH);
    char *end;

    if (length == NULL) {
        return true;
    }
    errno = 0;
    (void) strtoull(length, &end, 10);
    return isdigit((unsigned char) *length) && *end == '\0' && errno == 0;
}

void kv_early_meet_message(struct kv_guests *guests)
{
    struct kv_guest *guest = kv_guests_find_begun(guests, is_complete_and_unanswered);

    if (guest != NULL) {
        refuse(guests, guest,
               is_length_good(guest->connection) ? MHD_HTTP_REQUEST_HEADER_FIELDS_TOO_LARGE
                                                 : MHD_HTTP_BAD_REQUEST);
    }
}
