/* SPDX-License-Identifier: Apache-2.0 */
#include "pages.h"

#include <gnutls/gnutls.h>

#include "early.h"
#include "exchange.h"
#include "library.h"

/*
 * The library has a 500 for one case only: a chunk size line fills its memory, which is the
 * client's fault.
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

    (void) response; /* the page; still the library's */
    kv_early_await(guest->socket_context, 0);
    return kv_answer_refuse(connection, meant_by(status_code));
}

void kv_pages_watch(struct kv_guest *guest)
{
    const union MHD_ConnectionInfo *tls =
        MHD_get_connection_info(guest->connection, MHD_CONNECTION_INFO_GNUTLS_SESSION);

    if (tls != NULL) {
        gnutls_db_set_ptr(tls->tls_session, guest); /* of a cache that is not used */
    }
}

/* Also called for unrelated sessions. */
int gnutls_bye(gnutls_session_t session, gnutls_close_request_t how)
{
    struct kv_guest *guest = gnutls_db_get_ptr(session);

    if (guest != NULL) {
        kv_early_meet_end(guest);
    }
    return kv_library_bye(session, how);
}
