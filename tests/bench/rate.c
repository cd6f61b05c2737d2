/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How many GETs a second there are when nobody waits in between, on one connection and on several: of a
 * daemon that logs each request and of one that does not, in turn, round by round.
 */
#include "bench.h"

#include "load.h"
#include "server.h"

#define PART "rate"
#define KEY "rate"

/* One daemon, and how it did. */
struct side {
    const char *log;
    struct server server;
    struct load_request request;
    struct load *one, *all; /* of one connection, and of all of them */
    struct samples one_rate, all_rate, cpu, client, p99;
};

static void side_done(struct side *side)
{
    struct samples *samples[] = { &side->one_rate, &side->all_rate, &side->cpu, &side->client,
                                  &side->p99 };

    load_close(side->one);
    load_close(side->all);
    load_request_done(&side->request);
    server_done(&side->server);
    for (size_t i = 0; i < KV_COUNT(samples); i++) {
        samples_done(samples[i]);
    }
}
KV_DEFINE_CLEANUP_VALUE(struct side, side_done)

static bool prepare(struct side *side, const struct settings *settings)
{
    if (!server_init_with_log(&side->server, side->log)
        || !server_create_ec_key(&side->server.client, KEY)
        || !server_prepare_get(&side->server, "/keys/" KEY "?api-version=7.6", &side->request)) {
        return false;
    }
    side->one = server_open_load(&side->server, 1, &side->request, 1);
    side->all = server_open_load(&side->server, settings->connections, &side->request, 1);
    return side->one != NULL && side->all != NULL;
}

static bool run_round(struct side *side, const struct load_span *span)
{
    struct load_result result;

    if (!load_run(side->one, span, &result)) {
        return false;
    }
    samples_add(&side->one_rate, (double) result.answers / result.seconds);
    samples_add(&side->p99, samples_quantile(result.latency, 0.99));
    double used = server_cpu_us(&side->server);
    if (!load_run(side->all, span, &result)) {
        return false;
    }
    used = server_cpu_us(&side->server) - used;
    samples_add(&side->all_rate, (double) result.answers / result.seconds);
    samples_add(&side->cpu, used / (double) result.answers);
    samples_add(&side->client, result.client_us);
    return true;
}

static void publish(struct side *side, unsigned connections, struct report *report)
{
    const char *log = side->log == NULL ? "log" : "no log";

    report_samples(report, PART, "op/s", &side->one_rate, "1 connection, %s", log);
    report_samples(report, PART, "ms", &side->p99, "1 connection, %s, p99", log);
    report_samples(report, PART, "op/s", &side->all_rate, "%u connections, %s", connections, log);
    report_samples(report, PART, "us", &side->cpu, "processor, %s", log);
    report_samples(report, PART, "us", &side->client, "processor, %s, load generator", log);
}

bool bench_rate(const struct settings *settings, struct report *report)
{
    kv_auto(side_done) struct side with = { .log = NULL };
    kv_auto(side_done) struct side without = { .log = "error" };
    const struct load_span span = { .seconds = settings->seconds };
    bool good = prepare(&with, settings) && prepare(&without, settings);

    for (unsigned i = 0; good && i < settings->rounds; i++) {
        good = run_round(&with, &span) && run_round(&without, &span);
    }
    if (good) {
        publish(&with, settings->connections, report);
        publish(&without, settings->connections, report);
    }
    return good;
}
