/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kv/http/listener.h - the sockets: HTTP or HTTPS by libmicrohttpd, requests handed to sites.
 *
 * One listener serves one port on one or two addresses with an epoll thread each. Requests whose
 * route names another lane are suspended while a worker has them; each has a deadline, after which
 * it is answered with KV_UNAVAILABLE, whatever the worker does. A connection that we end is read
 * for a while longer, so that a client that is still sending does not lose the answer to a reset.
 * Thread rule: new, quiesce and free from one thread.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "kv/base/clock.h"
#include "kv/base/err.h"
#include "kv/http/certificate.h"
#include "kv/http/lanes.h"
#include "kv/http/route.h"

struct kv_listener; /* opaque */

#define KV_LISTENER_THREADS_MAX 2

/* How a connection begins: it ends at once, KV_CUT_EMPTY or KV_CUT_RESET, or it gets a certificate with
 * that flaw, which is for a client hello to be answered with; or none of these. */
struct kv_welcome {
    enum kv_cut_kind cut;
    enum kv_certificate_flaw flaw;
};

struct kv_listener_config {
    const char *address;         /* numeric, or "localhost" for 127.0.0.1 and ::1 */
    unsigned port;               /* 0: any free port, the same on both addresses */
    const char *certificate_pem; /* server certificate and its chain; NULL: plain HTTP */
    const char *key_pem;
    const struct kv_site *const *sites; /* NULL-terminated; the first to serve it takes it */
    struct kv_app *app;
    struct kv_lanes *lanes;
    struct kv_clock *clock;
    unsigned threads;          /* for each address, up to KV_LISTENER_THREADS_MAX */
    unsigned connections;      /* at most this many at once on each address; further ones wait */
    kv_millis idle_timeout;    /* real milliseconds without a byte from the client */
    kv_millis head_timeout;    /* real milliseconds the head of a request may take */
    kv_millis arrival_timeout; /* real milliseconds a request may take to arrive */
    kv_millis deadline[KV_LANE_COUNT]; /* real milliseconds a request may take on a lane */
    size_t waits;       /* requests that may be waiting at once because a step says so */
    kv_millis wait_max; /* real milliseconds that one request may wait in total */
    /* Asked about each new connection before a byte of it is read, with `server` NULL, and again when
     * its client hello is there, with the name of the server in it, "" if there is none; on the
     * listener's thread. NULL: all are let in. Of HTTPS alone. */
    struct kv_welcome (*greet)(struct kv_app *app, const char *client, const char *server);
    /* Of which bad ones are made; outlives the listener. NULL: `greet` names no flaw. */
    const struct kv_certificates *certificates;
};

enum kv_code kv_listener_new(const struct kv_listener_config *config,
                             struct kv_listener **ret_listener, struct kv_err *err) kv_must_check;

/* The port it got. */
unsigned kv_listener_port(const struct kv_listener *listener);

/* Requests that have arrived and are not answered yet. */
size_t kv_listener_pending(const struct kv_listener *listener);

/* Of these, the ones that a step has made wait, or hang. */
size_t kv_listener_waiting(const struct kv_listener *listener);

/*
 * Has the system refuse new connections (ECONNREFUSED) from now on, or accept them again. The port
 * stays ours, and connections that are there stay. From one thread at a time, and not after
 * kv_listener_drain() has begun. False: the port cannot listen again.
 */
bool kv_listener_refuse(struct kv_listener *listener, bool refuses) kv_must_check;

/* There is news: those that a step made wait for it (kv_step_wait_news()) are asked again. From any
 * thread; takes no lock, and costs next to nothing while nobody waits for news. */
void kv_listener_tell(struct kv_listener *listener);

/*
 * Stops accepting, answers new requests on open connections with KV_UNAVAILABLE and Connection:
 * close, and waits at most `patience` real milliseconds for the requests under way. Those that wait
 * because a step says so are answered the same way at once, or with the answer that was held up;
 * those that hang are cut. False when some are left; then kv_listener_free() must not be called,
 * only _exit().
 */
bool kv_listener_drain(struct kv_listener *listener, kv_millis patience) kv_must_check;

/* After a successful drain, or when nothing was ever suspended. Waits some two seconds at most for
 * clients that are still sending. NULL is fine. */
void kv_listener_free(struct kv_listener *listener);
KV_DEFINE_CLEANUP(struct kv_listener *, kv_listener_free)
