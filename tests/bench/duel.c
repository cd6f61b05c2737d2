/* SPDX-License-Identifier: Apache-2.0 */
#include "duel.h"

#include <unistd.h>

#define KEY "duel"

static bool measure_token(struct duel *duel)
{
    struct raw_result result;

    if (!raw_token_run(&duel->raw, duel->kind, duel->settings->seconds, &result)) {
        return false;
    }
    samples_add(&duel->alone, result.per_second);
    samples_add(&duel->alone_cpu, result.cpu_us);
    return true;
}

static bool measure_coffer(struct duel *duel)
{
    const struct load_span span = { .seconds = duel->settings->seconds };
    struct load_result result;
    double used = server_cpu_us(&duel->server);

    if (!load_run(duel->load, &span, &result)) {
        return false;
    }
    used = server_cpu_us(&duel->server) - used;
    samples_add(&duel->coffer, (double) result.answers / result.seconds);
    samples_add(&duel->coffer_cpu, used / (double) result.answers);
    samples_add(&duel->client, result.client_us);
    samples_add(&duel->p50, samples_quantile(result.latency, 0.5));
    samples_add(&duel->p99, samples_quantile(result.latency, 0.99));
    return true;
}

static bool run_round(struct duel *duel, unsigned round)
{
    bool backwards = round % 2 == 1;
    bool done = backwards ? measure_coffer(duel) && measure_token(duel)
                          : measure_token(duel) && measure_coffer(duel);

    if (done) {
        samples_add(&duel->ratio, samples_last(&duel->coffer) / samples_last(&duel->alone));
        samples_add(&duel->cpu_ratio,
                    samples_last(&duel->alone_cpu)
                        / (samples_last(&duel->coffer_cpu) + samples_last(&duel->client)));
        samples_add(&duel->own_ratio,
                    samples_last(&duel->alone_cpu) / samples_last(&duel->coffer_cpu));
    }
    return done;
}

static bool prepare(struct duel *duel, duel_key_fn *make_key, duel_request_fn *make_request)
{
    if (!server_init_as(&duel->server, duel->settings->is_guarded)
        || !make_key(&duel->server.client, KEY)) {
        return false;
    }
    for (size_t i = 0; i < DUEL_REQUESTS; i++) {
        if (!make_request(&duel->server, KEY, &duel->request[i])) {
            return false;
        }
    }
    duel->load =
        server_open_load(&duel->server, duel->settings->connections, duel->request, DUEL_REQUESTS);
    return duel->load != NULL;
}

bool duel_init(struct duel *duel, duel_key_fn *make_key, duel_request_fn *make_request)
{
    bool good = prepare(duel, make_key, make_request);

    raw_token_open(&duel->raw, (unsigned) sysconf(_SC_NPROCESSORS_ONLN));
    return good;
}

bool duel_run(struct duel *duel)
{
    bool good = true;

    for (unsigned i = 0; good && i < duel->settings->rounds; i++) {
        good = run_round(duel, i);
    }
    return good;
}

void duel_publish(struct duel *duel, const char *part, const char *alone, struct report *report)
{
    report_samples(report, part, "op/s", &duel->alone, "token alone, %s, %u threads", alone,
                   duel->raw.threads);
    report_samples(report, part, "op/s", &duel->coffer, "coffer over TLS, %u connections",
                   duel->settings->connections);
    report_samples(report, part, "", &duel->ratio, "coffer / token alone");
    report_samples(report, part, "", &duel->cpu_ratio, "the same, by processor time");
    report_samples(report, part, "", &duel->own_ratio, "the same, without the load generator");
    report_samples(report, part, "ms", &duel->p50, "latency p50");
    report_samples(report, part, "ms", &duel->p99, "latency p99");
    report_samples(report, part, "us", &duel->alone_cpu, "processor, token alone");
    report_samples(report, part, "us", &duel->coffer_cpu, "processor, coffer");
    report_samples(report, part, "us", &duel->client, "processor, load generator");
}

void duel_done(struct duel *duel)
{
    struct samples *samples[] = { &duel->alone,      &duel->alone_cpu, &duel->coffer,
                                  &duel->coffer_cpu, &duel->client,    &duel->p50,
                                  &duel->p99,        &duel->ratio,     &duel->cpu_ratio,
                                  &duel->own_ratio };

    load_close(duel->load);
    for (size_t i = 0; i < DUEL_REQUESTS; i++) {
        load_request_done(&duel->request[i]);
    }
    server_done(&duel->server);
    raw_token_close(&duel->raw);
    for (size_t i = 0; i < KV_COUNT(samples); i++) {
        samples_done(samples[i]);
    }
}
