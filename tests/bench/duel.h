/* SPDX-License-Identifier: Apache-2.0 */
/*
 * duel.h - what coffer does a second over TLS, beside what the token does by itself with as many
 * threads as there are processors.
 *
 * The machine is never quiet, so both are measured in turn, in short rounds, and compared round by
 * round; every other round goes backwards, so that a drift favours neither. On a machine that is
 * really busy only the ratio of the processor time says something. Belongs to one thread.
 */
#pragma once

#include "bench.h"
#include "load.h"
#include "raw.h"
#include "server.h"

#define DUEL_REQUESTS 8 /* different ones, sent in turn */

struct duel {
    const struct settings *settings; /* borrowed */
    enum raw_kind kind;              /* what the token does */
    struct server server;
    struct raw_token raw;
    struct load_request request[DUEL_REQUESTS];
    struct load *load;
    struct samples alone, alone_cpu;                     /* op/s and us of the token */
    struct samples coffer, coffer_cpu, client, p50, p99; /* op/s, us, us, ms, ms */
    struct samples ratio, cpu_ratio, own_ratio;          /* the last without what the load takes */
};

/* Makes the server's key, then a request that does with it what the token is to do. */
typedef bool duel_key_fn(struct client *client, const char *name);
typedef bool duel_request_fn(struct server *server, const char *name,
                             struct load_request *ret_request);

/* Starts both. False when that does not work; duel_done() is due either way. */
bool duel_init(struct duel *duel, duel_key_fn *make_key, duel_request_fn *make_request);
void duel_done(struct duel *duel);
KV_DEFINE_CLEANUP_VALUE(struct duel, duel_done)

/* All rounds, then the figures; `alone` names what the token did. */
bool duel_run(struct duel *duel);
void duel_publish(struct duel *duel, const char *part, const char *alone, struct report *report);
