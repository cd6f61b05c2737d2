/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How long a GET takes while keys are generated: at a pace that leaves the machine idle otherwise,
 * on connections that were open before. Four clients of their own ask for one RSA-4096 key after
 * the other, so that four generations are pending all the time.
 */
#include "bench.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

#include "load.h"
#include "server.h"

#define PART "get"
#define GENERATORS 4
#define SECONDS 8.0 /* some generations long */
#define KEY "cheap"

struct generator {
    struct client client;
    char name[16];
    atomic_bool *stop;
    pthread_t thread;
    bool running;
    unsigned made;
    bool failed;
};

static void *generate(void *argument)
{
    struct generator *generator = argument;

    while (!generator->failed && !atomic_load(generator->stop)) {
        generator->failed = !server_create_key(&generator->client, generator->name, 4096);
        generator->made += !generator->failed;
    }
    return NULL;
}

static bool start(struct generator *generator, unsigned number, const struct server *server,
                  atomic_bool *stop)
{
    *generator = (struct generator){ .stop = stop };
    snprintf(generator->name, sizeof(generator->name), "slow-%u", number);
    client_open(&generator->client, &server->daemon, VAULT);
    generator->running = pthread_create(&generator->thread, NULL, generate, generator) == 0;
    return generator->running;
}

/* Adds to *made; false when a generation failed. */
static bool finish(struct generator *generator, unsigned *made)
{
    if (generator->running) {
        pthread_join(generator->thread, NULL);
    }
    client_close(&generator->client);
    *made += generator->made;
    return !generator->failed;
}

static bool run_beside(struct server *server, struct load *load, const struct load_span *span,
                       struct load_result *ret_result, unsigned *ret_made)
{
    struct generator generator[GENERATORS];
    atomic_bool stop = false;
    unsigned started = 0;
    bool good = true;

    while (good && started < GENERATORS) {
        good = start(&generator[started], started, server, &stop);
        started++;
    }
    good = good && load_run(load, span, ret_result);
    atomic_store(&stop, true);
    *ret_made = 0;
    for (unsigned i = 0; i < started; i++) {
        good = finish(&generator[i], ret_made) && good;
    }
    return good;
}

static void publish(const struct settings *settings, const struct load_result *quiet,
                    const struct load_result *beside, unsigned made, struct report *report)
{
    static const struct {
        const char *name;
        double fraction;
    } rows[] = { { "p50", 0.5 }, { "p99", 0.99 }, { "longest", 1 } };

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        report_value(report, PART, "ms", samples_quantile(quiet->latency, rows[i].fraction),
                     "alone, %s", rows[i].name);
    }
    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        report_value(report, PART, "ms", samples_quantile(beside->latency, rows[i].fraction),
                     "beside %d generations, %s", GENERATORS, rows[i].name);
    }
    report_value(report, PART, "/s", (double) beside->answers / beside->seconds,
                 "answered (asked for: %.0f)", settings->pace);
    report_value(report, PART, "keys", made, "RSA-4096 keys made meanwhile");
}

static bool measure(const struct settings *settings, struct server *server, struct load *load,
                    struct report *report)
{
    const struct load_span quiet_span = { .seconds = SECONDS / 4, .pace = settings->pace };
    const struct load_span span = { .seconds = SECONDS, .pace = settings->pace };
    struct load_result quiet, beside;
    struct samples kept = { .count = 0 };
    unsigned made;
    bool good = load_run(load, &quiet_span, &quiet);

    for (size_t i = 0; good && i < quiet.latency->count; i++) {
        samples_add(&kept, quiet.latency->value[i]);
    }
    quiet.latency = &kept;
    good = good && run_beside(server, load, &span, &beside, &made);
    if (good) {
        publish(settings, &quiet, &beside, made, report);
    }
    samples_done(&kept);
    return good;
}

bool bench_get(const struct settings *settings, struct report *report)
{
    kv_auto(server_done) struct server server = { .client = { .curl = NULL } };
    kv_auto(load_request_done) struct load_request request = { .bytes = NULL };
    kv_auto(load_close) struct load *load = NULL;

    if (!server_init_as(&server, settings->is_guarded)
        || !server_create_key(&server.client, KEY, 2048)
        || !server_prepare_get(&server, "/keys/" KEY "?api-version=7.6", &request)) {
        return false;
    }
    load = server_open_load(&server, settings->connections, &request, 1);
    return load != NULL && measure(settings, &server, load, report);
}
