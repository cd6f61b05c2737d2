/* SPDX-License-Identifier: Apache-2.0 */
/*
 * doors.h - where connections come in: the listening sockets of a listener, and libmicrohttpd's daemon
 * behind each.
 *
 * Thread rule: refuse from one thread at a time, and none of the others meanwhile.
 */
#pragma once

#include <stdbool.h>

#include <microhttpd.h>

#include "sockets.h"

struct kv_doors {
    struct kv_sockets sockets;
    struct MHD_Daemon *daemon[KV_SOCKETS_MAX]; /* NULL: not started */
    int copy[KV_SOCKETS_MAX];                  /* of the sockets; the library's until quiesced */
    bool quiesced;
};

/*
 * Has the system refuse new connections (ECONNREFUSED), those in the backlog included, or accept them
 * again. The sockets keep their ports; connections that were accepted are not concerned. May be said
 * again at any time. False: a socket cannot listen again, and errno says why.
 */
bool kv_doors_refuse(struct kv_doors *doors, bool refuses);

/* Accepts none any more, for good. */
void kv_doors_quiesce(struct kv_doors *doors);

/* Stops the daemons, whose connections have ended, and closes the sockets. */
void kv_doors_close(struct kv_doors *doors);
