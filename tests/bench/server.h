/* SPDX-License-Identifier: Apache-2.0 */
/*
 * server.h - the daemon as a benchmark sees it: started, asked, weighed.
 *
 * Belongs to one thread. Failures are reported on standard error.
 */
#pragma once

#include <stdbool.h>

#include "../support/client.h"
#include "../support/daemon.h"
#include "load.h"

#define VAULT "dev"

struct server {
    struct daemon daemon;
    bool is_guarded;      /* its vault has Azure RBAC */
    const char *log;      /* level; NULL: the usual one */
    struct client client; /* while the daemon runs */
};

/* Starts the daemon on a fresh folder; server_done() ends it and removes the folder. */
bool server_init(struct server *server);
/* The same with a vault that has Azure RBAC, if is_guarded (guard.h). */
bool server_init_as(struct server *server, bool is_guarded);
/* The same with that --log-level; NULL: the usual one. */
bool server_init_with_log(struct server *server, const char *level);
void server_done(struct server *server);
KV_DEFINE_CLEANUP_VALUE(struct server, server_done)

/* Again on the same folder. */
bool server_start(struct server *server);
bool server_stop(struct server *server);

/* Processor time it has used, in microseconds; resident memory in MiB. */
double server_cpu_us(const struct server *server);
double server_memory_mib(const struct server *server);

bool server_create_key(struct client *client, const char *name, unsigned bits);
bool server_create_ec_key(struct client *client, const char *name); /* P-256 */

/* Prepares a GET, sends it once and remembers its answer as the expected one. */
bool server_prepare_get(struct server *server, const char *target,
                        struct load_request *ret_request);

/* Wraps random bytes with the key, then prepares the RSA-OAEP-256 unwrap that gives them back. */
bool server_prepare_unwrap(struct server *server, const char *key,
                           struct load_request *ret_request);

/* Prepares an ES256 signature over random bytes with the key. */
bool server_prepare_sign(struct server *server, const char *key, struct load_request *ret_request);

/* Opens connections that send these requests in turn. */
struct load *server_open_load(const struct server *server, unsigned connections,
                              const struct load_request *request, size_t requests);
