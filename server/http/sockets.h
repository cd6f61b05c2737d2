/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sockets.h - the listening sockets of one port: one address, or one of IPv4 and one of IPv6: both
 * loopbacks for "localhost", all addresses of the machine for "any".
 *
 * Plain data; used by the thread that opens and closes the listener.
 */
#pragma once

#include <stddef.h>

#include "kv/base/err.h"

#define KV_SOCKETS_MAX 2
#define KV_SOCKETS_BACKLOG 1024 /* connections that may wait to be accepted */

struct kv_sockets {
    int descriptor[KV_SOCKETS_MAX];
    size_t count;
    unsigned port; /* of all of them */
};

/* Binds and listens; `port` 0 takes a free one. KV_BAD_PARAMETER: not an address; KV_CONFLICT: in
 * use. Close with kv_sockets_close(). */
enum kv_code kv_sockets_open(const char *address, unsigned port, struct kv_sockets *ret_sockets,
                             struct kv_err *err) kv_must_check;
void kv_sockets_close(struct kv_sockets *sockets);
