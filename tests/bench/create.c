/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How long a create takes: of each kind while the pool lasts; with none, beside what the module took
 * for the very same keys, and beside what the token alone takes, in turns; and how many keys a second
 * there are with some connections.
 *
 * RSA keys differ by a factor of ten in how long they are searched for, so those of a few tries that
 * two sides made say little of the sides. What a create adds is told from its own key.
 */
#include "bench.h"

#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../support/token.h"
#include "kv/base/clock.h"
#include "server.h"

#define PART "create"
#define TAKERS 8
#define TAKERS_SECONDS 6.0
#define FILL_PATIENCE_MS 600000

static const struct kind {
    const char *name, *body;
    unsigned bits;  /* of RSA; 0: P-256 */
    unsigned tries; /* without a pool */
    unsigned row;   /* one after the other while the pool lasts; to fill it takes a while */
} kinds[] = {
    { "P-256", "{\"kty\":\"EC\"}", 0, 200, 20 },
    { "RSA-2048", "{\"kty\":\"RSA\"}", 2048, 24, 20 },
    { "RSA-3072", "{\"kty\":\"RSA\",\"key_size\":3072}", 3072, 12, 10 },
    { "RSA-4096", "{\"kty\":\"RSA\",\"key_size\":4096}", 4096, 8, 5 },
};

static double now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double) now.tv_sec * 1e3 + (double) now.tv_nsec / 1e6;
}

static bool create(struct client *client, const char *name, const char *body)
{
    char path[96];

    snprintf(path, sizeof(path), "/keys/%s/create", name);
    struct reply reply = client_call(client, "POST", path, body);
    bool made = reply.status == 200;

    if (!made) {
        fprintf(stderr, "bench: create: %ld %s\n", reply.status, reply.body);
    }
    reply_done(&reply);
    return made;
}

static bool time_create(struct client *client, const struct kind *kind, unsigned number,
                        struct samples *samples)
{
    char name[48];

    snprintf(name, sizeof(name), "%s-%u", kind->name, number);
    double began = now_ms();
    bool made = create(client, name, kind->body);
    samples_add(samples, now_ms() - began);
    return made;
}

/* What the module takes, when nothing is around it. */
static bool time_alone(const struct test_token *token, const struct kind *kind, unsigned number,
                       struct samples *samples)
{
    unsigned char id[HSM_ID_LENGTH] = { (unsigned char) number, 1 };
    struct hsm_rsa_public rsa;
    struct hsm_ec_public ec;
    double began = now_ms();
    CK_RV rv = kind->bits == 0
                   ? hsm_generate_ec(token->hsm, id, HSM_BOUND, HSM_P256, &ec)
                   : hsm_generate_rsa(token->hsm, id, HSM_BOUND, kind->bits, 65537, &rsa);

    samples_add(samples, now_ms() - began);
    return rv == CKR_OK;
}

static void publish(struct samples *samples, const struct kind *kind, const char *when,
                    struct report *report)
{
    report_value(report, PART, "ms", samples_quantile(samples, 0.5), "%s %s, p50", kind->name,
                 when);
    report_value(report, PART, "ms", samples_quantile(samples, 0.95), "%s %s, p95", kind->name,
                 when);
}

/* The daemon takes the option from the environment. */
static bool start(struct server *server, const char *sizes)
{
    return setenv("COFFER_KEY_POOL", sizes, 1) == 0 && server_init(server);
}

static double read_ready(struct server *server, const struct kind *kind)
{
    const struct request request = { .method = "GET",
                                     .target = "/control/v1/hsm",
                                     .control = true };
    struct reply reply = client_send(&server->client, &request);
    char path[64];

    snprintf(path, sizeof(path), "pool.%s.ready", kind->name);
    double ready = reply_number(&reply, path);
    reply_done(&reply);
    return ready;
}

static bool await_full(struct server *server, const struct kind *kind)
{
    const struct timespec pause = { .tv_nsec = 50000000 };
    kv_millis end = kv_clock_monotonic() + FILL_PATIENCE_MS;

    while (read_ready(server, kind) < kind->row) {
        if (kv_clock_monotonic() > end) {
            fprintf(stderr, "bench: the pool does not get its %s\n", kind->name);
            return false;
        }
        nanosleep(&pause, NULL);
    }
    return true;
}

/* The first request of a client, which connects, does not count. */
static bool measure_pool(const struct kind *kind, struct report *report)
{
    kv_auto(server_done) struct server server = { .client = { .curl = NULL } };
    kv_auto(samples_done) struct samples samples = { .count = 0 };
    char sizes[32];

    snprintf(sizes, sizeof(sizes), "%s=%u", kind->name, kind->row);
    if (!start(&server, sizes) || !await_full(&server, kind)
        || !create(&server.client, "other", "{\"kty\":\"EC\",\"crv\":\"P-384\"}")) {
        return false;
    }
    for (unsigned i = 0; i < kind->row; i++) {
        if (!time_create(&server.client, kind, i, &samples)) {
            return false;
        }
    }
    publish(&samples, kind, "from the pool", report);
    return true;
}

