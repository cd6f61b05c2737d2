/* SPDX-License-Identifier: Apache-2.0 */
#include "pages.h"

#include <assert.h>
#include <dlfcn.h>
#include <pthread.h>
#include <stddef.h>

#include <gnutls/gnutls.h>

#include "early.h"
#include "exchange.h"

typedef enum MHD_Result queue_fn(struct MHD_Connection *, unsigned, struct MHD_Response *);
typedef int bye_fn(gnutls_session_t, gnutls_close_request_t);

static pthread_once_t once = PTHREAD_ONCE_INIT;
static queue_fn *library_queue;
static bye_fn *library_bye;

static void find_originals(void)
{
    library_queue = (queue_fn *) dlsym(RTLD_NEXT, "MHD_queue_response");
    library_bye = (bye_fn *) dlsym(RTLD_NEXT, "gnutls_bye");
    assert(library_queue != NULL && library_bye != NULL); /* both are linked */
}

enum MHD_Result kv_pages_queue(struct MHD_Connection *connection, unsigned status,
                               struct MHD_Response *response)
{
    (void) pthread_once(&once, find_originals); /* cannot fail */
    return library_queue(connection, status, response);
}

/*
 * The library has an error of its own for one case only: the line of a chunk's size fills its memory,
 * which is the client's doing.
 */
static unsigned meant_by(unsigned status)
{
    return status == MHD_HTTP_INTERNAL_SERVER_ERROR ? MHD_HTTP_BAD_REQUEST : status;
}

_MHD_EXTERN enum MHD_Result MHD_queue_response(struct MHD_Connection *connection,
                                               unsigned int status_code,
                                               struct MHD_Response *response)
{
    const union MHD_ConnectionInfo *guest =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

    (void) response; /* the page; the library's still */
    kv_early_await(guest->socket_context, 0);
    return kv_answer_refuse(connection, meant_by(status_code));
}

void kv_pages_watch(struct kv_guest *guest)
{
    const union MHD_ConnectionInfo *tls =
        MHD_get_connection_info(guest->connection, MHD_CONNECTION_INFO_GNUTLS_SESSION);

    if (tls != NULL) {
        gnutls_db_set_ptr(tls->tls_session, guest); /* of a cache that nobody uses */
    }
}

/* Also called by ourselves, and for sessions that have nothing to do with us. */
int gnutls_bye(gnutls_session_t session, gnutls_close_request_t how)
{
    struct kv_guest *guest = gnutls_db_get_ptr(session);

    (void) pthread_once(&once, find_originals); /* cannot fail */
    if (guest != NULL) {
        kv_early_meet_end(guest);
    }
    return library_bye(session, how);
}
