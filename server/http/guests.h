/* SPDX-License-Identifier: Apache-2.0 */
/*
 * guests.h - the open connections of a listener: which of them owe us a head or the rest of a
 * request, until when, and the exchange that each has begun.
 *
 * libmicrohttpd forgets a request whose head it refuses, and its timeout starts anew with each
 * byte; of a body in chunks it shows us what is in them, but not their sizes and extensions, and not
 * the trailers. So what a connection has begun is noted here from its accept to its end, and one
 * whose head or body is late is shut down, which the library takes for the end of the stream.
 * Nor does it notice a client that has ended together with what it sent last: it hears of both at
 * once, reads the one and waits for the other. It is told again as soon as it has nothing to do, and
 * else within a quarter of a second.
 * Thread-safe, but a guest's first four members are its connection's thread's. Lock order: "listener.guests"
 * of lock.def.
 */
#pragma once

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/queue.h>

#include "kv/base/clock.h"
#include "kv/base/err.h"

struct MHD_Connection;
struct kv_exchange;
struct kv_guests; /* opaque */

enum kv_guest_wait {
    KV_GUEST_FIRST,   /* for the first head, from the accept on: the handshake counts */
    KV_GUEST_BEGUN,   /* for the rest of a head, whose first line is there */
    KV_GUEST_NEXT,    /* for another head, which may be long in coming */
    KV_GUEST_REFUSED, /* for the library to notice that we have refused and shut it */
    KV_GUEST_BODY,    /* for the end of a request, whose head is there */
    KV_GUEST_NONE     /* the request is there, or is answered without */
};

struct kv_guest {
    struct kv_exchange *exchange; /* begun and not completed; NULL: none */
    const char *target;           /* of the last first line, where the library has it; to compare */
    bool is_refused;              /* by early.h; there is nothing more to say */
    kv_millis line_until;         /* the library's patience for a first line; 0: awaits none */
    struct MHD_Connection *connection; /* does not change, as do the next two */
    pthread_t thread;                  /* the library's */
    int descriptor;
    TAILQ_ENTRY(kv_guest) all;  /* guarded by the guests' mutex, as is all below */
    TAILQ_ENTRY(kv_guest) link; /* of those that wait for the same */
    enum kv_guest_wait wait;
    kv_millis begun; /* its last request: when its first line was there */
    kv_millis deadline;
    bool has_ended; /* its peer, and the library was told so */
};

/*
 * Real milliseconds. `head`: from the first byte that a head may take; `idle`: that a connection may
 * be silent before it; `arrival`: from its first line that a request may take. Starts a thread.
 */
enum kv_code kv_guests_new(kv_millis head, kv_millis idle, kv_millis arrival,
                           struct kv_guests **ret_guests, struct kv_err *err) kv_must_check;
/*
 * Nobody is let in any more: what the guests send from now on is not read, and those that have not
 * left after so many real milliseconds are not waited for.
 */
void kv_guests_dismiss(struct kv_guests *guests, kv_millis patience);
/* All have left. NULL is fine. */
void kv_guests_free(struct kv_guests *guests);

/* The caller's thread has accepted a connection: it waits KV_GUEST_FIRST. NULL: out of memory. */
struct kv_guest *kv_guests_enter(struct kv_guests *guests, struct MHD_Connection *connection,
                                 int descriptor);
/* From now on it waits for that. NULL is fine, here and below. */
void kv_guests_wait(struct kv_guests *guests, struct kv_guest *guest, enum kv_guest_wait wait);
/* Of those that wait KV_GUEST_BEGUN one that `is_wanted`, or NULL. It stays while the caller is in
 * its thread. */
struct kv_guest *kv_guests_find_begun(struct kv_guests *guests,
                                      bool (*is_wanted)(const struct kv_guest *guest));
/* The descriptor is about to be closed. */
void kv_guests_leave(struct kv_guests *guests, struct kv_guest *guest);
