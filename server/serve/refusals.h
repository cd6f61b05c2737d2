/* SPDX-License-Identifier: Apache-2.0 */
/* refusals.h - the thread that closes and opens the HTTPS port as fault rules say. */
#pragma once

#include <pthread.h>

#include "serve.h"

/* Whether the HTTPS port refuses connections, by the fault rules. {0} is closed. */
struct refusals {
    struct kv_faults *faults;
    struct kv_clock *clock;
    struct kv_listener *listener;
    pthread_mutex_t lock; /* lock.def: refusals.state; guards all below */
    pthread_cond_t news;
    pthread_t thread;
    bool runs, refuses, looks; /* looks: there are rules for it */
    bool is_stuck;             /* it cannot accept again, which was logged */
};
/* Before the rules can be changed, which is what the control port is for. */
enum kv_code refusals_open(struct refusals *refusals, struct kv_faults *faults,
                           struct kv_clock *clock, struct kv_listener *listener,
                           struct kv_err *err) kv_must_check;
/* Before the listener is drained; leaves it as it is. Rules may still be changed. */
void refusals_close(struct refusals *refusals);
