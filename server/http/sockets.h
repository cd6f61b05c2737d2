/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sockets.h - the listening sockets of one port: one address, or one of IPv4 and one of IPv6: both
 * loopbacks for "localhost", all addresses of the machine for "any". An address may have more sockets
 * than one, among which the system divides its connections (SO_REUSEPORT).
 *
 * Plain data; used by the thread that opens and closes the listener.
 */
#pragma once

#include <stddef.h>

#include "kv/base/err.h"
#include "kv/http/listener.h"

#define KV_SOCKETS_EACH_MAX KV_LISTENER_THREADS_MAX /* of an address */
#define KV_SOCKETS_MAX (2 * KV_SOCKETS_EACH_MAX)
#define KV_SOCKETS_BACKLOG 1024 /* connections that may wait to be accepted */

struct kv_sockets {
    int descriptor[KV_SOCKETS_MAX];
    size_t count;
    unsigned port; /* of all of them */
};

/* Binds and listens; `port` 0 takes a free one; `each`: at most so many sockets on each address, 1 to
 * KV_SOCKETS_EACH_MAX. KV_BAD_PARAMETER: not an address; KV_CONFLICT: in use, by another coffer as
 * well. Close with kv_sockets_close(). */
enum kv_code kv_sockets_open(const char *address, unsigned port, unsigned each,
                             struct kv_sockets *ret_sockets, struct kv_err *err) kv_must_check;
void kv_sockets_close(struct kv_sockets *sockets);
