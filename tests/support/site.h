/* SPDX-License-Identifier: Apache-2.0 */
/*
 * site.h - a listener with a small site, each route of which is one behaviour of handlers.
 *
 *   GET  /inline, /worker, /generate   200 and the name of the lane, on that lane
 *   GET  /hop                        WORK, then GENERATE; /hop-inline: INLINE, then WORK
 *   GET  /hold, /hold-generate       holds up its lane until test_site_release()
 *   POST /echo                       WORK; the body. /echo-inline: INLINE
 *   GET  /facts                      the request as the handler sees it; also DELETE, PUT, PATCH
 *   GET  /headers, /typed            headers in a certain order; /typed sets its Content-Type
 *   GET  /wordy                      a head of 2 KiB
 *   GET  /empty                      204
 *   GET  /large                      4 MiB
 *   GET  /fail                       an error after a half-made answer; /fail-work: on WORK
 *   GET  /close                      asks for the connection to be closed
 * A gate refuses requests with the header X-Refuse. Errors are text: "SYMBOL message".
 */
#pragma once

#include <semaphore.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "kv/base/clock.h"
#include "kv/http/lanes.h"
#include "kv/http/listener.h"

/* What the site's handlers share; the site's own, not that of kv/app.h. */
struct kv_app {
    sem_t started, released; /* of handlers that hold */
    atomic_int held;         /* handlers that came to hold */
    atomic_int finished;     /* handlers that held and were released */
    atomic_int refused;      /* `after` calls with an error */
    atomic_int succeeded;    /* `after` calls without */
    atomic_int contexts;     /* contexts and states that were made and not freed */
    atomic_int handled;      /* handlers of the site of steps that ran */
    atomic_int asked;        /* steps of it that were asked, each time */
    atomic_int unanswered;   /* `after` calls of it without an answer */
    _Atomic int64_t now;     /* the clock, as its last handler read it */
    _Atomic int64_t micros;  /* the last `after` call's */
};

/* The handler of /large. */
kv_handler_fn test_site_be_large;

struct test_site {
    struct kv_app app;
    struct kv_clock *clock;
    struct kv_lanes *lanes;
    struct kv_listener *listener;
    unsigned port;
};

/* As a test wants it: change what matters, then start. One worker, a queue of two. */
void test_site_configure(struct kv_lanes_config *ret_lanes, struct kv_listener_config *ret_config);

/* Aborts when it cannot. */
void test_site_start(struct test_site *site, const struct kv_lanes_config *lanes,
                     const struct kv_listener_config *config);
void test_site_start_default(struct test_site *site);
/* The same plainly, or over TLS with a certificate that is made for it. */
void test_site_start_as(struct test_site *site, bool secure, const struct kv_lanes_config *lanes,
                        const struct kv_listener_config *config);

/*
 * Another site, for kv_listener_config.sites: GET, HEAD and DELETE (204) of /small, GET of /large
 * (4 MiB), POST of /echo, each on KV_LANE_WORK. What its steps say comes next is in three headers of
 * the request, At-Head, At-Step and At-Answer: words divided by ';', of which the first one counts
 * when a step is asked, the next one after a wait, and so on, and none is left to pass it on.
 *   refuse | answer | hang | cut KIND [LENGTH] | spoil KIND [LENGTH]     by the names of kv_cut_name()
 *   wait MILLIS | virtual MILLIS | news MILLIS                           from now on
 */
extern const struct kv_site test_steps_site;
extern const struct kv_site *const test_steps_sites[];

/* The small site, and for the host nobody.localhost that of steps. */
extern const struct kv_site *const test_both_sites[];

/* For localhost; free with kv_certificates_done(). Aborts when it cannot. */
struct kv_certificates;
void test_certificates_make(struct kv_certificates *ret_certificates);

/* Waits until a handler holds its lane; lets as many go on. */
void test_site_await_hold(struct test_site *site);
void test_site_release(struct test_site *site, int handlers);

/* Drains, frees and checks that nothing of any request is left. */
void test_site_stop(struct test_site *site);
