/* SPDX-License-Identifier: Apache-2.0 */
/*
 * library.h - the original library functions that pages.c replaces. As thread-safe as the
 * originals.
 */
#pragma once

#include <gnutls/gnutls.h>
#include <microhttpd.h>

#include "kv/base/err.h"

/* What is sent in a request's head is held against where libmicrohttpd has it in memory (framing.h), which 1.0
 * changed: with that every request would be refused. KV_UNAVAILABLE for a version, as MHD_get_version() says it,
 * that lays it out otherwise. */
enum kv_code kv_library_check(const char *version, struct kv_err *err) kv_must_check;

/* libmicrohttpd's MHD_queue_response(), for our answers. */
enum MHD_Result kv_library_queue(struct MHD_Connection *connection, unsigned status,
                                 struct MHD_Response *response);

/* GnuTLS's gnutls_bye(). */
int kv_library_bye(gnutls_session_t session, gnutls_close_request_t how);
