/* SPDX-License-Identifier: Apache-2.0 */
/*
 * early.h - requests that are refused while libmicrohttpd is still parsing their head.
 *
 * When 0.9.75 refuses a complete head (a Content-Length that is not a number or too large, cookies
 * that its memory is too small for), it answers and then believes that nobody has answered, so it
 * answers again: two header blocks, the second of which is the first one's body. And when the
 * query's arguments use up its memory it sends nothing. It does not ask us first and takes no
 * answer from us then. But it logs what it is about to do, on the thread of the connection; at that
 * moment exactly one connection on that thread has a head that is complete, was not handed to us,
 * and has no answer yet. We answer that one ourselves, and shut down our side of it: what the
 * library sends then goes nowhere, and it takes the connection for lost. Its log texts are not
 * examined, and a library that does not refuse in this state, or that closes first, never gets
 * here. A first line without a verb it does not answer at all, but ends the connection without
 * logging anything. So we answer when it ends a connection that owed us a line, while the client is
 * still there and has not been silent for so long that this could be the reason. For a client that
 * has closed its own side we cannot tell what the reason was: it gets nothing. Call these functions
 * on the thread of the connection, or the one that logs.
 */
#pragma once

#include "guests.h"

/* A first line comes next, for which the library waits that many real milliseconds; 0: none comes.
 * `guest` may be NULL. */
void kv_early_await(struct kv_guest *guest, kv_millis idle);

/* The library is about to end the stream, and something can still be said: answers a bad line. */
void kv_early_meet_end(struct kv_guest *guest);

/* The first line is there: hides the query, which we parse ourselves, from the library. The text is
 * the library's receive buffer, which this writes into. */
void kv_early_begin(struct kv_guest *guest, const char *target);

/* The library has reached a text of the first line. Any text but the target is an argument, so
 * there was a NUL before the query, which was therefore not hidden: refuses the request. */
void kv_early_meet_text(struct kv_guests *guests, struct kv_guest *guest, const char *text);

/* The library has logged something: answers if that is because it refuses a complete head. */
void kv_early_meet_message(struct kv_guests *guests);
