/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pages.h - the pages that libmicrohttpd would send by itself.
 *
 * When 0.9.75 itself refuses a head, a chunk or a trailer, it answers with its own HTML page, and
 * an overlong chunk size with a 500 that asks to contact its developer. It has no option for these
 * pages, but it queues them like we queue our answers, by MHD_queue_response(). This file defines a
 * function of that name, which the dynamic linker prefers to the library's, even for the library's
 * own calls: so only the library calls it, and its page is replaced by an answer of ours with the
 * same status. A library that binds its own calls when it is built (-Bsymbolic) would send its
 * pages again; tests/unit/listener_pages.c would show it. In the same way we learn when it is about
 * to end the stream of a TLS connection: afterwards nothing can be sent there (early.h). Runs on
 * the connection's thread.
 */
#pragma once

#include "guests.h"

/* The guest has arrived: makes the end of its stream known if it uses TLS. */
void kv_pages_watch(struct kv_guest *guest);
