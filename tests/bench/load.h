/* SPDX-License-Identifier: Apache-2.0 */
/*
 * load.h - the load generator: one thread, some keep-alive TLS connections, prepared requests.
 *
 * It shares the processors with the server it measures, so it is lean: an answer costs a wake-up,
 * a read, a comparison and the write of the next request. Every answer is compared with the one
 * that is due: its length, and byte for byte what is the same each time. Belongs to one thread. Failures are reported on standard error.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "samples.h"

/* A whole request, and the body its answer (200) must have. */
struct load_request {
    char *bytes; /* heap */
    size_t len;
    char *expected; /* heap */
    size_t expected_len;
    size_t expected_same; /* bytes of it that are the same each time; a signature is not */
};
void load_request_done(struct load_request *request);
KV_DEFINE_CLEANUP_VALUE(struct load_request, load_request_done)

struct load_config {
    unsigned port;
    const char *host; /* TLS name */
    const char *ca;   /* path of the CA certificate */
    unsigned connections;
    const struct load_request *request; /* sent in turn; borrowed */
    size_t requests;
};

struct load; /* opaque */

/* Opens the connections. NULL on failure. */
struct load *load_open(const struct load_config *config);
void load_close(struct load *load);
KV_DEFINE_CLEANUP(struct load *, load_close)

/* How long it goes on: `seconds`, and at most `requests` (0: no bound). */
struct load_span {
    double seconds;
    size_t requests;
    double pace; /* requests a second, at even distances; 0: each connection at once again */
};

struct load_result {
    size_t answers;
    double seconds;          /* from the first request to the last answer */
    double client_us;        /* processor time of this thread, an answer */
    struct samples *latency; /* ms, borrowed until the next run; see load_run() */
};

/*
 * Runs the span and waits for the last answer. A latency begins when the request is sent; with a
 * pace, when it was due, if by then every connection waited for the server.
 */
bool load_run(struct load *load, const struct load_span *span, struct load_result *ret_result);
