/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The same work with few and with many keys in store and token. A daemon for each number of keys
 * runs all the time, and they are measured in turn: what one round compares, it measured within
 * seconds. The keys are copies of one (fill.h), each as good as a generated one.
 */
#include "bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fill.h"
#include "kv/base/clock.h"
#include "load.h"
#include "server.h"

#define PART "scale"
#define SEED "seed"
#define QUERY "?api-version=7.6"
#define UNWRAPS 8 /* different keys that are unwrapped with */
#define STARTS 3
#define WALKS 3 /* through all pages */
#define TARGET_MAX 1024

static const unsigned sizes[] = { 10, 1000, 10000 };
#define SIZES KV_COUNT(sizes)

/* A kind of request, and how it did. */
struct probe {
    struct load_request request[UNWRAPS];
    size_t requests;
    struct load *load;
    struct samples latency; /* ms; medians of the rounds */
    struct samples rate;    /* answers a second */
    struct samples cpu;     /* us of the daemon, an answer */
};

struct rung {
    unsigned keys;
    struct server server;
    struct samples start, walk; /* ms */
    struct probe unwrap, get, page;
};

struct scale {
    const struct settings *settings;
    struct rung rung[SIZES];
    struct samples rate_ratio[SIZES], cpu_ratio[SIZES]; /* of unwraps, against the first rung */
};

static bool make_keys(struct rung *rung)
{
    return server_init(&rung->server) && server_create_key(&rung->server.client, SEED, 2048)
           && server_stop(&rung->server) && fill(rung->server.daemon.folder, SEED, rung->keys - 1);
}

/* The last of the starts is left running. */
static bool time_starts(struct rung *rung)
{
    for (unsigned i = 0; i < STARTS; i++) {
        int64_t began = kv_clock_monotonic_us();

        if (!daemon_start(&rung->server.daemon, NULL)) {
            return false;
        }
        samples_add(&rung->start, (double) (kv_clock_monotonic_us() - began) / 1e3);
        if (!daemon_stop(&rung->server.daemon)) {
            return false;
        }
    }
    return server_start(&rung->server);
}

/* Follows the next page's link; false at the end or when the answer is no page. */
static bool turn_page(struct server *server, char target[TARGET_MAX], size_t *count)
{
    struct request request = { .method = "GET", .target = target };
    struct reply reply = client_send(&server->client, &request);
    const char *next = strstr(reply_text(&reply, "nextLink"), "/keys?");
    bool more = reply.status == 200 && next != NULL;

    *count += (size_t) cJSON_GetArraySize(reply_item(&reply, "value"));
    if (more) {
        snprintf(target, TARGET_MAX, "%s", next);
    }
    reply_done(&reply);
    return more;
}

/* Walks through all keys, which must be as many as were made; finds the page in the middle. */
static bool walk_pages(struct rung *rung, char ret_middle[TARGET_MAX])
{
    char target[TARGET_MAX] = "/keys" QUERY;
    int64_t began = kv_clock_monotonic_us();
    size_t count = 0;

    snprintf(ret_middle, TARGET_MAX, "%s", target);
    while (turn_page(&rung->server, target, &count)) {
        if (count <= rung->keys / 2) {
            snprintf(ret_middle, TARGET_MAX, "%s", target);
        }
    }
    samples_add(&rung->walk, (double) (kv_clock_monotonic_us() - began) / 1e3);
    if (count != rung->keys) {
        fprintf(stderr, "bench: %zu keys are listed, not %u\n", count, rung->keys);
    }
    return count == rung->keys;
}

/* Keys from the whole length of the store, so that no cache holds just them. */
static bool prepare_unwraps(struct rung *rung)
{
    char name[64];

    for (unsigned i = 0; i < UNWRAPS; i++) {
        snprintf(name, sizeof(name), FILL_NAME, i * (rung->keys - 1) / UNWRAPS);
        if (!server_prepare_unwrap(&rung->server, name, &rung->unwrap.request[i])) {
            return false;
        }
        rung->unwrap.requests++;
    }
    return true;
}

static bool prepare_reads(struct rung *rung)
{
    char key[96], page[TARGET_MAX];
    bool walked = true;

    for (unsigned i = 0; walked && i < WALKS; i++) {
        walked = walk_pages(rung, page);
    }
    snprintf(key, sizeof(key), "/keys/" FILL_NAME QUERY, (rung->keys - 1) / 2);
    rung->get.requests = 1;
    rung->page.requests = 1;
    return walked && server_prepare_get(&rung->server, key, rung->get.request)
           && server_prepare_get(&rung->server, page, rung->page.request);
}

static bool prepare(struct rung *rung, unsigned keys)
{
    rung->keys = keys;
    return make_keys(rung) && time_starts(rung) && prepare_unwraps(rung) && prepare_reads(rung);
}

static bool open_probe(struct probe *probe, const struct server *server, unsigned connections)
{
    probe->load = server_open_load(server, connections, probe->request, probe->requests);
    return probe->load != NULL;
}

