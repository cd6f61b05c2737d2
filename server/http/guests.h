/* SPDX-License-Identifier: Apache-2.0 */
/*
 * guests.h - the open connections of a listener: which of them still owe us a head or the rest of a
 * request, until when, and the exchange that each has begun.
 *
 * libmicrohttpd forgets a request whose head it refuses, and its timeout restarts with each byte;
 * of a chunked body it shows us the data, but not the sizes and extensions of chunks, and not the
 * trailers. So what a connection has begun is recorded here from its accept to its end, and one
 * whose head or body is late is shut down, which the library takes as the end of the stream. Nor
 * does it notice a client that ends the stream together with its last data: it learns of both at
 * once, reads the data and waits for the end. It is told again as soon as it has nothing to do, at
 * the latest within a quarter of a second. Thread-safe, but a guest's first four members are its
 * connection's thread's. Lock order: "listener.guests" of lock.def.
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
    KV_GUEST_NEXT,    /* for another head, which may take long to come */
    KV_GUEST_REFUSED, /* for the library to notice that we refused and shut it down */
    KV_GUEST_BODY,    /* for the end of a request, whose head is there */
    KV_GUEST_NONE     /* the request is there, or was answered early */
};

struct kv_guest {
    struct kv_exchange *exchange; /* begun and not completed; NULL: none */
    const char *target;           /* of the last first line, where the library has it; to compare */
    bool is_refused;              /* by early.h; nothing more can be sent */
    kv_millis line_until;         /* the library's patience for a first line; 0: awaits none */
    struct kv_guests *guests;     /* does not change, nor do the next three */
    struct MHD_Connection *connection;
    pthread_t thread; /* the library's */
    int descriptor;
    TAILQ_ENTRY(kv_guest) all;  /* guarded by the guests' mutex, as is all below */
    TAILQ_ENTRY(kv_guest) link; /* of those that wait for the same thing */
    enum kv_guest_wait wait;
    kv_millis begun; /* its last request: when its first line was there */
    kv_millis deadline;
    bool has_ended; /* its peer, and the library was told so */
};

/*
 * Real milliseconds. `head`: how long a head may take from its first byte; `idle`: how long a
 * connection may be silent before it; `arrival`: how long a request may take from its first line.
 * Starts a thread.
 */
enum kv_code kv_guests_new(kv_millis head, kv_millis idle, kv_millis arrival,
                           struct kv_guests **ret_guests, struct kv_err *err) kv_must_check;
/*
 * Lets nobody in any more: what the guests send from now on is not read, and those that have not
 * left after that many real milliseconds are not waited for.
 */
void kv_guests_dismiss(struct kv_guests *guests, kv_millis patience);
/* Call when all have left. NULL is fine. */
void kv_guests_free(struct kv_guests *guests);

/* The caller's thread has accepted a connection: it waits KV_GUEST_FIRST. NULL: out of memory. */
struct kv_guest *kv_guests_enter(struct kv_guests *guests, struct MHD_Connection *connection,
                                 int descriptor);
/* From now on it waits for `wait`. NULL is fine, here and below. */
void kv_guests_wait(struct kv_guests *guests, struct kv_guest *guest, enum kv_guest_wait wait);
/* One of those in KV_GUEST_BEGUN that `is_wanted`, or NULL. It stays valid while the caller is on
 * its thread. */
struct kv_guest *kv_guests_find_begun(struct kv_guests *guests,
                                      bool (*is_wanted)(const struct kv_guest *guest));
/* Its connection is about to be reset: from now on nobody looks at what its peer sends. */
void kv_guest_give_up(struct kv_guest *guest);
/* The descriptor is about to be closed. */
void kv_guests_leave(struct kv_guests *guests, struct kv_guest *guest);
