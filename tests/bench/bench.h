/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench.h - the parts of the benchmark. Each starts daemons of its own, measures, reports its
 * figures and leaves nothing behind; false when something could not be measured.
 */
#pragma once

#include <stdbool.h>

#include "report.h"

struct settings {
    unsigned rounds;      /* of measurements that are interleaved or repeated */
    double seconds;       /* a round takes */
    unsigned connections; /* of the load generator */
    double pace;          /* GET requests a second beside key generation */
    unsigned consumers;   /* services that check their keys */
    unsigned keys;        /* of the start with many */
    bool is_guarded;      /* unwrap, sign and get at a vault with RBAC and many assignments */
};

typedef bool bench_fn(const struct settings *settings, struct report *report);

bench_fn bench_unwrap;    /* through coffer, against the token alone */
bench_fn bench_rate;      /* GETs a second, with the log and without */
bench_fn bench_connect;   /* new connections, and resumed TLS sessions */
bench_fn bench_sign;      /* the same of ES256 signatures */
bench_fn bench_get;       /* latency beside key generation */
bench_fn bench_create;    /* keys, from the pool and generated */
bench_fn bench_consumers; /* services that check their keys, at 60-fold */
bench_fn bench_deploy;    /* a template of 200 resources */
bench_fn bench_start;     /* until the ready line, the first token, the first use of a key */
bench_fn bench_memory;    /* resident */
bench_fn bench_token;     /* validating a token that was seen before */
bench_fn bench_standing;  /* whether a caller's session has ended */
bench_fn bench_access;    /* a check of a caller, with many role assignments */
bench_fn bench_faults;    /* what fault rules cost a request */
bench_fn bench_gate;      /* the same of a whole request */
bench_fn bench_journal;   /* what a request pays for an entry */
bench_fn bench_firewall;  /* a look at the address of a client, with many rules */
bench_fn bench_scale;     /* with few and with many keys */
