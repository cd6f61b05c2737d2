/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Unwraps and signatures a second through coffer, beside what the token does by itself with as many threads. The
 * machine is never quiet, so both are measured in turn, in short rounds, and compared round by
 * round; every other round goes backwards, so that a drift favours neither. On a machine that is
 * really busy only the ratio of the processor time says something.
 */
#include "bench.h"

#include <stdio.h>
#include <unistd.h>

#include "load.h"
#include "raw.h"
#include "server.h"

#define REQUESTS 8 /* different ciphertexts or digests */

/* What is compared. */
struct contest {
    const char *part; /* also the name of the key */
    const char *alone;
    enum raw_kind raw;
    bool (*create)(struct client *client, const char *name);
    bool (*prepare)(struct server *server, const char *key, struct load_request *ret_request);
};

struct unwrap_bench {
    const struct settings *settings;
    const struct contest *contest;
    struct server server;
    struct raw_token raw;
    struct load_request request[REQUESTS];
    struct load *load;
    struct samples alone, alone_cpu, oaep, coffer, coffer_cpu, client, ratio, cpu_ratio, p50, p99;
};

static bool measure_raw(struct unwrap_bench *bench)
{
    struct raw_result result;

    if (!raw_token_run(&bench->raw, bench->contest->raw, bench->settings->seconds, &result)) {
        return false;
    }
    samples_add(&bench->alone, result.per_second);
    samples_add(&bench->alone_cpu, result.cpu_us);
    return true;
}

/* For comparison only; half the time is enough. */
static bool measure_oaep(struct unwrap_bench *bench)
{
    struct raw_result result;

    if (bench->contest->raw != RAW_X_509) {
        return true;
    }
    if (!raw_token_run(&bench->raw, RAW_OAEP_SHA1, bench->settings->seconds / 2, &result)) {
        return false;
    }
    samples_add(&bench->oaep, result.per_second);
    return true;
}

static bool measure_coffer(struct unwrap_bench *bench)
{
    const struct load_span span = { .seconds = bench->settings->seconds };
    struct load_result result;
    double used = server_cpu_us(&bench->server);

    if (!load_run(bench->load, &span, &result)) {
        return false;
    }
    used = server_cpu_us(&bench->server) - used;
    samples_add(&bench->coffer, (double) result.answers / result.seconds);
    samples_add(&bench->coffer_cpu, used / (double) result.answers);
    samples_add(&bench->client, result.client_us);
    samples_add(&bench->p50, samples_quantile(result.latency, 0.5));
    samples_add(&bench->p99, samples_quantile(result.latency, 0.99));
    return true;
}

static bool run_round(struct unwrap_bench *bench, unsigned round)
{
    bool backwards = round % 2 == 1;
    bool done = backwards ? measure_coffer(bench) && measure_raw(bench) && measure_oaep(bench)
                          : measure_oaep(bench) && measure_raw(bench) && measure_coffer(bench);

    if (done) {
        samples_add(&bench->ratio, samples_last(&bench->coffer) / samples_last(&bench->alone));
        samples_add(&bench->cpu_ratio,
                    samples_last(&bench->alone_cpu)
                        / (samples_last(&bench->coffer_cpu) + samples_last(&bench->client)));
    }
    return done;
}

static void publish(struct unwrap_bench *bench, struct report *report)
{
    const char *part = bench->contest->part;

    report_samples(report, part, "op/s", &bench->alone, "token alone, %s, %u threads",
                   bench->contest->alone, bench->raw.threads);
    if (bench->contest->raw == RAW_X_509) {
        report_samples(report, part, "op/s", &bench->oaep, "token alone, OAEP with SHA-1");
    }
    report_samples(report, part, "op/s", &bench->coffer, "coffer over TLS, %u connections",
                   bench->settings->connections);
    report_samples(report, part, "", &bench->ratio, "coffer / token alone");
    report_samples(report, part, "", &bench->cpu_ratio, "the same, by processor time");
    report_samples(report, part, "ms", &bench->p50, "latency p50");
    report_samples(report, part, "ms", &bench->p99, "latency p99");
    report_samples(report, part, "us", &bench->alone_cpu, "processor, token alone");
    report_samples(report, part, "us", &bench->coffer_cpu, "processor, coffer");
    report_samples(report, part, "us", &bench->client, "processor, load generator");
}

static bool prepare(struct unwrap_bench *bench)
{
    const struct contest *contest = bench->contest;

    if (!server_init(&bench->server) || !contest->create(&bench->server.client, contest->part)) {
        return false;
    }
    for (size_t i = 0; i < REQUESTS; i++) {
        if (!contest->prepare(&bench->server, contest->part, &bench->request[i])) {
            return false;
        }
    }
    bench->load =
        server_open_load(&bench->server, bench->settings->connections, bench->request, REQUESTS);
    return bench->load != NULL;
}

static void done(struct unwrap_bench *bench)
{
    load_close(bench->load);
    for (size_t i = 0; i < REQUESTS; i++) {
        load_request_done(&bench->request[i]);
    }
    server_done(&bench->server);
    raw_token_close(&bench->raw);
    samples_done(&bench->alone);
    samples_done(&bench->alone_cpu);
    samples_done(&bench->oaep);
    samples_done(&bench->coffer);
    samples_done(&bench->coffer_cpu);
    samples_done(&bench->client);
    samples_done(&bench->ratio);
    samples_done(&bench->cpu_ratio);
    samples_done(&bench->p50);
    samples_done(&bench->p99);
}

static bool compare(const struct contest *contest, const struct settings *settings,
                    struct report *report)
{
    struct unwrap_bench bench = { .settings = settings, .contest = contest };
    bool good = prepare(&bench);

    raw_token_open(&bench.raw, (unsigned) sysconf(_SC_NPROCESSORS_ONLN));
    for (unsigned i = 0; good && i < settings->rounds; i++) {
        good = run_round(&bench, i);
    }
    if (good) {
        publish(&bench, report);
    }
    done(&bench);
    return good;
}

static bool create_rsa_key(struct client *client, const char *name)
{
    return server_create_key(client, name, RAW_BYTES * 8);
}

bool bench_unwrap(const struct settings *settings, struct report *report)
{
    static const struct contest contest = {
        .part = "unwrap",
        .alone = "X_509",
        .raw = RAW_X_509,
        .create = create_rsa_key,
        .prepare = server_prepare_unwrap,
    };

    return compare(&contest, settings, report);
}

bool bench_sign(const struct settings *settings, struct report *report)
{
    static const struct contest contest = {
        .part = "sign",
        .alone = "ECDSA",
        .raw = RAW_ECDSA,
        .create = server_create_ec_key,
        .prepare = server_prepare_sign,
    };

    return compare(&contest, settings, report);
}
