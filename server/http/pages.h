/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pages.h - what libmicrohttpd would say by itself.
 *
 * What 0.9.75 refuses without us, in a head, a chunk or a trailer, it answers with a page of HTML
 * of its own, and a chunk size that is too long with a 500 that asks for its developer. It has no
 * option for these pages, but it queues them as we queue our answers, by MHD_queue_response(). This
 * file defines a function of that name, which the dynamic linker prefers to the library's, for the
 * library's own calls, too: whoever comes to it is the library, and what it is given is replaced by
 * an answer of ours with its status. A library that binds its own calls when it is built
 * (-Bsymbolic) would say its pages again; tests/unit/listener_pages.c would tell.
 * In the same way we hear when it is about to end the stream of a connection over TLS: afterwards
 * nothing can be said there (early.h).
 * Of the thread of the connection.
 */
#pragma once

#include "guests.h"

/* The guest has come: makes the end of its stream known if it is over TLS. */
void kv_pages_watch(struct kv_guest *guest);