static bool open_rung(struct rung *rung, unsigned connections)
{
    return open_probe(&rung->unwrap, &rung->server, connections)
           && open_probe(&rung->get, &rung->server, 1) && open_probe(&rung->page, &rung->server, 1);
}

/* The connections come last: the daemons close those that idle while the others are prepared. */
static bool prepare_all(struct scale *scale)
{
    bool good = true;

    for (size_t i = 0; good && i < SIZES; i++) {
        good = prepare(&scale->rung[i], sizes[i]);
    }
    for (size_t i = 0; good && i < SIZES; i++) {
        good = open_rung(&scale->rung[i], scale->settings->connections);
    }
    return good;
}

static bool measure(struct probe *probe, const struct server *server, double seconds)
{
    const struct load_span span = { .seconds = seconds };
    struct load_result result;
    double used = server_cpu_us(server);

    if (!load_run(probe->load, &span, &result)) {
        return false;
    }
    used = server_cpu_us(server) - used;
    samples_add(&probe->latency, samples_median(result.latency));
    samples_add(&probe->rate, (double) result.answers / result.seconds);
    samples_add(&probe->cpu, used / (double) result.answers);
    return true;
}

static bool measure_rung(struct rung *rung, double seconds)
{
    return measure(&rung->unwrap, &rung->server, seconds)
           && measure(&rung->get, &rung->server, seconds / 4)
           && measure(&rung->page, &rung->server, seconds / 4);
}

static bool run_round(struct scale *scale)
{
    const struct probe *first = &scale->rung[0].unwrap;

    for (size_t i = 0; i < SIZES; i++) {
        const struct probe *unwrap = &scale->rung[i].unwrap;

        if (!measure_rung(&scale->rung[i], scale->settings->seconds)) {
            return false;
        }
        samples_add(&scale->rate_ratio[i],
                    samples_last(&unwrap->rate) / samples_last(&first->rate));
        samples_add(&scale->cpu_ratio[i], samples_last(&unwrap->cpu) / samples_last(&first->cpu));
    }
    return true;
}

static void publish_rung(struct rung *rung, struct report *report)
{
    unsigned keys = rung->keys;

    report_samples(report, PART, "ms", &rung->start, "%u keys: start", keys);
    report_samples(report, PART, "ms", &rung->walk, "%u keys: paged through", keys);
    report_value(report, PART, "MiB", server_memory_mib(&rung->server), "%u keys: memory", keys);
    report_samples(report, PART, "op/s", &rung->unwrap.rate, "%u keys: unwrap", keys);
    report_samples(report, PART, "us", &rung->unwrap.cpu, "%u keys: unwrap, processor", keys);
    report_samples(report, PART, "ms", &rung->get.latency, "%u keys: GET, p50", keys);
    report_samples(report, PART, "us", &rung->get.cpu, "%u keys: GET, processor", keys);
    report_samples(report, PART, "ms", &rung->page.latency, "%u keys: page, p50", keys);
    report_samples(report, PART, "us", &rung->page.cpu, "%u keys: page, processor", keys);
}

static void publish(struct scale *scale, struct report *report)
{
    for (size_t i = 0; i < SIZES; i++) {
        publish_rung(&scale->rung[i], report);
    }
    for (size_t i = 1; i < SIZES; i++) {
        report_samples(report, PART, "", &scale->rate_ratio[i], "unwraps a second, %u / %u keys",
                       sizes[i], sizes[0]);
        report_samples(report, PART, "", &scale->cpu_ratio[i], "processor an unwrap, %u / %u keys",
                       sizes[i], sizes[0]);
    }
}

static void probe_done(struct probe *probe)
{
    load_close(probe->load);
    for (size_t i = 0; i < KV_COUNT(probe->request); i++) {
        load_request_done(&probe->request[i]);
    }
    samples_done(&probe->latency);
    samples_done(&probe->rate);
    samples_done(&probe->cpu);
}

static void scale_free(struct scale *scale)
{
    if (scale == NULL) {
        return;
    }
    for (size_t i = 0; i < SIZES; i++) {
        probe_done(&scale->rung[i].unwrap);
        probe_done(&scale->rung[i].get);
        probe_done(&scale->rung[i].page);
        server_done(&scale->rung[i].server);
        samples_done(&scale->rung[i].start);
        samples_done(&scale->rung[i].walk);
        samples_done(&scale->rate_ratio[i]);
        samples_done(&scale->cpu_ratio[i]);
    }
    free(scale);
}
KV_DEFINE_CLEANUP(struct scale *, scale_free)

bool bench_scale(const struct settings *settings, struct report *report)
{
    kv_auto(scale_free) struct scale *scale = calloc(1, sizeof(*scale));

    if (scale == NULL) {
        return false;
    }
    scale->settings = settings;
    if (!prepare_all(scale)) {
        return false;
    }
    for (unsigned i = 0; i < settings->rounds; i++) {
        if (!run_round(scale)) {
            return false;
        }
    }
    publish(scale, report);
    return true;
}
