/* SPDX-License-Identifier: Apache-2.0 */
/* What a new connection costs with its first request, and one that resumes a TLS session, in turn. */
#include "bench.h"

#include <poll.h>
#include <stdio.h>

#include "connection.h"
#include "kv/base/clock.h"
#include "load.h"
#include "server.h"

#define PART "connect"
#define KEY "connect"
#define PATIENCE 10000 /* milliseconds */
#define REPEATS 50     /* of each kind in a round */

struct sides {
    struct samples fresh, resumed, fresh_cpu, resumed_cpu, ratio;
};

static void sides_done(struct sides *sides)
{
    samples_done(&sides->fresh);
    samples_done(&sides->resumed);
    samples_done(&sides->fresh_cpu);
    samples_done(&sides->resumed_cpu);
    samples_done(&sides->ratio);
}
KV_DEFINE_CLEANUP_VALUE(struct sides, sides_done)

static bool await_answer(struct connection *connection)
{
    struct pollfd event = { .fd = connection_descriptor(connection), .events = POLLIN };

    for (;;) {
        switch (connection_receive(connection)) {
        case ARRIVAL_WHOLE:
            return true;
        case ARRIVAL_LOST:
            return false;
        case ARRIVAL_PART:
            break;
        }
        if (poll(&event, 1, PATIENCE) != 1) {
            return false;
        }
    }
}

/* Connects, asks once and leaves. `*session`: what to resume, or NULL; becomes what can be resumed. */
static bool visit(const struct server *server, SSL_CTX *settings,
                  const struct load_request *request, SSL_SESSION **session)
{
    struct connection connection;
    bool wanted = *session != NULL;
    bool good = connection_open_again(&connection, settings, server->daemon.port,
                                      server->client.host, *session)
                && connection_send(&connection, request->bytes, request->len)
                && await_answer(&connection);

    if (good && SSL_session_reused(connection.tls) != wanted) {
        fprintf(stderr, "bench: a session was %s\n", wanted ? "not resumed" : "resumed");
        good = false;
    }
    SSL_SESSION_free(*session);
    *session = good ? SSL_get1_session(connection.tls) : NULL;
    connection_close(&connection);
    return good;
}

static bool measure(struct server *server, SSL_CTX *settings, const struct load_request *request,
                    bool resumes, struct sides *sides)
{
    double used = server_cpu_us(server);
    SSL_SESSION *session = NULL;
    bool good = !resumes || visit(server, settings, request, &session);

    for (unsigned i = 0; good && i < REPEATS; i++) {
        int64_t began = kv_clock_monotonic_us();

        if (!resumes) {
            SSL_SESSION_free(kv_take(session));
        }
        good = visit(server, settings, request, &session);
        samples_add(resumes ? &sides->resumed : &sides->fresh,
                    (double) (kv_clock_monotonic_us() - began) / 1e3);
    }
    SSL_SESSION_free(session);
    samples_add(resumes ? &sides->resumed_cpu : &sides->fresh_cpu,
                (server_cpu_us(server) - used) / (REPEATS + resumes));
    return good;
}

bool bench_connect(const struct settings *settings, struct report *report)
{
    kv_auto(server_done) struct server server = { .client = { .curl = NULL } };
    kv_auto(load_request_done) struct load_request request = { .bytes = NULL };
    kv_auto(sides_done) struct sides sides = { .fresh = { .count = 0 } };

    if (!server_init(&server) || !server_create_ec_key(&server.client, KEY)
        || !server_prepare_get(&server, "/keys/" KEY "?api-version=7.6", &request)) {
        return false;
    }
    SSL_CTX *context = connection_settings(server.client.ca);
    bool good = context != NULL;
    for (unsigned i = 0; good && i < settings->rounds; i++) {
        good = measure(&server, context, &request, false, &sides)
               && measure(&server, context, &request, true, &sides);
        samples_add(&sides.ratio,
                    samples_last(&sides.resumed_cpu) / samples_last(&sides.fresh_cpu));
    }
    SSL_CTX_free(context);
    if (good) {
        report_samples(report, PART, "ms", &sides.fresh, "new, with a GET");
        report_samples(report, PART, "ms", &sides.resumed, "resumed, with a GET");
        report_samples(report, PART, "us", &sides.fresh_cpu, "processor, new");
        report_samples(report, PART, "us", &sides.resumed_cpu, "processor, resumed");
        report_samples(report, PART, "", &sides.ratio, "resumed / new, by processor time");
    }
    return good;
}
