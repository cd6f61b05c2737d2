/* SPDX-License-Identifier: Apache-2.0 */
/*
 * library.h - the original library functions that pages.c replaces. As thread-safe as the
 * originals.
 */
#pragma once

#include <gnutls/gnutls.h>
#include <microhttpd.h>

/* libmicrohttpd's MHD_queue_response(), for our answers. */
enum MHD_Result kv_library_queue(struct MHD_Connection *connection, unsigned status,
                                 struct MHD_Response *response);

/* GnuTLS's gnutls_bye(). */
int kv_library_bye(gnutls_session_t session, gnutls_close_request_t how);
