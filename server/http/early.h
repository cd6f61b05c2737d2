/* SPDX-License-Identifier: Apache-2.0 */
/*
 * early.h - requests that are refused while libmicrohttpd still takes their head apart.
 *
 * What 0.9.75 refuses once a head is complete (a Content-Length that is no number or none that it
 * can hold, cookies for which its memory is too small) it answers and then takes for answered by
 * nobody, so it answers again: two header blocks, of which the second is the first one's body. And
 * when its memory is used up by the arguments of the query it falls silent. It asks nobody before
 * and takes no answer from us then. But it says in its log what it is about to do, from the thread
 * of the connection; at that moment there is one connection on that thread, and never two, with a
 * head that is complete, that was not handed to us, and that has no answer yet. To this one we give
 * the answer ourselves, and shut our side of it: what the library sends then goes nowhere, and it
 * takes the connection for lost. Its texts are not looked at, and a library that does not refuse in
 * this state, or that closes first, never gets here.
 * A first line in which it finds no verb it does not answer at all, but ends the connection without
 * a word in its log, too. So it is us who answer when it ends a connection that owed us a line, while
 * the client is still there and has not been silent for so long that this could be the reason. Of a
 * client that has closed its own side we cannot tell what the reason was: it gets nothing.
 * The functions belong to the thread of the connection, or of whatever logs.
 */
#pragma once

#include "guests.h"

/* A first line comes next, for which the library waits so many real milliseconds; 0: none does.
 * `guest` may be NULL. */
void kv_early_await(struct kv_guest *guest, kv_millis idle);

/* The library is about to end the stream, and something can still be said: answers a bad line. */
void kv_early_meet_end(struct kv_guest *guest);

/* The first line is there: hides the query, which we take apart ourselves, from the library. The
 * text is the library's receive buffer, which it writes into, too. */
void kv_early_begin(struct kv_guest *guest, const char *target);

/* The library has come to a text of the first line. One that is not the target is an argument, so
 * there is a NUL before the query, which thus was not hidden: refuses the request. */
void kv_early_meet_text(struct kv_guests *guests, struct kv_guest *guest, const char *text);

/* The library has logged something: if that is because it refuses a complete head, answers. */
void kv_early_meet_message(struct kv_guests *guests);