static double find_seconds(const char *metrics, const char *function)
{
    char row[96];

    snprintf(row, sizeof(row), "\ncoffer_token_function_seconds_total{function=\"%s\"} ", function);

    const char *found = strstr(metrics, row);
    return found != NULL ? strtod(found + strlen(row), NULL) : 0; /* not called yet */
}

/* How long the daemon was inside the module so far to make keys, and to put them onto the token. */
static double read_inside_ms(struct server *server)
{
    const struct request request = { .method = "GET", .target = "/metrics", .control = true };
    struct reply reply = client_send(&server->client, &request);
    double seconds =
        find_seconds(reply.body, "C_GenerateKeyPair") + find_seconds(reply.body, "C_CopyObject");

    reply_done(&reply);
    return seconds * 1e3;
}

/* Its samples are kept, and what the module took for all of them is told. */
static bool time_turns(struct server *server, const struct test_token *token,
                       const struct kind *kind, struct samples *whole, struct samples *alone,
                       double *ret_inside_ms)
{
    double before = read_inside_ms(server);

    for (unsigned i = 0; i < kind->tries; i++) {
        if (!time_create(&server->client, kind, i, whole) || !time_alone(token, kind, i, alone)) {
            return false;
        }
    }
    *ret_inside_ms = read_inside_ms(server) - before;
    return true;
}

static bool measure_turns(struct server *server, const struct test_token *token,
                          const struct kind *kind, struct report *report)
{
    kv_auto(samples_done) struct samples whole = { .count = 0 };
    kv_auto(samples_done) struct samples alone = { .count = 0 };
    double inside;

    if (!time_turns(server, token, kind, &whole, &alone, &inside)) {
        return false;
    }
    publish(&whole, kind, "generated", report);
    publish(&alone, kind, "of the token alone", report);
    report_value(report, PART, "", samples_median(&whole) / samples_median(&alone),
                 "%s generated / token alone", kind->name);
    if (kind->bits > 0) {
        report_value(report, PART, "", samples_sum(&whole) / inside,
                     "%s generated / its own module time", kind->name);
    }
    return true;
}

static bool measure_generated(struct report *report)
{
    kv_auto(server_done) struct server server = { .client = { .curl = NULL } };
    struct test_token token;
    bool good = start(&server, "off");

    test_token_create(&token, NULL, NULL);
    for (size_t i = 0; good && i < KV_COUNT(kinds); i++) {
        good = measure_turns(&server, &token, &kinds[i], report);
    }
    test_token_destroy(&token);
    return good;
}

/* --- side by side --- */

struct taker {
    struct client client;
    unsigned number, made;
    double until;
    bool failed;
    pthread_t thread;
};

static void *take(void *argument)
{
    struct taker *taker = argument;
    char name[32];

    while (!taker->failed && now_ms() < taker->until) {
        snprintf(name, sizeof(name), "taker-%u-%u", taker->number, taker->made);
        taker->failed = !create(&taker->client, name, kinds[0].body);
        taker->made += !taker->failed;
    }
    return NULL;
}

static bool run_takers(struct server *server, double *ret_per_second)
{
    static struct taker takers[TAKERS];
    double began = now_ms();
    unsigned started = 0, made = 0;
    bool good = true;

    for (; good && started < TAKERS; started++) {
        takers[started] =
            (struct taker){ .number = started, .until = began + TAKERS_SECONDS * 1000 };
        client_open(&takers[started].client, &server->daemon, VAULT);
        good = pthread_create(&takers[started].thread, NULL, take, &takers[started]) == 0;
    }
    for (unsigned i = 0; i < started; i++) {
        pthread_join(takers[i].thread, NULL);
        client_close(&takers[i].client);
        good = good && !takers[i].failed;
        made += takers[i].made;
    }
    *ret_per_second = made / (now_ms() - began) * 1000;
    return good;
}

static bool measure_takers(const char *sizes, const char *when, struct report *report)
{
    kv_auto(server_done) struct server server = { .client = { .curl = NULL } };
    double per_second;

    if (!start(&server, sizes) || !run_takers(&server, &per_second)) {
        return false;
    }
    report_value(report, PART, "/s", per_second, "P-256, %d connections, %s", TAKERS, when);
    return true;
}

bool bench_create(const struct settings *settings, struct report *report)
{
    bool good = measure_generated(report) && measure_takers("off", "no pool", report)
                && measure_takers("auto", "auto", report);

    (void) settings; /* what is measured once has rounds of its own */
    for (size_t i = 0; good && i < KV_COUNT(kinds); i++) {
        good = measure_pool(&kinds[i], report);
    }
    unsetenv("COFFER_KEY_POOL");
    return good;
}
