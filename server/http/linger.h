/* SPDX-License-Identifier: Apache-2.0 */
/*
 * linger.h - connections that were closed while the peer may still be sending.
 *
 * The kernel sends a reset when data arrives at a closed socket, and when a socket is closed with
 * unread input; a client that is still sending then fails before it reads the answer that refused
 * it (RFC 9112 §9.6). So the last descriptor is not closed yet: only our side is shut down, and
 * what the peer sends is read and dropped until it closes, too, or a bound is reached. One thread
 * does this for all connections of a listener. Thread-safe except for new and free.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kv/base/clock.h"
#include "kv/base/err.h"

#define KV_LINGER_MAX 64 /* connections at once; the next ones are closed as they are */

struct kv_linger_bounds {
    size_t connections; /* at most KV_LINGER_MAX */
    uint64_t bytes;     /* dropped per connection */
    kv_millis silence;  /* real milliseconds without a byte */
    kv_millis time;     /* real milliseconds in all */
};

struct kv_linger; /* opaque */

/* Starts the thread. */
enum kv_code kv_linger_new(const struct kv_linger_bounds *bounds, struct kv_linger **ret_linger,
                           struct kv_err *err) kv_must_check;

/*
 * `socket` is about to be closed by its owner: keeps a copy of it when its peer has not closed.
 * Sends what is left, then the end of the stream. False: there is nothing to wait for, or no room.
 */
bool kv_linger_keep(struct kv_linger *linger, int socket);

/* From now on keeps only connections that would be reset at once, because they have unread
 * input. */
void kv_linger_hurry(struct kv_linger *linger);

/* kv_linger_keep() may not be called any more. Waits for the kept connections, at most
 * bounds.silence. NULL is fine. */
void kv_linger_free(struct kv_linger *linger);
