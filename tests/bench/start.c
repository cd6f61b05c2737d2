/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How long a start takes, from fork() to the ready line and to the first token: on a fresh folder and
 * on a used one. And with many keys: to the ready line, to the first GET and to the first use of a key,
 * which the token has to be open for.
 */
#include "bench.h"

#include <stdio.h>
#include <stdlib.h>

#include "fill.h"
#include "kv/base/clock.h"
#include "server.h"

#define PART "start"
#define REPEATS 7
#define MANY_REPEATS 3
#define SEED "seed"

/* ms since the fork; and of processor time. */
struct times {
    struct samples ready, token, cpu;
};

static void times_done(struct times *times)
{
    samples_done(&times->ready);
    samples_done(&times->token);
    samples_done(&times->cpu);
}
KV_DEFINE_CLEANUP_VALUE(struct times, times_done)

static double since(int64_t began)
{
    return (double) (kv_clock_monotonic_us() - began) / 1e3;
}

/* Starts and stops. */
static bool start_once(struct server *server, struct times *times)
{
    int64_t began = kv_clock_monotonic_us();

    if (!daemon_start(&server->daemon, NULL)) {
        return false;
    }
    samples_add(&times->ready, since(began));
    samples_add(&times->cpu, server_cpu_us(server) / 1e3);
    char *token = client_fetch_token(&server->daemon, "https://vault.azure.net");
    samples_add(&times->token, since(began));
    bool good = token != NULL;
    free(token);
    return daemon_stop(&server->daemon) && good;
}

static bool start_fresh(struct times *times)
{
    struct server server = { .is_guarded = false };

    daemon_prepare(&server.daemon);
    bool good = start_once(&server, times);
    daemon_discard(&server.daemon);
    return good;
}

/* The first start on the folder is not counted: it is one more cold one. */
static bool start_again(struct times *times)
{
    kv_auto(times_done) struct times first = { .ready = { .count = 0 } };
    struct server server = { .is_guarded = false };

    daemon_prepare(&server.daemon);
    bool good = start_once(&server, &first);
    for (unsigned i = 0; good && i < REPEATS; i++) {
        good = start_once(&server, times);
    }
    daemon_discard(&server.daemon);
    return good;
}

static void publish(struct report *report, struct times *times, const char *name)
{
    report_samples(report, PART, "ms", &times->ready, "%s", name);
    report_samples(report, PART, "ms", &times->token, "%s, first token", name);
    report_samples(report, PART, "ms", &times->cpu, "%s, processor", name);
}

/* --- many keys --- */

struct many {
    struct samples ready, get, use; /* ms since the fork */
    double memory;                  /* MiB, after the last start */
};

static void many_done(struct many *many)
{
    samples_done(&many->ready);
    samples_done(&many->get);
    samples_done(&many->use);
}
KV_DEFINE_CLEANUP_VALUE(struct many, many_done)

static bool ask(struct server *server, const char *method, const char *path, const char *body)
{
    struct reply reply = client_call(&server->client, method, path, body);
    bool good = reply.status == 200;

    if (!good) {
        fprintf(stderr, "bench: %s: %ld %s\n", path, reply.status, reply.body);
    }
    reply_done(&reply);
    return good;
}

static bool start_many(struct server *server, struct many *many)
{
    static const char order[] =
        "{\"alg\":\"ES256\",\"value\":\"n4bQgYhMfWWaL-qgxVrQFaO_TxsrC4Is0V1sFbDwCgg\"}";
    int64_t began = kv_clock_monotonic_us();

    if (!daemon_start(&server->daemon, NULL)) {
        return false;
    }
    samples_add(&many->ready, since(began));
    client_open(&server->client, &server->daemon, VAULT);
    bool good = ask(server, "GET", "/keys/" SEED, NULL);
    samples_add(&many->get, since(began));
    good = good && ask(server, "POST", "/keys/" SEED "/sign", order);
    samples_add(&many->use, since(began));
    many->memory = server_memory_mib(server);
    return server_stop(server) && good;
}

static bool measure_many(struct server *server, unsigned keys, struct many *many)
{
    bool good = server_init(server) && server_create_ec_key(&server->client, SEED)
                && server_stop(server) && fill(server->daemon.folder, SEED, keys - 1);

    for (unsigned i = 0; good && i < MANY_REPEATS; i++) {
        good = start_many(server, many);
    }
    return good;
}

static bool run_many(unsigned keys, struct report *report)
{
    kv_auto(many_done) struct many many = { .memory = 0 };
    struct server server = { .is_guarded = false };
    bool good = measure_many(&server, keys, &many);

    if (good) {
        report_samples(report, PART, "ms", &many.ready, "many keys");
        report_samples(report, PART, "ms", &many.get, "many keys, first GET");
        report_samples(report, PART, "ms", &many.use, "many keys, first signature");
        report_value(report, PART, "MiB", many.memory, "%u keys, memory", keys);
    }
    daemon_discard(&server.daemon);
    return good;
}

bool bench_start(const struct settings *settings, struct report *report)
{
    kv_auto(times_done) struct times cold = { .ready = { .count = 0 } };
    kv_auto(times_done) struct times warm = { .ready = { .count = 0 } };
    bool good = true;

    for (unsigned i = 0; good && i < REPEATS; i++) {
        good = start_fresh(&cold);
    }
    good = good && start_again(&warm);
    if (good) {
        publish(report, &cold, "cold");
        publish(report, &warm, "warm");
    }
    return good && run_many(settings->keys, report);
}
